# SPDX-License-Identifier: MIT
"""offsets.py API - writes a C program that prints "struct size" and "struct.member offset"."""
import re
import sys

text = open(sys.argv[1], encoding="ascii").read()
print('#include <stddef.h>\n#include <stdio.h>\n#include <haguard/plugin.h>\n\nint main(void)\n{')
for name, body in re.findall(r"struct (\w+)\s*\{(.*?)\};", text, re.S):
    print(f'    printf("{name} %zu\\n", sizeof(struct {name}));')
    for declaration in filter(str.strip, body.split(";")):
        function = re.search(r"\(\*(\w+)\)\(", declaration)
        plain = re.sub(r"\[\w+\]", "", declaration).split(",")
        members = [function.group(1)] if function else [re.findall(r"\w+", m)[-1] for m in plain]
        for member in members:
            print(f'    printf("{name}.{member} %zu\\n", offsetof(struct {name}, {member}));')
print("    return 0;\n}")

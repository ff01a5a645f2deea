#!/bin/sh
# SPDX-License-Identifier: MIT
# Bad arguments and bad plugin files: redis-guard ends with status 2 (wrong usage) or 1 (cannot do
# it), writes one line that names what is wrong and its cure, and leaves nothing behind.
. "$(dirname "$0")/lib/live.sh"

# refuses STATUS NAME PATTERN ARG...
refuses() {
    _status=$1 _what=$2 _pattern=$3
    shift 3
    (cd "$T" && timeout 10 "$GUARD" "$@") >"$T/o" 2>"$T/e"
    _rc=$?
    sed 's/^/# /' "$T/o" "$T/e"
    check "$_what: status $_status" same $_rc "$_status"
    check "$_what: one line" same "$(cat "$T/o" "$T/e" | wc -l)" 1
    check "$_what: it says $_pattern" grep -Eq -e "$_pattern" "$T/e"
    check "$_what: no record is made" not test -e "$T/r"
}
N='--node a=127.0.0.1:1'
# shellcheck disable=SC2086 # words are wanted
{
    refuses 2 'no arguments' '--record FILE'
    refuses 2 'an unknown option' '--nodes.*--help' --nodes x
    refuses 2 'an option without its value' '--record' --record
    refuses 2 'a setting without a value' '--set' --record r $N --set fall
    refuses 2 'a node without a name' '--node' --record r --node 127.0.0.1:1
    refuses 2 'a name for an address' 'numeric|127.0.0.1' --record r --node a=localhost:1
    refuses 2 'a port that is none' 'port|HOST:PORT' --record r --node a=127.0.0.1:70000
    refuses 2 'two nodes of one name' 'a' --record r $N --node a=127.0.0.1:2
    refuses 2 'two nodes of one address' '127.0.0.1:1' --record r $N --node b=127.0.0.1:1
    refuses 2 'a name that is none' 'name' --record r --node 'a b=127.0.0.1:1'
    refuses 2 'a cluster that is none' 'name' --record r $N --cluster 'a/b'
    refuses 2 'nodes in two ways' '--primary|--node' --record r $N --primary 127.0.0.1:1
    refuses 2 'a primary without a port' 'HOST:PORT' --record r --primary 127.0.0.1
    refuses 2 'an unknown setting' 'speed' --record r $N --set speed=1
    refuses 2 'a word for a number' 'fall.*number' --record r $N --set fall=many
    refuses 2 'a number out of range' 'fall.*to' --record r $N --set fall=100000
    refuses 2 'a time without sense' 'down_after.*60s' --record r $N --down-after soon
    refuses 2 'a word that is none' 'hold or promote' --record r $N --set alone=maybe
    refuses 2 'settings that contradict each other' 'down_after.*set it to' \
        --record r $N --down-after 1s --set probe_timeout=5s
    refuses 1 'a primary that is down' 'refused.*--node' --record r --primary "127.0.0.1:1"
    refuses 1 'no place for the record' 'No such file' --record none/r $N
    refuses 1 'a password file that is not there' 'none' --record r $N --password-file "$T/none"
    refuses 1 'a plugin that is not there' 'none.so' --record r $N --plugin ./none.so
}

# plugin files
CC=${CC:-cc}
if command -v "$CC" >/dev/null; then
    cat >"$T/wrong_abi.c" <<'END'
#include <haguard/plugin.h>
const struct hag_plugin *hag_plugin_entry(uint32_t host_abi);
const struct hag_plugin *hag_plugin_entry(uint32_t host_abi)
{
    static struct hag_plugin p;

    p.size = sizeof(p);
    p.abi = host_abi + (1u << 16);
    p.name = "from-the-future";
    return &p;
}
END
    cat >"$T/no_descriptor.c" <<'END'
#include <stddef.h>
const void *hag_plugin_entry(unsigned host_abi);
const void *hag_plugin_entry(unsigned host_abi)
{
    return host_abi ? NULL : "";
}
END
    echo 'int answer; int answer = 42;' >"$T/no_plugin.c"
    VERSION=$(dirname "$(find "$HAG_BUILD" -name version.h | head -n 1)")/..
    for module in wrong_abi no_descriptor no_plugin; do
        "$CC" -shared -fPIC -I "$HAG_TOP/include" -I "$VERSION" -o "$T/$module.so" \
            "$T/$module.c" || check "$module.so is built" false
    done
    # shellcheck disable=SC2086
    {
        refuses 1 'a plugin of another ABI' 'ABI|abi' --record r $N --plugin "$T/wrong_abi.so"
        refuses 1 'a plugin without a descriptor' 'no_descriptor.so' \
            --record r $N --plugin "$T/no_descriptor.so"
        refuses 1 'a library that is no plugin' 'hag_plugin_entry' \
            --record r $N --plugin "$T/no_plugin.so"
    }
else
    check 'there is a C compiler for the plugin files' false
fi
echo 'not a library' >"$T/text.so"
# shellcheck disable=SC2086
refuses 1 'a file that is no library' 'text.so' --record r $N --plugin "$T/text.so"

# a record that is damaged is set aside, whole, and the guard says so
trio
guard
started
end_guard
cp "$T/record" "$T/good"
for damage in 'cut short' 'a bit turned' 'not a record'; do
    case $damage in
    'cut short') head -c 40 "$T/good" >"$T/record" ;;
    'a bit turned') python3 -c 'import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[-3] ^= 4; open(sys.argv[2], "wb").write(b)' \
        "$T/good" "$T/record" ;;
    'not a record') echo 'dear diary' >"$T/record" ;;
    esac
    cp "$T/record" "$T/was"
    rm -f "$T/record.damaged" "$T"/name.* "$T/timeline"
    guard
    check "$damage: the guard says so" until_true 20 said record - damaged 'record.damaged'
    check "$damage: it finds the cluster by looking" until_true 30 name_is primary a
    check "$damage: what was there is kept" cmp "$T/was" "$T/record.damaged"
    check "$damage: a new record is made" until_true 20 grep -aq '^haguard-record' "$T/record"
    end_guard
done
finish

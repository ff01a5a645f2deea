/* SPDX-License-Identifier: MIT
 *
 * inifile.h - a configuration file as it is written: sections, settings, and the line of each.
 */
#ifndef HAGUARDD_INIFILE_H
#define HAGUARDD_INIFILE_H

#include "mistakes.h"

struct ini_setting {
    char *key;
    char *value; /* several lines: joined by line ends */
    int line;
    int cut; /* something after a blank and ';' was taken for a comment */
    struct ini_setting *next;
};

struct ini_section { /* [KIND NAME]; name is "" where there is none */
    char *kind;
    char *name;
    int line;
    struct ini_setting *settings;
    struct ini_section *next;
};

struct ini {
    struct ini_section *sections;
};

/* Reads a file; what is wrong with its form goes to m. Never NULL. */
struct ini *ini_read(const char *file, struct mistakes *m);
void ini_free(struct ini *ini);

/* The setting of that key, NULL if it is not there. */
const struct ini_setting *ini_find(const struct ini_section *s, const char *key);

#endif

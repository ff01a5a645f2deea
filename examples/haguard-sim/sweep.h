/* SPDX-License-Identifier: MIT */
#ifndef HAGUARD_SIM_SWEEP_H
#define HAGUARD_SIM_SWEEP_H

#include "tool.h"

/* The tables that sweep multiplies with each other. */

enum { REDIS_VOLATILE = 1, REDIS_DURABLE = 2, DRAGONFLY = 4, POSTGRESQL = 8, ANY = 15 };

struct sweep_shape {
    uint32_t nodes, engine;
    const char *name, *head; /* engine and cluster */
};

/* What makes a procedure run, and through which of its steps it is swept. */
struct sweep_world {
    const char *name;
    uint32_t procedure;
    const char *from, *to; /* NULL: the first, the last */
    uint32_t least, most;  /* nodes */
    uint32_t engines;
    const char *text;
};

/* n1 is the primary, n2 the one to be promoted, n3 another standby. */
struct sweep_fault {
    uint32_t nodes; /* at least */
    const char *text;
};

/* A step that no world is seen at, and why that is well. */
struct sweep_unseen {
    uint32_t procedure;
    const char *step, *why;
};

extern const struct sweep_shape sweep_shapes[];
extern const uint32_t sweep_nshapes;
extern const struct sweep_world sweep_worlds[];
extern const uint32_t sweep_nworlds;
extern const struct sweep_fault sweep_faults[];
extern const uint32_t sweep_nfaults;
extern const struct sweep_action_fault {
    const char *what, *how; /* around the action of the step */
} sweep_action_faults[];
extern const uint32_t sweep_naction_faults;
extern const struct sweep_unseen sweep_unseen[];
extern const uint32_t sweep_nunseen;
extern const char sweep_policy[];
extern const char sweep_tail[];

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a module is, and the one pipeline that all of them run through:
 *
 *   arguments -> parameters -> request -> probe -> plan -> (check mode: answer)
 *             -> lock -> probe and plan again -> apply -> probe and plan again -> answer
 *
 * Exactly one JSON object reaches standard output, whatever happens.
 */
#pragma once

#include "actions.h"
#include "params.h"
#include "progress.h"

struct module {
    const char *name;
    const char *short_description;
    const char *const *description; /* NULL-ended paragraphs */
    const char *version_added;
    const char *const *author;  /* NULL-ended, each "Name (@account)"; NULL: the project */
    const struct param *params; /* ends with .name == NULL */
    const struct param_rules *rules;
    const char *examples;            /* YAML */
    const char *returns;             /* YAML */
    const char *const *notes;        /* NULL-ended, may be NULL */
    const char *const *requirements; /* NULL-ended, may be NULL */
    const char *const *seealso;      /* NULL-ended module names, may be NULL */
    bool changes_nothing;            /* an _info module: no plan beyond its result */
    const char *lock_path;           /* taken before anything is written; NULL: none */
    int lock_seconds;                /* how long another run is waited for */

    /* Validated parameters to the module's own request; looks at nothing but them. */
    int (*parse)(const json_t *params, void **ret_request, struct error *error);
    /* Reads the system; writes nothing. `before` are the facts of moments ago whose plan is
     * about to be carried out, NULL otherwise: what apply checks again by itself may be taken from
     * there. */
    int (*probe)(const void *request, const void *before, void **ret_facts, struct error *error);
    /* Decides; pure. `plan` is initialised. */
    int (*plan)(const void *request, const void *facts, struct plan *plan, struct error *error);
    /* Carries the plan out, and tells `progress` of each action. `facts` are those that the plan
     * was made from. After an error `progress` says what was completed. */
    int (*apply)(const void *request, const void *facts, const struct plan *plan,
                 struct progress *progress, struct error *error);
    /* Where others write at the same time: whether what is to be done still after the work is done
     * as well, after `rounds` of it in `milliseconds`. 1: yes (it may have paused), 0: no, it is an
     * error; or a refusal. NULL: no. */
    int (*again)(const void *request, int rounds, long milliseconds, struct error *error);
    /* In check mode, when there is something to do: asks what only the system can tell about it.
     * Changes nothing. NULL: nothing is asked. */
    int (*rehearse)(const void *request, const void *facts, struct error *error);
    void (*request_free)(void *request);
    void (*facts_free)(void *facts);
};

/* main() of a module: MODULE ARGSFILE | - [BYTES] | --doc | --version | --help. Returns the exit
 * status: 0, 1 when the result says failed (2 for misuse by a person). */
int module_main(const struct module *module, int argc, char **argv);

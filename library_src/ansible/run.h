/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of a module: its state, and the steps that module_main() strings together. */
#pragma once

#include "module.h"
#include "validate.h"

struct progress {
    json_t *actions;      /* array: `shown` of all that were to be carried out */
    json_t *actions_done; /* array: of those that were completed */
    json_t *excused;      /* array: of those of best effort that failed */
    json_t *warnings;     /* array of strings: the run's */
    json_t *result;       /* object: result keys from the actions */
    const json_t *no_log; /* values that no answer shows; borrowed */
    bool begun;           /* an action was begun: from here on something may have changed */
    bool had_begun;       /* the same, before what was begun last */
};

struct run {
    const struct module *module;
    json_t *arguments;
    struct validation validation;
    bool check_mode, show_diff, no_log, show_invocation;
    const char *syslog_facility, *target_log_info; /* borrowed from `arguments` */
    void *request;
    json_t *warnings; /* array of strings: of validation and plans */
    struct progress progress;
};

/* Reads the `_ansible_*` keys and validates the rest. An error of the person's is -EINVAL. */
int run_take_arguments(struct run *run, struct error *error);

/* probe, plan, and what follows from check mode; *ret_result has `changed` and the module's keys.
 */
int run_carry_out(struct run *run, json_t **ret_result, struct error *error);

void run_release(struct run *run);

/* For run.c. Warnings are added to `warnings`, an array; `no_log` is borrowed. */
void progress_start(struct progress *progress, json_t *warnings, const json_t *no_log);
/* The actions of `plan` are to be carried out too. */
void progress_add(struct progress *progress, const struct plan *plan);
void progress_release(struct progress *progress);

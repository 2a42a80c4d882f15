/* One run of a module: its state, and the steps that module_main() strings together. */
#pragma once

#include "module.h"
#include "validate.h"

struct run {
    const struct module *module;
    json_t *arguments;
    struct validation validation;
    bool check_mode, show_diff, no_log, show_invocation;
    const char *syslog_facility, *target_log_info; /* borrowed from `arguments` */
    void *request;
    json_t *warnings;
    json_t *outcome; /* result keys from the actions */
    bool started;    /* an action was begun: from here on something may have changed */
};

/* Reads the `_ansible_*` keys and validates the rest. An error of the person's is -EINVAL. */
int run_take_arguments(struct run *run, struct error *error);

/* probe, plan, and what follows from check mode; *ret_result has `changed` and the module's keys.
 */
int run_carry_out(struct run *run, json_t **ret_result, struct error *error);

void run_release(struct run *run);

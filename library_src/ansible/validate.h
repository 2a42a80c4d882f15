/* A table of parameters against what arrived: ansible-core's ArgumentSpecValidator. */
#pragma once

#include "params.h"

/* ansible-core 2.<minor>; CORE_DEFAULT where no version arrived. */
enum { CORE_DEFAULT = 19 };

/* The minor version in "2.19.14"; CORE_DEFAULT for NULL or something else. */
int core_version(const char *text);

struct validation {
    json_t *params;   /* object: validated, with defaults and under aliases too */
    json_t *errors;   /* strings, in ansible-core's order; the first is the one reported */
    json_t *warnings; /* strings */
    json_t *
        deprecations; /* objects {msg, version, date, collection_name}, as a validator gives them */
    json_t *unsupported; /* object used as a set: names, "disks.nmae" below the top */
    json_t *secrets;     /* object used as a set: the secrets that ansible-core knows of */
    json_t *no_log;      /* the same in all spellings, and converted: what must not be shown */
};

/*
 * Validates `arguments` without their _ansible_* keys. The object itself stays as it is, what lies
 * deeper in it is validated in place. 0 also when there are errors: they are in `ret`, which
 * validation_release() frees. -EINVAL: the environment's value for a parameter is not UTF-8.
 * `module_name`, when given, turns the message about unsupported parameters into AnsibleModule's.
 */
int validate(const struct param *table, const struct param_rules *rules, json_t *arguments,
             int core, const char *module_name, struct validation *ret, struct error *error);

void validation_release(struct validation *validation);

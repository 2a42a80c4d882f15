/* A table of parameters against what arrived: ansible-core's ArgumentSpecValidator. */
#pragma once

#include "params.h"

/*
 * Validates `arguments` without their _ansible_* keys. The object itself stays as it is, what lies
 * deeper in it is validated in place. 0 also when there are errors: they are in `ret`, which
 * validation_release() frees. -EINVAL: the environment's value for a parameter is not UTF-8.
 * `module_name`, when given, turns the message about unsupported parameters into AnsibleModule's.
 */
int validate(const struct param *table, const struct param_rules *rules, json_t *arguments,
             int core, const char *module_name, struct validation *ret, struct error *error);

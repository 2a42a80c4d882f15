/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of parameters against what arrived: ansible-core's ArgumentSpecValidator. */
#pragma once

#include "params.h"

/* What arguments are held against. */
struct argument_spec {
    const struct param *table;
    const struct param_rules *rules; /* NULL: none */
    int core;                        /* as core_version() gives it: whose behaviour is wanted */
    const char *
        module_name; /* turns the message about unsupported parameters into AnsibleModule's; NULL */
};

/*
 * Validates `arguments` without their _ansible_* keys. The object itself stays as it is, what lies
 * deeper in it is validated in place. 0 also when there are errors: they are in `ret`, which
 * validation_release() frees. -EINVAL: the environment's value for a parameter is not UTF-8.
 */
int validate(const struct argument_spec *spec, json_t *arguments, struct validation *ret,
             struct error *error);

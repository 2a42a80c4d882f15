/* SPDX-License-Identifier: BSD-2-Clause */
/* An argument spec and the values it applies to, and what of them is refused. */
#pragma once

#include "params.h"

/* The module's own spec, or the sub-spec of an option with sub-options: one for each dict. */
struct spec {
    const struct spec *parent; /* NULL: the module's own */
    const char *name;   /* of the parameter that holds these values; NULL: the module's own */
    const char *prefix; /* "disks[0]." */
    const struct param *table;
    const struct param_rules *rules;
    json_t *values;
    int core;
    struct validation *out;
    json_t *alias_warnings; /* of the module's own: AnsibleModule reports them after the others */
    json_t *supported; /* {options, aliases}: of the spec with the last unsupported parameter */
};

/* "disks -> fstype"; "" for the module's own: owned by the caller. */
char *spec_path(const struct spec *spec, const char *between);

/* Appends a message to the errors; takes it over. */
void spec_message(const struct spec *spec, char *message);

/* The rules over several parameters. */
void check_mutually_exclusive(const struct spec *spec);
void check_required(const struct spec *spec);
void check_rules(const struct spec *spec);

/* Types, elements and choices of the values that are there, which become what they are converted
 * to. */
void check_types(const struct spec *spec);
void check_choices(const struct spec *spec);

/* What `out` has as unsupported. `module_name`, when given, turns the message into AnsibleModule's.
 */
void check_unsupported(const struct spec *spec, const char *module_name);

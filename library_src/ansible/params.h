/*
 * A module's parameters as one table: it validates what arrives as ansible-core's
 * AnsibleModule does, and the documentation is printed from it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "error.h"

enum param_type {
    PARAM_STR, /* the default, as in ansible-core */
    PARAM_BOOL,
    PARAM_INT,
    PARAM_FLOAT,
    PARAM_LIST,
    PARAM_DICT,
    PARAM_PATH,
    PARAM_RAW,
    PARAM_JSONARG,
    PARAM_BYTES,
    PARAM_BITS,
};

struct param; /* one row */

/* Rules over several parameters of one level. All arrays end with an empty row / NULL. */
struct param_rules {
    const char *const *const *mutually_exclusive; /* NULL-ended list of NULL-ended name lists */
    const char *const *const *required_together;
    const char *const *const *required_one_of;
    const struct param_required_if *required_if; /* ends with .name == NULL */
    const struct param_required_by *required_by; /* ends with .name == NULL */
};

struct param_required_if {
    const char *name;
    const char *value;           /* JSON text, compared after coercion */
    const char *const *required; /* NULL-ended */
    bool one_of;                 /* one of them is enough */
};

struct param_required_by {
    const char *name;
    const char *const *required; /* NULL-ended */
};

struct param {
    const char *name;
    enum param_type type;
    bool has_elements;
    enum param_type elements; /* of a list, when has_elements */
    bool required;
    const char *default_json;        /* JSON text; NULL: no default */
    const char *const *choices;      /* NULL-ended; strings, or JSON texts for other types */
    const char *const *aliases;      /* NULL-ended */
    const char *const *fallback_env; /* NULL-ended names of environment variables */
    bool no_log;
    bool apply_defaults;
    const struct param
        *options; /* sub-options of a dict or list of dicts; ends with .name == NULL */
    const struct param_rules *rules; /* rules among the sub-options */
    const char *const *description;  /* NULL-ended paragraphs, for the documentation */
    const char *version_added;       /* where it differs from the module's */
};

/* A text list, for the initialisers above. */
#define STRINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module's parameters as one table: it validates what arrives as ansible-core's AnsibleModule
 * does, and the documentation is printed from it.
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
    PARAM_JSON, /* the same by another name */
    PARAM_BYTES,
    PARAM_BITS,
};

struct param; /* one row */
struct param_deprecation;

/* Rules over several parameters of one table. All arrays end with an empty row / NULL. */
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

/* What is deprecated, and when it goes: in a version or at a date, of which collection. */
struct param_deprecation {
    const char *name;
    const char *version, *date, *collection_name;
};

struct param {
    const char *name;
    enum param_type type;
    bool has_elements;
    enum param_type elements; /* of a list, when has_elements */
    bool required;
    const char *default_json; /* JSON text; NULL: no default */
    /* NULL-ended; plain strings for str and path (or elements of these), JSON texts otherwise */
    const char *const *choices;
    bool choices_are_json;           /* JSON texts also for these types */
    const char *const *aliases;      /* NULL-ended */
    const char *const *fallback_env; /* NULL-ended names of environment variables */
    bool no_log;
    bool logged; /* "no_log: false" is said: logged even when its name is like a password's */
    bool apply_defaults;
    /* sub-options of a dict or list of dicts; ends with .name == NULL */
    const struct param *options;
    const struct param_rules *rules; /* rules among the sub-options */
    const char *const *description;  /* NULL-ended paragraphs, for the documentation */
    const char *version_added;       /* where it differs from the module's */
    const struct param_deprecation *deprecated_aliases; /* ends with .name == NULL */
    const struct param_deprecation *removed;            /* the option goes; .name unused */
};

/* A text list, for the initialisers above. */
#define STRINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The option with this name or alias, or NULL. */
const struct param *param_find(const struct param *table, const char *name);

/* "str", "int" …, as the argument spec writes them. */
const char *param_type_name(enum param_type type);

/* Whether its choices are plain strings, not JSON texts. */
bool param_choices_are_text(const struct param *param);

/* Whether its value, or each element of it, has sub-options. */
bool param_has_suboptions(const struct param *param);

/* The value of a JSON text in the table. Aborts when it is none: the author's error. */
json_t *param_json(const char *text);

/* ansible-core 2.<minor>, by whose rules is validated; CORE_DEFAULT where no version arrived. */
enum { CORE_DEFAULT = 19 };

/* The minor version in "2.19.14"; CORE_DEFAULT for NULL or something else. */
int core_version(const char *text);

/* What validation makes of the parameters. */
struct validation {
    json_t *params;   /* object: validated, with defaults and under aliases too */
    json_t *errors;   /* strings, in ansible-core's order; the first is the one reported */
    json_t *warnings; /* strings */
    json_t *
        deprecations; /* objects {msg, version, date, collection_name}, as a validator gives them */
    json_t *unsupported; /* object used as a set: names, "disks.nmae" in sub-options */
    json_t *secrets;     /* object used as a set: the secrets that ansible-core knows of */
    json_t *no_log;      /* the same in all spellings, and converted: what must not be shown */
};

void validation_release(struct validation *validation);

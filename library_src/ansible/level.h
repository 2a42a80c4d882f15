/* One depth of the validation: a table, its rules and the object they apply to. */
#pragma once

#include "validate.h"

struct level {
    const struct level *up; /* NULL at the top */
    const char *name;       /* of the parameter that holds this object; NULL at the top */
    const char *prefix;     /* "disks[0]." */
    const struct param *table;
    const struct param_rules *rules;
    json_t *values;
    int core;
    struct validation *out;
    json_t *alias_warnings; /* of the top: AnsibleModule reports them after the others */
    json_t *supported; /* {options, aliases}: what the last unsupported parameter's level has */
};

/* "disks -> fstype"; "" at the top. NULL when out of memory. */
char *level_path(const struct level *level, const char *between);

/* Appends to the errors: the message, and where it was found when that isn't the top. */
int level_error(const struct level *level, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends a message as it is; NULL means that there was no memory for it. */
int level_message(const struct level *level, char *message, struct error *error);

/* Puts `value`'s texts into the set of what must not be shown. */
int no_log_add(json_t *set, const json_t *value, struct error *error);

/* The rules over several parameters. */
int check_mutually_exclusive(const struct level *level, struct error *error);
int check_required(const struct level *level, struct error *error);
int check_rules(const struct level *level, struct error *error);

/* Types, elements and choices of the values that are there. */
int check_types(const struct level *level, struct error *error);
int check_choices(const struct level *level, struct error *error);

/* Aliases, secrets, deprecations and unknown keys. */
int take_fallbacks(const struct level *level, struct error *error);
int take_aliases(const struct level *level, struct error *error);
int take_aliases_again(const struct level *level, struct error *error);
int collect_no_log(const struct level *level, struct error *error);
int hide_secrets(const struct level *top, struct error *error);
int collect_deprecations(const struct level *level, struct error *error);
int collect_unsupported(const struct level *level, struct error *error);
int set_defaults(const struct level *level, bool all, struct error *error);

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

/* "disks -> fstype"; "" at the top. */
char *level_path(const struct level *level, const char *between);

/* Appends to the errors: the message, and where it was found when that isn't the top. */
void level_error(const struct level *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a message as it is; takes it over. */
void level_message(const struct level *level, char *message);

/* Puts `value`'s texts into the set of what must not be shown. */
void no_log_add(json_t *set, const json_t *value);

/* The rules over several parameters. */
void check_mutually_exclusive(const struct level *level);
void check_required(const struct level *level);
void check_rules(const struct level *level);

/* Types, elements and choices of the values that are there. */
void check_types(const struct level *level);
void check_choices(const struct level *level);

/* Aliases, secrets, deprecations and unknown keys. */
int take_fallbacks(const struct level *level, struct error *error);
void take_aliases(const struct level *level);
void take_aliases_again(const struct level *level);
void collect_no_log(const struct level *level);
void hide_secrets(const struct level *top);
void collect_deprecations(const struct level *level);
void collect_unsupported(const struct level *level);
void set_defaults(const struct level *level, bool all);

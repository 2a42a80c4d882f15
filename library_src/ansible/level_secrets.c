/* What must not be shown: the values of options with no_log, and how else they may be written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "coerce.h"
#include "level.h"
#include "python_text.h"

int no_log_add(json_t *set, const json_t *value, struct error *error)
{
    const char *key;
    json_t *item;
    size_t i;
    int r = 0;

    if (json_is_array(value)) {
        json_array_foreach (value, i, item)
            if (r == 0)
                r = no_log_add(set, item, error);
        return r;
    }
    if (json_is_object(value)) {
        json_object_foreach ((json_t *)value, key, item)
            if (r == 0)
                r = no_log_add(set, item, error);
        return r;
    }
    if (json_is_null(value) || json_is_boolean(value))
        return 0;
    AUTO_FREE char *text = python_str_new(value);
    if (!text)
        return error_oom(error);
    return *text && json_object_set_new(set, text, json_null()) < 0 ? error_oom(error) : 0;
}

static int no_log_below(const struct level *level, const struct param *param, json_t *value,
                        bool *ret_refused, struct error *error);

/* *ret_refused: sub-options of the wrong shape, which is an error message and ends the search. */
static int no_log_of(const struct level *level, const struct param *table, const json_t *values,
                     bool *ret_refused, struct error *error)
{
    int r = 0;

    for (const struct param *param = table; r == 0 && !*ret_refused && param->name; param++) {
        json_t *value = NULL;

        if (param->no_log || param->options)
            value = json_object_get(values, param->name);
        if (!value || json_is_null(value))
            continue;
        if (param->no_log && python_true(value))
            r = no_log_add(level->out->secrets, value, error);
        if (r < 0 || !param->options ||
            (param->type != PARAM_DICT &&
             !(param->type == PARAM_LIST && param->has_elements && param->elements == PARAM_DICT)))
            continue;
        if (!json_is_array(value)) {
            r = no_log_below(level, param, value, ret_refused, error);
            continue;
        }
        size_t i;
        json_t *item;
        json_array_foreach (value, i, item)
            if (r == 0 && !*ret_refused)
                r = no_log_below(level, param, item, ret_refused, error);
    }
    return r;
}

static int no_log_below(const struct level *level, const struct param *param, json_t *value,
                        bool *ret_refused, struct error *error)
{
    AUTO_JSON json_t *parsed = NULL;
    struct error refusal = ERROR_INIT;

    if (json_is_string(value)) {
        int r = coerce_dict_text(json_string_value(value), level->core, &parsed, &refusal);
        if (r == -ENOMEM)
            return error_oom(error);
        if (r < 0) {
            *ret_refused = true;
            r = level_message(level, strdup(error_message(&refusal)), error);
            error_clear(&refusal);
            return r;
        }
        value = parsed;
    }
    if (json_is_object(value))
        return no_log_of(level, param->options, value, ret_refused, error);
    AUTO_FREE char *shown = python_str_new(value);
    if (!shown)
        return error_oom(error);
    *ret_refused = true;
    return level_message(
        level,
        text_format("Value '%s' in the sub parameter field '%s' must %s a %s, not '%s'", shown,
                    param->name, level->core >= 17 ? "be" : "by", param_type_name(param->type),
                    python_type_name(value)),
        error);
}

int collect_no_log(const struct level *level, struct error *error)
{
    bool refused = false;

    return no_log_of(level, level->table, level->values, &refused, error);
}

/* The values as the types have made them: the elements of "a,b", a path without its variables. */
static int add_converted(json_t *set, const struct param *table, const json_t *values,
                         struct error *error)
{
    int r = 0;

    for (const struct param *param = table; r == 0 && param->name; param++) {
        const json_t *value = NULL;
        json_t *item;
        size_t i;

        if (param->no_log || param->options)
            value = json_object_get(values, param->name);
        if (!value)
            continue;
        if (param->no_log)
            r = no_log_add(set, value, error);
        if (r < 0 || !param->options)
            continue;
        r = add_converted(set, param->options, value, error);
        json_array_foreach (value, i, item)
            if (r == 0)
                r = add_converted(set, param->options, item, error);
    }
    return r;
}

/* Takes over what is in `text`. */
static int add_text(json_t *set, struct text *text, struct error *error)
{
    AUTO_FREE char *string = text_take(text);

    return !string || json_object_set_new(set, string, json_null()) < 0 ? error_oom(error) : 0;
}

/* A secret as it is, and as repr() and JSON write it between their quotes. */
static int add_spellings(json_t *set, const char *secret, struct error *error)
{
    AUTO_TEXT struct text text = {0};
    int r = 0;

    for (const char *quote = "'\""; r == 0 && *quote; quote++) {
        python_repr_string(&text, secret, *quote);
        r = add_text(set, &text, error);
    }
    if (r < 0)
        return r;
    python_json_string(&text, secret, strlen(secret));
    AUTO_FREE char *quoted = text_take(&text);
    if (!quoted)
        return error_oom(error);
    text_add_bytes(&text, quoted + 1, strlen(quoted) - 2);
    r = add_text(set, &text, error);
    return r < 0 || json_object_set_new(set, secret, json_null()) == 0 ? r : error_oom(error);
}

int hide_secrets(const struct level *top, struct error *error)
{
    AUTO_JSON json_t *plain = json_object();
    const char *secret;
    json_t *ignored;
    int r = 0;

    if (json_object_update(plain, top->out->secrets) < 0)
        r = error_oom(error);
    if (r == 0)
        r = add_converted(plain, top->table, top->values, error);
    json_object_foreach (plain, secret, ignored)
        if (r == 0)
            r = add_spellings(top->out->no_log, secret, error);
    return r;
}

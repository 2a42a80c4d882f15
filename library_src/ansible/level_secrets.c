/* What must not be shown: the values of options with no_log, and how else they may be written. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "level.h"
#include "python.h"

void no_log_add(json_t *set, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach (value, i, item)
        no_log_add(set, item);
    json_object_foreach ((json_t *)value, key, item)
        no_log_add(set, item);
    if (!json_is_string(value) && !json_is_number(value))
        return;
    AUTO_FREE char *text = python_str_new(value);
    if (*text)
        json_object_set_new(set, text, json_null());
}

static bool no_log_below(const struct level *level, const struct param *param, json_t *value);

/* False: sub-options of the wrong shape, which is an error message and ends the search. */
static bool no_log_of(const struct level *level, const struct param *table, const json_t *values)
{
    bool right = true;

    for (const struct param *param = table; right && param->name; param++) {
        json_t *value = NULL;

        if (param->no_log || param->options)
            value = json_object_get(values, param->name);
        if (!value || json_is_null(value))
            continue;
        if (param->no_log && python_true(value))
            no_log_add(level->out->secrets, value);
        if (!param->options ||
            (param->type != PARAM_DICT &&
             !(param->type == PARAM_LIST && param->has_elements && param->elements == PARAM_DICT)))
            continue;
        if (!json_is_array(value)) {
            right = no_log_below(level, param, value);
            continue;
        }
        size_t i;
        json_t *item;
        json_array_foreach (value, i, item)
            right = right && no_log_below(level, param, item);
    }
    return right;
}

static bool no_log_below(const struct level *level, const struct param *param, json_t *value)
{
    AUTO_JSON json_t *parsed = NULL;
    struct error refusal = ERROR_INIT;

    if (json_is_string(value)) {
        if (coerce_dict_text(json_string_value(value), level->core, &parsed, &refusal) < 0) {
            level_message(level, alloc_string(error_message(&refusal)));
            error_clear(&refusal);
            return false;
        }
        value = parsed;
    }
    if (json_is_object(value))
        return no_log_of(level, param->options, value);
    AUTO_FREE char *shown = python_str_new(value);
    level_message(level,
                  text_format("Value '%s' in the sub parameter field '%s' must %s a %s, not '%s'",
                              shown, param->name, level->core >= 17 ? "be" : "by",
                              param_type_name(param->type), python_type_name(value)));
    return false;
}

void collect_no_log(const struct level *level)
{
    no_log_of(level, level->table, level->values);
}

/* The values as the types have made them: the elements of "a,b", a path without its variables. */
static void add_converted(json_t *set, const struct param *table, const json_t *values)
{
    for (const struct param *param = table; param->name; param++) {
        const json_t *value = NULL;
        json_t *item;
        size_t i;

        if (param->no_log || param->options)
            value = json_object_get(values, param->name);
        if (!value)
            continue;
        if (param->no_log)
            no_log_add(set, value);
        if (!param->options)
            continue;
        add_converted(set, param->options, value);
        json_array_foreach (value, i, item)
            add_converted(set, param->options, item);
    }
}

/* Takes over what is in `text`. */
static void add_text(json_t *set, struct text *text)
{
    AUTO_FREE char *string = text_take(text);

    json_object_set_new(set, string, json_null());
}

/* A secret as it is, and as repr() and JSON write it between their quotes. */
static void add_spellings(json_t *set, const char *secret)
{
    AUTO_TEXT struct text text = {0};

    for (const char *quote = "'\""; *quote; quote++) {
        python_repr_string(&text, secret, *quote);
        add_text(set, &text);
    }
    python_json_string(&text, secret, strlen(secret));
    AUTO_FREE char *quoted = text_take(&text);
    text_add_bytes(&text, quoted + 1, strlen(quoted) - 2);
    add_text(set, &text);
    json_object_set_new(set, secret, json_null());
}

void hide_secrets(const struct level *top)
{
    AUTO_JSON json_t *plain = json_copy(top->out->secrets);
    const char *secret;
    json_t *ignored;

    add_converted(plain, top->table, top->values);
    json_object_foreach (plain, secret, ignored)
        add_spellings(top->out->no_log, secret);
}

/* What happens to a level's values as a whole: fallbacks, aliases, defaults, secrets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "coerce.h"
#include "json_text.h"
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

int take_fallbacks(const struct level *level, struct error *error)
{
    for (const struct param *param = level->table; param->name; param++) {
        const char *value = NULL;

        if (!param->fallback_env || json_object_get(level->values, param->name))
            continue;
        for (const char *const *name = param->fallback_env; *name && !value; name++)
            value = getenv(*name);
        if (!value)
            continue;
        json_t *string = json_string(value);
        if (!string)
            return error_set(error, -EINVAL, "the environment's value for %s is not UTF-8",
                             param->name);
        if (json_object_set_new(level->values, param->name, string) < 0)
            return error_oom(error);
        if (param->no_log && no_log_add(level->out->no_log, string, error) < 0)
            return error->code;
    }
    return 0;
}

static const struct param_deprecation *find_deprecation(const struct param *param,
                                                        const json_t *values,
                                                        const struct param_deprecation *after)
{
    const struct param_deprecation *d = after ? after + 1 : param->deprecated_aliases;

    for (; d && d->name; d++)
        if (json_object_get(values, d->name))
            return d;
    return NULL;
}

static int deprecate(const struct level *level, const struct param_deprecation *d,
                     const char *format, const char *prefix, const char *name, struct error *error)
{
    AUTO_JSON json_t *entry = json_object();
    AUTO_FREE char *text = text_format("%s%s", prefix, name);
    json_t *message = text ? json_sprintf(format, text) : NULL;
    const char *key = d->date ? "date" : "version";
    const char *when = d->date ? d->date : d->version;

    if (json_object_set_new(entry, "msg", message) < 0 ||
        json_object_set_new(entry, key, when ? json_string(when) : json_null()) < 0 ||
        json_object_set_new(entry, "collection_name",
                            d->collection_name ? json_string(d->collection_name) : json_null()) <
            0 ||
        json_array_append(level->out->deprecations, entry) < 0)
        return error_oom(error);
    return 0;
}

static int warn_both(const struct level *level, const char *option, const char *alias,
                     struct error *error)
{
    json_t *warning = json_sprintf("Both option %s%s and its alias %s%s are set.", level->prefix,
                                   option, level->prefix, alias);
    json_t *warnings = level->up ? level->out->warnings : level->alias_warnings;

    return json_array_append_new(warnings, warning) < 0 ? error_oom(error) : 0;
}

int take_aliases(const struct level *level, struct error *error)
{
    int r = 0;

    for (const struct param *param = level->table; param->name; param++) {
        const struct param_deprecation *d = NULL;
        while (r == 0 && (d = find_deprecation(param, level->values, d)))
            r = deprecate(level, d,
                          "Alias '%s' is deprecated. See the module docs for more information",
                          level->prefix, d->name, error);
        for (const char *const *alias = param->aliases; r == 0 && alias && *alias; alias++) {
            json_t *value = json_object_get(level->values, *alias);
            if (!value)
                continue;
            if (json_object_get(level->values, param->name))
                r = warn_both(level, param->name, *alias, error);
            if (r == 0 && json_object_set(level->values, param->name, value) < 0)
                r = error_oom(error);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int no_log_below(const struct level *level, const struct param *param, json_t *value,
                        bool *ret_refused, struct error *error);

/* *ret_refused: sub-options of the wrong shape, which is an error message and ends the search. */
static int no_log_of(const struct level *level, const struct param *table, const json_t *values,
                     bool *ret_refused, struct error *error)
{
    int r = 0;

    for (const struct param *param = table; r == 0 && !*ret_refused && param->name; param++) {
        json_t *value = json_object_get(values, param->name);

        if (!value || json_is_null(value))
            continue;
        if (param->no_log && python_true(value))
            r = no_log_add(level->out->no_log, value, error);
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

static int deprecations_of(const struct level *level, const struct param *table,
                           const json_t *values, const char *prefix, struct error *error)
{
    int r = 0;

    for (const struct param *param = table; r == 0 && param->name; param++) {
        json_t *value = json_object_get(values, param->name), *item;
        size_t i;

        if (!value || (!param->removed && !param->options))
            continue;
        AUTO_FREE char *name =
            *prefix ? text_format("%s[\"%s\"]", prefix, param->name) : strdup(param->name);
        if (!name)
            return error_oom(error);
        if (param->removed)
            r = deprecate(level, param->removed,
                          "Param '%s' is deprecated. See the module docs for more information", "",
                          name, error);
        if (r < 0 || !param->options)
            continue;
        if (json_is_object(value))
            r = deprecations_of(level, param->options, value, name, error);
        json_array_foreach (value, i, item)
            if (r == 0 && json_is_object(item))
                r = deprecations_of(level, param->options, item, name, error);
    }
    return r;
}

int collect_deprecations(const struct level *level, struct error *error)
{
    return deprecations_of(level, level->table, level->values, "", error);
}

int set_defaults(const struct level *level, bool all, struct error *error)
{
    for (const struct param *param = level->table; param->name; param++) {
        if (json_object_get(level->values, param->name) || (!all && !param->default_json))
            continue;
        json_t *value = param->default_json ? json_text_value(param->default_json) : json_null();
        if (json_object_set_new(level->values, param->name, value) < 0)
            return error_oom(error);
        if (param->no_log && python_true(value) && no_log_add(level->out->no_log, value, error) < 0)
            return error->code;
    }
    return 0;
}

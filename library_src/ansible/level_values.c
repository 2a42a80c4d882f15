/* What happens to a level's values as a whole: fallbacks, aliases, defaults, secrets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "json_text.h"
#include "level.h"
#include "python.h"

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
        json_object_set_new(level->values, param->name, string);
        if (param->no_log)
            no_log_add(level->out->secrets, string);
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

static json_t *string_or_null(const char *string)
{
    return string ? json_string(string) : json_null();
}

/* An alias' entry has both version and date, an option's the one that counts. */
static void deprecate_alias(const struct level *level, const struct param_deprecation *d)
{
    json_t *message =
        json_sprintf("Alias '%s%s' is deprecated. See the module docs for more information",
                     level->prefix, d->name);
    json_t *entry = json_pack("{s:o, s:o, s:o, s:o}", "msg", message, "version",
                              string_or_null(d->version), "date", string_or_null(d->date),
                              "collection_name", string_or_null(d->collection_name));

    json_array_append_new(level->out->deprecations, entry);
}

static void deprecate_option(const struct level *level, const struct param_deprecation *d,
                             const char *name)
{
    json_t *message =
        json_sprintf("Param '%s' is deprecated. See the module docs for more information", name);
    json_t *entry = json_pack("{s:o, s:o, s:o}", "msg", message, d->date ? "date" : "version",
                              string_or_null(d->date ? d->date : d->version), "collection_name",
                              string_or_null(d->collection_name));

    json_array_append_new(level->out->deprecations, entry);
}

static void warn_both(const struct level *level, const char *option, const char *alias)
{
    json_t *warning = json_sprintf("Both option %s%s and its alias %s%s are set.", level->prefix,
                                   option, level->prefix, alias);
    json_t *warnings = level->up ? level->out->warnings : level->alias_warnings;

    json_array_append_new(warnings, warning);
}

static void take_values(const struct level *level, const struct param *param, bool warn)
{
    for (const char *const *alias = param->aliases; alias && *alias; alias++) {
        json_t *value = json_object_get(level->values, *alias);
        if (!value)
            continue;
        if (warn && json_object_get(level->values, param->name))
            warn_both(level, param->name, *alias);
        json_object_set(level->values, param->name, value);
    }
}

void take_aliases(const struct level *level)
{
    for (const struct param *param = level->table; param->name; param++) {
        const struct param_deprecation *d = NULL;
        while ((d = find_deprecation(param, level->values, d)))
            deprecate_alias(level, d);
        if (param->required && param->default_json) {
            level_message(
                level,
                text_format("internal error: required and default are mutually exclusive for %s",
                            param->name));
            return;
        }
        take_values(level, param, true);
    }
}

void take_aliases_again(const struct level *level)
{
    for (const struct param *param = level->table; param->name; param++)
        take_values(level, param, false);
}

static void deprecations_of(const struct level *level, const struct param *table,
                            const json_t *values, const char *prefix)
{
    for (const struct param *param = table; param->name; param++) {
        json_t *value = json_object_get(values, param->name), *item;
        size_t i;

        if (!value || (!param->removed && !param->options))
            continue;
        AUTO_FREE char *name =
            *prefix ? text_format("%s[\"%s\"]", prefix, param->name) : alloc_string(param->name);
        if (param->removed)
            deprecate_option(level, param->removed, name);
        if (!param->options)
            continue;
        if (json_is_object(value))
            deprecations_of(level, param->options, value, name);
        json_array_foreach (value, i, item)
            if (json_is_object(item))
                deprecations_of(level, param->options, item, name);
    }
}

void collect_deprecations(const struct level *level)
{
    deprecations_of(level, level->table, level->values, "");
}

void set_defaults(const struct level *level, bool all)
{
    for (const struct param *param = level->table; param->name; param++) {
        if (json_object_get(level->values, param->name) || (!all && !param->default_json))
            continue;
        json_t *value = param->default_json ? json_text_value(param->default_json) : json_null();
        json_object_set_new(level->values, param->name, value);
        if (param->no_log && python_true(value))
            no_log_add(level->out->secrets, value);
    }
}

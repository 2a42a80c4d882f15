/* SPDX-License-Identifier: BSD-2-Clause */
#include "validate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "python.h"
#include "rules.h"
#include "secrets.h"
#include "text.h"

static int take_fallbacks(const struct spec *spec, struct error *error)
{
    for (const struct param *param = spec->table; param->name; param++) {
        const char *value = NULL;

        if (!param->fallback_env || json_object_get(spec->values, param->name))
            continue;
        for (const char *const *name = param->fallback_env; *name && !value; name++)
            value = getenv(*name);
        if (!value)
            continue;
        json_t *string = json_string(value);
        if (!string)
            return error_set(error, -EINVAL, "the environment's value for %s is not UTF-8",
                             param->name);
        json_object_set_new(spec->values, param->name, string);
        if (param->no_log)
            secrets_add(spec->out->secrets, string);
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
static void deprecate_alias(const struct spec *spec, const struct param_deprecation *d)
{
    json_t *message =
        json_sprintf("Alias '%s%s' is deprecated. See the module docs for more information",
                     spec->prefix, d->name);
    json_t *entry = json_pack("{s:o, s:o, s:o, s:o}", "msg", message, "version",
                              string_or_null(d->version), "date", string_or_null(d->date),
                              "collection_name", string_or_null(d->collection_name));

    json_array_append_new(spec->out->deprecations, entry);
}

static void deprecate_option(const struct spec *spec, const struct param_deprecation *d,
                             const char *name)
{
    json_t *message =
        json_sprintf("Param '%s' is deprecated. See the module docs for more information", name);
    json_t *entry = json_pack("{s:o, s:o, s:o}", "msg", message, d->date ? "date" : "version",
                              string_or_null(d->date ? d->date : d->version), "collection_name",
                              string_or_null(d->collection_name));

    json_array_append_new(spec->out->deprecations, entry);
}

static void warn_both(const struct spec *spec, const char *option, const char *alias)
{
    json_t *warning = json_sprintf("Both option %s%s and its alias %s%s are set.", spec->prefix,
                                   option, spec->prefix, alias);
    json_t *warnings = spec->parent ? spec->out->warnings : spec->alias_warnings;

    json_array_append_new(warnings, warning);
}

static void take_alias_values(const struct spec *spec, const struct param *param, bool warn)
{
    for (const char *const *alias = param->aliases; alias && *alias; alias++) {
        json_t *value = json_object_get(spec->values, *alias);
        if (!value)
            continue;
        if (warn && json_object_get(spec->values, param->name))
            warn_both(spec, param->name, *alias);
        json_object_set(spec->values, param->name, value);
    }
}

static void take_aliases(const struct spec *spec)
{
    for (const struct param *param = spec->table; param->name; param++) {
        const struct param_deprecation *d = NULL;
        while ((d = find_deprecation(param, spec->values, d)))
            deprecate_alias(spec, d);
        if (param->required && param->default_json) {
            spec_message(
                spec,
                text_format("internal error: required and default are mutually exclusive for %s",
                            param->name));
            return;
        }
        take_alias_values(spec, param, true);
    }
}

static void take_aliases_again(const struct spec *spec)
{
    for (const struct param *param = spec->table; param->name; param++)
        take_alias_values(spec, param, false);
}

/* Names this spec's options and aliases as the supported ones. */
static void note_supported(const struct spec *spec)
{
    json_t *options = json_object(), *aliases = json_object();

    for (const struct param *param = spec->table; param->name; param++)
        for (const char *const *alias = param->aliases; alias && *alias; alias++)
            json_object_set_new(aliases, *alias, json_null());
    for (const struct param *param = spec->table; param->name; param++)
        if (!json_object_get(aliases, param->name))
            json_object_set_new(options, param->name, json_null());
    json_object_set_new(spec->supported, "options", options);
    json_object_set_new(spec->supported, "aliases", aliases);
}

/* For each that isn't supported ansible-core looks at the aliases again, which matters where one of
 * them is an option's name as well. */
static void collect_unsupported(const struct spec *spec)
{
    AUTO_FREE char *path = spec_path(spec, ".");
    size_t found = 0;
    const char *key;
    json_t *ignored;

    json_object_foreach (spec->values, key, ignored) {
        if (param_find(spec->table, key))
            continue;
        AUTO_FREE char *name = text_format("%s%s%s", path, spec->parent ? "." : "", key);
        json_object_set_new(spec->out->unsupported, name, json_null());
        found++;
    }
    for (size_t i = 0; i < found; i++)
        take_aliases_again(spec);
    if (found > 0)
        note_supported(spec);
}

static void deprecations_of(const struct spec *spec, const struct param *table,
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
            deprecate_option(spec, param->removed, name);
        if (!param->options)
            continue;
        if (json_is_object(value))
            deprecations_of(spec, param->options, value, name);
        json_array_foreach (value, i, item)
            if (json_is_object(item))
                deprecations_of(spec, param->options, item, name);
    }
}

static void collect_deprecations(const struct spec *spec)
{
    deprecations_of(spec, spec->table, spec->values, "");
}

static void set_defaults(const struct spec *spec, bool all)
{
    for (const struct param *param = spec->table; param->name; param++) {
        if (json_object_get(spec->values, param->name) || (!all && !param->default_json))
            continue;
        json_t *value = param->default_json ? param_json(param->default_json) : json_null();
        json_object_set_new(spec->values, param->name, value);
        if (param->no_log && python_true(value))
            secrets_add(spec->out->secrets, value);
    }
}

static int validate_spec(struct spec *spec, struct error *error);

static int validate_element(const struct spec *parent, const struct param *param, json_t *values,
                            const char *prefix, struct error *error)
{
    struct spec spec = *parent;

    spec.parent = parent;
    spec.name = param->name;
    spec.prefix = prefix;
    spec.table = param->options;
    spec.rules = param->rules;
    spec.values = values;
    if (!json_is_object(values)) {
        spec_message(parent, text_format("value of '%s' must be of type dict or list of dicts",
                                         param->name));
        return 0;
    }
    return validate_spec(&spec, error);
}

static int validate_elements(struct spec *spec, const struct param *param, struct error *error)
{
    json_t *value = json_object_get(spec->values, param->name);
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        json_t *element = json_is_array(value) ? json_array_get(value, i) : value;
        AUTO_FREE char *prefix = param->type == PARAM_LIST
                                     ? text_format("%s%s[%zu].", spec->prefix, param->name, i)
                                     : text_format("%s%s.", spec->prefix, param->name);
        r = validate_element(spec, param, element, prefix, error);
    }
    return r;
}

static int validate_below(struct spec *spec, struct error *error)
{
    int r = 0;

    for (const struct param *param = spec->table; r == 0 && param->name; param++) {
        json_t *value = json_object_get(spec->values, param->name);
        bool absent = !value || json_is_null(value);

        if (!param_has_suboptions(param) || (absent && !param->apply_defaults))
            continue;
        if (absent)
            json_object_set_new(spec->values, param->name, json_object());
        r = validate_elements(spec, param, error);
    }
    return r;
}

/* The order of the steps is ansible-core's: it decides which error comes first. */
static int validate_spec(struct spec *spec, struct error *error)
{
    int r = take_fallbacks(spec, error);

    if (r < 0)
        return r;
    take_aliases(spec);
    secrets_collect(spec);
    if (!spec->parent)
        collect_deprecations(spec);
    collect_unsupported(spec);
    check_mutually_exclusive(spec);
    set_defaults(spec, false);
    check_required(spec);
    check_types(spec);
    check_choices(spec);
    check_rules(spec);
    set_defaults(spec, true);
    return validate_below(spec, error);
}

/* Without _ansible_* keys: those are the core's own, known or not. */
static json_t *own_arguments(json_t *arguments)
{
    json_t *own = json_object(), *value;
    const char *key;

    json_object_foreach (arguments, key, value)
        if (!text_starts_with(key, "_ansible_"))
            json_object_set_nocheck(own, key, value);
    return own;
}

int validate(const struct argument_spec *spec, json_t *arguments, struct validation *ret,
             struct error *error)
{
    struct validation v = {
        .params = own_arguments(arguments),
        .errors = json_array(),
        .warnings = json_array(),
        .deprecations = json_array(),
        .unsupported = json_object(),
        .secrets = json_object(),
        .no_log = json_object(),
    };
    AUTO_JSON json_t *alias_warnings = json_array(), *supported = json_object();
    struct spec top = {.prefix = "",
                       .table = spec->table,
                       .rules = spec->rules,
                       .values = v.params,
                       .core = spec->core,
                       .out = &v,
                       .alias_warnings = alias_warnings,
                       .supported = supported};
    int r = validate_spec(&top, error);

    if (r < 0) {
        validation_release(&v);
        return r;
    }
    check_unsupported(&top, spec->module_name);
    secrets_hide(&top);
    json_array_extend(v.warnings, alias_warnings);
    *ret = v;
    return 0;
}

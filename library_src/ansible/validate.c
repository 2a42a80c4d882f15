#include "validate.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "level.h"
#include "text.h"

int core_version(const char *text)
{
    int major, minor;

    if (!text || sscanf(text, "%d.%d", &major, &minor) != 2 || major != 2)
        return CORE_DEFAULT;
    return minor;
}

void validation_release(struct validation *v)
{
    json_decref(v->params);
    json_decref(v->errors);
    json_decref(v->warnings);
    json_decref(v->deprecations);
    json_decref(v->unsupported);
    json_decref(v->secrets);
    json_decref(v->no_log);
    *v = (struct validation){0};
}

static int validate_level(struct level *level, struct error *error);

static int validate_element(const struct level *up, const struct param *param, json_t *values,
                            const char *prefix, struct error *error)
{
    struct level level = *up;

    level.up = up;
    level.name = param->name;
    level.prefix = prefix;
    level.table = param->options;
    level.rules = param->rules;
    level.values = values;
    if (!json_is_object(values)) {
        level_message(
            up, text_format("value of '%s' must be of type dict or list of dicts", param->name));
        return 0;
    }
    return validate_level(&level, error);
}

static int validate_elements(struct level *level, const struct param *param, struct error *error)
{
    json_t *value = json_object_get(level->values, param->name);
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        json_t *element = json_is_array(value) ? json_array_get(value, i) : value;
        AUTO_FREE char *prefix = param->type == PARAM_LIST
                                     ? text_format("%s%s[%zu].", level->prefix, param->name, i)
                                     : text_format("%s%s.", level->prefix, param->name);
        r = validate_element(level, param, element, prefix, error);
    }
    return r;
}

static bool holds_options(const struct param *param)
{
    return param->options &&
           (param->type == PARAM_DICT ||
            (param->type == PARAM_LIST && param->has_elements && param->elements == PARAM_DICT));
}

static int validate_below(struct level *level, struct error *error)
{
    int r = 0;

    for (const struct param *param = level->table; r == 0 && param->name; param++) {
        json_t *value = json_object_get(level->values, param->name);
        bool absent = !value || json_is_null(value);

        if (!holds_options(param) || (absent && !param->apply_defaults))
            continue;
        if (absent)
            json_object_set_new(level->values, param->name, json_object());
        r = validate_elements(level, param, error);
    }
    return r;
}

/* The order of the steps is ansible-core's: it decides which error comes first. */
static int validate_level(struct level *level, struct error *error)
{
    int r = take_fallbacks(level, error);

    if (r < 0)
        return r;
    take_aliases(level);
    collect_no_log(level);
    if (!level->up)
        collect_deprecations(level);
    collect_unsupported(level);
    check_mutually_exclusive(level);
    set_defaults(level, false);
    check_required(level);
    check_types(level);
    check_choices(level);
    check_rules(level);
    set_defaults(level, true);
    return validate_below(level, error);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "a, b, c", sorted. */
static char *sorted_names(const json_t *set)
{
    AUTO_TEXT struct text text = {0};
    AUTO_FREE const char **names = alloc_zeroed(json_object_size(set) + 1, sizeof(*names));
    const char *name;
    json_t *ignored;
    size_t count = 0;

    json_object_foreach ((json_t *)set, name, ignored)
        names[count++] = name;
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        text_add(&text, i > 0 ? ", " : "");
        text_add(&text, names[i]);
    }
    return text_take(&text);
}

/* The message is the last one, so AnsibleModule only ever shows it when nothing else is wrong. */
static void report_unsupported(const struct level *level, const char *module_name)
{
    if (json_object_size(level->out->unsupported) == 0)
        return;
    AUTO_FREE char *unsupported = sorted_names(level->out->unsupported);
    AUTO_FREE char *options = sorted_names(json_object_get(level->supported, "options"));
    AUTO_FREE char *aliases = sorted_names(json_object_get(level->supported, "aliases"));
    level_message(level, text_format("%s%s%s%s. Supported parameters include: %s%s%s%s.",
                                     module_name ? "Unsupported parameters for (" : "",
                                     module_name ? module_name : "",
                                     module_name ? ") module: " : "", unsupported, options,
                                     *aliases ? " (" : "", aliases, *aliases ? ")" : ""));
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

int validate(const struct param *table, const struct param_rules *rules, json_t *arguments,
             int core, const char *module_name, struct validation *ret, struct error *error)
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
    struct level top = {.prefix = "",
                        .table = table,
                        .rules = rules,
                        .values = v.params,
                        .core = core,
                        .out = &v,
                        .alias_warnings = alias_warnings,
                        .supported = supported};
    int r = validate_level(&top, error);

    if (r < 0) {
        validation_release(&v);
        return r;
    }
    report_unsupported(&top, module_name);
    hide_secrets(&top);
    json_array_extend(v.warnings, alias_warnings);
    *ret = v;
    return 0;
}

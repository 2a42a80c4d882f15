/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module library's validation as a filter: one JSON object a line in the form that
 * ansible-core's ArgumentSpecValidator takes, what comes of it as one JSON object a line; also what
 * would be logged, and the parameters as a result shows them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "protocol.h"
#include "python.h"
#include "secrets.h"
#include "validate.h"

/* Everything a table is made of lives until the line is done. */
static void **pool;
static size_t pool_size;

static void *keep(void *p)
{
    pool = alloc_array(pool, pool_size + 1, sizeof(*pool));
    pool[pool_size++] = p;
    return p;
}

static void *make(size_t count, size_t size)
{
    return keep(alloc_zeroed(count + 1, size));
}

static void release_pool(void)
{
    while (pool_size > 0)
        free(pool[--pool_size]);
    free(pool);
    pool = NULL;
}

static const char *string_of(const json_t *spec, const char *key)
{
    return json_string_value(json_object_get(spec, key));
}

static bool truth_of(const json_t *spec, const char *key)
{
    const json_t *value = json_object_get(spec, key);

    return value && python_true(value);
}

static bool says(const json_t *spec, const char *key)
{
    const json_t *value = json_object_get(spec, key);

    return value && !json_is_null(value);
}

static const char *json_text(const json_t *value)
{
    return keep(json_dumps(value, JSON_ENCODE_ANY));
}

static const char *const *names_of(const json_t *list)
{
    const char **names = make(json_array_size(list), sizeof(*names));
    json_t *name;
    size_t i;

    if (json_is_string(list)) {
        names = make(1, sizeof(*names));
        names[0] = json_string_value(list);
    }
    json_array_foreach (list, i, name)
        names[i] = json_string_value(name);
    return names;
}

static const char *const *names_in(const json_t *spec, const char *key)
{
    const json_t *list = json_object_get(spec, key);

    return json_is_array(list) ? names_of(list) : NULL;
}

static const char *const *const *groups_in(const json_t *spec, const char *key)
{
    const json_t *list = json_object_get(spec, key);
    const char *const **groups = make(json_array_size(list), sizeof(*groups));
    size_t i, count = 0;
    json_t *group;

    json_array_foreach (list, i, group)
        if (json_is_array(group))
            groups[count++] = names_of(group);
    return groups;
}

static const char *malformed; /* what of the line's spec is no spec */

static struct param_required_if condition_of(const json_t *rule)
{
    const json_t *name = json_array_get(rule, 0), *required = json_array_get(rule, 2);
    bool whole = json_array_size(rule) == 3 || json_array_size(rule) == 4;

    if (!whole || !json_is_string(name) || !json_is_array(required)) {
        malformed = "required_if";
        return (struct param_required_if){0};
    }
    return (struct param_required_if){
        json_string_value(name), json_text(json_array_get(rule, 1)), names_of(required),
        json_array_size(rule) == 4 && python_true(json_array_get(rule, 3))};
}

static const struct param_rules *rules_of(const json_t *spec)
{
    const json_t *ifs = json_object_get(spec, "required_if");
    const json_t *bys = json_object_get(spec, "required_by");
    struct param_required_if *required_if = make(json_array_size(ifs), sizeof(*required_if));
    struct param_required_by *required_by = make(json_object_size(bys), sizeof(*required_by));
    struct param_rules *rules = make(1, sizeof(*rules));
    const char *key;
    json_t *rule;
    size_t i;

    json_array_foreach (ifs, i, rule)
        required_if[i] = condition_of(rule);
    i = 0;
    json_object_foreach ((json_t *)bys, key, rule) {
        required_by[i].name = key;
        required_by[i++].required = names_of(rule);
    }
    rules->mutually_exclusive = groups_in(spec, "mutually_exclusive");
    rules->required_together = groups_in(spec, "required_together");
    rules->required_one_of = groups_in(spec, "required_one_of");
    rules->required_if = required_if;
    rules->required_by = required_by;
    return rules;
}

static enum param_type type_of(const char *name)
{
    for (enum param_type type = PARAM_STR; name && type <= PARAM_BITS; type++)
        if (strcmp(name, param_type_name(type)) == 0)
            return type;
    return PARAM_STR;
}

static const char *const *choices_of(const json_t *spec)
{
    const json_t *list = json_object_get(spec, "choices");
    const char **choices = make(json_array_size(list), sizeof(*choices));
    json_t *choice;
    size_t i;

    if (!json_is_array(list))
        return NULL;
    json_array_foreach (list, i, choice)
        choices[i] = json_text(choice);
    return choices;
}

static const struct param_deprecation *deprecated_aliases_of(const json_t *spec)
{
    const json_t *list = json_object_get(spec, "deprecated_aliases");
    struct param_deprecation *found = make(json_array_size(list), sizeof(*found));
    json_t *alias;
    size_t i, count = 0;

    json_array_foreach (list, i, alias)
        if (string_of(alias, "name"))
            found[count++] = (struct param_deprecation){
                string_of(alias, "name"), string_of(alias, "version"), string_of(alias, "date"),
                string_of(alias, "collection_name")};
    return found;
}

static const struct param_deprecation *removal_of(const json_t *spec)
{
    struct param_deprecation *removal = make(1, sizeof(*removal));

    removal->version = string_of(spec, "removed_in_version");
    removal->date = string_of(spec, "removed_at_date");
    removal->collection_name = string_of(spec, "removed_from_collection");
    return removal->version || removal->date ? removal : NULL;
}

static const struct param *table_of(const json_t *specs)
{
    struct param *table = make(json_object_size(specs), sizeof(*table)), *param = table;
    const char *name;
    json_t *spec;

    json_object_foreach ((json_t *)specs, name, spec) {
        const json_t *value = json_object_get(spec, "default");
        const json_t *options = json_object_get(spec, "options");

        param->name = name;
        param->type = type_of(string_of(spec, "type"));
        param->has_elements = string_of(spec, "elements");
        param->elements = type_of(string_of(spec, "elements"));
        param->required = truth_of(spec, "required");
        param->default_json = value && !json_is_null(value) ? json_text(value) : NULL;
        param->choices = choices_of(spec);
        param->choices_are_json = true;
        param->aliases = names_in(spec, "aliases");
        param->fallback_env = names_of(json_array_get(json_object_get(spec, "fallback"), 1));
        param->no_log = truth_of(spec, "no_log");
        param->logged = !param->no_log && says(spec, "no_log");
        param->apply_defaults = truth_of(spec, "apply_defaults");
        param->options = json_is_object(options) ? table_of(options) : NULL;
        param->rules = rules_of(spec);
        param->deprecated_aliases = deprecated_aliases_of(spec);
        param->removed = removal_of(spec);
        param++;
    }
    return table;
}

static json_t *keys_of(const json_t *set)
{
    json_t *keys = json_array(), *ignored;
    const char *key;

    json_object_foreach ((json_t *)set, key, ignored)
        json_array_append_new(keys, json_string(key));
    return keys;
}

static json_t *check(const json_t *request, struct error *error)
{
    json_t *parameters = json_object_get(request, "parameters");
    AUTO_JSON json_t *none = json_object();
    const struct param *table = table_of(json_object_get(request, "argument_spec"));
    const struct param_rules *rules = rules_of(request);
    struct validation v;

    if (malformed) {
        error_set(error, -EINVAL, "%s is malformed", malformed);
        return NULL;
    }
    const struct argument_spec spec = {.table = table,
                                       .rules = rules,
                                       .core = core_version(string_of(request, "ansible_version"))};
    int r = validate(&spec, parameters ? parameters : none, &v, error);
    if (r < 0)
        return NULL;
    struct validation as_core = v;
    as_core.no_log = v.secrets;
    AUTO_FREE char *log = log_text(table, &as_core, NULL);
    json_t *answer =
        json_pack("{s:O, s:O, s:O, s:O, s:o, s:o, s:s, s:o}", "validated_parameters", v.params,
                  "error_messages", v.errors, "warnings", v.warnings, "deprecations",
                  v.deprecations, "unsupported_parameters", keys_of(v.unsupported), "no_log_values",
                  keys_of(v.secrets), "log", log, "scrubbed", result_scrub(v.params, v.secrets));
    validation_release(&v);
    return answer;
}

static void answer_line(const char *line, size_t length)
{
    AUTO_JSON json_t *request = NULL, *answer = NULL;
    struct error error = ERROR_INIT;
    AUTO_TEXT struct text text = {0};

    malformed = NULL;
    if (arguments_parse(line, length, "the line", &request, &error) == 0)
        answer = check(request, &error);
    if (!answer)
        answer = json_pack("{s:s}", "refused", error_message(&error));
    python_json(&text, answer);
    AUTO_FREE char *string = text_take(&text);
    puts(string);
    error_clear(&error);
    release_pool();
}

int main(void)
{
    AUTO_FREE char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    alloc_setup_json();
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        answer_line(line, (size_t)length);
        fflush(stdout);
    }
    return 0;
}

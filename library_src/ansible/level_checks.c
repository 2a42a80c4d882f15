/* What is refused at a level: unknown keys, wrong types, other than the choices, broken rules. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "json_text.h"
#include "level.h"
#include "python.h"

static bool present(const struct level *level, const char *name)
{
    return json_object_get(level->values, name);
}

static size_t count_present(const struct level *level, const char *const *names)
{
    size_t count = 0;

    for (size_t i = 0; names[i]; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again = again || strcmp(names[i], names[j]) == 0;
        count += !again && present(level, names[i]);
    }
    return count;
}

static char *join(const char *const *names, const char *between)
{
    AUTO_TEXT struct text text = {0};

    for (; *names; names++) {
        text_add(&text, text.length > 0 ? between : "");
        text_add(&text, *names);
    }
    return text_take(&text);
}

void check_mutually_exclusive(const struct level *level)
{
    AUTO_TEXT struct text found = {0};
    const char *const *const *list = level->rules ? level->rules->mutually_exclusive : NULL;

    for (; list && *list; list++) {
        if (count_present(level, *list) < 2)
            continue;
        AUTO_FREE char *names = join(*list, "|");
        text_add(&found, found.length > 0 ? ", " : "");
        text_add(&found, names);
    }
    if (found.length > 0)
        level_error(level, "parameters are mutually exclusive: %s", found.data);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void check_required(const struct level *level)
{
    size_t count = 0, missing = 0;

    while (level->table[count].name)
        count++;
    AUTO_FREE const char **names = alloc_zeroed(count + 1, sizeof(*names));
    for (const struct param *param = level->table; param->name; param++)
        if (param->required && !present(level, param->name))
            names[missing++] = param->name;
    if (missing == 0)
        return;
    qsort(names, missing, sizeof(*names), compare_names);
    AUTO_FREE char *list = join(names, ", ");
    level_error(level, "missing required arguments: %s", list);
}

static void check_together(const struct level *level, const char *const *names)
{
    size_t count = 0, there = 0;

    for (; names[count]; count++)
        there += present(level, names[count]);
    if (there == 0 || there == count)
        return;
    AUTO_FREE char *list = join(names, ", ");
    level_error(level, "parameters are required together: %s", list);
}

static void check_one_of(const struct level *level, const char *const *names)
{
    if (count_present(level, names) > 0)
        return;
    AUTO_FREE char *list = join(names, ", ");
    level_error(level, "one of the following is required: %s", list);
}

/* Those of `names` that are absent (or null, when that counts as absent), as "a, b". */
static char *missing_names(const struct level *level, const char *const *names, bool null_is_absent,
                           size_t *ret_missing, size_t *ret_count)
{
    AUTO_TEXT struct text text = {0};
    size_t missing = 0, count = 0;

    for (; names[count]; count++) {
        const json_t *value = json_object_get(level->values, names[count]);
        if (value && !(null_is_absent && json_is_null(value)))
            continue;
        text_add(&text, missing++ > 0 ? ", " : "");
        text_add(&text, names[count]);
    }
    *ret_missing = missing;
    *ret_count = count;
    return text_take(&text);
}

static void check_if(const struct level *level, const struct param_required_if *rule)
{
    const json_t *value = json_object_get(level->values, rule->name);
    AUTO_JSON json_t *wanted = json_text_value(rule->value);
    size_t missing, count;

    if (!value || !python_equal(value, wanted))
        return;
    AUTO_FREE char *names = missing_names(level, rule->required, false, &missing, &count);
    AUTO_FREE char *shown = python_str_new(wanted);
    if (missing == 0 || (rule->one_of && missing < count))
        return;
    level_error(level, "%s is %s but %s of the following are missing: %s", rule->name, shown,
                rule->one_of ? "any" : "all", names);
}

static void check_by(const struct level *level, const struct param_required_by *rule)
{
    const json_t *value = json_object_get(level->values, rule->name);
    size_t missing, count;

    if (!value || json_is_null(value))
        return;
    AUTO_FREE char *names = missing_names(level, rule->required, true, &missing, &count);
    if (missing > 0)
        level_error(level, "missing parameter(s) required by '%s': %s", rule->name, names);
}

/* Of each kind of rule only the first that is broken is reported. */
void check_rules(const struct level *level)
{
    const struct param_rules *rules = level->rules;
    const json_t *errors = level->out->errors;
    size_t before;

    if (!rules)
        return;
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_together && rules->required_together[i]; i++)
        if (json_array_size(errors) == before)
            check_together(level, rules->required_together[i]);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_one_of && rules->required_one_of[i]; i++)
        if (json_array_size(errors) == before)
            check_one_of(level, rules->required_one_of[i]);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_if && rules->required_if[i].name; i++)
        if (json_array_size(errors) == before)
            check_if(level, &rules->required_if[i]);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_by && rules->required_by[i].name; i++)
        if (json_array_size(errors) == before)
            check_by(level, &rules->required_by[i]);
}

/* Names this level's options and aliases as the supported ones. */
static void note_supported(const struct level *level)
{
    json_t *options = json_object(), *aliases = json_object();

    for (const struct param *param = level->table; param->name; param++)
        for (const char *const *alias = param->aliases; alias && *alias; alias++)
            json_object_set_new(aliases, *alias, json_null());
    for (const struct param *param = level->table; param->name; param++)
        if (!json_object_get(aliases, param->name))
            json_object_set_new(options, param->name, json_null());
    json_object_set_new(level->supported, "options", options);
    json_object_set_new(level->supported, "aliases", aliases);
}

/* For each that isn't supported ansible-core looks at the aliases again, which matters where one of
 * them is an option's name as well. */
void collect_unsupported(const struct level *level)
{
    AUTO_FREE char *path = level_path(level, ".");
    size_t found = 0;
    const char *key;
    json_t *ignored;

    json_object_foreach (level->values, key, ignored) {
        if (param_find(level->table, key))
            continue;
        AUTO_FREE char *name = text_format("%s%s%s", path, level->up ? "." : "", key);
        json_object_set_new(level->out->unsupported, name, json_null());
        found++;
    }
    for (size_t i = 0; i < found; i++)
        take_aliases_again(level);
    if (found > 0)
        note_supported(level);
}

static const char *type_text(const struct level *level, const json_t *value, char buffer[static 32])
{
    snprintf(buffer, 32, level->core >= 19 ? "%s" : "<class '%s'>", python_type_name(value));
    return buffer;
}

static void refuse_element(const struct level *level, const struct param *param,
                           const json_t *value, const char *why)
{
    AUTO_FREE char *path = level_path(level, " -> ");
    char type[32];

    level_message(
        level,
        text_format("Elements value for option '%s'%s%s%s is of type %s and we were unable to "
                    "convert to %s: %s",
                    param->name, level->up ? " found in '" : "", path, level->up ? "'" : "",
                    type_text(level, value, type), param_type_name(param->elements), why));
}

static void check_elements(const struct level *level, const struct param *param, json_t *list)
{
    json_t *checked = json_array(), *item, *value;
    struct error refusal = ERROR_INIT;
    size_t i;

    json_array_foreach (list, i, item) {
        if (coerce(param->elements, item, level->core, &value, &refusal) == 0) {
            json_array_append_new(checked, value);
            continue;
        }
        refuse_element(level, param, item, error_message(&refusal));
        error_clear(&refusal);
    }
    json_object_set_new(level->values, param->name, checked);
}

static void refuse_value(const struct level *level, const struct param *param, const json_t *value,
                         const char *why)
{
    AUTO_FREE char *path = level_path(level, " -> ");
    char type[32];

    level_message(
        level,
        text_format("argument '%s' is of type %s%s%s%s and we were unable to convert to %s: %s",
                    param->name, type_text(level, value, type), level->up ? " found in '" : "",
                    path, level->up ? "'." : "", param_type_name(param->type), why));
}

/* What Python would iterate over: the characters of a text, the keys of a dict. */
static json_t *members_of(const json_t *value)
{
    json_t *members = json_array(), *ignored;
    const char *p = json_string_value(value), *end = p ? p + strlen(p) : NULL, *key;
    unsigned code;
    size_t n;

    for (; p && p < end && (n = utf8_decode(p, end, &code)) > 0; p += n)
        json_array_append_new(members, json_stringn(p, n));
    json_object_foreach ((json_t *)value, key, ignored)
        json_array_append_new(members, json_string(key));
    return members;
}

/* `elements` of something else than a list is the author's error. */
static void refuse_elements(const struct level *level, const struct param *param, json_t *value,
                            const json_t *given)
{
    AUTO_FREE char *path = level_path(level, " -> "), *shown = python_str_new(value);

    level_message(
        level,
        text_format("Invalid type %s for option '%s'%s%s%s, elements value check is supported only "
                    "with 'list' type",
                    param_type_name(param->type), shown, level->up ? " found in '" : "", path,
                    level->up ? "'." : ""));
    if (json_is_array(value)) {
        check_elements(level, param, value);
    } else if (json_is_string(value) || json_is_object(value)) {
        AUTO_JSON json_t *members = members_of(value);
        check_elements(level, param, members);
    } else {
        AUTO_FREE char *why = text_format("'%s' object is not iterable", python_type_name(value));
        refuse_value(level, param, given, why);
    }
}

static void check_type(const struct level *level, const struct param *param, json_t *value)
{
    struct error refusal = ERROR_INIT;
    json_t *converted;

    if (coerce(param->type, value, level->core, &converted, &refusal) < 0) {
        refuse_value(level, param, value, error_message(&refusal));
        error_clear(&refusal);
        return;
    }
    if (converted == value)
        json_decref(converted); /* `values` holds it */
    else
        json_object_set_new(level->values, param->name, converted);
    if (!param->has_elements)
        return;
    if (!json_is_array(converted) || (level->core < 19 && param->type != PARAM_LIST))
        refuse_elements(level, param, converted, value);
    else
        check_elements(level, param, converted);
}

void check_types(const struct level *level)
{
    for (const struct param *param = level->table; param->name; param++) {
        AUTO_JSON json_t *value = json_incref(json_object_get(level->values, param->name));
        bool null_is_checked = level->core >= 15 && (param->required || param->default_json);

        if (value && (!json_is_null(value) || null_is_checked))
            check_type(level, param, value);
    }
}

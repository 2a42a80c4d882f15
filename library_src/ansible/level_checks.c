/* What is refused at a level: unknown keys, wrong types, other than the choices, broken rules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "coerce.h"
#include "json_text.h"
#include "level.h"
#include "python_text.h"

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

int check_mutually_exclusive(const struct level *level, struct error *error)
{
    AUTO_TEXT struct text found = {0};
    const char *const *const *list = level->rules ? level->rules->mutually_exclusive : NULL;

    for (; list && *list; list++) {
        if (count_present(level, *list) < 2)
            continue;
        AUTO_FREE char *names = join(*list, "|");
        if (!names)
            return error_oom(error);
        text_add(&found, found.length > 0 ? ", " : "");
        text_add(&found, names);
    }
    AUTO_FREE char *message = text_take(&found);
    if (!message)
        return error_oom(error);
    return *message ? level_error(level, error, "parameters are mutually exclusive: %s", message)
                    : 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int check_required(const struct level *level, struct error *error)
{
    size_t count = 0, missing = 0;

    while (level->table[count].name)
        count++;
    AUTO_FREE const char **names = calloc(count + 1, sizeof(*names));
    if (!names)
        return error_oom(error);
    for (const struct param *param = level->table; param->name; param++)
        if (param->required && !present(level, param->name))
            names[missing++] = param->name;
    if (missing == 0)
        return 0;
    qsort(names, missing, sizeof(*names), compare_names);
    AUTO_FREE char *list = join(names, ", ");
    return list ? level_error(level, error, "missing required arguments: %s", list)
                : error_oom(error);
}

static int check_together(const struct level *level, const char *const *names, struct error *error)
{
    size_t count = 0, there = 0;

    for (; names[count]; count++)
        there += present(level, names[count]);
    if (there == 0 || there == count)
        return 0;
    AUTO_FREE char *list = join(names, ", ");
    return list ? level_error(level, error, "parameters are required together: %s", list)
                : error_oom(error);
}

static int check_one_of(const struct level *level, const char *const *names, struct error *error)
{
    if (count_present(level, names) > 0)
        return 0;
    AUTO_FREE char *list = join(names, ", ");
    return list ? level_error(level, error, "one of the following is required: %s", list)
                : error_oom(error);
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

static int check_if(const struct level *level, const struct param_required_if *rule,
                    struct error *error)
{
    const json_t *value = json_object_get(level->values, rule->name);
    AUTO_JSON json_t *wanted = json_text_value(rule->value);
    size_t missing, count;

    if (!wanted)
        return error_oom(error);
    if (!value || !python_equal(value, wanted))
        return 0;
    AUTO_FREE char *names = missing_names(level, rule->required, false, &missing, &count);
    AUTO_FREE char *shown = python_str_new(wanted);
    if (!names || !shown)
        return error_oom(error);
    if (missing == 0 || (rule->one_of && missing < count))
        return 0;
    return level_error(level, error, "%s is %s but %s of the following are missing: %s", rule->name,
                       shown, rule->one_of ? "any" : "all", names);
}

static int check_by(const struct level *level, const struct param_required_by *rule,
                    struct error *error)
{
    const json_t *value = json_object_get(level->values, rule->name);
    size_t missing, count;

    if (!value || json_is_null(value))
        return 0;
    AUTO_FREE char *names = missing_names(level, rule->required, true, &missing, &count);
    if (!names)
        return error_oom(error);
    return missing > 0 ? level_error(level, error, "missing parameter(s) required by '%s': %s",
                                     rule->name, names)
                       : 0;
}

/* Of each kind of rule only the first that is broken is reported. */
int check_rules(const struct level *level, struct error *error)
{
    const struct param_rules *rules = level->rules;
    const json_t *errors = level->out->errors;
    size_t before;
    int r = 0;

    if (!rules)
        return 0;
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_together && rules->required_together[i]; i++)
        if (r == 0 && json_array_size(errors) == before)
            r = check_together(level, rules->required_together[i], error);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_one_of && rules->required_one_of[i]; i++)
        if (r == 0 && json_array_size(errors) == before)
            r = check_one_of(level, rules->required_one_of[i], error);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_if && rules->required_if[i].name; i++)
        if (r == 0 && json_array_size(errors) == before)
            r = check_if(level, &rules->required_if[i], error);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_by && rules->required_by[i].name; i++)
        if (r == 0 && json_array_size(errors) == before)
            r = check_by(level, &rules->required_by[i], error);
    return r;
}

/* Names this level's options and aliases as the supported ones. */
static int note_supported(const struct level *level, struct error *error)
{
    AUTO_JSON json_t *options = json_object(), *aliases = json_object();

    for (const struct param *param = level->table; param->name; param++)
        for (const char *const *alias = param->aliases; alias && *alias; alias++)
            if (json_object_set_new(aliases, *alias, json_null()) < 0)
                return error_oom(error);
    for (const struct param *param = level->table; param->name; param++)
        if (!json_object_get(aliases, param->name) &&
            json_object_set_new(options, param->name, json_null()) < 0)
            return error_oom(error);
    if (json_object_set(level->supported, "options", options) < 0 ||
        json_object_set(level->supported, "aliases", aliases) < 0)
        return error_oom(error);
    return 0;
}

/* For each that isn't supported ansible-core looks at the aliases again, which matters where one of
 * them is an option's name as well. */
int collect_unsupported(const struct level *level, struct error *error)
{
    AUTO_FREE char *path = level_path(level, ".");
    size_t found = 0;
    const char *key;
    json_t *ignored;
    int r = 0;

    if (!path)
        return error_oom(error);
    json_object_foreach (level->values, key, ignored) {
        if (param_find(level->table, key))
            continue;
        AUTO_FREE char *name = text_format("%s%s%s", path, level->up ? "." : "", key);
        if (!name || json_object_set_new(level->out->unsupported, name, json_null()) < 0)
            return error_oom(error);
        found++;
    }
    for (size_t i = 0; r == 0 && i < found; i++)
        r = take_aliases_again(level, error);
    return r == 0 && found > 0 ? note_supported(level, error) : r;
}

static const char *type_text(const struct level *level, const json_t *value, char buffer[static 32])
{
    snprintf(buffer, 32, level->core >= 19 ? "%s" : "<class '%s'>", python_type_name(value));
    return buffer;
}

static int refuse_element(const struct level *level, const struct param *param, const json_t *value,
                          const char *why, struct error *error)
{
    AUTO_FREE char *path = level_path(level, " -> ");
    char type[32];

    if (!path)
        return error_oom(error);
    return level_message(
        level,
        text_format("Elements value for option '%s'%s%s%s is of type %s and we were unable to "
                    "convert to %s: %s",
                    param->name, level->up ? " found in '" : "", path, level->up ? "'" : "",
                    type_text(level, value, type), param_type_name(param->elements), why),
        error);
}

static int check_elements(const struct level *level, const struct param *param, json_t *list,
                          struct error *error)
{
    AUTO_JSON json_t *checked = json_array();
    struct error refusal = ERROR_INIT;
    json_t *item, *value;
    size_t i;
    int r;

    json_array_foreach (list, i, item) {
        r = coerce(param->elements, item, level->core, &value, &refusal);
        if (r == -ENOMEM || (r == 0 && json_array_append_new(checked, value) < 0))
            return error_oom(error);
        if (r == 0)
            continue;
        r = refuse_element(level, param, item, error_message(&refusal), error);
        error_clear(&refusal);
        if (r < 0)
            return r;
    }
    return json_object_set(level->values, param->name, checked) < 0 ? error_oom(error) : 0;
}

static int refuse_value(const struct level *level, const struct param *param, const json_t *value,
                        const char *why, struct error *error)
{
    AUTO_FREE char *path = level_path(level, " -> ");
    char type[32];

    if (!path)
        return error_oom(error);
    return level_message(
        level,
        text_format("argument '%s' is of type %s%s%s%s and we were unable to convert to %s: %s",
                    param->name, type_text(level, value, type), level->up ? " found in '" : "",
                    path, level->up ? "'." : "", param_type_name(param->type), why),
        error);
}

/* What Python would iterate over: the characters of a text, the keys of a dict. */
static json_t *members_of(const json_t *value)
{
    AUTO_JSON json_t *members = json_array();
    const char *p = json_string_value(value), *end = p ? p + strlen(p) : NULL, *key;
    unsigned code;
    json_t *ignored;
    size_t n;

    for (; p && p < end; p += n) {
        n = utf8_decode(p, end, &code);
        if (n == 0 || json_array_append_new(members, json_stringn(p, n)) < 0)
            return NULL;
    }
    json_object_foreach ((json_t *)value, key, ignored)
        if (json_array_append_new(members, json_string(key)) < 0)
            return NULL;
    return TAKE_PTR(members);
}

/* `elements` of something else than a list is the author's error. */
static int refuse_elements(const struct level *level, const struct param *param, json_t *value,
                           const json_t *given, struct error *error)
{
    AUTO_FREE char *path = level_path(level, " -> "), *shown = python_str_new(value);
    int r;

    if (!path || !shown)
        return error_oom(error);
    r = level_message(
        level,
        text_format("Invalid type %s for option '%s'%s%s%s, elements value check is supported only "
                    "with 'list' type",
                    param_type_name(param->type), shown, level->up ? " found in '" : "", path,
                    level->up ? "'." : ""),
        error);
    if (r < 0)
        return r;
    if (json_is_array(value))
        return check_elements(level, param, value, error);
    if (json_is_string(value) || json_is_object(value)) {
        AUTO_JSON json_t *members = members_of(value);
        return members ? check_elements(level, param, members, error) : error_oom(error);
    }
    AUTO_FREE char *why = text_format("'%s' object is not iterable", python_type_name(value));
    return why ? refuse_value(level, param, given, why, error) : error_oom(error);
}

static int check_type(const struct level *level, const struct param *param, json_t *value,
                      struct error *error)
{
    struct error refusal = ERROR_INIT;
    json_t *converted;
    int r = coerce(param->type, value, level->core, &converted, &refusal);

    if (r == -ENOMEM)
        return error_oom(error);
    if (r < 0) {
        r = refuse_value(level, param, value, error_message(&refusal), error);
        error_clear(&refusal);
        return r;
    }
    if (converted == value)
        json_decref(converted); /* `values` holds it */
    else if (json_object_set_new(level->values, param->name, converted) < 0)
        return error_oom(error);
    if (!param->has_elements)
        return 0;
    if (!json_is_array(converted) || (level->core < 19 && param->type != PARAM_LIST))
        return refuse_elements(level, param, converted, value, error);
    return check_elements(level, param, converted, error);
}

int check_types(const struct level *level, struct error *error)
{
    int r = 0;

    for (const struct param *param = level->table; r == 0 && param->name; param++) {
        AUTO_JSON json_t *value = json_incref(json_object_get(level->values, param->name));
        bool null_is_checked = level->core >= 15 && (param->required || param->default_json);

        if (value && (!json_is_null(value) || null_is_checked))
            r = check_type(level, param, value, error);
    }
    return r;
}

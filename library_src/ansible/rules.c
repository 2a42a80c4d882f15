/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "fields.h"
#include "python.h"
#include "text.h"

static void spec_add_path(struct text *text, const struct spec *spec, const char *between)
{
    if (!spec->parent)
        return;
    spec_add_path(text, spec->parent, between);
    text_add(text, spec->parent->parent ? between : "");
    text_add(text, spec->name);
}

char *spec_path(const struct spec *spec, const char *between)
{
    AUTO_TEXT struct text text = {0};

    spec_add_path(&text, spec, between);
    return text_take(&text);
}

void spec_message(const struct spec *spec, char *message)
{
    json_array_append_new(spec->out->errors, json_text(message));
    free(message);
}

/* Appends the message, and where it was found when that is a sub-spec. */
static void __attribute__((format(printf, 2, 3)))
spec_error(const struct spec *spec, const char *format, ...)
{
    AUTO_FREE char *path = spec_path(spec, " -> ");
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *message = text_vformat(format, arguments);
    va_end(arguments);
    spec_message(spec, text_format("%s%s%s", message, spec->parent ? " found in " : "", path));
}

static bool spec_has(const struct spec *spec, const char *name)
{
    return json_object_get(spec->values, name);
}

static size_t count_present(const struct spec *spec, const char *const *names)
{
    size_t count = 0;

    for (size_t i = 0; names[i]; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again = again || strcmp(names[i], names[j]) == 0;
        count += !again && spec_has(spec, names[i]);
    }
    return count;
}

void check_mutually_exclusive(const struct spec *spec)
{
    AUTO_TEXT struct text found = {0};
    const char *const *const *list = spec->rules ? spec->rules->mutually_exclusive : NULL;

    for (; list && *list; list++) {
        if (count_present(spec, *list) < 2)
            continue;
        AUTO_FREE char *names = text_join(*list, "|");
        text_add(&found, found.length > 0 ? ", " : "");
        text_add(&found, names);
    }
    if (found.length > 0)
        spec_error(spec, "parameters are mutually exclusive: %s", found.data);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "a, b, c", sorted. */
static char *sorted_names(const json_t *set)
{
    AUTO_FREE const char **names = alloc_zeroed(json_object_size(set) + 1, sizeof(*names));
    const char *name;
    json_t *ignored;
    size_t count = 0;

    json_object_foreach ((json_t *)set, name, ignored)
        names[count++] = name;
    qsort(names, count, sizeof(*names), compare_names);
    return text_join(names, ", ");
}

void check_required(const struct spec *spec)
{
    AUTO_JSON json_t *missing = json_object();

    for (const struct param *param = spec->table; param->name; param++)
        if (param->required && !spec_has(spec, param->name))
            json_object_set_new(missing, param->name, json_null());
    if (json_object_size(missing) == 0)
        return;
    AUTO_FREE char *list = sorted_names(missing);
    spec_error(spec, "missing required arguments: %s", list);
}

/* The message is the last one, so AnsibleModule only ever shows it when nothing else is wrong. */
void check_unsupported(const struct spec *spec, const char *module_name)
{
    if (json_object_size(spec->out->unsupported) == 0)
        return;
    AUTO_FREE char *unsupported = sorted_names(spec->out->unsupported);
    AUTO_FREE char *options = sorted_names(json_object_get(spec->supported, "options"));
    AUTO_FREE char *aliases = sorted_names(json_object_get(spec->supported, "aliases"));
    spec_message(spec, text_format("%s%s%s%s. Supported parameters include: %s%s%s%s.",
                                   module_name ? "Unsupported parameters for (" : "",
                                   module_name ? module_name : "", module_name ? ") module: " : "",
                                   unsupported, options, *aliases ? " (" : "", aliases,
                                   *aliases ? ")" : ""));
}

static void check_together(const struct spec *spec, const char *const *names)
{
    size_t count = 0, there = 0;

    for (; names[count]; count++)
        there += spec_has(spec, names[count]);
    if (there == 0 || there == count)
        return;
    AUTO_FREE char *list = text_join(names, ", ");
    spec_error(spec, "parameters are required together: %s", list);
}

static void check_one_of(const struct spec *spec, const char *const *names)
{
    if (count_present(spec, names) > 0)
        return;
    AUTO_FREE char *list = text_join(names, ", ");
    spec_error(spec, "one of the following is required: %s", list);
}

/* Those of `names` that are absent (or null, when that counts as absent), as "a, b". */
static char *missing_names(const struct spec *spec, const char *const *names, bool null_is_absent,
                           size_t *ret_missing, size_t *ret_count)
{
    AUTO_TEXT struct text text = {0};
    size_t missing = 0, count = 0;

    for (; names[count]; count++) {
        const json_t *value = json_object_get(spec->values, names[count]);
        if (value && !(null_is_absent && json_is_null(value)))
            continue;
        text_add(&text, missing++ > 0 ? ", " : "");
        text_add(&text, names[count]);
    }
    *ret_missing = missing;
    *ret_count = count;
    return text_take(&text);
}

static void check_if(const struct spec *spec, const struct param_required_if *rule)
{
    const json_t *value = json_object_get(spec->values, rule->name);
    AUTO_JSON json_t *wanted = param_json(rule->value);
    size_t missing, count;

    if (!value || !python_equal(value, wanted))
        return;
    AUTO_FREE char *names = missing_names(spec, rule->required, false, &missing, &count);
    AUTO_FREE char *shown = python_str_new(wanted);
    if (missing == 0 || (rule->one_of && missing < count))
        return;
    spec_error(spec, "%s is %s but %s of the following are missing: %s", rule->name, shown,
               rule->one_of ? "any" : "all", names);
}

static void check_by(const struct spec *spec, const struct param_required_by *rule)
{
    const json_t *value = json_object_get(spec->values, rule->name);
    size_t missing, count;

    if (!value || json_is_null(value))
        return;
    AUTO_FREE char *names = missing_names(spec, rule->required, true, &missing, &count);
    if (missing > 0)
        spec_error(spec, "missing parameter(s) required by '%s': %s", rule->name, names);
}

/* Of each kind of rule only the first that is broken is reported. */
void check_rules(const struct spec *spec)
{
    const struct param_rules *rules = spec->rules;
    const json_t *errors = spec->out->errors;
    size_t before;

    if (!rules)
        return;
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_together && rules->required_together[i]; i++)
        if (json_array_size(errors) == before)
            check_together(spec, rules->required_together[i]);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_one_of && rules->required_one_of[i]; i++)
        if (json_array_size(errors) == before)
            check_one_of(spec, rules->required_one_of[i]);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_if && rules->required_if[i].name; i++)
        if (json_array_size(errors) == before)
            check_if(spec, &rules->required_if[i]);
    before = json_array_size(errors);
    for (size_t i = 0; rules->required_by && rules->required_by[i].name; i++)
        if (json_array_size(errors) == before)
            check_by(spec, &rules->required_by[i]);
}

static const char *type_text(const struct spec *spec, const json_t *value, char buffer[static 32])
{
    snprintf(buffer, 32, spec->core >= 19 ? "%s" : "<class '%s'>", python_type_name(value));
    return buffer;
}

static void refuse_element(const struct spec *spec, const struct param *param, const json_t *value,
                           const char *why)
{
    AUTO_FREE char *path = spec_path(spec, " -> ");
    char type[32];

    spec_message(
        spec,
        text_format("Elements value for option '%s'%s%s%s is of type %s and we were unable to "
                    "convert to %s: %s",
                    param->name, spec->parent ? " found in '" : "", path, spec->parent ? "'" : "",
                    type_text(spec, value, type), param_type_name(param->elements), why));
}

static void check_elements(const struct spec *spec, const struct param *param, json_t *list)
{
    json_t *checked = json_array(), *item, *value;
    struct error refusal = ERROR_INIT;
    size_t i;

    json_array_foreach (list, i, item) {
        if (coerce(param->elements, item, spec->core, &value, &refusal) == 0) {
            json_array_append_new(checked, value);
            continue;
        }
        refuse_element(spec, param, item, error_message(&refusal));
        error_clear(&refusal);
    }
    json_object_set_new(spec->values, param->name, checked);
}

static void refuse_value(const struct spec *spec, const struct param *param, const json_t *value,
                         const char *why)
{
    AUTO_FREE char *path = spec_path(spec, " -> ");
    char type[32];

    spec_message(
        spec,
        text_format("argument '%s' is of type %s%s%s%s and we were unable to convert to %s: %s",
                    param->name, type_text(spec, value, type), spec->parent ? " found in '" : "",
                    path, spec->parent ? "'." : "", param_type_name(param->type), why));
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
static void refuse_elements(const struct spec *spec, const struct param *param, json_t *value,
                            const json_t *given)
{
    AUTO_FREE char *path = spec_path(spec, " -> "), *shown = python_str_new(value);

    spec_message(
        spec,
        text_format("Invalid type %s for option '%s'%s%s%s, elements value check is supported only "
                    "with 'list' type",
                    param_type_name(param->type), shown, spec->parent ? " found in '" : "", path,
                    spec->parent ? "'." : ""));
    if (json_is_array(value)) {
        check_elements(spec, param, value);
    } else if (json_is_string(value) || json_is_object(value)) {
        AUTO_JSON json_t *members = members_of(value);
        check_elements(spec, param, members);
    } else {
        AUTO_FREE char *why = text_format("'%s' object is not iterable", python_type_name(value));
        refuse_value(spec, param, given, why);
    }
}

static void check_type(const struct spec *spec, const struct param *param, json_t *value)
{
    struct error refusal = ERROR_INIT;
    json_t *converted;

    if (coerce(param->type, value, spec->core, &converted, &refusal) < 0) {
        refuse_value(spec, param, value, error_message(&refusal));
        error_clear(&refusal);
        return;
    }
    if (converted == value)
        json_decref(converted); /* `values` choices_hold it */
    else
        json_object_set_new(spec->values, param->name, converted);
    if (!param->has_elements)
        return;
    if (!json_is_array(converted) || (spec->core < 19 && param->type != PARAM_LIST))
        refuse_elements(spec, param, converted, value);
    else
        check_elements(spec, param, converted);
}

void check_types(const struct spec *spec)
{
    for (const struct param *param = spec->table; param->name; param++) {
        AUTO_JSON json_t *value = json_incref(json_object_get(spec->values, param->name));
        bool null_is_checked = spec->core >= 15 && (param->required || param->default_json);

        if (value && (!json_is_null(value) || null_is_checked))
            check_type(spec, param, value);
    }
}

static json_t *choices_of(const struct param *param)
{
    json_t *choices = json_array();
    bool are_text = param_choices_are_text(param);

    for (const char *const *choice = param->choices; *choice; choice++)
        json_array_append_new(choices, are_text ? json_string(*choice) : param_json(*choice));
    return choices;
}

static bool choices_hold(const json_t *choices, const json_t *value)
{
    json_t *choice;
    size_t i;

    json_array_foreach (choices, i, choice)
        if (python_equal(choice, value))
            return true;
    return false;
}

static char *choices_text(const json_t *values)
{
    AUTO_TEXT struct text text = {0};
    json_t *value;
    size_t i;

    json_array_foreach (values, i, value) {
        text_add(&text, i > 0 ? ", " : "");
        python_str(&text, value);
    }
    return text_take(&text);
}

static bool choice_has_truth(const json_t *choice, bool truth)
{
    static const char *const words[2][7] = {{"n", "no", "off", "0", "false", "f", NULL},
                                            {"y", "yes", "on", "1", "true", "t", NULL}};

    if (!json_is_string(choice))
        return !json_is_null(choice) && !json_is_array(choice) && !json_is_object(choice) &&
               (json_is_boolean(choice) ? json_is_true(choice) == truth
                                        : json_number_value(choice) == (truth ? 1.0 : 0.0));
    for (const char *const *word = words[truth]; *word; word++)
        if (strcmp(*word, json_string_value(choice)) == 0)
            return true;
    return false;
}

/* YAML turned a word like `off` into a bool: the choice that is meant, when only one can be. */
static json_t *meant_choice(const json_t *choices, const json_t *value)
{
    const char *string = json_string_value(value);
    json_t *found = NULL, *choice;
    size_t i;

    if (!string || (strcmp(string, "True") != 0 && strcmp(string, "False") != 0))
        return NULL;
    json_array_foreach (choices, i, choice) {
        if (!choice_has_truth(choice, *string == 'T'))
            continue;
        if (found && !python_equal(found, choice))
            return NULL;
        found = found ? found : choice;
    }
    return found;
}

static void check_choice_list(const struct spec *spec, const struct param *param,
                              const json_t *choices, const json_t *list)
{
    AUTO_JSON json_t *others = json_array();
    json_t *item;
    size_t i;

    json_array_foreach (list, i, item)
        if (!choices_hold(choices, item))
            json_array_append(others, item);
    if (json_array_size(others) == 0)
        return;
    AUTO_FREE char *wanted = choices_text(choices), *got = choices_text(others);
    spec_error(spec, "value of %s must be one or more of: %s. Got no match for: %s", param->name,
               wanted, got);
}

static void check_choice(const struct spec *spec, const struct param *param, const json_t *choices,
                         const json_t *value)
{
    if (choices_hold(choices, value))
        return;
    json_t *meant = meant_choice(choices, value);
    if (meant) {
        json_object_set(spec->values, param->name, meant);
        return;
    }
    AUTO_FREE char *wanted = choices_text(choices), *got = python_str_new(value);
    spec_error(spec, "value of %s must be one of: %s, got: %s", param->name, wanted, got);
}

/* What nearly every value is: a text, and one of the choices. */
static bool is_plain_choice(const struct param *param, const json_t *value)
{
    const char *string = param_choices_are_text(param) ? json_string_value(value) : NULL;

    for (const char *const *choice = param->choices; string && *choice; choice++)
        if (strcmp(*choice, string) == 0)
            return true;
    return false;
}

void check_choices(const struct spec *spec)
{
    for (const struct param *param = spec->table; param->name; param++) {
        const json_t *value = json_object_get(spec->values, param->name);

        if (!param->choices || !value || is_plain_choice(param, value))
            continue;
        AUTO_JSON json_t *choices = choices_of(param);
        if (json_is_array(value))
            check_choice_list(spec, param, choices, value);
        else
            check_choice(spec, param, choices, value);
    }
}

/* Choices: of a value, or of each element of a list. */
#include <string.h>

#include "cleanup.h"
#include "json_text.h"
#include "level.h"
#include "python.h"

static bool choices_are_text(const struct param *param)
{
    enum param_type type = param->type;

    if (param->choices_are_json)
        return false;
    if (type == PARAM_LIST)
        type = param->has_elements ? param->elements : PARAM_STR;
    return type == PARAM_STR || type == PARAM_PATH || type == PARAM_LIST;
}

static json_t *choices_of(const struct param *param)
{
    json_t *choices = json_array();
    bool are_text = choices_are_text(param);

    for (const char *const *choice = param->choices; *choice; choice++)
        json_array_append_new(choices, are_text ? json_string(*choice) : json_text_value(*choice));
    return choices;
}

static bool holds(const json_t *choices, const json_t *value)
{
    json_t *choice;
    size_t i;

    json_array_foreach (choices, i, choice)
        if (python_equal(choice, value))
            return true;
    return false;
}

static char *join(const json_t *values)
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

static bool has_truth(const json_t *choice, bool truth)
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
        if (!has_truth(choice, *string == 'T'))
            continue;
        if (found && !python_equal(found, choice))
            return NULL;
        found = found ? found : choice;
    }
    return found;
}

static void check_list(const struct level *level, const struct param *param, const json_t *choices,
                       const json_t *list)
{
    AUTO_JSON json_t *others = json_array();
    json_t *item;
    size_t i;

    json_array_foreach (list, i, item)
        if (!holds(choices, item))
            json_array_append(others, item);
    if (json_array_size(others) == 0)
        return;
    AUTO_FREE char *wanted = join(choices), *got = join(others);
    level_error(level, "value of %s must be one or more of: %s. Got no match for: %s", param->name,
                wanted, got);
}

static void check_value(const struct level *level, const struct param *param, const json_t *choices,
                        const json_t *value)
{
    if (holds(choices, value))
        return;
    json_t *meant = meant_choice(choices, value);
    if (meant) {
        json_object_set(level->values, param->name, meant);
        return;
    }
    AUTO_FREE char *wanted = join(choices), *got = python_str_new(value);
    level_error(level, "value of %s must be one of: %s, got: %s", param->name, wanted, got);
}

/* What nearly every value is: a text, and one of the choices. */
static bool is_plain_choice(const struct param *param, const json_t *value)
{
    const char *string = choices_are_text(param) ? json_string_value(value) : NULL;

    for (const char *const *choice = param->choices; string && *choice; choice++)
        if (strcmp(*choice, string) == 0)
            return true;
    return false;
}

void check_choices(const struct level *level)
{
    for (const struct param *param = level->table; param->name; param++) {
        const json_t *value = json_object_get(level->values, param->name);

        if (!param->choices || !value || is_plain_choice(param, value))
            continue;
        AUTO_JSON json_t *choices = choices_of(param);
        if (json_is_array(value))
            check_list(level, param, choices, value);
        else
            check_value(level, param, choices, value);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "problems.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "cleanup.h"
#include "names.h"
#include "reserved.h"
#include "text.h"

enum { DEPTH_LIMIT = 32, KEY_LIMIT = 100 };

static void place_add(struct text *text, const struct place *place)
{
    if (!place)
        return;
    place_add(text, place->parent);
    if (!place->key) {
        text_addf(text, "[%zu]", place->index);
    } else if (name_is_variable(place->key)) {
        text_addf(text, "%s%s", text->length > 0 ? "." : "", place->key);
    } else {
        AUTO_FREE char *quoted = name_quoted(place->key);
        text_addf(text, "[%s]", quoted);
    }
}

char *place_text(const struct place *place)
{
    AUTO_TEXT struct text text = {0};

    place_add(&text, place);
    return text_take(&text);
}

static void problem_add(struct problems *problems, const char *kind, const struct place *place,
                        const char *format, va_list arguments)
{
    AUTO_FREE char *where = place_text(place), *what = text_vformat(format, arguments);

    text_addf(&problems->lines, "%s: %s: %s\n", kind, where, what);
}

void problem_error(struct problems *problems, const struct place *place, const char *format, ...)
{
    va_list arguments;

    problems->errors++;
    va_start(arguments, format);
    problem_add(problems, "error", place, format, arguments);
    va_end(arguments);
}

void problem_warning(struct problems *problems, const struct place *place, const char *format, ...)
{
    va_list arguments;

    problems->warnings++;
    va_start(arguments, format);
    problem_add(problems, "warning", place, format, arguments);
    va_end(arguments);
}

void problems_release(struct problems *problems)
{
    text_release(&problems->lines);
    *problems = (struct problems){0};
}

const char *json_type_name(const json_t *value)
{
    if (!value)
        return "missing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "unknown";
}

const char *check_text(const json_t *object, const char *key, const struct place *place,
                       struct problems *problems)
{
    const json_t *value = json_object_get(object, key);
    const struct place *here = PLACE_KEY(place, key);

    if (!value)
        problem_error(problems, here, "is missing");
    else if (!json_is_string(value))
        problem_error(problems, here, "must be a string, not %s", json_type_name(value));
    else if (json_string_length(value) == 0)
        problem_error(problems, here, "is empty");
    else
        return json_string_value(value);
    return NULL;
}

/* Control characters, or longer than libyaml writes on one line. */
static bool is_odd_key(const char *key)
{
    return strlen(key) > KEY_LIMIT || name_has_controls(key);
}

void check_key(const char *key, const struct place *place, struct problems *problems)
{
    if (text_starts_with(key, "__ansible_"))
        problem_error(problems, place, "Ansible gives keys that begin with __ansible_ a meaning");
    else if (is_odd_key(key))
        problem_error(problems, place, "a key of more than %d bytes or with control characters",
                      KEY_LIMIT);
    else if (!name_is_data_key(key))
        problem_error(problems, place,
                      "a key may have letters, digits and \" _.,:/@%%+-\" only: "
                      "Ansible could take others for a template");
}

static void check_nested(const json_t *value, int depth, const struct place *place,
                         struct problems *problems)
{
    const char *key;
    json_t *item;
    size_t i;

    if (depth > DEPTH_LIMIT) {
        problem_error(problems, place, "nested more than %d levels deep", DEPTH_LIMIT);
        return;
    }
    json_object_foreach ((json_t *)value, key, item) {
        check_key(key, PLACE_KEY(place, key), problems);
        check_nested(item, depth + 1, PLACE_KEY(place, key), problems);
    }
    json_array_foreach (value, i, item)
        check_nested(item, depth + 1, PLACE_ITEM(place, i), problems);
}

void check_value(const json_t *value, const struct place *place, struct problems *problems)
{
    check_nested(value, 0, place, problems);
}

void check_unknown(const char *key, const json_t *value, const struct place *place,
                   const char *kept, struct problems *problems)
{
    const struct place *here = PLACE_KEY(place, key);

    if (json_is_null(value))
        return;
    if (name_is_reserved(key)) {
        problem_error(problems, here,
                      "has a meaning for Ansible or a role, and outputs are only data: "
                      "put it into host_vars (or group_vars)");
        return;
    }
    problem_warning(problems, here, "unknown key, kept below %s", kept);
    check_key(key, here, problems);
    check_value(value, here, problems);
}

#include "problems.h"

#include <stdarg.h>

#include "cleanup.h"
#include "names.h"

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

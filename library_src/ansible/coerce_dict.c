/* Dicts written as text: JSON, a Python literal, or k=v pairs. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "python_text.h"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Up to 2.17 safe_eval() hands back texts that look like a method call (\w\.\w+\() or an import
 * (import \w+) as they are. */
static bool looks_like_code(const char *string)
{
    for (const char *p = string; *p; p++) {
        if (text_starts_with(p, "import ") && is_word(p[7]))
            return true;
        if (p > string && *p == '.' && is_word(p[-1]) && is_word(p[1])) {
            const char *q = p + 1;
            while (is_word(*q))
                q++;
            if (*q == '(')
                return true;
        }
    }
    return false;
}

static int dict_of_literal(const char *string, int core, json_t **ret_value, struct error *error)
{
    AUTO_JSON json_t *value = json_loads(string, 0, NULL);
    struct error ignored = ERROR_INIT;

    if (!value && core < 18 && looks_like_code(string))
        value = json_string(string);
    if (!value) {
        int r = python_literal(string, &value, &ignored);
        error_clear(&ignored);
        if (r < 0 || !json_is_object(value))
            return error_set(error, -EINVAL, "unable to evaluate string as dictionary");
    }
    *ret_value = TAKE_PTR(value);
    return 0;
}

/* Splits on commas and spaces outside quotes; a backslash takes the next character as it is. */
static json_t *split_fields(const char *p, size_t length)
{
    AUTO_TEXT struct text field = {0};
    json_t *fields = json_array();
    bool escaped = false;
    char quote = '\0';

    for (const char *end = p + length;; p++) {
        bool ends = p == end || (!escaped && !quote && (*p == ',' || *p == ' '));
        if (ends && field.length > 0) {
            AUTO_FREE char *string = text_take(&field);
            json_array_append_new(fields, json_string(string));
        }
        if (p == end)
            return fields;
        if (ends)
            continue;
        if (!escaped && *p == '\\')
            escaped = true;
        else if (!escaped && !quote && (*p == '\'' || *p == '"'))
            quote = *p;
        else if (!escaped && quote && *p == quote)
            quote = '\0';
        else {
            text_add_bytes(&field, p, 1);
            escaped = false;
        }
    }
}

static int refuse_field(size_t index, int core, struct error *error)
{
    if (core >= 18)
        return error_set(error, -EINVAL,
                         "unable to evaluate string in the \"key=value\" format as dictionary");
    return error_set(error, -EINVAL,
                     "dictionary update sequence element #%zu has length 1; 2 is required", index);
}

static int dict_of_pairs(const char *string, int core, json_t **ret_value, struct error *error)
{
    const char *start;
    size_t length, i;
    json_t *field;

    python_strip(string, &start, &length);
    AUTO_JSON json_t *fields = split_fields(start, length), *dict = json_object();
    json_array_foreach (fields, i, field) {
        const char *pair = json_string_value(field), *equals = strchr(pair, '=');
        if (!equals)
            return refuse_field(i, core, error);
        AUTO_FREE char *key = alloc_string_part(pair, (size_t)(equals - pair));
        json_object_set_new(dict, key, json_string(equals + 1));
    }
    *ret_value = TAKE_PTR(dict);
    return 0;
}

int coerce_dict_text(const char *string, int core, json_t **ret_value, struct error *error)
{
    if (*string == '{')
        return dict_of_literal(string, core, ret_value, error);
    if (strchr(string, '='))
        return dict_of_pairs(string, core, ret_value, error);
    return error_set(error, -EINVAL, "dictionary requested, could not parse JSON or key=value");
}

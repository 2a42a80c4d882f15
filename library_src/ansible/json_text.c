#include "json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int json_text_parse(const char *text, size_t length, size_t flags, json_t **ret_value,
                    json_error_t *ret_details, struct error *error)
{
    json_t *value = json_loadb(text, length, flags, ret_details);

    if (!value)
        return error_set(error, -EINVAL, "no valid JSON");
    *ret_value = value;
    return 0;
}

json_t *json_text_value(const char *text)
{
    size_t length = strlen(text);
    json_t *value;

    /* Most are plain strings, for which jansson's parser is a long way round. */
    if (*text == '"' && !strchr(text, '\\'))
        value = json_stringn(text + 1, length - 2);
    else
        value = json_loadb(text, length, JSON_DECODE_ANY, NULL);
    if (!value)
        abort();
    return value;
}

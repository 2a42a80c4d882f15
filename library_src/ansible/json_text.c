#include "json_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static bool ran_out;

/* jansson's lexer doesn't look at failed allocations: they come out as a syntax error, or as a
 * value without some of its bytes. */
static void *watched_malloc(size_t size)
{
    void *p = malloc(size);

    ran_out = ran_out || !p;
    return p;
}

int json_text_parse(const char *text, size_t length, size_t flags, json_t **ret_value,
                    json_error_t *ret_details, struct error *error)
{
    json_set_alloc_funcs(watched_malloc, free);
    ran_out = false;
    AUTO_JSON json_t *value = json_loadb(text, length, flags, ret_details);
    if (ran_out)
        return error_oom(error);
    if (!value)
        return error_set(error, -EINVAL, "no valid JSON");
    *ret_value = TAKE_PTR(value);
    return 0;
}

json_t *json_text_value(const char *text)
{
    size_t length = strlen(text);

    /* Most are plain strings, for which jansson's parser is a long way round. */
    if (*text == '"' && !strchr(text, '\\'))
        return json_stringn(text + 1, length - 2);
    return json_loadb(text, length, JSON_DECODE_ANY, NULL);
}

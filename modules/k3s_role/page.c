#include "page.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"

struct reader {
    const char *at, *end;
    page_taker *take;
    void *data;
};

static int malformed(struct error *error)
{
    return error_set(error, -EINVAL, "what the API server answered is no list of objects");
}

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at))
        reader->at++;
}

static bool next_is(struct reader *reader, char c)
{
    skip_space(reader);
    if (reader->at >= reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static void skip_string(struct reader *reader)
{
    for (reader->at++; reader->at < reader->end && *reader->at != '"'; reader->at++)
        if (*reader->at == '\\')
            reader->at++;
    reader->at++;
}

/* Past one value of any kind: whether it is well-formed inside is for the parser to say. */
static int skip_value(struct reader *reader, const char **ret_start, size_t *ret_length)
{
    size_t depth = 0;

    skip_space(reader);
    const char *start = reader->at;
    while (reader->at < reader->end) {
        char c = *reader->at;

        if (c == '"') {
            skip_string(reader);
            if (depth == 0)
                break;
            continue;
        }
        if (depth == 0 && strchr(",]} \t\r\n", c))
            break;
        reader->at++;
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    if (reader->at > reader->end || reader->at == start || depth > 0)
        return -EINVAL;
    *ret_start = start;
    *ret_length = (size_t)(reader->at - start);
    return 0;
}

static json_t *parse_value(struct reader *reader, struct error *error)
{
    const char *start;
    json_error_t problem;
    size_t length;

    if (skip_value(reader, &start, &length) < 0) {
        malformed(error);
        return NULL;
    }
    json_t *value = json_loadb(start, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (!value && json_error_code(&problem) == json_error_out_of_memory)
        error_oom(error);
    else if (!value)
        malformed(error);
    return value;
}

static int read_items(struct reader *reader, struct error *error)
{
    const char *ignored;
    size_t length;

    if (!next_is(reader, '[')) { /* an empty list may be null */
        bool is_null = reader->at < reader->end && *reader->at == 'n';
        return is_null && skip_value(reader, &ignored, &length) == 0 ? 0 : malformed(error);
    }
    if (next_is(reader, ']'))
        return 0;
    do {
        AUTO_JSON json_t *item = parse_value(reader, error);
        if (!item)
            return error->code;
        if (!json_is_object(item))
            return malformed(error);
        int r = reader->take(reader->data, item, error);
        if (r < 0)
            return r;
    } while (next_is(reader, ','));
    return next_is(reader, ']') ? 0 : malformed(error);
}

static int read_member(struct reader *reader, char **ret_continue, bool *ret_items,
                       struct error *error)
{
    const char *ignored;
    size_t length;
    AUTO_JSON json_t *key = parse_value(reader, error);

    if (!key)
        return error->code;
    if (!json_is_string(key) || !next_is(reader, ':'))
        return malformed(error);
    const char *name = json_string_value(key);
    if (strcmp(name, "items") == 0) {
        *ret_items = true;
        return read_items(reader, error);
    }
    if (strcmp(name, "metadata") != 0)
        return skip_value(reader, &ignored, &length) < 0 ? malformed(error) : 0;
    AUTO_JSON json_t *metadata = parse_value(reader, error);
    if (!metadata)
        return error->code;
    const char *token = json_string_value(json_object_get(metadata, "continue"));
    free(*ret_continue);
    *ret_continue = token && *token ? strdup(token) : NULL;
    return token && *token && !*ret_continue ? error_oom(error) : 0;
}

int page_read(const char *text, size_t length, page_taker *take, void *data, char **ret_continue,
              struct error *error)
{
    struct reader reader = {text, text + length, take, data};
    AUTO_FREE char *token = NULL;
    bool items = false;
    int r = next_is(&reader, '{') ? 0 : malformed(error);

    if (r == 0 && next_is(&reader, '}'))
        return malformed(error);
    do {
        if (r == 0)
            r = read_member(&reader, &token, &items, error);
    } while (r == 0 && next_is(&reader, ','));
    if (r == 0 && (!next_is(&reader, '}') || !items))
        r = malformed(error);
    if (r == 0)
        *ret_continue = TAKE_PTR(token);
    return r;
}

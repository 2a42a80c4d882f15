/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "cluster/cluster.h"
#include "text.h"

struct reader {
    const char *at, *end;
    const struct page_taker *taker;
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
        bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        if (depth == 0 && !opens && strchr(",]} \t\r\n", c))
            break;
        reader->at++;
        depth += opens;
        if (closes && --depth == 0)
            break;
    }
    if (reader->at > reader->end || reader->at == start || depth > 0)
        return -EINVAL;
    *ret_start = start;
    *ret_length = (size_t)(reader->at - start);
    return 0;
}

/* What is no JSON is told as what it means here. */
static int parse(const char *text, size_t length, json_t **ret_value, struct error *error)
{
    json_t *value = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    if (!value)
        return malformed(error);
    *ret_value = value;
    return 0;
}

static int parse_value(struct reader *reader, json_t **ret_value, struct error *error)
{
    const char *start;
    size_t length;

    if (skip_value(reader, &start, &length) < 0)
        return malformed(error);
    return parse(start, length, ret_value, error);
}

static bool is_key(const char *key, size_t length, const char *name)
{
    return length == strlen(name) + 2 && strncmp(key + 1, name, length - 2) == 0;
}

/* One object, copied without `without`, and its metadata without managedFields: most of a Node's
 * text, which only a person or a kubelet reads. */
static int copy_object(struct reader *reader, const char *without, struct text *copy)
{
    const char *separator = "", *key, *value;
    size_t key_length, length;

    if (!next_is(reader, '{'))
        return -EINVAL;
    text_add(copy, "{");
    if (next_is(reader, '}')) {
        text_add(copy, "}");
        return 0;
    }
    do {
        if (skip_value(reader, &key, &key_length) < 0 || *key != '"' || !next_is(reader, ':'))
            return -EINVAL;
        if (is_key(key, key_length, without)) {
            if (skip_value(reader, &value, &length) < 0)
                return -EINVAL;
            continue;
        }
        text_add(copy, separator);
        separator = ",";
        text_add_bytes(copy, key, key_length);
        text_add(copy, ":");
        if (is_key(key, key_length, "metadata")) {
            if (copy_object(reader, "managedFields", copy) < 0)
                return -EINVAL;
        } else if (skip_value(reader, &value, &length) < 0) {
            return -EINVAL;
        } else {
            text_add_bytes(copy, value, length);
        }
    } while (next_is(reader, ','));
    text_add(copy, "}");
    return next_is(reader, '}') ? 0 : -EINVAL;
}

static int parse_item(struct reader *reader, json_t **ret_item, struct error *error)
{
    AUTO_TEXT struct text copy = {0};

    if (copy_object(reader, "status", &copy) < 0)
        return malformed(error);
    return parse(copy.data, copy.length, ret_item, error);
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
        AUTO_JSON json_t *item = NULL;
        int r = parse_item(reader, &item, error);
        if (r == 0)
            r = reader->taker->take(reader->taker->data, item, error);
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
    AUTO_JSON json_t *key = NULL, *metadata = NULL;
    int r = parse_value(reader, &key, error);

    if (r < 0)
        return r;
    if (!json_is_string(key) || !next_is(reader, ':'))
        return malformed(error);
    const char *name = json_string_value(key);
    if (strcmp(name, "items") == 0) {
        *ret_items = true;
        return read_items(reader, error);
    }
    if (strcmp(name, "metadata") != 0)
        return skip_value(reader, &ignored, &length) < 0 ? malformed(error) : 0;
    r = parse_value(reader, &metadata, error);
    if (r < 0)
        return r;
    const char *token = json_string_value(json_object_get(metadata, "continue"));
    free(*ret_continue);
    *ret_continue = token && *token ? alloc_string(token) : NULL;
    return 0;
}

int page_read(const char *text, size_t length, const struct page_taker *taker, char **ret_continue,
              struct error *error)
{
    struct reader reader = {text, text + length, taker};
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

/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "text.h"

enum { SIZE_LIMIT = 16 * 1024 * 1024, MAX_FRAMES = 24, KEY_LIMIT = 64 };

/* Where in the document a byte lies: the keys and indexes that lead there. */
struct place {
    struct {
        bool is_object, expects_key;
        const char *key;
        size_t key_length, index;
    } frames[MAX_FRAMES];
    size_t depth;
    const char *token; /* where the last value began */
};

static const char *place_skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p < end ? p : end;
}

static void place_walk_string(struct place *place, size_t top, const char *start, const char *end)
{
    if (place->frames[top].is_object && place->frames[top].expects_key) {
        place->frames[top].key = start + 1;
        place->frames[top].key_length = (size_t)(end - start - 1);
    } else {
        place->token = start;
    }
}

static void place_walk(struct place *place, const char *text, const char *stop, const char *end)
{
    for (const char *p = text; p < stop; p++) {
        size_t top = (place->depth < MAX_FRAMES ? place->depth : MAX_FRAMES) - 1;
        bool known = place->depth > 0 && place->depth <= MAX_FRAMES;

        if (*p == '"') {
            const char *start = p;
            p = place_skip_string(p, end);
            if (known)
                place_walk_string(place, top, start, p);
        } else if (*p == '{' || *p == '[') {
            place->token = p;
            if (place->depth < MAX_FRAMES) {
                memset(&place->frames[place->depth], 0, sizeof(place->frames[0]));
                place->frames[place->depth].is_object = *p == '{';
                place->frames[place->depth].expects_key = *p == '{';
            }
            place->depth++;
        } else if ((*p == '}' || *p == ']') && place->depth > 0) {
            place->depth--;
        } else if (*p == ',' && known) {
            place->frames[top].index++;
            place->frames[top].expects_key = place->frames[top].is_object;
        } else if (*p == ':' && known) {
            place->frames[top].expects_key = false;
        } else if (!strchr(" \t\r\n,:", *p) && (p == text || strchr(" \t\r\n,:[", p[-1]))) {
            place->token = p;
        }
    }
}

static char *place_text(const struct place *place)
{
    AUTO_TEXT struct text text = {0};

    for (size_t i = 0; i < place->depth && i < MAX_FRAMES; i++) {
        if (!place->frames[i].is_object)
            text_addf(&text, "[%zu]", place->frames[i].index);
        else if (place->frames[i].key) {
            size_t length = place->frames[i].key_length;
            text_add(&text, text.length > 0 ? "." : "");
            text_add_bytes(&text, place->frames[i].key, length < KEY_LIMIT ? length : KEY_LIMIT);
        }
    }
    if (place->depth > MAX_FRAMES)
        text_add(&text, "...");
    return text_take(&text);
}

static bool starts_special_number(const char *token)
{
    return token && (text_starts_with(token, "NaN") || text_starts_with(token, "Infinity") ||
                     text_starts_with(token, "-Infinity"));
}

static const char *arguments_describe(const json_error_t *parse_error, const struct place *place)
{
    switch (json_error_code(parse_error)) {
    case json_error_premature_end_of_input:
        return "they end in the middle";
    case json_error_end_of_input_expected:
        return "there is more after their end";
    case json_error_numeric_overflow:
        return "a number that doesn't fit into 64 bits";
    case json_error_invalid_utf8:
        return "not valid UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "the character \\u0000";
    case json_error_stack_overflow:
        return "nested too deeply";
    case json_error_invalid_syntax:
        if (text_starts_with(parse_error->text, "invalid Unicode"))
            return "half of a surrogate pair, which is no character";
        if (starts_special_number(place->token))
            return "NaN and Infinity are no values for parameters";
        return "no valid JSON";
    default:
        return parse_error->text;
    }
}

static int arguments_refuse(const char *text, size_t length, const json_error_t *parse_error,
                            const char *name, struct error *error)
{
    size_t offset = parse_error->position > 0 ? (size_t)parse_error->position : 0;
    struct place place = {.depth = 0};

    if (offset > length)
        offset = length;
    place_walk(&place, text, text + offset, text + length);
    AUTO_FREE char *where = place_text(&place);
    return error_set(error, -EINVAL, "the arguments in %s can't be used: %s, at byte %zu%s%s%s",
                     name, arguments_describe(parse_error, &place), offset, *where ? " (" : "",
                     where, *where ? ")" : "");
}

int arguments_parse(const char *text, size_t length, const char *name, json_t **ret_arguments,
                    struct error *error)
{
    json_error_t parse_error;

    if (strspn(text, " \t\r\n") == length)
        return error_set(error, -EINVAL, "%s is empty: there are no arguments in it", name);
    AUTO_JSON json_t *arguments = json_loadb(text, length, JSON_DECODE_ANY, &parse_error);
    if (!arguments)
        return arguments_refuse(text, length, &parse_error, name, error);
    if (!json_is_object(arguments))
        return error_set(error, -EINVAL, "the arguments in %s are %s, not a JSON object", name,
                         json_is_array(arguments) ? "a list" : "a single value");
    *ret_arguments = TAKE_PTR(arguments);
    return 0;
}

static const char *kind_of_file(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

/* O_NONBLOCK: nobody may ever write to a FIFO. */
static int arguments_open(const char *path, int *ret_fd, struct error *error)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set_errno(error, -errno, "opening the arguments file %s", path);
    if (!S_ISREG(st.st_mode))
        return error_set(error, -EINVAL,
                         "the arguments file %s is %s, not a regular file (standard input is "
                         "read for \"-\")",
                         path, kind_of_file(st.st_mode));
    if (st.st_size > SIZE_LIMIT)
        return error_set(error, -EFBIG,
                         "the arguments file %s is %lld bytes long; more than %d can't be right",
                         path, (long long)st.st_size, SIZE_LIMIT);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* How many there were; fewer than `wanted` bytes are for the parser to refuse. */
static int arguments_read_bytes(size_t wanted, char **ret_text, struct error *error)
{
    AUTO_FREE char *text = NULL;
    size_t length = 0;

    if (wanted > SIZE_LIMIT)
        return error_set(error, -EFBIG, "standard input is larger than %d bytes", SIZE_LIMIT);
    text = alloc_zeroed(wanted + 1, 1);
    while (length < wanted) {
        ssize_t n = read(STDIN_FILENO, text + length, wanted - length);
        if (n < 0 && errno != EINTR)
            return error_set_errno(error, -errno, "reading standard input");
        if (n == 0)
            break;
        length += n > 0 ? (size_t)n : 0;
    }
    *ret_text = TAKE_PTR(text);
    return (int)length;
}

int arguments_read(const char *path, size_t length, json_t **ret_arguments, struct error *error)
{
    bool from_stdin = strcmp(path, "-") == 0;
    const char *name = from_stdin ? "standard input" : path;
    AUTO_CLOSE int fd = -1;
    AUTO_FREE char *text = NULL;
    int r = 0;

    if (!from_stdin)
        r = arguments_open(path, &fd, error);
    if (r == 0 && from_stdin && length > 0)
        r = arguments_read_bytes(length, &text, error);
    else if (r == 0)
        r = file_read_fd(from_stdin ? STDIN_FILENO : fd, name, SIZE_LIMIT, &text, error);
    return r < 0 ? r : arguments_parse(text, (size_t)r, name, ret_arguments, error);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaml_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "alloc.h"
#include "cleanup.h"
#include "inventory.h"
#include "names.h"
#include "text.h"

static const char *const plain_values[] = {"ansible_host", "provider", NULL};

struct writer {
    yaml_emitter_t emitter;
    struct text text;
};

static int write_text(void *data, unsigned char *buffer, size_t size)
{
    text_add_bytes(data, (const char *)buffer, size);
    return 1;
}

/* Emits an event made by one of libyaml's initializers, which returned `made`: they fail for lack
 * of memory only, as the strings are UTF-8. */
static int emit(struct writer *writer, yaml_event_t *event, int made)
{
    if (!made)
        alloc_failed();
    return yaml_emitter_emit(&writer->emitter, event) ? 0 : -EIO;
}

/* What YAML 1.1 takes for a boolean or null, in whatever case. */
static const char *const yaml_words[] = {"y",   "n",    "yes",   "no",   "on",
                                         "off", "true", "false", "null", NULL};

static bool word_in_any_case(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcasecmp(*words, word) == 0)
            return true;
    return false;
}

/* A word that every YAML reader takes for a string. */
static bool is_plain_word(const char *string)
{
    struct in_addr address;

    if (word_in_any_case(yaml_words, string))
        return false;
    for (const char *c = string; *c; c++)
        if (*c != '-' && *c != '.' && *c != '_' && !name_is_variable((char[]){'_', *c, '\0'}))
            return false;
    return inet_pton(AF_INET, string, &address) == 1 || name_is_variable((char[]){string[0], '\0'});
}

static int emit_scalar(struct writer *writer, const char *value, size_t length, const char *tag,
                       yaml_scalar_style_t style)
{
    yaml_event_t event;
    int made =
        yaml_scalar_event_initialize(&event, NULL, (const yaml_char_t *)tag,
                                     (const yaml_char_t *)value, (int)length, !tag, !tag, style);

    return emit(writer, &event, made);
}

static int emit_plain(struct writer *writer, const char *value)
{
    return emit_scalar(writer, value, strlen(value), NULL, YAML_PLAIN_SCALAR_STYLE);
}

static int emit_string(struct writer *writer, const char *string, size_t length, bool plain)
{
    if (plain && is_plain_word(string))
        return emit_plain(writer, string);
    return emit_scalar(writer, string, length, NULL, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

/* ansible-core 2.19 and later read what has the tag as if it had no quotes, and overlook a newline
 * at its end. What YAML 1.1 takes for a number, a date, a word or a sign wouldn't be a string then;
 * none of these can hold a template. */
static bool is_read_otherwise(const char *string)
{
    static const char *const signs[] = {"~", "<<", "=", "!", "&", "*", NULL};
    static const char number_starts[] = "0123456789+-.";
    size_t length = strcspn(string, "\n");
    AUTO_FREE char *line = alloc_string_part(string, length);

    if (string[length] && string[length + 1])
        return false;
    if (word_in(signs, line) || word_in_any_case(yaml_words, line) || *string == '\n')
        return true;
    for (char *c = line; *c; c++)
        if (*c == '\t')
            *c = ' ';
    return *line && strchr(number_starts, *line) && name_is_plain(line);
}

static int emit_marked(struct writer *writer, const json_t *marked)
{
    const char *string = json_string_value(marked);

    return emit_scalar(writer, string, json_string_length(marked),
                       is_read_otherwise(string) ? NULL : "!unsafe",
                       YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

/* YAML 1.1 wants a dot in a float: 1e+50 would be a string. */
static int emit_real(struct writer *writer, double number)
{
    AUTO_FREE char *digits = text_format("%.17g", number);

    size_t mantissa = strcspn(digits, "e");
    AUTO_FREE char *value =
        text_format("%.*s%s%s", (int)mantissa, digits, memchr(digits, '.', mantissa) ? "" : ".0",
                    digits + mantissa);
    return emit_plain(writer, value);
}

static int emit_integer(struct writer *writer, json_int_t number)
{
    AUTO_FREE char *digits = text_format("%" JSON_INTEGER_FORMAT, number);

    return emit_plain(writer, digits);
}

static int emit_value(struct writer *writer, const json_t *value, const char *key, bool in_list);

static int emit_object(struct writer *writer, const json_t *object)
{
    yaml_event_t event;
    const char *key;
    json_t *value;
    int r =
        emit(writer, &event,
             yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));

    json_object_foreach ((json_t *)object, key, value) {
        if (r == 0)
            r = emit_string(writer, key, strlen(key), true);
        if (r == 0)
            r = emit_value(writer, value, key, false);
    }
    return r ? r : emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

static int emit_array(struct writer *writer, const json_t *array, bool in_list)
{
    yaml_event_t event;
    json_t *value;
    size_t i;
    int r = emit(writer, &event,
                 yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                      in_list ? YAML_FLOW_SEQUENCE_STYLE
                                                              : YAML_BLOCK_SEQUENCE_STYLE));

    json_array_foreach (array, i, value)
        if (r == 0)
            r = emit_value(writer, value, NULL, true);
    return r ? r : emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

static int emit_value(struct writer *writer, const json_t *value, const char *key, bool in_list)
{
    const json_t *marked = inventory_marked_string(value);

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return marked ? emit_marked(writer, marked) : emit_object(writer, value);
    case JSON_ARRAY:
        return emit_array(writer, value, in_list);
    case JSON_STRING:
        return emit_string(writer, json_string_value(value), json_string_length(value),
                           key && word_in(plain_values, key));
    case JSON_INTEGER:
        return emit_integer(writer, json_integer_value(value));
    case JSON_REAL:
        return emit_real(writer, json_real_value(value));
    case JSON_TRUE:
        return emit_plain(writer, "true");
    case JSON_FALSE:
        return emit_plain(writer, "false");
    case JSON_NULL:
        return emit_plain(writer, "null");
    }
    return -EINVAL;
}

static int emit_document(struct writer *writer, const json_t *value)
{
    yaml_emitter_t *emitter = &writer->emitter;
    yaml_event_t event;

    yaml_emitter_set_output(emitter, write_text, &writer->text);
    yaml_emitter_set_unicode(emitter, 1);
    yaml_emitter_set_width(emitter, -1);

    int r = emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    if (r == 0)
        r = emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    if (r == 0)
        r = emit_value(writer, value, NULL, false);
    if (r == 0)
        r = emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    return r ? r : emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

/*
 * libyaml puts the dashes of a sequence below the first letter of its key and can't be told
 * otherwise; people, yamllint and the example indent them. As every scalar is on one line here and
 * no sequence begins on another's line, it is enough to look at where lines begin.
 */
static char *indent_sequences(const char *yaml)
{
    AUTO_TEXT struct text text = {0};
    size_t open[64], depth = 0; /* columns of the dashes of the sequences we are in */

    while (*yaml) {
        size_t column = strspn(yaml, " "), length = strcspn(yaml, "\n") + 1;
        bool dash = text_starts_with(yaml + column, "- ");

        while (depth > 0 && (column < open[depth - 1] || (column == open[depth - 1] && !dash)))
            depth--;
        if (dash && (depth == 0 || column > open[depth - 1]) && depth < ARRAY_SIZE(open))
            open[depth++] = column;
        for (size_t i = 0; i < depth; i++)
            text_add(&text, "  ");
        text_add_bytes(&text, yaml, length);
        yaml += length;
    }
    return text_take(&text);
}

int yaml_from_json(const json_t *value, char **ret_text, struct error *error)
{
    struct writer writer = {.text = {0}};

    if (!yaml_emitter_initialize(&writer.emitter))
        alloc_failed();
    int r = emit_document(&writer, value);
    if (writer.emitter.error == YAML_MEMORY_ERROR)
        alloc_failed();
    if (r < 0)
        error_set(error, r, "writing YAML: %s", writer.emitter.problem);
    yaml_emitter_delete(&writer.emitter);

    AUTO_FREE char *yaml = text_take(&writer.text);
    if (r == 0)
        *ret_text = indent_sequences(yaml);
    return r;
}

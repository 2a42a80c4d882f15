/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "problems.h"
#include "text.h"

enum { INPUT_LIMIT = 64 * 1024 * 1024 };

static const char output_name[] = "ansible_inventory";

/* jansson's own text quotes what it stumbled over, which may be the password. */
static const char *parse_problem(const json_error_t *json_error)
{
    switch (json_error_code(json_error)) {
    case json_error_stack_overflow:
        return "nested too deeply";
    case json_error_invalid_utf8:
        return "not UTF-8";
    case json_error_premature_end_of_input:
        return "the JSON ends too early";
    case json_error_end_of_input_expected:
        return "more text after the end of the JSON";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string holds the character \\u0000";
    case json_error_duplicate_key:
        return "a key is there twice in one object";
    case json_error_numeric_overflow:
        return "a number is too large";
    default:
        return "not JSON";
    }
}

static int parse_json(const char *name, const char *data, size_t length, json_t **ret_value,
                      struct error *error)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    json_error_t json_error;

    if (length >= strlen(byte_order_mark) &&
        memcmp(data, byte_order_mark, strlen(byte_order_mark)) == 0) {
        data += strlen(byte_order_mark);
        length -= strlen(byte_order_mark);
    }
    if (strspn(data, " \t\r\n") == length)
        return error_set(error, -EINVAL, "%s: empty, where Terraform's outputs should be", name);

    json_t *value = json_loadb(data, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &json_error);
    if (!value)
        return error_set(error, -EINVAL, "%s: line %d, column %d: %s", name, json_error.line,
                         json_error.column, parse_problem(&json_error));
    *ret_value = value;
    return 0;
}

/* Terraform's wrapper of one output. */
static bool is_wrapper(const json_t *value)
{
    return json_object_get(value, "value") &&
           (json_object_get(value, "sensitive") || json_object_get(value, "type"));
}

/* Terraform's other outputs may be called as ours are. */
static bool is_outputs(const json_t *value)
{
    const json_t *vms = json_object_get(value, "vms");

    if (json_object_get(value, output_name) && (!vms || is_wrapper(vms)))
        return false;
    return vms || json_object_get(value, "username") || json_object_get(value, "password");
}

/* The next layer below `value`, borrowed; NULL when it has none. */
static json_t *unwrap(const json_t *value)
{
    json_t *output = json_object_get(value, output_name);
    json_t *shown = json_object_get(value, "values");

    if (is_wrapper(value) ||
        (!output && json_object_size(value) == 1 && json_object_get(value, "value")))
        return json_object_get(value, "value");
    if (!output && !shown)
        shown = json_object_get(value, "planned_values");
    return output ? output : json_object_get(json_object_get(shown, "outputs"), output_name);
}

static int unwrap_string(const char *name, const json_t *string, json_t **ret_value,
                         struct error *error)
{
    AUTO_FREE char *inner = text_format("%s: JSON within a string", name);

    return parse_json(inner, json_string_value(string), json_string_length(string), ret_value,
                      error);
}

int input_parse(const char *name, const char *data, size_t length, json_t **ret_outputs,
                struct error *error)
{
    AUTO_JSON json_t *value = NULL;
    int r = parse_json(name, data, length, &value, error);

    while (r == 0 && !is_outputs(value)) {
        json_t *next = NULL;

        if (json_is_string(value))
            r = unwrap_string(name, value, &next, error);
        else if (json_is_object(value))
            next = json_incref(unwrap(value));
        if (r == 0 && !next && json_is_object(value))
            r = error_set(error, -EINVAL,
                          "%s: neither the outputs (username, password, vms) nor Terraform's "
                          "output %s is in it",
                          name, output_name);
        else if (r == 0 && !next)
            r = error_set(error, -EINVAL, "%s: the outputs must be an object, not %s", name,
                          json_type_name(value));
        json_decref(value);
        value = next;
    }
    if (r == 0)
        *ret_outputs = TAKE_PTR(value);
    return r;
}

int input_load(const char *name, json_t **ret_outputs, struct error *error)
{
    AUTO_FREE char *data = NULL;
    bool standard = text_equal(name, "-");
    int r = standard ? file_read_fd(STDIN_FILENO, "standard input", INPUT_LIMIT, &data, error)
                     : file_read(name, INPUT_LIMIT, &data, error);

    if (r < 0)
        return r;
    return input_parse(standard ? "standard input" : name, data, (size_t)r, ret_outputs, error);
}

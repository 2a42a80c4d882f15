#include "coerce.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "python_text.h"

static const char *const TYPE_NAMES[] = {
    [PARAM_STR] = "str",     [PARAM_BOOL] = "bool",   [PARAM_INT] = "int",
    [PARAM_FLOAT] = "float", [PARAM_LIST] = "list",   [PARAM_DICT] = "dict",
    [PARAM_PATH] = "path",   [PARAM_RAW] = "raw",     [PARAM_JSONARG] = "jsonarg",
    [PARAM_JSON] = "json",   [PARAM_BYTES] = "bytes", [PARAM_BITS] = "bits",
};

const char *param_type_name(enum param_type type)
{
    return TYPE_NAMES[type];
}

static int refuse_type(const json_t *value, const char *wanted, struct error *error)
{
    return error_set(error, -EINVAL, "<class '%s'> cannot be converted to %s",
                     python_type_name(value), wanted);
}

/* Takes over a fresh value. */
static int give(json_t *value, json_t **ret_value)
{
    *ret_value = value;
    return 0;
}

static int coerce_str(json_t *value, int core, json_t **ret_value, struct error *error)
{
    if (json_is_string(value))
        return give(json_incref(value), ret_value);
    if (json_is_null(value) && core >= 19)
        return give(json_string(""), ret_value);
    if (json_is_null(value) && core >= 15)
        return error_set(error, -EINVAL, "'None' is not a string and conversion is not allowed");
    AUTO_FREE char *string = python_str_new(value);
    return give(json_string(string), ret_value);
}

static bool word_in(const char *word, size_t length, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == length && strncasecmp(*words, word, length) == 0)
            return true;
    return false;
}

static int coerce_bool(json_t *value, int core, json_t **ret_value, struct error *error)
{
    const char *word = json_string_value(value);
    size_t length;

    if (json_is_boolean(value))
        return give(json_incref(value), ret_value);
    if (!json_is_string(value) && !json_is_number(value))
        return refuse_type(value, "a bool", error);
    if (word) {
        python_strip(word, &word, &length);
        if (word_in(word, length, STRINGS("y", "yes", "on", "1", "true", "t")))
            return give(json_true(), ret_value);
        if (word_in(word, length, STRINGS("n", "no", "off", "0", "false", "f")))
            return give(json_false(), ret_value);
    } else if (json_number_value(value) == 1.0 || json_number_value(value) == 0.0) {
        return give(json_boolean(json_number_value(value) == 1.0), ret_value);
    }
    AUTO_FREE char *shown = python_str_new(value);
    return error_set(error, -EINVAL,
                     "The value '%s' is not a valid boolean. %sValid booleans include: 'y', 'yes', "
                     "'on', '1', 'true', 't', 1, 'n', 'no', 'off', '0', 'false', 'f', 0",
                     shown, core >= 19 ? "" : " ");
}

static bool int_of(const json_t *value, int core, long long *ret_number)
{
    double real = json_number_value(value);

    if (json_is_string(value))
        return core >= 18 ? python_decimal(json_string_value(value), ret_number)
                          : python_int(json_string_value(value), ret_number);
    if (core < 18 || !json_is_real(value) || real < -0x1p63 || real >= 0x1p63)
        return false;
    *ret_number = (long long)real;
    return (double)*ret_number == real;
}

static int coerce_int(json_t *value, int core, json_t **ret_value, struct error *error)
{
    AUTO_TEXT struct text shown = {0};
    long long number;

    if (json_is_integer(value) || json_is_boolean(value))
        return give(json_incref(value), ret_value);
    if (int_of(value, core, &number))
        return give(json_integer(number), ret_value);
    if (core < 18)
        return refuse_type(value, "an int", error);
    python_repr(&shown, value);
    return error_set(error, -EINVAL, "\"%s\" cannot be converted to an int", shown.data);
}

static int coerce_float(json_t *value, json_t **ret_value, struct error *error)
{
    double number;

    if (json_is_real(value))
        return give(json_incref(value), ret_value);
    if (json_is_integer(value))
        return give(json_real((double)json_integer_value(value)), ret_value);
    if (json_is_boolean(value))
        return give(json_real(json_is_true(value)), ret_value);
    if (json_is_string(value) && python_float(json_string_value(value), &number))
        return give(json_real(number), ret_value);
    return refuse_type(value, "a float", error);
}

static json_t *split_commas(const char *string)
{
    json_t *list = json_array();

    for (const char *p = string; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        json_array_append_new(list, json_stringn(p, strcspn(p, ",")));
    return list;
}

static int coerce_list(json_t *value, json_t **ret_value, struct error *error)
{
    if (json_is_array(value))
        return give(json_incref(value), ret_value);
    if (json_is_string(value))
        return give(split_commas(json_string_value(value)), ret_value);
    if (!json_is_number(value) && !json_is_boolean(value))
        return refuse_type(value, "a list", error);
    AUTO_FREE char *string = python_str_new(value);
    return give(json_pack("[s]", string), ret_value);
}

static int coerce_dict(json_t *value, int core, json_t **ret_value, struct error *error)
{
    if (json_is_object(value))
        return give(json_incref(value), ret_value);
    if (json_is_string(value))
        return coerce_dict_text(json_string_value(value), core, ret_value, error);
    return refuse_type(value, "a dict", error);
}

static int coerce_path(json_t *value, int core, json_t **ret_value, struct error *error)
{
    AUTO_JSON json_t *string = NULL;
    int r = coerce_str(value, core, &string, error);

    if (r < 0)
        return r;
    AUTO_FREE char *path = python_expand_path(json_string_value(string));
    json_t *expanded = json_string(path);
    if (!expanded)
        return error_set(error, -EINVAL, "the path it expands to is not UTF-8");
    return give(expanded, ret_value);
}

static int coerce_jsonarg(json_t *value, json_t **ret_value, struct error *error)
{
    AUTO_TEXT struct text text = {0};
    const char *start;
    size_t length;

    if (json_is_string(value)) {
        python_strip(json_string_value(value), &start, &length);
        return give(json_stringn(start, length), ret_value);
    }
    if (!json_is_array(value) && !json_is_object(value))
        return refuse_type(value, "a json string", error);
    python_json(&text, value);
    return give(json_string(text.data), ret_value);
}

static int coerce_size(json_t *value, bool bits, int core, json_t **ret_value, struct error *error)
{
    AUTO_FREE char *string = python_str_new(value);
    long long number;

    if (human_to_bytes(string, bits, core, &number, error) < 0)
        return refuse_type(value, bits ? "a Bit value" : "a Byte value", error);
    return give(json_integer(number), ret_value);
}

int coerce(enum param_type type, json_t *value, int core, json_t **ret_value, struct error *error)
{
    switch (type) {
    case PARAM_STR:
        return coerce_str(value, core, ret_value, error);
    case PARAM_BOOL:
        return coerce_bool(value, core, ret_value, error);
    case PARAM_INT:
        return coerce_int(value, core, ret_value, error);
    case PARAM_FLOAT:
        return coerce_float(value, ret_value, error);
    case PARAM_LIST:
        return coerce_list(value, ret_value, error);
    case PARAM_DICT:
        return coerce_dict(value, core, ret_value, error);
    case PARAM_PATH:
        return coerce_path(value, core, ret_value, error);
    case PARAM_JSONARG:
    case PARAM_JSON:
        return coerce_jsonarg(value, ret_value, error);
    case PARAM_BYTES:
    case PARAM_BITS:
        return coerce_size(value, type == PARAM_BITS, core, ret_value, error);
    case PARAM_RAW:
        break;
    }
    return give(json_incref(value), ret_value);
}

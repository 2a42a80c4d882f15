#include "python_text.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

const char *python_type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "dict";
    case JSON_ARRAY:
        return "list";
    case JSON_STRING:
        return "str";
    case JSON_INTEGER:
        return "int";
    case JSON_REAL:
        return "float";
    case JSON_TRUE:
    case JSON_FALSE:
        return "bool";
    default:
        return "NoneType";
    }
}

/* The shortest digits that read back as the same number, laid out as repr(float) does. */
static void add_real(struct text *text, double value)
{
    char digits[40];
    int precision = 0;

    do
        snprintf(digits, sizeof(digits), "%.*e", precision, value);
    while (strtod(digits, NULL) != value && ++precision < 17);
    int exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent < -4 || exponent >= 16) {
        text_addf(text, "%.*se%c%02d", (int)(strchr(digits, 'e') - digits), digits,
                  exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    int decimals = precision > exponent ? precision - exponent : 0;
    text_addf(text, "%.*f", decimals > 0 ? decimals : 1, value);
}

/* Assigned code points that str.isprintable() denies, as Python 3.11 has them. */
static bool is_printable(unsigned code)
{
    static const unsigned hidden[][2] = {
        {0x00, 0x1f},       {0x7f, 0xa0},       {0xad, 0xad},       {0x600, 0x605},
        {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},
        {0x8e2, 0x8e2},     {0x1680, 0x1680},   {0x180e, 0x180e},   {0x2000, 0x200f},
        {0x2028, 0x202f},   {0x205f, 0x206f},   {0x3000, 0x3000},   {0xd800, 0xf8ff},
        {0xfeff, 0xfeff},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},
        {0x110cd, 0x110cd}, {0x13430, 0x13438}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
        {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff}};

    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        if (code >= hidden[i][0] && code <= hidden[i][1])
            return false;
    return true;
}

static void add_repr_code(struct text *text, const char *bytes, size_t length, unsigned code,
                          char quote)
{
    if (code == '\\' || code == (unsigned char)quote)
        text_addf(text, "\\%c", (char)code);
    else if (code == '\n')
        text_add(text, "\\n");
    else if (code == '\r')
        text_add(text, "\\r");
    else if (code == '\t')
        text_add(text, "\\t");
    else if (is_printable(code))
        text_add_bytes(text, bytes, length);
    else
        text_addf(text, code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
}

void python_repr_string(struct text *text, const char *string, char quote)
{
    const char *end = string + strlen(string);
    unsigned code;
    size_t n;

    for (const char *p = string; p < end; p += n) {
        n = utf8_decode(p, end, &code);
        if (n == 0) {
            n = 1;
            code = (unsigned char)*p;
        }
        add_repr_code(text, p, n, code, quote);
    }
}

static void add_repr_string(struct text *text, const char *string)
{
    char quote = strchr(string, '\'') && !strchr(string, '"') ? '"' : '\'';

    text_add_bytes(text, &quote, 1);
    python_repr_string(text, string, quote);
    text_add_bytes(text, &quote, 1);
}

static void add_repr_container(struct text *text, const json_t *value)
{
    const char *between = "", *key;
    json_t *item;
    size_t i;

    if (json_is_array(value)) {
        text_add(text, "[");
        json_array_foreach (value, i, item) {
            text_add(text, between);
            python_repr(text, item);
            between = ", ";
        }
        text_add(text, "]");
        return;
    }
    text_add(text, "{");
    json_object_foreach ((json_t *)value, key, item) {
        text_add(text, between);
        add_repr_string(text, key);
        text_add(text, ": ");
        python_repr(text, item);
        between = ", ";
    }
    text_add(text, "}");
}

void python_repr(struct text *text, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        add_repr_container(text, value);
        break;
    case JSON_STRING:
        add_repr_string(text, json_string_value(value));
        break;
    case JSON_INTEGER:
        text_addf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        add_real(text, json_real_value(value));
        break;
    default:
        text_add(text, json_is_true(value) ? "True" : json_is_false(value) ? "False" : "None");
    }
}

void python_str(struct text *text, const json_t *value)
{
    if (json_is_string(value))
        text_add(text, json_string_value(value));
    else
        python_repr(text, value);
}

char *python_str_new(const json_t *value)
{
    AUTO_TEXT struct text text = {0};

    python_str(&text, value);
    return text_take(&text);
}

static void add_json_code(struct text *text, unsigned code)
{
    static const char escapes[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                      {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};

    for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
        if (code == (unsigned char)escapes[i][0]) {
            text_addf(text, "\\%c", escapes[i][1]);
            return;
        }
    if (code >= 0x20 && code < 0x7f)
        text_add_bytes(text, &(char){(char)code}, 1);
    else if (code < 0x10000)
        text_addf(text, "\\u%04x", code);
    else
        text_addf(text, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                  0xdc00 + (code & 0x3ff));
}

static size_t plain_length(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
        p++;
    return (size_t)(p - start);
}

void python_json_string(struct text *text, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    unsigned code;
    size_t n;

    text_add_bytes(text, "\"", 1);
    for (const char *p = bytes; p < end; p += n) {
        n = plain_length(p, end);
        if (n > 0) {
            text_add_bytes(text, p, n);
            continue;
        }
        n = utf8_decode(p, end, &code);
        if (n > 0) {
            add_json_code(text, code);
        } else {
            text_addf(text, "\\\\x%02x", (unsigned)(unsigned char)*p);
            n = 1;
        }
    }
    text_add_bytes(text, "\"", 1);
}

static void add_json_container(struct text *text, const json_t *value)
{
    const char *between = "", *key;
    json_t *item;
    size_t i;

    if (json_is_array(value)) {
        text_add(text, "[");
        json_array_foreach (value, i, item) {
            text_add(text, between);
            python_json(text, item);
            between = ", ";
        }
        text_add(text, "]");
        return;
    }
    text_add(text, "{");
    json_object_foreach ((json_t *)value, key, item) {
        text_add(text, between);
        python_json_string(text, key, strlen(key));
        text_add_bytes(text, ": ", 2);
        python_json(text, item);
        between = ", ";
    }
    text_add(text, "}");
}

void python_json(struct text *text, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        add_json_container(text, value);
        break;
    case JSON_STRING:
        python_json_string(text, json_string_value(value), json_string_length(value));
        break;
    case JSON_TRUE:
        text_add(text, "true");
        break;
    case JSON_FALSE:
        text_add(text, "false");
        break;
    case JSON_NULL:
        text_add(text, "null");
        break;
    default:
        python_repr(text, value);
    }
}

static bool is_number(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value);
}

static long double number_value(const json_t *value)
{
    if (json_is_real(value))
        return json_real_value(value);
    return json_is_integer(value) ? (long double)json_integer_value(value) : json_is_true(value);
}

static bool containers_equal(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *item;
    size_t i;

    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b))
            return false;
        json_array_foreach (a, i, item)
            if (!python_equal(item, json_array_get(b, i)))
                return false;
        return true;
    }
    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach ((json_t *)a, key, item) {
        const json_t *other = json_object_get(b, key);
        if (!other || !python_equal(item, other))
            return false;
    }
    return true;
}

bool python_equal(const json_t *a, const json_t *b)
{
    if (is_number(a) && is_number(b))
        return number_value(a) == number_value(b);
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a) || json_is_object(a))
        return containers_equal(a, b);
    return json_is_null(a) || strcmp(json_string_value(a), json_string_value(b)) == 0;
}

bool python_true(const json_t *value)
{
    if (is_number(value))
        return number_value(value) != 0;
    if (json_is_string(value))
        return json_string_length(value) > 0;
    return json_array_size(value) > 0 || json_object_size(value) > 0;
}

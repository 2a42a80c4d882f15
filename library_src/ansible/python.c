/* SPDX-License-Identifier: BSD-2-Clause */
#include "python.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* The zeros of all scripts' decimal digits (Unicode 14, general category Nd). */
static const unsigned ZEROS[] = {
    0x30,    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,
    0xc66,   0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,
    0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,
    0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0,
    0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2,
    0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

static int digit_value(unsigned code)
{
    for (size_t i = 0; i < ARRAY_SIZE(ZEROS); i++)
        if (code >= ZEROS[i] && code < ZEROS[i] + 10)
            return (int)(code - ZEROS[i]);
    return -1;
}

size_t utf8_decode(const char *p, const char *end, unsigned *ret_code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *u = (const unsigned char *)p;
    size_t length = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

    if (length == 0 || u[0] > 0xf4 || (size_t)(end - p) < length)
        return 0;
    unsigned code = length == 1 ? u[0] : u[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (u[i] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return length;
}

void utf8_add(struct text *text, unsigned code)
{
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(length == 1 ? code : (0xf00U >> length & 0xff) | code);
    text_add_bytes(text, bytes, length);
}

static bool is_space(unsigned code)
{
    return (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x20) || code == 0x85 ||
           code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

void python_strip(const char *string, const char **ret_start, size_t *ret_length)
{
    const char *end = string + strlen(string), *start = NULL, *stop = string;
    unsigned code;
    size_t n;

    for (const char *p = string; p < end; p += n) {
        n = utf8_decode(p, end, &code);
        if (n == 0) {
            n = 1;
            code = 0xfffd;
        }
        if (is_space(code))
            continue;
        if (!start)
            start = p;
        stop = p + n;
    }
    *ret_start = start ? start : string;
    *ret_length = start ? (size_t)(stop - start) : 0;
}

size_t python_blanks(const char *string)
{
    const char *p = string, *end = string + strlen(string);
    unsigned code;
    size_t n;

    while (p < end && (n = utf8_decode(p, end, &code)) > 0 && is_space(code))
        p += n;
    return (size_t)(p - string);
}

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
static void repr_add_real(struct text *text, double value)
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

static void repr_add_code(struct text *text, const char *bytes, size_t length, unsigned code,
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
        repr_add_code(text, p, n, code, quote);
    }
}

static void repr_add_string(struct text *text, const char *string)
{
    char quote = strchr(string, '\'') && !strchr(string, '"') ? '"' : '\'';

    text_add_bytes(text, &quote, 1);
    python_repr_string(text, string, quote);
    text_add_bytes(text, &quote, 1);
}

static void repr_add_container(struct text *text, const json_t *value)
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
        repr_add_string(text, key);
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
        repr_add_container(text, value);
        break;
    case JSON_STRING:
        repr_add_string(text, json_string_value(value));
        break;
    case JSON_INTEGER:
        text_addf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        repr_add_real(text, json_real_value(value));
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

static void json_add_code(struct text *text, unsigned code)
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

static size_t json_plain_length(const char *p, const char *end)
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
        n = json_plain_length(p, end);
        if (n > 0) {
            text_add_bytes(text, p, n);
            continue;
        }
        n = utf8_decode(p, end, &code);
        if (n > 0) {
            json_add_code(text, code);
        } else {
            text_addf(text, "\\\\x%02x", (unsigned)(unsigned char)*p);
            n = 1;
        }
    }
    text_add_bytes(text, "\"", 1);
}

static void json_add_container(struct text *text, const json_t *value)
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
        json_add_container(text, value);
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

char *python_number_text(const char *string)
{
    AUTO_TEXT struct text text = {0};
    const char *start;
    size_t length, n;
    unsigned code;

    python_strip(string, &start, &length);
    for (const char *p = start, *end = start + length; p < end; p += n) {
        n = utf8_decode(p, end, &code);
        if (n == 0)
            return NULL;
        int digit = digit_value(code);
        if (digit >= 0)
            text_add_bytes(&text, &"0123456789"[digit], 1);
        else
            text_add_bytes(&text, p, n);
    }
    return text_take(&text);
}

/* Removes underscores: everywhere, or only where Python allows one, between two digits. */
static void drop_underscores(char *string, bool everywhere)
{
    char *to = string, before = '\0';

    for (char *p = string; *p; before = *p++)
        if (*p != '_' ||
            (!everywhere && !(isdigit((unsigned char)before) && isdigit((unsigned char)p[1]))))
            *to++ = *p;
    *to = '\0';
}

/* int() and float() take all blanks for ones but these. */
static bool has_odd_blank(const char *string)
{
    return strpbrk(string, "\x1c\x1d\x1e\x1f");
}

bool python_int(const char *string, long long *ret_value)
{
    if (has_odd_blank(string))
        return false;
    AUTO_FREE char *text = python_number_text(string);
    char *end;

    if (!text)
        return false;
    drop_underscores(text, false);
    if (strspn(text, "+-0123456789") != strlen(text) || !*text)
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || end == text)
        return false;
    *ret_value = value;
    return true;
}

/* The parts of [sign] digits [. digits] [e [sign] digits]. */
struct decimal {
    bool negative;
    const char *whole, *fraction;
    size_t whole_length, fraction_length;
    long exponent;
};

static bool parse_decimal(const char *p, struct decimal *ret)
{
    struct decimal d = {.negative = *p == '-'};
    char *end;

    if (*p == '+' || *p == '-')
        p++;
    d.whole = p;
    d.whole_length = strspn(p, "0123456789");
    p += d.whole_length;
    if (*p == '.') {
        d.fraction = ++p;
        d.fraction_length = strspn(p, "0123456789");
        p += d.fraction_length;
    }
    if (d.whole_length + d.fraction_length == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        const char *digits = p + 1 + (p[1] == '+' || p[1] == '-');
        if (!isdigit((unsigned char)*digits))
            return false;
        d.exponent = strtol(p + 1, &end, 10);
        p = end;
    }
    *ret = d;
    return *p == '\0';
}

static char decimal_digit(const struct decimal *d, size_t i)
{
    return i < d->whole_length ? d->whole[i] : d->fraction[i - d->whole_length];
}

bool python_decimal(const char *string, long long *ret_value)
{
    AUTO_FREE char *text = python_number_text(string);
    unsigned long long value = 0;
    struct decimal d;

    if (!text)
        return false;
    drop_underscores(text, true);
    if (!parse_decimal(text, &d))
        return false;

    size_t count = d.whole_length + d.fraction_length;
    while (count > 0 && decimal_digit(&d, count - 1) == '0')
        count--;
    if (count == 0) {
        *ret_value = 0;
        return true;
    }
    /* The number is its first `count` digits, with the decimal point at `point`. */
    if (d.exponent > 100000 || d.exponent < -100000)
        return false;
    long point = (long)d.whole_length + d.exponent;
    if (point < (long)count)
        return false;
    for (long i = 0; i < point; i++) {
        unsigned digit = i < (long)count ? (unsigned)(decimal_digit(&d, (size_t)i) - '0') : 0;
        if (value > (1ULL << 63) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > (unsigned long long)LLONG_MAX + d.negative)
        return false;
    *ret_value = d.negative ? (long long)(0 - value) : (long long)value;
    return true;
}

bool python_float(const char *string, double *ret_value)
{
    if (has_odd_blank(string))
        return false;
    AUTO_FREE char *text = python_number_text(string);
    struct decimal d;

    if (!text)
        return false;
    drop_underscores(text, false);
    if (!parse_decimal(text, &d))
        return false;
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

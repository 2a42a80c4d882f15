/* SPDX-License-Identifier: BSD-2-Clause */
/* ast.literal_eval() for containers, strings, numbers and the three constants. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "python.h"

enum { MAX_DEPTH = 200 }; /* brackets, as for Python */

struct literal {
    const char *p;
    int depth;
    struct error *error;
};

static int literal_value(struct literal *l, json_t **ret_value);

static int literal_refuse(struct literal *l)
{
    return error_set(l->error, -EINVAL, "not a Python literal");
}

/* Takes over a fresh value. */
static int literal_give(json_t *value, json_t **ret_value)
{
    *ret_value = value;
    return 0;
}

/* Inside brackets line ends are blanks, and a comment runs to the end of its line. */
static void literal_skip_blanks(struct literal *l)
{
    for (;;) {
        l->p += strspn(l->p, " \t\n\f");
        if (*l->p == '\\' && l->p[1] == '\n' && l->p[2])
            l->p += 2;
        else if (*l->p == '#')
            l->p += strcspn(l->p, "\n");
        else
            return;
    }
}

static bool literal_take(struct literal *l, char c)
{
    literal_skip_blanks(l);
    if (*l->p != c)
        return false;
    l->p++;
    return true;
}

static bool literal_code(struct literal *l, int base, size_t least, size_t most, unsigned *ret_code)
{
    unsigned code = 0;
    size_t n = 0;

    for (; n < most; n++, l->p++) {
        unsigned c = (unsigned)tolower((unsigned char)*l->p);
        unsigned digit = isdigit((int)c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
        if (digit >= (unsigned)base)
            break;
        code = code * (unsigned)base + digit;
    }
    *ret_code = code;
    return n >= least;
}

/* After a backslash. NUL and surrogates can't be held. */
static int literal_escape(struct literal *l, struct text *text)
{
    static const char simple[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    char c = *l->p;
    unsigned code;
    bool whole;

    if (c == '\n') {
        l->p++;
        return 0;
    }
    for (size_t i = 0; c && i + 1 < sizeof(simple); i += 2)
        if (c == simple[i]) {
            text_add_bytes(text, &simple[i + 1], 1);
            l->p++;
            return 0;
        }
    if (c >= '0' && c <= '7') {
        whole = literal_code(l, 8, 1, 3, &code);
    } else if (c == 'x' || c == 'u' || c == 'U') {
        size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        l->p++;
        whole = literal_code(l, 16, digits, digits, &code);
    } else if (c == 'N' || c == '\0') {
        return literal_refuse(l);
    } else {
        text_add(text, "\\");
        return 0;
    }
    if (!whole || code == 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
        return literal_refuse(l);
    utf8_add(text, code);
    return 0;
}

static int literal_string(struct literal *l, struct text *text)
{
    bool raw = *l->p == 'r' || *l->p == 'R', prefixed = raw || *l->p == 'u' || *l->p == 'U';
    int r;

    if (prefixed)
        l->p++;
    char quote = *l->p;
    if (quote != '\'' && quote != '"')
        return literal_refuse(l);
    const char ending[] = {quote, quote, quote, '\0'};
    size_t length = text_starts_with(l->p, ending) ? 3 : 1;
    l->p += length;
    while (strncmp(l->p, ending, length) != 0) {
        if (*l->p == '\0' || (*l->p == '\n' && length == 1))
            return literal_refuse(l);
        if (*l->p != '\\') {
            text_add_bytes(text, l->p++, 1);
        } else if (raw) {
            if (l->p[1] == '\0')
                return literal_refuse(l);
            text_add_bytes(text, l->p, 2);
            l->p += 2;
        } else {
            l->p++;
            r = literal_escape(l, text);
            if (r < 0)
                return r;
        }
    }
    l->p += length;
    return 0;
}

static bool literal_string_starts(const char *p)
{
    return *p == '\'' || *p == '"' || (*p && strchr("rRuU", *p) && (p[1] == '\'' || p[1] == '"'));
}

/* Strings beside each other are one. */
static int literal_strings(struct literal *l, json_t **ret_value)
{
    AUTO_TEXT struct text text = {0};

    do {
        int r = literal_string(l, &text);
        if (r < 0)
            return r;
        literal_skip_blanks(l);
    } while (literal_string_starts(l->p));
    AUTO_FREE char *string = text_take(&text);
    return literal_give(json_string(string), ret_value);
}

static int literal_add_item(struct literal *l, json_t *list)
{
    json_t *item;
    int r = literal_value(l, &item);

    if (r == 0)
        json_array_append_new(list, item);
    return r;
}

/* [...] and (...): a tuple is a list; (x) alone is x. */
static int literal_list(struct literal *l, char closing, json_t **ret_value)
{
    AUTO_JSON json_t *list = json_array();
    bool comma = false;

    l->p++;
    while (!literal_take(l, closing)) {
        if (json_array_size(list) > 0 && !comma)
            return literal_refuse(l);
        int r = literal_add_item(l, list);
        if (r < 0)
            return r;
        comma = literal_take(l, ',');
    }
    bool parenthesised = closing == ')' && json_array_size(list) == 1 && !comma;
    *ret_value = parenthesised ? json_incref(json_array_get(list, 0)) : TAKE_PTR(list);
    return 0;
}

/* Keys become strings, as json.dumps() writes them. */
static int literal_add_pair(struct literal *l, json_t *dict)
{
    AUTO_JSON json_t *key = NULL;
    AUTO_TEXT struct text text = {0};
    json_t *value;
    int r = literal_value(l, &key);

    if (r < 0)
        return r;
    if (json_is_array(key) || json_is_object(key) || !literal_take(l, ':'))
        return literal_refuse(l);
    if (json_is_string(key))
        text_add(&text, json_string_value(key));
    else
        python_json(&text, key);
    AUTO_FREE char *name = text_take(&text);
    r = literal_value(l, &value);
    if (r == 0)
        json_object_set_new(dict, name, value);
    return r;
}

static int literal_dict(struct literal *l, json_t **ret_value)
{
    AUTO_JSON json_t *dict = json_object();
    bool comma = true;

    l->p++;
    while (!literal_take(l, '}')) {
        if (!comma)
            return literal_refuse(l);
        int r = literal_add_pair(l, dict);
        if (r < 0)
            return r;
        comma = literal_take(l, ',');
    }
    *ret_value = TAKE_PTR(dict);
    return 0;
}

/* 0x1F, 0o17, 0b11, 1_000; leading zeros only in zero itself. */
static bool literal_integer(const char *word, bool negative, json_int_t *ret_value)
{
    int base = 10;
    char *end;

    if (word[0] == '0' && word[1])
        base = strchr("xX", word[1])   ? 16
               : strchr("oO", word[1]) ? 8
               : strchr("bB", word[1]) ? 2
                                       : 10;
    const char *digits = base == 10 ? word : word + 2;
    if (!isxdigit((unsigned char)*digits) ||
        (base == 10 && *digits == '0' && strspn(digits, "0") != strlen(digits)))
        return false;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, base);
    if (errno || *end || value > (unsigned long long)LLONG_MAX + negative)
        return false;
    *ret_value = negative ? (json_int_t)(0 - value) : (json_int_t)value;
    return true;
}

static bool literal_is_digit(char c, bool hex)
{
    return hex ? isxdigit((unsigned char)c) : isdigit((unsigned char)c);
}

static int literal_unsigned(struct literal *l, bool negative, json_t **ret_value)
{
    AUTO_TEXT struct text word = {0};
    json_int_t integer;
    double real;

    const char *start = l->p;
    bool prefixed = *start == '0' && start[1] && strchr("xXoObB", start[1]);
    bool hex = prefixed && tolower((unsigned char)start[1]) == 'x';
    while (isalnum((unsigned char)*l->p) || *l->p == '.' || *l->p == '_' ||
           ((*l->p == '+' || *l->p == '-') && tolower((unsigned char)l->p[-1]) == 'e' &&
            l->p > start && tolower((unsigned char)start[1]) != 'x')) {
        bool between = *l->p == '_' && l->p > start && literal_is_digit(l->p[1], hex) &&
                       (literal_is_digit(l->p[-1], hex) || (prefixed && l->p == start + 2));
        if (!between)
            text_add_bytes(&word, l->p, 1);
        l->p++;
    }
    AUTO_FREE char *text = text_take(&word);
    if (!isdigit((unsigned char)*text) && *text != '.')
        return literal_refuse(l);
    if (literal_integer(text, negative, &integer))
        return literal_give(json_integer(integer), ret_value);
    if (!strpbrk(text, ".eE") || tolower((unsigned char)text[1]) == 'x')
        return literal_refuse(l);
    return python_float(text, &real) ? literal_give(json_real(negative ? -real : real), ret_value)
                                     : literal_refuse(l);
}

/* One sign at most; the number behind it may be in parentheses. */
static int literal_number(struct literal *l, json_t **ret_value)
{
    bool negative = *l->p == '-';
    int depth = l->depth;

    if (*l->p != '-' && *l->p != '+')
        return literal_unsigned(l, false, ret_value);
    l->p++;
    while (literal_take(l, '('))
        if (++l->depth > MAX_DEPTH)
            return literal_refuse(l);
    AUTO_JSON json_t *number = NULL;
    int r = literal_unsigned(l, negative, &number);
    if (r < 0)
        return r;
    for (; l->depth > depth; l->depth--)
        if (!literal_take(l, ')'))
            return literal_refuse(l);
    *ret_value = TAKE_PTR(number);
    return 0;
}

static bool literal_take_word(struct literal *l, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(l->p, word, length) != 0 || isalnum((unsigned char)l->p[length]) ||
        l->p[length] == '_' || (l->p[length] & 0x80))
        return false;
    l->p += length;
    return true;
}

static int literal_brackets(struct literal *l, json_t **ret_value)
{
    int r;

    if (++l->depth > MAX_DEPTH)
        return literal_refuse(l);
    if (*l->p == '{')
        r = literal_dict(l, ret_value);
    else
        r = literal_list(l, *l->p == '[' ? ']' : ')', ret_value);
    l->depth--;
    return r;
}

static int literal_value(struct literal *l, json_t **ret_value)
{
    literal_skip_blanks(l);
    if (literal_string_starts(l->p))
        return literal_strings(l, ret_value);
    if (*l->p == '{' || *l->p == '[' || *l->p == '(')
        return literal_brackets(l, ret_value);
    if (literal_take_word(l, "True"))
        *ret_value = json_true();
    else if (literal_take_word(l, "False"))
        *ret_value = json_false();
    else if (literal_take_word(l, "None"))
        *ret_value = json_null();
    else
        return literal_number(l, ret_value);
    return 0;
}

/* All line ends are those of Unix, as for Python's tokenizer. */
static char *literal_unix_lines(const char *string)
{
    AUTO_TEXT struct text text = {0};
    const char *end;

    for (; (end = strchr(string, '\r')); string = end + 1 + (end[1] == '\n')) {
        text_add_bytes(&text, string, (size_t)(end - string));
        text_add_bytes(&text, "\n", 1);
    }
    text_add(&text, string);
    return text_take(&text);
}

int python_literal(const char *string, json_t **ret_value, struct error *error)
{
    AUTO_FREE char *text = literal_unix_lines(string + strspn(string, " \t"));
    struct literal l = {.p = text, .error = error};
    AUTO_JSON json_t *value = NULL;

    int r = literal_value(&l, &value);
    if (r < 0)
        return r;
    literal_skip_blanks(&l);
    if (*l.p)
        return literal_refuse(&l);
    *ret_value = TAKE_PTR(value);
    return 0;
}

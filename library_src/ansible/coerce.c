/* SPDX-License-Identifier: BSD-2-Clause */
#include "coerce.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "cleanup.h"
#include "python.h"

static int coerce_refuse(const json_t *value, const char *wanted, struct error *error)
{
    return error_set(error, -EINVAL, "<class '%s'> cannot be converted to %s",
                     python_type_name(value), wanted);
}

/* Takes over a fresh value. */
static int coerce_give(json_t *value, json_t **ret_value)
{
    *ret_value = value;
    return 0;
}

static int coerce_str(json_t *value, int core, json_t **ret_value, struct error *error)
{
    if (json_is_string(value))
        return coerce_give(json_incref(value), ret_value);
    if (json_is_null(value) && core >= 19)
        return coerce_give(json_string(""), ret_value);
    if (json_is_null(value) && core >= 15)
        return error_set(error, -EINVAL, "'None' is not a string and conversion is not allowed");
    AUTO_FREE char *string = python_str_new(value);
    return coerce_give(json_string(string), ret_value);
}

static bool bool_word_in(const char *word, size_t length, const char *const *words)
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
        return coerce_give(json_incref(value), ret_value);
    if (!json_is_string(value) && !json_is_number(value))
        return coerce_refuse(value, "a bool", error);
    if (word) {
        python_strip(word, &word, &length);
        if (bool_word_in(word, length, STRINGS("y", "yes", "on", "1", "true", "t")))
            return coerce_give(json_true(), ret_value);
        if (bool_word_in(word, length, STRINGS("n", "no", "off", "0", "false", "f")))
            return coerce_give(json_false(), ret_value);
    } else if (json_number_value(value) == 1.0 || json_number_value(value) == 0.0) {
        return coerce_give(json_boolean(json_number_value(value) == 1.0), ret_value);
    }
    AUTO_FREE char *shown = python_str_new(value);
    return error_set(error, -EINVAL,
                     "The value '%s' is not a valid boolean. %sValid booleans include: 'y', 'yes', "
                     "'on', '1', 'true', 't', 1, 'n', 'no', 'off', '0', 'false', 'f', 0",
                     shown, core >= 19 ? "" : " ");
}

static bool int_from(const json_t *value, int core, long long *ret_number)
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
        return coerce_give(json_incref(value), ret_value);
    if (int_from(value, core, &number))
        return coerce_give(json_integer(number), ret_value);
    if (core < 18)
        return coerce_refuse(value, "an int", error);
    python_repr(&shown, value);
    return error_set(error, -EINVAL, "\"%s\" cannot be converted to an int", shown.data);
}

static int coerce_float(json_t *value, json_t **ret_value, struct error *error)
{
    double number;

    if (json_is_real(value))
        return coerce_give(json_incref(value), ret_value);
    if (json_is_integer(value))
        return coerce_give(json_real((double)json_integer_value(value)), ret_value);
    if (json_is_boolean(value))
        return coerce_give(json_real(json_is_true(value)), ret_value);
    if (json_is_string(value) && python_float(json_string_value(value), &number))
        return coerce_give(json_real(number), ret_value);
    return coerce_refuse(value, "a float", error);
}

static json_t *list_split(const char *string)
{
    json_t *list = json_array();

    for (const char *p = string; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        json_array_append_new(list, json_stringn(p, strcspn(p, ",")));
    return list;
}

static int coerce_list(json_t *value, json_t **ret_value, struct error *error)
{
    if (json_is_array(value))
        return coerce_give(json_incref(value), ret_value);
    if (json_is_string(value))
        return coerce_give(list_split(json_string_value(value)), ret_value);
    if (!json_is_number(value) && !json_is_boolean(value))
        return coerce_refuse(value, "a list", error);
    AUTO_FREE char *string = python_str_new(value);
    return coerce_give(json_pack("[s]", string), ret_value);
}

static bool dict_is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Up to 2.17 safe_eval() hands back texts that look like a method call (\w\.\w+\() or an import
 * (import \w+) as they are. */
static bool dict_looks_like_code(const char *string)
{
    for (const char *p = string; *p; p++) {
        if (text_starts_with(p, "import ") && dict_is_word(p[7]))
            return true;
        if (p > string && *p == '.' && dict_is_word(p[-1]) && dict_is_word(p[1])) {
            const char *q = p + 1;
            while (dict_is_word(*q))
                q++;
            if (*q == '(')
                return true;
        }
    }
    return false;
}

static int dict_of_literal(const char *string, int core, json_t **ret_value, struct error *error)
{
    AUTO_JSON json_t *value = json_loads(string, 0, NULL);
    struct error ignored = ERROR_INIT;

    if (!value && core < 18 && dict_looks_like_code(string))
        value = json_string(string);
    if (!value) {
        int r = python_literal(string, &value, &ignored);
        error_clear(&ignored);
        if (r < 0 || !json_is_object(value))
            return error_set(error, -EINVAL, "unable to evaluate string as dictionary");
    }
    *ret_value = TAKE_PTR(value);
    return 0;
}

/* Splits on commas and spaces outside quotes; a backslash takes the next character as it is. */
static json_t *dict_split_fields(const char *p, size_t length)
{
    AUTO_TEXT struct text field = {0};
    json_t *fields = json_array();
    bool escaped = false;
    char quote = '\0';

    for (const char *end = p + length;; p++) {
        bool ends = p == end || (!escaped && !quote && (*p == ',' || *p == ' '));
        if (ends && field.length > 0) {
            AUTO_FREE char *string = text_take(&field);
            json_array_append_new(fields, json_string(string));
        }
        if (p == end)
            return fields;
        if (ends)
            continue;
        if (!escaped && *p == '\\')
            escaped = true;
        else if (!escaped && !quote && (*p == '\'' || *p == '"'))
            quote = *p;
        else if (!escaped && quote && *p == quote)
            quote = '\0';
        else {
            text_add_bytes(&field, p, 1);
            escaped = false;
        }
    }
}

static int dict_refuse_field(size_t index, int core, struct error *error)
{
    if (core >= 18)
        return error_set(error, -EINVAL,
                         "unable to evaluate string in the \"key=value\" format as dictionary");
    return error_set(error, -EINVAL,
                     "dictionary update sequence element #%zu has length 1; 2 is required", index);
}

static int dict_of_pairs(const char *string, int core, json_t **ret_value, struct error *error)
{
    const char *start;
    size_t length, i;
    json_t *field;

    python_strip(string, &start, &length);
    AUTO_JSON json_t *fields = dict_split_fields(start, length), *dict = json_object();
    json_array_foreach (fields, i, field) {
        const char *pair = json_string_value(field), *equals = strchr(pair, '=');
        if (!equals)
            return dict_refuse_field(i, core, error);
        AUTO_FREE char *key = alloc_string_part(pair, (size_t)(equals - pair));
        json_object_set_new(dict, key, json_string(equals + 1));
    }
    *ret_value = TAKE_PTR(dict);
    return 0;
}

int coerce_dict_text(const char *string, int core, json_t **ret_value, struct error *error)
{
    if (*string == '{')
        return dict_of_literal(string, core, ret_value, error);
    if (strchr(string, '='))
        return dict_of_pairs(string, core, ret_value, error);
    return error_set(error, -EINVAL, "dictionary requested, could not parse JSON or key=value");
}

static int coerce_dict(json_t *value, int core, json_t **ret_value, struct error *error)
{
    if (json_is_object(value))
        return coerce_give(json_incref(value), ret_value);
    if (json_is_string(value))
        return coerce_dict_text(json_string_value(value), core, ret_value, error);
    return coerce_refuse(value, "a dict", error);
}

static bool path_is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* os.path.expandvars: $NAME and ${NAME}; unknown names stay as they are. */
static char *path_expand_variables(const char *p)
{
    AUTO_TEXT struct text text = {0};

    while (*p) {
        const char *name = p + 1, *end = name;
        size_t length = 0;

        if (*p == '$' && p[1] == '{' && strchr(p, '}')) {
            name = p + 2;
            length = strcspn(name, "}");
            end = name + length + 1;
        } else if (*p == '$') {
            while (path_is_name(name[length]))
                length++;
            end = name + length;
        }
        AUTO_FREE char *variable = alloc_string_part(name, length);
        const char *value = end > name ? getenv(variable) : NULL;
        if (value)
            text_add(&text, value);
        else
            text_add_bytes(&text, p, (size_t)(end - p));
        p = end;
    }
    return text_take(&text);
}

/* os.path.expanduser: ~ is $HOME or the home of this user, ~name that of another. */
static const char *path_home(const char *name)
{
    const char *home = *name ? NULL : getenv("HOME");
    const struct passwd *entry = NULL;

    if (home)
        return home;
    entry = *name ? getpwnam(name) : getpwuid(getuid());
    return entry ? entry->pw_dir : NULL;
}

/* os.path.expanduser(os.path.expandvars(string)). */
static char *path_expand(const char *string)
{
    AUTO_FREE char *path = path_expand_variables(string);

    if (*path != '~')
        return TAKE_PTR(path);
    size_t name_length = strcspn(path + 1, "/");
    AUTO_FREE char *name = alloc_string_part(path + 1, name_length);
    const char *home = path_home(name), *rest = path + 1 + name_length;
    if (!home)
        return TAKE_PTR(path);
    size_t home_length = strlen(home);
    while (home_length > 0 && home[home_length - 1] == '/')
        home_length--;
    if (home_length == 0 && !*rest)
        return alloc_string("/");
    return text_format("%.*s%s", (int)home_length, home, rest);
}

static int coerce_path(json_t *value, int core, json_t **ret_value, struct error *error)
{
    AUTO_JSON json_t *string = NULL;
    int r = coerce_str(value, core, &string, error);

    if (r < 0)
        return r;
    AUTO_FREE char *path = path_expand(json_string_value(string));
    json_t *expanded = json_string(path);
    if (!expanded)
        return error_set(error, -EINVAL, "the path it expands to is not UTF-8");
    return coerce_give(expanded, ret_value);
}

static int coerce_jsonarg(json_t *value, json_t **ret_value, struct error *error)
{
    AUTO_TEXT struct text text = {0};
    const char *start;
    size_t length;

    if (json_is_string(value)) {
        python_strip(json_string_value(value), &start, &length);
        return coerce_give(json_stringn(start, length), ret_value);
    }
    if (!json_is_array(value) && !json_is_object(value))
        return coerce_refuse(value, "a json string", error);
    python_json(&text, value);
    return coerce_give(json_string(text.data), ret_value);
}

/* Exponent of the unit, or -1. Up to 2.17 only the second letter was looked at. */
static int size_shift(const char *word, bool bits, int core)
{
    static const char *const names[][2] = {
        {"byte", "bit"},         {"kilobyte", "kilobit"}, {"megabyte", "megabit"},
        {"gigabyte", "gigabit"}, {"terabyte", "terabit"}, {"petabyte", "petabit"},
        {"exabyte", "exabit"},   {"zetabyte", "zetabit"}, {"yottabyte", "yottabit"}};
    static const char letters[] = "BKMGTPEZY";
    const char *letter = strchr(letters, toupper((unsigned char)word[0]));

    if (!*word)
        return 0;
    if (!letter)
        return -1;
    int step = (int)(letter - letters);
    if (!word[1])
        return 10 * step;
    if (core < 18)
        return strcasestr(word, bits ? "bit" : "byte") || word[1] == (bits ? 'b' : 'B') ? 10 * step
                                                                                        : -1;
    const char symbol[] = {*letter, bits ? 'b' : 'B', '\0'};
    bool known = strcasecmp(word, names[step][bits]) == 0 ||
                 strcmp(word, step == 0 ? symbol + 1 : symbol) == 0;
    return known ? 10 * step : -1;
}

/* Up to 2.17 the pattern ignores case, and takes four letters for variants of i, k and s. */
static size_t size_letter_length(const char *p, int core)
{
    static const char *const variants[] = {"\u0130", "\u0131", "\u017f", "\u212a"};

    if (isalpha((unsigned char)*p))
        return 1;
    for (size_t i = 0; core < 18 && i < ARRAY_SIZE(variants); i++)
        if (text_starts_with(p, variants[i]))
            return strlen(variants[i]);
    return 0;
}

/* The text of the number and of the unit in `p`; false where the pattern of that core fails. */
static bool size_split(const char *p, int core, size_t *ret_number, const char **ret_unit,
                       size_t *ret_unit_length)
{
    size_t length = strspn(p, "0123456789"), n;

    if (p[length] == '.')
        length += 1 + strspn(p + length + 1, "0123456789");
    if (length == 0 || (length == 1 && *p == '.'))
        return false;
    bool bare_point = p[length - 1] == '.';
    const char *unit = p + length;
    if (bare_point && core >= 18)
        return false;
    unit += python_blanks(unit);
    *ret_number = length;
    *ret_unit = unit;
    *ret_unit_length = 0;
    while ((n = size_letter_length(unit + *ret_unit_length, core)) > 0)
        *ret_unit_length += n;
    unit += *ret_unit_length;
    return core < 18 || !unit[python_blanks(unit)];
}

/* To the nearest integer, ties to the even one, for numbers from 0 on. Without libm's rint(). */
static double size_round_even(double value)
{
    volatile double shifted = value + 0x1p52;

    return value < 0x1p52 ? shifted - 0x1p52 : value;
}

int human_to_bytes(const char *string, bool bits, int core, long long *ret_value,
                   struct error *error)
{
    /* Up to 2.17 the pattern allows blanks before and digits of all scripts. */
    AUTO_FREE char *text = core < 18 ? python_number_text(string) : alloc_string(string);
    size_t number_length, unit_length;
    const char *unit;

    if (!text || !size_split(text, core, &number_length, &unit, &unit_length))
        return error_set(error, -EINVAL, "not a size");
    AUTO_FREE char *number = alloc_string_part(text, number_length);
    AUTO_FREE char *word = alloc_string_part(unit, unit_length);
    int shift = size_shift(word, bits, core);
    double value = shift < 0 ? HUGE_VAL : size_round_even(ldexp(strtod(number, NULL), shift));
    if (value >= 0x1p63)
        return error_set(error, -EINVAL, "not a size, or too large");
    *ret_value = (long long)value;
    return 0;
}

static int coerce_size(json_t *value, bool bits, int core, json_t **ret_value, struct error *error)
{
    AUTO_FREE char *string = python_str_new(value);
    long long number;

    if (human_to_bytes(string, bits, core, &number, error) < 0)
        return coerce_refuse(value, bits ? "a Bit value" : "a Byte value", error);
    return coerce_give(json_integer(number), ret_value);
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
    return coerce_give(json_incref(value), ret_value);
}

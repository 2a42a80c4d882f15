/* Numbers, sizes and paths in strings. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "python_text.h"

/* Stripped, with the digits of all scripts as ASCII ones; NULL for what is no UTF-8. */
static char *number_text(const char *string)
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
        int digit = python_digit(code);
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
    AUTO_FREE char *text = number_text(string);
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
    AUTO_FREE char *text = number_text(string);
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
    AUTO_FREE char *text = number_text(string);
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

/* Exponent of the unit, or -1. Up to 2.17 only the second letter was looked at. */
static int unit_shift(const char *word, bool bits, int core)
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
static size_t letter_length(const char *p, int core)
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
static bool split_size(const char *p, int core, size_t *ret_number, const char **ret_unit,
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
    while ((n = letter_length(unit + *ret_unit_length, core)) > 0)
        *ret_unit_length += n;
    unit += *ret_unit_length;
    return core < 18 || !unit[python_blanks(unit)];
}

/* To the nearest integer, ties to the even one, for numbers from 0 on. Without libm's rint(). */
static double round_even(double value)
{
    volatile double shifted = value + 0x1p52;

    return value < 0x1p52 ? shifted - 0x1p52 : value;
}

int human_to_bytes(const char *string, bool bits, int core, long long *ret_value,
                   struct error *error)
{
    /* Up to 2.17 the pattern allows blanks before and digits of all scripts. */
    AUTO_FREE char *text = core < 18 ? number_text(string) : alloc_string(string);
    size_t number_length, unit_length;
    const char *unit;

    if (!text || !split_size(text, core, &number_length, &unit, &unit_length))
        return error_set(error, -EINVAL, "not a size");
    AUTO_FREE char *number = alloc_string_part(text, number_length);
    AUTO_FREE char *word = alloc_string_part(unit, unit_length);
    int shift = unit_shift(word, bits, core);
    double value = shift < 0 ? HUGE_VAL : round_even(ldexp(strtod(number, NULL), shift));
    if (value >= 0x1p63)
        return error_set(error, -EINVAL, "not a size, or too large");
    *ret_value = (long long)value;
    return 0;
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* os.path.expandvars: $NAME and ${NAME}; unknown names stay as they are. */
static char *expand_variables(const char *p)
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
            while (is_name(name[length]))
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
static const char *home_of(const char *name)
{
    const char *home = *name ? NULL : getenv("HOME");
    const struct passwd *entry = NULL;

    if (home)
        return home;
    entry = *name ? getpwnam(name) : getpwuid(getuid());
    return entry ? entry->pw_dir : NULL;
}

char *python_expand_path(const char *string)
{
    AUTO_FREE char *path = expand_variables(string);

    if (*path != '~')
        return TAKE_PTR(path);
    size_t name_length = strcspn(path + 1, "/");
    AUTO_FREE char *name = alloc_string_part(path + 1, name_length);
    const char *home = home_of(name), *rest = path + 1 + name_length;
    if (!home)
        return TAKE_PTR(path);
    size_t home_length = strlen(home);
    while (home_length > 0 && home[home_length - 1] == '/')
        home_length--;
    if (home_length == 0 && !*rest)
        return alloc_string("/");
    return text_format("%.*s%s", (int)home_length, home, rest);
}

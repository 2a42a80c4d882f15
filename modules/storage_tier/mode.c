/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mode.h"

#include <errno.h>
#include <string.h>

enum { RWX = 7, ALL_BITS = 07777 };

static int bad(const char *text, struct error *error)
{
    return error_set(error, -EINVAL,
                     "mode: %s is neither octal (\"0750\") nor symbolic (\"u=rwx,g=rx,o=\")", text);
}

static int bits_of(char letter, int current, char who)
{
    int shift = who == 'u' ? 6 : who == 'g' ? 3 : 0;

    switch (letter) {
    case 'r':
        return 4 << shift;
    case 'w':
        return 2 << shift;
    case 'x':
    case 'X': /* always set for a directory */
        return 1 << shift;
    case 's':
        return who == 'u' ? 04000 : who == 'g' ? 02000 : 0;
    case 't':
        return 01000;
    case 'u':
        return ((current >> 6) & RWX) << shift;
    case 'g':
        return ((current >> 3) & RWX) << shift;
    case 'o':
        return (current & RWX) << shift;
    default:
        return -1;
    }
}

/* "u=rwx" or "go-w": one clause, up to the comma. Returns its length, 0 when it is none. */
static size_t apply_clause(const char *clause, int *mode)
{
    size_t who = strspn(clause, "ugoa"), i = who;

    if (!strchr("=+-", clause[i]) || !clause[i])
        return 0;
    while (clause[i] && strchr("=+-", clause[i])) {
        char operation = clause[i++];
        int current = *mode, set = 0, whole = 0;
        size_t start = i;

        for (const char *w = "ugo"; *w; w++) {
            if (who && !memchr(clause, *w, who) && !memchr(clause, 'a', who))
                continue;
            whole |= RWX << (*w == 'u' ? 6 : *w == 'g' ? 3 : 0);
            for (i = start; clause[i] && !strchr("=+-,", clause[i]); i++) {
                int bits = bits_of(clause[i], current, *w);
                if (bits < 0)
                    return 0;
                set |= bits;
            }
        }
        if (operation == '=')
            *mode = (*mode & ~whole) | set;
        else
            *mode = operation == '+' ? *mode | set : *mode & ~set;
    }
    return i;
}

int mode_apply(const char *text, int current, int *ret_mode, struct error *error)
{
    int mode = current & ALL_BITS;

    if (strspn(text, "01234567") == strlen(text) && strlen(text) <= 5) {
        mode = 0;
        for (const char *p = text; *p; p++)
            mode = mode * 8 + (*p - '0');
        if (mode > ALL_BITS || !*text)
            return bad(text, error);
        *ret_mode = mode;
        return 0;
    }
    for (const char *p = text;; p++) {
        size_t length = apply_clause(p, &mode);

        if (length == 0)
            return bad(text, error);
        p += length;
        if (!*p)
            break;
    }
    *ret_mode = mode;
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings: formatting into new memory, and a growing buffer. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A new string, owned by the caller. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_vformat(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* A buffer that grows. */
struct text {
    char *data; /* NUL-terminated when not NULL */
    size_t length, capacity;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The contents as an owned string ("" when nothing was added). The buffer is empty afterwards. */
char *text_take(struct text *text);
void text_release(struct text *text);
#define AUTO_TEXT __attribute__((cleanup(text_release)))

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts_with(const char *string, const char *prefix);
bool text_ends_with(const char *string, const char *suffix);

/* Removes white space at both ends, in place; returns its argument. */
char *text_trim(char *string);

/* Removes slashes at the end of a path, but for the root's, in place; returns its argument, which
 * may be NULL. */
char *text_trim_slashes(char *path);

/* The items of a NULL-ended array with `separator` between them: owned by the caller. */
char *text_join(const char *const *items, const char *separator);

/* True when `list`, separated by commas, holds `item` as a whole element. */
bool text_list_has(const char *list, const char *item);

/* Value of `key=value` in a comma-separated list as a new string; NULL when there is none. */
char *text_list_value(const char *list, const char *key);

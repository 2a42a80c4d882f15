/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

char *text_vformat(const char *format, va_list arguments)
{
    char *string = NULL;

    if (vasprintf(&string, format, arguments) < 0)
        alloc_failed();
    return string;
}

char *text_format(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *string = text_vformat(format, arguments);
    va_end(arguments);
    return string;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length + 1 > text->capacity) {
        size_t capacity = text->capacity ? text->capacity * 2 : 64;

        while (capacity < text->length + length + 1)
            capacity *= 2;
        text->data = alloc_array(text->data, capacity, 1);
        text->capacity = capacity;
    }
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *string = text_vformat(format, arguments);
    va_end(arguments);
    text_add(text, string);
    free(string);
}

void text_release(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

char *text_take(struct text *text)
{
    text_add_bytes(text, "", 0);
    char *data = text->data;

    *text = (struct text){0};
    return data;
}

bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_starts_with(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *string, const char *suffix)
{
    size_t a = strlen(string), b = strlen(suffix);

    return a >= b && strcmp(string + a - b, suffix) == 0;
}

char *text_trim(char *string)
{
    size_t length = strlen(string), start = 0;

    while (length > 0 && isspace((unsigned char)string[length - 1]))
        length--;
    while (start < length && isspace((unsigned char)string[start]))
        start++;
    memmove(string, string + start, length - start);
    string[length - start] = '\0';
    return string;
}

char *text_trim_slashes(char *path)
{
    for (size_t length = path ? strlen(path) : 0; length > 1 && path[length - 1] == '/';)
        path[--length] = '\0';
    return path;
}

char *text_join(const char *const *items, const char *separator)
{
    AUTO_TEXT struct text text = {0};

    for (const char *const *item = items; *item; item++) {
        text_add(&text, item == items ? "" : separator);
        text_add(&text, *item);
    }
    return text_take(&text);
}

static const char *list_find(const char *list, const char *item, size_t length, char after)
{
    for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, item, length) == 0 &&
            (p[length] == after || (after == '\0' && p[length] == ',')))
            return p + length;
    return NULL;
}

bool text_list_has(const char *list, const char *item)
{
    return list && list_find(list, item, strlen(item), '\0');
}

char *text_list_value(const char *list, const char *key)
{
    const char *value = list ? list_find(list, key, strlen(key), '=') : NULL;

    return value ? alloc_string_part(value + 1, strcspn(value + 1, ",")) : NULL;
}

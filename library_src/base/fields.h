/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain structs described by a table: one description serves for release, for JSON out (what an
 * _info module prints) and for JSON in (facts as data files in the tests).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct string_list {
    char **items; /* owned, and so is each item */
    size_t count;
};

enum field_kind {
    FIELD_STRING,  /* char *, owned, NULL is null */
    FIELD_BOOL,    /* bool */
    FIELD_INT,     /* int */
    FIELD_U64,     /* uint64_t */
    FIELD_ENUM,    /* int-sized enum; `names` gives the texts */
    FIELD_STRINGS, /* struct string_list */
    FIELD_OBJECT,  /* a struct of `type`, in place */
    FIELD_ARRAY,   /* struct {T *items; size_t count;} with T of `type` */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    const struct fields *type;
    const char *const *names; /* NULL-ended */
};

struct fields {
    size_t size;              /* of the struct */
    const struct field *rows; /* ends with .name == NULL */
};

/* Frees what the fields own and zeroes the struct. */
void fields_release(const struct fields *fields, void *object);

/* Makes a zeroed struct a copy that owns all its fields. */
void fields_copy(const struct fields *fields, const void *from, void *to);

/* A new JSON object with a key for each row. Bytes that are no UTF-8 are
 * shown as \xNN. */
json_t *fields_to_json(const struct fields *fields, const void *object);

/* Fills a zeroed struct; missing keys stay zero, an unknown key or a wrong type is an error. What
 * was filled is to be released by the caller also on failure. */
int fields_from_json(const struct fields *fields, const json_t *json, void *object,
                     struct error *error);

/* Appends a zeroed element to a {items, count} array, and returns it. */
void *fields_append(const struct fields *fields, void *array);

/* Appends a copy of `string`. */
void string_list_add(struct string_list *list, const char *string);
void string_list_release(struct string_list *list);
bool string_list_has(const struct string_list *list, const char *string);
/* The items with `separator` between them: owned by the caller. */
char *string_list_join(const struct string_list *list, const char *separator);

/* A JSON string of any bytes: what is no UTF-8 (or NUL) is written as \xNN. NULL gives null. */
json_t *json_text(const char *bytes);

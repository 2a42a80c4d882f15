/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as Python writes and reads them: ansible-core's messages show them so, and its types are
 * read so. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "text.h"

/* str(value) and repr(value). */
void python_str(struct text *text, const json_t *value);
void python_repr(struct text *text, const json_t *value);

/* What repr() writes between quotes of this kind. */
void python_repr_string(struct text *text, const char *string, char quote);

/* str(value) as a new string. */
char *python_str_new(const json_t *value);

/* "str", "int", "NoneType" …: type(value).__name__ */
const char *python_type_name(const json_t *value);

/* json.dumps(value): ASCII only, ", " and ": " as separators. Bytes that are no UTF-8 become the
 * text \xNN. */
void python_json(struct text *text, const json_t *value);
void python_json_string(struct text *text, const char *bytes, size_t length);

/* a == b: True == 1 == 1.0 */
bool python_equal(const json_t *a, const json_t *b);

/* bool(value) */
bool python_true(const json_t *value);

/* How many bytes of blanks `string` begins with. */
size_t python_blanks(const char *string);

/* The part of `string` that str.strip() leaves. */
void python_strip(const char *string, const char **ret_start, size_t *ret_length);

/* One code point of `p`, which ends before `end`: its length, or 0 where the bytes are no UTF-8. */
size_t utf8_decode(const char *p, const char *end, unsigned *ret_code);
void utf8_add(struct text *text, unsigned code);

/* `string` without blanks around it, with the digits of all scripts as ASCII ones: owned by the
 * caller. NULL for what is no UTF-8. */
char *python_number_text(const char *string);

/* Texts of numbers: false where it is no such number or one that doesn't fit. */
bool python_int(const char *string, long long *ret_value);     /* int(string) */
bool python_decimal(const char *string, long long *ret_value); /* decimal.Decimal, when integral */
bool python_float(const char *string, double *ret_value);      /* float(string), finite */

/* python_literal.c: ast.literal_eval(), for what JSON can hold too. -EINVAL for everything else. */
int python_literal(const char *string, json_t **ret_value, struct error *error);

/* Texts as Python writes them: ansible-core's messages and its `str` type show values so. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

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

/* 0 to 9 for a decimal digit of any script, otherwise -1. */
int python_digit(unsigned code);

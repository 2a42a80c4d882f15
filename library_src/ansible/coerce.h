/* One value to one type, as ansible-core's check_type_* functions do. */
#pragma once

#include "params.h"
#include "text.h"

/* "str", "int" …, as the argument spec writes them. */
const char *param_type_name(enum param_type type);

/*
 * `value` as `type`, a new reference (perhaps to `value` itself). `core` is the minor version of
 * the ansible-core 2.x whose rules apply. -EINVAL with the exception's text where Python would
 * raise one; also for numbers that need more than 64 bits, which Python holds and C does not.
 */
int coerce(enum param_type type, json_t *value, int core, json_t **ret_value, struct error *error);

/* A dict written as JSON, as a Python literal or as k=v pairs. Before 2.18 the result can be the
 * string itself. */
int coerce_dict_text(const char *string, int core, json_t **ret_value, struct error *error);

/* ast.literal_eval(), for what JSON can hold too. -EINVAL for everything else. */
int python_literal(const char *string, json_t **ret_value, struct error *error);

/* human_to_bytes(): "10M" is 10485760. */
int human_to_bytes(const char *string, bool bits, int core, long long *ret_value,
                   struct error *error);

/* Texts of numbers: false where it is no such number or one that doesn't fit. */
bool python_int(const char *string, long long *ret_value);     /* int(string) */
bool python_decimal(const char *string, long long *ret_value); /* decimal.Decimal, when integral */
bool python_float(const char *string, double *ret_value);      /* float(string), finite */

/* os.path.expanduser(os.path.expandvars(string)). */
char *python_expand_path(const char *string);

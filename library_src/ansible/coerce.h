/* SPDX-License-Identifier: BSD-2-Clause */
/* One value to one type, as ansible-core's check_type_* functions do. */
#pragma once

#include "params.h"

/*
 * `value` as `type`, a new reference (perhaps to `value` itself). `core` is the minor version of
 * the ansible-core 2.x whose rules apply. -EINVAL with the exception's text where Python would
 * raise one; also for numbers that need more than 64 bits, which Python holds and C does not.
 */
int coerce(enum param_type type, json_t *value, int core, json_t **ret_value, struct error *error);

/* A dict written as JSON, as a Python literal or as k=v pairs. Before 2.18 the result can be the
 * string itself. */
int coerce_dict_text(const char *string, int core, json_t **ret_value, struct error *error);

/* human_to_bytes(): "10M" is 10485760. */
int human_to_bytes(const char *string, bool bits, int core, long long *ret_value,
                   struct error *error);

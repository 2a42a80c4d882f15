/* SPDX-License-Identifier: BSD-2-Clause */
/* What must not be shown: the values of options with no_log, and how else they may be written. */
#pragma once

#include "rules.h"

/* Puts `value`'s texts into the set of what must not be shown. */
void secrets_add(json_t *set, const json_t *value);

/* Finds the secrets in a spec's values and below, as ansible-core does. */
void secrets_collect(const struct spec *spec);

/* Once everything is converted: fills `no_log` with the secrets in all their spellings. */
void secrets_hide(const struct spec *spec);

/*
 * `value`, or a copy of it, without what is in `no_log` (an object used as a set; NULL: nothing):
 * an equal text or number becomes VALUE_SPECIFIED_IN_NO_LOG_PARAMETER, a part of a text ********.
 * Keys stay.
 */
json_t *result_scrub(const json_t *value, const json_t *no_log);

/* The same for one string: new, owned by the caller. */
char *result_scrub_text(const char *text, const json_t *no_log);

/* The line to print, owned by the caller: every string valid, all of it ASCII. */
char *result_line(const json_t *result);

/* A string for the result from arbitrary bytes: those that are no UTF-8 become the text \xNN. */
json_t *result_text(const char *bytes);

/* The result's `invocation`: the validated parameters, new or shared, with no secret in a key that
 * isn't an option's name; the values are left to result_scrub(). */
json_t *invocation_args(const struct param *table, const struct validation *validation);

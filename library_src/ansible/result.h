/* What a module answers: secrets removed, every string valid, one line of ASCII. */
#pragma once

#include <jansson.h>

/*
 * `value`, or a copy of it, without what is in `no_log` (an object used as a set; NULL: nothing):
 * an equal text or number becomes VALUE_SPECIFIED_IN_NO_LOG_PARAMETER, a part of a text ********.
 * Keys stay.
 */
json_t *result_scrub(const json_t *value, const json_t *no_log);

/* The same for one string: new, owned by the caller. */
char *result_scrub_text(const char *text, const json_t *no_log);

/* The line to print, owned by the caller. */
char *result_line(const json_t *result);

/* A string for the result from arbitrary bytes: those that are no UTF-8 become the text \xNN. */
json_t *result_text(const char *bytes);

/* JSON texts to values. */
#pragma once

#include "error.h"

/* json_loadb() with these flags of jansson's: -EINVAL with `ret_details` (may be NULL) for what is
 * no JSON. */
int json_text_parse(const char *text, size_t length, size_t flags, json_t **ret_value,
                    json_error_t *ret_details, struct error *error);

/* The value of a JSON text in a table of parameters. Aborts when it is none: the author's error. */
json_t *json_text_value(const char *text);

/* The arguments that ansible-core hands over: one JSON object in a file or on standard input. */
#pragma once

#include <jansson.h>

#include "error.h"

/* Reads `path`, or standard input for "-": to its end, or that many bytes when `length` isn't 0.
 * Whatever is wrong is said with the place in the arguments; no text of theirs is quoted, since it
 * can be a secret. */
int arguments_read(const char *path, size_t length, json_t **ret_arguments, struct error *error);

/* The same for a text in memory; `name` is what errors call it. */
int arguments_parse(const char *text, size_t length, const char *name, json_t **ret_arguments,
                    struct error *error);

/* JSON: keys in a stable order, and why a text could not be read. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* The keys of an object, ascending, as a new array of strings; NULL when out of memory. */
json_t *sorted_keys(const json_t *object);

/* Whether it was for lack of memory that jansson could not read a text: it doesn't always say so,
 * but then it says nothing. */
bool lacked_memory(const json_error_t *problem);

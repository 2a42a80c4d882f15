/* JSON objects in a stable order. Pure. */
#pragma once

#include <jansson.h>

/* The keys of an object, ascending, as a new array of strings. */
json_t *sorted_keys(const json_t *object);

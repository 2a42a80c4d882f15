/* The parts of request_parse(). */
#pragma once

#include "request.h"

/* A string parameter; NULL where it is null. Borrowed. */
const char *request_string(const json_t *object, const char *key);

/* A copy of a string parameter; an empty one is an error, null leaves *ret as it is. */
int request_copy(const json_t *object, const char *key, char **ret, struct error *error);

/* One element of `disks`, with what `params` gives for all of them. */
int request_parse_disk(const json_t *json, const json_t *params, struct disk_request *disk,
                       struct error *error);

/* The parts of request_parse(): one disk, and the options handed on to mkfs and mount. */
#pragma once

#include "request.h"

/* A string parameter; NULL where it is null. Borrowed. */
const char *request_string(const json_t *object, const char *key);

/* A copy of a string parameter; an empty one is an error, null leaves *ret as it is. */
int request_copy(const json_t *object, const char *key, char **ret, struct error *error);

/* One element of `disks`, with what `params` gives for all of them. */
int request_parse_disk(const json_t *json, const json_t *params, struct disk_request *disk,
                       struct error *error);

/* Refuses options that would take away what the module relies on. */
int request_check_mount_options(const struct disk_request *disk, struct error *error);

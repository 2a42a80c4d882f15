/* From declared disks to devices, waiting for those that aren't attached yet. */
#pragma once

#include "probe.h"

struct resolved {
    const struct disk *disk; /* of the host's list; NULL for `os` */
    char *found_by;
};

enum { RESOLVED_MAX = 4 };

/* Reads the host and finds each declared disk in it, for up to the request's device_timeout.
 * `resolved` has RESOLVED_MAX zeroed elements; both are to be released also on failure. */
int resolve_in_time(const struct request *request, struct host *host, struct resolved *resolved,
                    struct error *error);
void resolved_release(struct resolved *resolved);

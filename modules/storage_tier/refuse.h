/* A refusal names the disk, the device with its identifiers, what was found, and what to write to
 * go on. */
#pragma once

#include "facts.h"

/* "disk NAME: DEVICE " + text; details: disk, device, serial, wwn, found, token. Returns -EPERM. */
int refuse_disk(struct error *error, const char *id, const struct disk_request *want,
                const struct found *found, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

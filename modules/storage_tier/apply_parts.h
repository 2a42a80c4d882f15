/* What the parts of storage_apply() share. */
#pragma once

#include "apply.h"

struct work {
    const struct request *request;
    struct facts *facts;
    const struct disk_request *want;
    struct found *found;
    struct outcome *outcome;
    const char *path; /* of the tier */
};

/* Of the filesystem that serves the tier now. */
const char *apply_fstype(const struct work *work);

int apply_mount(const struct work *work, struct error *error);
int apply_remount(const struct work *work, struct error *error);

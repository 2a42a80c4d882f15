#pragma once

#include "probe.h"

/* What keeps the tier on `disk`, mounted at `path`, from being unmounted there and everywhere:
 * processes, other mounts, loop devices, swap files. *ret_users is NULL where nothing does. */
int probe_users(const struct host *host, const struct facts *facts, const struct disk *disk,
                const char *path, char **ret_users, struct error *error);

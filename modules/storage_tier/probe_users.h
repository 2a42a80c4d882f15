#pragma once

#include "probe.h"

/* What keeps the tier on `disk`, mounted at `path`, from being unmounted there and everywhere:
 * processes, other mounts, loop devices, swap files. Owned by the caller; NULL where nothing does.
 */
char *probe_users(const struct host *host, const struct facts *facts, const struct disk *disk,
                  const char *path);

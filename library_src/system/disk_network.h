#pragma once

#include <stdbool.h>

/* Whether a block device is reached over the network, itself or through what it is built on.
 * `directory` is its directory in sysfs. */
bool disk_read_network(int directory, const char *name);

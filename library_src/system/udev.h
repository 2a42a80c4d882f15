#pragma once

#include <stdint.h>

/* Where udev runs: waits, for a few seconds at the most, until it has made the /dev/disk/by-uuid
 * link that systemd's mount units wait for; asks it to look at the device again when none comes by
 * itself. */
void udev_wait_for_uuid(uint64_t devno, const char *uuid);

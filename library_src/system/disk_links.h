/* What disks_read adds to the devices once all of them are known. */
#pragma once

#include "host.h"

/* by_id from the links in /dev/disk/by-id, which udev makes. Without udev there are none. */
void disks_read_links(struct disk_list *disks);

/* mounts and swap_active. */
void disks_read_use(struct disk_list *disks, const struct mount_list *mounts,
                    const struct swap_list *swaps);

/* Kernel names of the devices that hold a mounted filesystem: by device number, or for btrfs, whose
 * number is anonymous, all of /sys/fs/btrfs/<uuid>/devices where the mount's source is one of them.
 * Empty where that leads nowhere. Owned by the caller. */
struct string_list mount_devices(const struct disk_list *disks, const struct mount *mount);

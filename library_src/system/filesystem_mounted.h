#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the device that a mounted XFS or single-device btrfs uses, from the kernel: the
 * superblock on the disk may lag behind. 0 for others and where the kernel doesn't say. */
uint64_t filesystem_mounted_bytes(const char *path, const char *fstype);

/* The number that a mounted btrfs has for its only device; 0 for others and where the kernel
 * doesn't say. */
uint64_t filesystem_device_number(const char *path, const char *fstype);

/* Whether a mount of this type has a device number that is no disk's (btrfs). */
bool filesystem_has_own_devno(const char *fstype);

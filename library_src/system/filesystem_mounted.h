#pragma once

#include <stdint.h>

/* Bytes of the device that a mounted XFS or single-device btrfs uses, from the kernel: the
 * superblock on the disk may lag behind. 0 for others and where the kernel doesn't say. */
uint64_t filesystem_mounted_bytes(const char *path, const char *fstype);

/* The number that a mounted btrfs has for its only device; 0 where the kernel doesn't say. */
uint64_t filesystem_btrfs_device(const char *path);

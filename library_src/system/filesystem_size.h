/* The size that a filesystem claims for itself, which libblkid gives only from 2.39 on. */
#pragma once

#include "host.h"

struct filesystem_size {
    uint64_t bytes;   /* of this device; 0: unknown type or nonsense in the superblock */
    unsigned devices; /* 1, or more for a btrfs of several devices */
};

/* Reads the superblock of an ext2, ext3, ext4, xfs, btrfs or swap (with its header page) that
 * libblkid found on `fd`. */
struct filesystem_size filesystem_size_read(int fd, const struct signature *signature);

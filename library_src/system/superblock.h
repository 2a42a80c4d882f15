/* What libblkid doesn't tell in every version about the filesystems we make: 2.38 gives no sizes
 * and doesn't check the checksums of ext4 and xfs. */
#pragma once

#include "host.h"

struct superblock {
    uint64_t bytes;   /* size of this device as the filesystem claims it; 0: unknown, or nonsense */
    unsigned devices; /* 1, or more for a btrfs of several devices */
    bool damaged;     /* its checksum is wrong */
};

/* Reads the superblock of an ext2, ext3, ext4, xfs, btrfs or swap (with its header page) that
 * libblkid found on `fd`. Of other types, or when it can't be read, nothing is known: {0, 1,
 * false}. Of btrfs' checksums only crc32c is checked, the default. */
struct superblock superblock_read(int fd, const struct signature *signature);

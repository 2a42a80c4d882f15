/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is on a block device, the proof that there is nothing, and wiping it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

/*
 * content.c: the whole answer, from libblkid's low-level probing (superblocks and partition tables)
 * and then from the bytes.
 */

enum { EXPECTED_LIMIT = 64 * 1024 };

/* Bytes that count as zeros where the device holds exactly these, as a whole; up to EXPECTED_LIMIT.
 */
struct expected_bytes {
    uint64_t offset; /* from the start of the device */
    const char *bytes;
    size_t length;
};

/* A device that nobody uses, and what is known of it. */
struct examination {
    int fd; /* may be read-only */
    uint64_t size_bytes;
    bool full_scan; /* read everything, not only the places */
    const struct expected_bytes *expected;
    size_t expected_count;
};

/* Signatures, then the places (see places_find) read with O_DIRECT after the kernel's cache of the
 * device was dropped; everything with `full_scan` and below 1 GiB. The bytes are left alone where
 * signatures give the token already. /proc must be mounted. Never returns CONTENT_UNKNOWN; kind is
 * CONTENT_UNREADABLE on an I/O error.
 *
 * token: "<type>:<uuid>" where all signatures are of one kind, undamaged, with an id that is this
 * disk's alone (a GPT's header, backup and protective MBR are one kind; a RAID member's id is the
 * array's); else "data:<sha256>" over the size and every block of the places that isn't zero (or,
 * where these are zeros and `full_scan` found something, of the device). */
int content_examine(const struct examination *examination, struct content *ret_content,
                    struct error *error);

/*
 * signatures.c
 */

/* Signatures only, superblocks of `types` (NULL-ended; NULL: all known) and, with all, partition
 * tables: types, offsets and order as `wipefs --no-act` of the same libblkid prints them. Cheap: a
 * few blocks, through the page cache; moves the file offset of `fd`. kind is CONTENT_FILESYSTEM,
 * CONTENT_SIGNATURES, or CONTENT_UNKNOWN where no signature was found (which proves nothing), or
 * CONTENT_UNREADABLE where libblkid failed (error_offset is then 0: it doesn't say where). The
 * token is set where an id names the content, else NULL. */
int content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                            struct error *error);

/*
 * superblock.c: what libblkid doesn't tell in every version about the filesystems we make: 2.38
 * gives no sizes and doesn't check the checksums of ext4 and xfs.
 */

struct superblock {
    uint64_t bytes;   /* size of this device as the filesystem claims it; 0: unknown, or nonsense */
    unsigned devices; /* 1, or more for a btrfs of several devices */
    bool damaged;     /* its checksum is wrong */
};

/* Reads the superblock of an ext2, ext3, ext4, xfs, btrfs or swap (with its header page) that
 * libblkid found on `fd`. Of other types, or when it can't be read, nothing is known: {0, 1,
 * false}. Of btrfs' checksums only crc32c is checked, the default. */
struct superblock superblock_read(int fd, const struct signature *signature);

/*
 * places.c: the places of a device that must be zeros for it to count as blank: wherever a known
 * signature or a copy of one lies, and a sample of the rest. Pure: only the size decides.
 */

enum { PLACE_BLOCK = 4096 };

/* Bytes from the start of the device. Offsets are multiples of PLACE_BLOCK, and so are lengths but
 * for one that ends with the device. */
struct place {
    uint64_t offset, length;
};

struct place_list {
    struct place *items; /* owned; ascending, neither overlapping nor touching */
    size_t count;
};

/* Devices below this size are read entirely. */
bool places_are_everything(uint64_t size_bytes);

/* The places of a device of this size. -EINVAL for an empty one or one over 2^62 bytes. */
int places_find(uint64_t size_bytes, struct place_list *ret_places, struct error *error);

void place_list_release(struct place_list *places);
#define AUTO_PLACES __attribute__((cleanup(place_list_release)))

/*
 * wipe.c
 */

/*
 * Makes a device unrecognisable as what it was: first and last MiB, btrfs' mirrors, each of
 * `signatures`, and then every signature that libblkid still finds, until it finds none; synced.
 * What lies between stays as it is: a filesystem is made over it next. `fd` is open for writing.
 */
int content_clear(int fd, uint64_t size_bytes, const struct signature_list *signatures,
                  struct error *error);

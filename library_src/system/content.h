/*
 * What is on a block device, and the proof that there is nothing.
 * Sources: libblkid's low-level probing (superblocks and partition tables), then the bytes.
 */
#pragma once

#include "host.h"

enum { STAMP_SIZE = 4096 };

/* A block that counts as zeros when it holds exactly these bytes: our own stamp. */
struct expected_stamp {
    uint64_t offset;
    const char *uuid;
};

struct expected_stamps {
    const struct expected_stamp *items;
    size_t count;
};

/* The bytes of a stamp for `uuid`. */
void stamp_fill(char block[STAMP_SIZE], const char *uuid);

/* Signatures only, superblocks of `types` (NULL-ended; NULL: all known) and, with all, partition
 * tables. Cheap: a few blocks, through the page cache. kind is CONTENT_FILESYSTEM,
 * CONTENT_SIGNATURES, or CONTENT_UNKNOWN where no signature was found (which proves nothing), or CONTENT_UNREADABLE. */
int content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                            struct error *error);

/* The whole answer for a device that nobody uses: signatures, then the places (places.h) read with
 * O_DIRECT after the kernel's cache of the device was dropped; everything with `full_scan` and
 * below 1 GiB. `fd` may be read-only. Never returns CONTENT_UNKNOWN; kind is CONTENT_UNREADABLE on an I/O error. */
int content_examine(int fd, uint64_t size_bytes, bool full_scan,
                    const struct expected_stamps *stamps, struct content *ret_content,
                    struct error *error);

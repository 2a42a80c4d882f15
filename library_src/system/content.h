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

/* The bytes of a stamp for `uuid`. All of them but the first 512 are zeros: on a blank disk a power
 * cut leaves a whole stamp or none, since a sector is what disks write as one. */
void stamp_fill(char block[STAMP_SIZE], const char *uuid);

/* Signatures only, superblocks of `types` (NULL-ended; NULL: all known) and, with all, partition
 * tables: types, offsets and order as `wipefs --no-act` of the same libblkid prints them. Cheap: a
 * few blocks, through the page cache; moves the file offset of `fd`. kind is CONTENT_FILESYSTEM,
 * CONTENT_SIGNATURES, or CONTENT_UNKNOWN where no signature was found (which proves nothing), or
 * CONTENT_UNREADABLE where libblkid failed (error_offset is then 0: it doesn't say where). The
 * token is set where an id names the content, else NULL. */
int content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                            struct error *error);

/* The whole answer for a device that nobody uses: signatures, then the places (places.h) read with
 * O_DIRECT after the kernel's cache of the device was dropped; everything with `full_scan` and
 * below 1 GiB. The bytes are left alone where signatures give the token already. `fd` may be
 * read-only; /proc must be mounted. Never returns CONTENT_UNKNOWN; kind is CONTENT_UNREADABLE on an
 * I/O error.
 *
 * token: "<type>:<uuid>" where all signatures are of one kind, undamaged, with an id that is this
 * disk's alone (a GPT's header, backup and protective MBR are one kind; a RAID member's id is the
 * array's); else "data:<sha256>" over the size and every non-zero block of the places (or, where
 * these are zeros and `full_scan` found something, of the device). */
int content_examine(int fd, uint64_t size_bytes, bool full_scan,
                    const struct expected_stamps *stamps, struct content *ret_content,
                    struct error *error);

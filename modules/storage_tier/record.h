/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What survives a kill or a power cut in the middle of making a filesystem: a record on the root
 * filesystem, and its UUID as a stamp on the disk in two places. A record whose stamp isn't on the
 * disk applies to nothing.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "content/content.h"
#include "facts.h"

/* All records of this host; none is no error. A file that is no record is an error that names it.
 */
int intents_read(struct intent_list *ret_intents, struct error *error);

/* When a record last came or went; zero: there has never been one. */
struct timespec intents_changed(void);

/* Why records couldn't be written, NULL: they can. Owned by the caller. */
char *intents_unwritable(void);

/* Writes one durably (file and directory synced), or removes it; a missing one is no error. */
int intent_write(const struct intent *intent, struct error *error);
int intent_remove(const char *uuid, struct error *error);

/* After the stamps of `intent` were written to the disk: removes what killed runs left in the
 * directory, that is temporary files, and other records of this disk, whose stamps are gone now.
 * Records of a disk that is known by its slot alone stay, they may be about another disk. */
int intents_supersede(const struct disk *disk, const struct intent *intent, struct error *error);

/* The identifiers of a disk as one text that stays the same over reboots; "none" where it has none.
 * Owned by the caller. */
char *intent_identity(const struct disk *disk);

enum { STAMP_SIZE = 4096 };

/* The bytes of a stamp for `uuid`. All of them but the first 512 are zeros: on a blank disk a power
 * cut leaves a whole stamp or none, since a sector is what disks write as one. */
void stamp_fill(char block[STAMP_SIZE], const char *uuid);

/* A record's stamps as content_examine() takes them. */
struct stamps {
    char block[STAMP_SIZE];
    struct expected_bytes expected[2]; /* point to `block`: not to be copied */
    size_t count;
};

/* The stamps of `intent`; none where it is NULL. */
void stamps_expect(const struct intent *intent, struct stamps *ret_stamps);

/* Where the two stamps of a record for a device of this size lie. */
void stamp_offsets(uint64_t size_bytes, uint64_t ret_offsets[2]);

/* The device is opened exclusively for each of these and read and written past the page cache:
 * through the cache of a mounted filesystem an erase would hit a user's block. -EBUSY when
 * it is in use. */
int stamps_find(const struct disk *disk, const struct intent *intent, bool *ret_found,
                struct error *error);
int stamps_write(const struct disk *disk, const struct intent *intent, struct error *error);
/* Zeroes those of the record's stamps that are still there, and nothing else. */
int stamps_erase(const struct disk *disk, const struct intent *intent, struct error *error);

/* The UUID of a stamp on a disk that no record of this host is about; NULL where there is none.
 * Owned by the caller. */
int stamps_find_orphan(const struct disk *disk, char **ret_uuid, struct error *error);

/* A random (version 4) UUID as text, from the kernel: the next record's. Owned by the caller. */
int uuid_draw(char **ret_uuid, struct error *error);

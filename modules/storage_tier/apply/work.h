/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What storage_apply()'s parts share: facts stay as they were found, and what the work changes is
 * here. */
#pragma once

#include "facts.h"
#include "module.h"
#include "plan/plan.h"

/* The work on one declared disk. */
struct disk_work {
    const struct disk_request *want;
    const struct found *found;
    char *path;           /* of the tier */
    bool has_record;      /* `record` is the intent record that is about this disk */
    struct intent record; /* as it was found, or as this run wrote it */
    bool stamped;         /* stamps of the record are on the disk */
    bool cleared;         /* what had to be wiped has been */
    bool made;            /* this run made the filesystem that the record names */
    bool recorded;        /* this run wrote the record when the old line of a move went */
    int held_fd;          /* descriptor of the disk, which carries the lock; 0: none */
    int held_lock;        /* of a partition: its whole disk's descriptor, which carries the lock */
};

struct work {
    const struct request *request;
    const struct facts *facts;
    struct progress *progress;
    struct disk_work *disks; /* one for each declared disk */
    struct fstab fstab;      /* the facts', but for `text`, which is the file's as it is now */
    bool *lines_removed;     /* which of the fstab's lines went */
    char *fstab_before; /* the text before the lines of tiers that go went; NULL: they didn't */
    bool backed_up;     /* fstab was kept as the run found it */
    struct string_list unmounted; /* paths of tiers that went */
};

/* fstab.c */

/* Of the filesystem that serves the tier now; NULL: unknown. */
const char *apply_uuid(const struct disk_work *disk);
const char *apply_fstype(const struct disk_work *disk);

/* The tier's line as it is in fstab now; NULL: there is none. */
const struct fstab_line *apply_line(const struct work *work, enum tier tier);

/* Writes the tier's line; then its record goes. */
int apply_fstab(struct work *work, const struct disk_work *disk, struct error *error);

/* The line that this run wrote, as it was before: what can't be mounted now can't be at the next
 * boot. The line of a tier that moved stays: it is what says whose the disk is. */
int apply_restore_line(struct work *work, const struct disk_work *disk, bool *ret_restored,
                       struct error *error);

/* Removes the line of a tier that goes. A filesystem that moves to another tier gets a record
 * first: it is known by that alone until its new line is written. */
int apply_remove_line(struct work *work, enum tier tier, struct error *error);

/* Writes fstab as it was before the first line was removed, and removes those records. */
int apply_put_fstab_back(struct work *work, struct error *error);

/* make.c: the steps that write to a disk */

/* `work` is to be released with disk_work_release(). */
void disk_work_begin(struct disk_work *work, const struct disk_request *want,
                     const struct found *found, const char *root);
void disk_work_release(struct disk_work *work);

int apply_wipe(struct disk_work *disk, bool full_scan, struct error *error);
int apply_mkfs(struct disk_work *disk, bool full_scan, struct error *error);
int apply_finish(struct disk_work *disk, struct error *error);
int apply_grow_swap(struct disk_work *disk, bool full_scan, struct error *error);

/* mount.c */

int apply_mount(struct work *work, const struct disk_work *disk, struct error *error);
int apply_remount(struct work *work, const struct disk_work *disk, struct error *error);

/* leave.c: a step of a tier that goes */

int apply_leave(struct work *work, const struct action *action, struct error *error);

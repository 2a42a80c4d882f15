/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the host: what storage_probe()'s parts share, and what apply and storage_tier_info use.
 */
#pragma once

#include "disk/disk.h"
#include "facts.h"
#include "mount/mount.h"

/* probe.c */

/* The module's probe function: everything the plan needs to know of this host. Writes nothing. */
int storage_probe(const void *request, const void *before, void **ret_facts, struct error *error);

/* host.c */

/* What the host has, whatever is asked for: mounts, swap, disks with the OS disk marked. */
struct host {
    struct mount_list mounts;
    struct swap_list swaps;
    struct disk_list disks;
    bool os_known; /* whether the walk from / led to a disk */
};
int host_read(struct host *ret_host, struct error *error);
void host_release(struct host *host);

/* Reads the signatures of every disk but the OS disk's into `content`, of the tiers' types only or
 * of all; what can't be opened stays CONTENT_UNKNOWN. Cheap. */
void host_read_signatures(struct host *host, bool all_types);

/* A disk that is in use by others: an exclusive open fails. Fills `busy`. */
int disk_test_busy(struct disk *disk, struct error *error);

/* The signatures of one disk, of all known types, into `content`. */
int disk_read_signatures(struct disk *disk, struct error *error);

/* What is on one disk, as the plan judges it: fills `content`, with the proof where nobody uses the
 * disk. */
int disk_examine(struct disk *disk, bool full_scan, const struct intent *stamped,
                 struct error *error);

/* What has been read of the whole host, before each declared disk is examined. */
struct survey {
    const struct request *request;
    const struct facts *before; /* what was found moments ago, NULL: nothing yet */
    struct host host;
    struct intent_list records;
    struct unit_list units;
};

/* resolve.c: from declared disks to devices, waiting for those that aren't attached yet */

struct resolved {
    const struct disk *disk; /* of the host's list; NULL for `os` */
    char *found_by;
};

enum { RESOLVED_MAX = 4 };

/* Reads the host and finds each declared disk in it, for up to the request's device_timeout.
 * `resolved` has RESOLVED_MAX zeroed elements; both are to be released also on failure. */
int resolve_in_time(const struct request *request, struct host *host, struct resolved *resolved,
                    struct error *error);
void resolved_release(struct resolved *resolved);

/* disk.c */

/* Fills facts->found.items[index] of a data disk whose `disk` is set: content, records, use, tools,
 * duplicates. A disk that the survey's `before` proved blank, and that shows no signature now, is
 * not read once more, since that happens again right before mkfs. */
int probe_disk(const struct survey *survey, size_t index, struct facts *facts, struct error *error);

/* What tells a half-made disk: whether its first KiB is zero, and whether a superblock there says
 * that its mkfs did not finish. Past the kernel's cache. */
int disk_read_head(const struct disk *disk, bool *ret_zero, bool *ret_in_progress,
                   struct error *error);

/* directory.c */

/* Fills facts->root and what belongs to it. Refuses a root that can't be one. */
int probe_root(const char *root, struct facts *facts, struct error *error);

/* Fills found->disk with the device of the filesystem that holds the request's root (as far as one
 * is known). */
void probe_os_disk(const char *root, const struct host *host, struct found *found);

/* Fills owner_uid and group_gid. */
void probe_names(const struct disk_request *want, struct found *found);

/* Fills the directory of a tier of files, below its mount and as users see it. After probe_root().
 */
void probe_directory(const struct request *request, enum tier tier, const struct facts *facts,
                     struct found *found);

/* previous.c */

/* Fills facts->previous for each tier. After the declared disks. */
int probe_previous(const struct survey *survey, struct facts *facts, struct error *error);

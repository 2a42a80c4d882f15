#pragma once

#include "disk/disk.h"
#include "facts.h"

/* The module's probe function: everything the plan needs to know of this host. Writes nothing. */
int storage_probe(const void *request, const void *before, void **ret_facts, struct error *error);

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

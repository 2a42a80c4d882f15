/* What is to be known of one declared disk. */
#pragma once

#include "probe.h"

/* Fills `found` for a data disk whose found->disk is set: content, records, use, tools, duplicates.
 * `before`, when given, is what was found moments ago: a disk that was proven blank then, and shows
 * no signature now, is not read once more, since that happens again right before mkfs. */
int probe_disk(const struct request *request, const struct disk_request *want,
               const struct host *host, const struct fstab *fstab,
               const struct intent_list *intents, const struct found *before, struct found *found,
               struct error *error);

/* Fills found->disk with the device of the filesystem that holds `path` (as far as one is known).
 */
void probe_os_disk(const char *path, const struct host *host, struct found *found);

/* What tells a half-made disk: whether its first KiB is zero, and whether a superblock there says
 * that its mkfs did not finish. Past the kernel's cache. */
int disk_read_head(const struct disk *disk, bool *ret_zero, bool *ret_in_progress,
                   struct error *error);

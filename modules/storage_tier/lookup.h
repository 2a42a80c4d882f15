/* Small questions about tiers, disks and our lines of fstab. Pure. */
#pragma once

#include "facts.h"

/* The one undamaged filesystem on the disk, NULL: none. */
const struct signature *found_filesystem(const struct found *found);

/* Our line for a tier, and our line that names a UUID; NULL: none. */
const struct fstab_line *fstab_line_of_tier(const struct fstab *fstab, const char *tier);
const struct fstab_line *fstab_line_of_uuid(const struct fstab *fstab, const char *uuid);

/* "tier-hot": 12 bytes at the most, what XFS can hold. Static. */
const char *tier_label(enum tier tier);

/* "/var/storage/hot". Owned by the caller. */
char *tier_path(const struct request *request, enum tier tier);

/* The tier whose label this is, TIER_COUNT: none of ours. */
enum tier tier_of_label(const char *label);

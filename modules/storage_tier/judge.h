/* What is to become of a declared disk, from what is on it. Pure. */
#pragma once

#include "facts.h"

enum verdict {
    VERDICT_DIRECTORY, /* `os`: nothing is judged */
    VERDICT_KEEP,      /* a finished filesystem or swap of ours */
    VERDICT_ADOPT,     /* somebody else's, kept as it is */
    VERDICT_FINISH,    /* ours, made by a run that was interrupted after mkfs */
    VERDICT_MAKE,      /* blank */
    VERDICT_REMAKE,    /* provably half-made and ours */
    VERDICT_WIPE,      /* content whose destruction the user named by its token */
};

/* Whether a filesystem will be made: its UUID is yet to be drawn. */
bool verdict_makes(enum verdict verdict);

/* What lies around a disk that is judged. */
struct surroundings {
    const char *root;   /* of the tiers: /var/storage */
    const char *target; /* where the tier is, or is to be, mounted */
    const struct fstab *fstab;
    const struct fstab_line
        *line; /* our line for the tier, unless its filesystem moves away; NULL */
};

/* Decides, or refuses. */
int judge_disk(const struct disk_request *want, const struct found *found,
               const struct surroundings *around, enum verdict *ret_verdict, struct error *error);

/* Whether the filesystem has the label of another tier of ours. */
bool judge_is_move(const struct found *found, enum tier tier);

/* Whether `path` is where another tier of ours has this disk mounted: it will be unmounted there.
 */
bool judge_leaves(const struct found *found, const struct surroundings *around, const char *path);

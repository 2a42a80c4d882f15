/* One declared disk on its way through the plan: what is wanted, what was found, what follows.
 * Pure. */
#pragma once

#include "actions.h"
#include "facts.h"
#include "judge.h"

struct tier_view {
    size_t index;
    const struct request *request;
    const struct facts *facts;
    const struct disk_request *want;
    const struct found *found;
    enum verdict verdict;
    char *path;         /* /var/storage/hot; for swap too, where nothing lies */
    const char *uuid;   /* of the filesystem that will serve, NULL: yet to be drawn */
    const char *fstype; /* the same */
    const char *label;
    bool mounted;                  /* the disk is mounted at `path` */
    const struct mount *mount;     /* the entry, NULL: none, or one that leaves before */
    const struct fstab_line *line; /* the tier's line as long as it stays the tier's, NULL: none */
    bool hidden;                   /* another filesystem is at `path` still, and leaves */
    uint64_t grows_to;             /* bytes, 0: stays as it is */
    bool read_only;                /* `ro` is wanted: nothing is written to the filesystem */
    bool too_small;                /* it would grow, were it not for that */
};

struct tier_views {
    const struct request *request;
    const struct facts *facts;
    struct tier_view items[4];
    size_t count;
};

/* Judges every disk and checks what stands in the way; refuses before anything is planned. */
int tier_views_make(const struct request *request, const struct facts *facts,
                    struct tier_views *ret_views, struct error *error);
void tier_views_release(struct tier_views *views);

/* Result keys, facts and warnings of what the host will be after the plan. */
void tier_report(const struct tier_views *views, struct plan *plan);

/* Before and after as text, for the diff. */
struct departures;
void tier_diff(const struct tier_views *views, const struct departures *departures,
               const char *fstab_after, struct plan *plan);

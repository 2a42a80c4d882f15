/*
 * Tiers that go: moved to another tier, replaced by the OS disk, no longer declared (prune), or all
 * of them (absent). Their line goes first, then systemd is told, then they are unmounted: in
 * another order systemd would mount them again. Pure.
 */
#pragma once

#include "tiers.h"

struct departure {
    enum tier tier;
    size_t subject;                /* of its actions */
    const struct fstab_line *line; /* ours, NULL: an earlier run removed it */
    const struct previous *previous;
    const struct tier_view *disk; /* the declared disk that bore the tier, NULL: none */
    const struct tier_view *now;  /* who declares the tier, NULL: nobody */
    const struct directory *directory;
    char *path;
    bool declared_path;  /* it is where the request has the tier */
    bool directory_goes; /* nobody declares the tier there: its empty directory goes too */
    bool leaves;         /* the tier was set up; otherwise a directory is all there is of it */
};

struct departures {
    struct departure items[2 * TIER_COUNT]; /* a second one: below another root than the tier was */
    size_t count;
};

/* Whether what a tier has been so far goes in this run. Needs nothing of the views but what is
 * wanted and found. */
bool departure_due(const struct tier_views *views, enum tier tier);

void departures_make(const struct tier_views *views, struct departures *ret_departures);
void departures_release(struct departures *departures);

/* Adds their actions, or refuses; edits `fstab_after`. */
int departures_plan(const struct departures *departures, const struct tier_views *views,
                    struct plan *plan, char **fstab_after, struct error *error);

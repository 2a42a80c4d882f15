/* The parts of storage_plan(): each adds its actions for one tier. */
#pragma once

#include "plan.h"
#include "steps.h"
#include "tiers.h"

/* What an action is about: the tier and the device that it shows, NULL: none. */
struct plan_subject {
    const char *tier, *device;
    size_t index; /* action.subject */
};

/* Adds an action, which is valid until the next one; steals `detail`. */
struct action *plan_tier_step(struct plan *plan, const struct plan_subject *subject, enum step step,
                              const char *op, char *detail);

/* The same for a declared disk. `view` NULL: about no tier. Steals `detail`. */
struct action *plan_step(struct plan *plan, const struct tier_view *view, enum step step,
                         const char *op, char *detail);

/* Whether the filesystem has to get the tier's label. */
bool plan_relabels(const struct tier_view *view);

void plan_directory(struct plan *plan, const struct tier_view *view);
int plan_permissions(struct plan *plan, const struct tier_view *view, struct error *error);
void plan_remount(struct plan *plan, const struct tier_view *view);
void plan_mount(struct plan *plan, const struct tier_view *view);
int plan_swapoff(struct plan *plan, const struct tier_view *view, struct error *error);
void plan_swapon(struct plan *plan, const struct tier_view *view);

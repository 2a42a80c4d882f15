/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <inttypes.h>

#include "cleanup.h"
#include "text.h"

static json_t *report_size(bool known, uint64_t bytes)
{
    return known ? json_integer((json_int_t)bytes) : json_null();
}

/* What can be known now: a filesystem that isn't mounted, or not made yet, has no space to tell. */
static void report_space(const struct tier_view *view, uint64_t *ret_size, uint64_t *ret_available)
{
    const struct swap *swap = tier_swap(view);

    *ret_size = *ret_available = 0;
    if (view->want->tier == TIER_SWAP && swap && !verdict_makes(view->verdict)) {
        *ret_size = swap->size_bytes;
        *ret_available = swap->size_bytes - swap->used_bytes;
    } else if ((view->want->os && !view->hidden) || (view->mounted && !view->grows_to)) {
        *ret_size = view->found->visible.size_bytes;
        *ret_available = view->found->visible.available_bytes;
    }
}

static json_t *report_tier(const struct tier_view *view)
{
    const struct found *found = view->found;
    const struct signature *fs = found_filesystem(found);
    bool os = view->want->os, swap = view->want->tier == TIER_SWAP;
    uint64_t size, available;

    report_space(view, &size, &available);
    json_t *json = json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "path",
        json_text(swap ? NULL : view->path), "source", os ? "os" : "disk", "device",
        json_text(found->disk.path), "by_id", json_text(found->disk.by_id), "serial",
        json_text(found->disk.serial), "uuid", json_text(os ? fs ? fs->uuid : NULL : view->uuid),
        "label", json_text(os ? fs ? fs->label : NULL : view->label), "fstype",
        json_text(os ? found->filesystem : view->fstype), "size_bytes", report_size(size, size),
        "available_bytes", report_size(size, available), "found_by", json_text(found->found_by));
    if (!swap)
        return json;
    const struct swap *active = tier_swap(view);
    int wanted = view->request->swap_priority;
    json_t *priority = wanted >= 0 ? json_integer(wanted)
                       : active    ? json_integer(active->priority)
                                   : json_null();
    json_object_set_new(json, "priority", priority);
    json_object_set_new(json, "active", json_true());
    return json;
}

static void report_shared(const struct tier_views *views, const struct tier_view *view,
                          struct plan *plan)
{
    for (size_t i = 0; i < views->count; i++)
        if (!views->items[i].want->os && views->items[i].want->tier == view->want->tier) {
            plan_warn(plan,
                      "disks os and %s both have the tier %s: %s serves it, the OS disk serves "
                      "none",
                      views->items[i].want->name, tier_names[view->want->tier],
                      views->items[i].want->name);
            return;
        }
}

/* Our lines in fstab for tiers that the inventory no longer has. */
static void report_undeclared(const struct tier_views *views, struct plan *plan)
{
    const struct fstab *fstab = &views->facts->fstab;

    if (views->request->prune || views->request->absent)
        return;
    for (size_t i = 0; i < fstab->lines.count; i++) {
        const struct fstab_line *line = &fstab->lines.items[i];
        bool declared = line->tier == NULL || line->cloud_init;

        for (int t = 0; t < TIER_COUNT; t++)
            declared |= text_equal(line->tier, tier_names[t]) &&
                        tier_leaves(views->request, views->facts, (enum tier)t);

        for (size_t j = 0; j < views->count; j++)
            declared |= text_equal(line->tier, tier_names[views->items[j].want->tier]);
        if (!declared)
            plan_warn(plan,
                      "tier %s was set up earlier (%s, line %d of fstab) and is no longer "
                      "declared; it stays as it is",
                      line->tier, line->source, line->number);
    }
}

static bool report_is_set_up(const struct tier_views *views, enum tier tier)
{
    const struct previous *previous = &views->facts->previous.items[tier];

    return (fstab_line_of_tier(&views->facts->fstab, tier_names[tier]) || previous->mounted) &&
           !tier_leaves(views->request, views->facts, tier);
}

/* Files on the OS disk in the directory of a tier that is none any more. */
static void report_left_files(const struct tier_views *views, struct plan *plan)
{
    for (size_t t = TIER_HOT; t < views->facts->previous.count; t++) {
        const struct previous *previous = &views->facts->previous.items[t];
        const struct directory *directory =
            previous->path ? &previous->declared : &previous->directory;
        bool declared = report_is_set_up(views, (enum tier)t);

        for (size_t i = 0; i < views->count; i++)
            declared |= views->items[i].want->tier == (enum tier)t;
        if (declared || directory->entries.count == 0)
            continue;
        AUTO_FREE char *path = tier_path(views->request, (enum tier)t);
        plan_warn(plan,
                  "the directory %s isn't empty and belongs to no tier that is declared; its files "
                  "stay there, on the OS disk",
                  path);
    }
}

void tier_report(const struct tier_views *views, struct plan *plan)
{
    json_t *tiers = json_object(), *swap = json_null();

    for (size_t i = 0; i < views->count; i++) {
        const struct tier_view *view = &views->items[i];

        if (view->want->shared) {
            report_shared(views, view, plan);
        } else if (view->want->tier == TIER_SWAP) {
            json_decref(swap);
            swap = report_tier(view);
        } else {
            json_object_set_new(tiers, tier_names[view->want->tier], report_tier(view));
        }
    }
    report_undeclared(views, plan);
    report_left_files(views, plan);
    json_t *storage = json_pack("{s:o, s:o}", "tiers", tiers, "swap", swap);
    json_object_set(plan->result, "storage", storage);
    json_object_set_new(plan->result, "ansible_facts", json_pack("{s:o}", "storage_tier", storage));
}

/* One line of the diff; a text that is NULL is shown as "-". */
struct diff_row {
    enum tier tier;
    const char *path, *device, *fstype, *label, *state;
};

static void diff_add(struct text *text, const struct diff_row *row)
{
    text_addf(text, "%-4s  %s  %s  %s  %s  %s\n", tier_names[row->tier],
              row->tier == TIER_SWAP ? "swap" : row->path, row->device ? row->device : "-",
              row->fstype ? row->fstype : "-", row->label ? row->label : "-", row->state);
}

static void diff_add_directory(struct text *text, enum tier tier, const char *path,
                               const char *fstype)
{
    diff_add(text, &(struct diff_row){.tier = tier,
                                      .path = path,
                                      .device = "(OS disk)",
                                      .fstype = fstype,
                                      .state = "directory"});
}

/* What goes is shown where it was, whatever becomes of its disk. */
static bool diff_shows_departure(const struct departures *departures, const struct tier_view *view)
{
    for (size_t i = 0; i < departures->count; i++) {
        const struct departure *departure = &departures->items[i];

        if (departure->leaves &&
            (departure->disk == view ||
             (view->want->os && departure->now == view && departure->previous->mounted)))
            return true;
    }
    return false;
}

static void diff_add_departure(struct text *text, const struct departure *departure)
{
    const struct previous *previous = departure->previous;
    const struct fstab_line *line = departure->line;
    const char *uuid = previous->uuid ? previous->uuid : line ? line->uuid : NULL;
    const char *device = previous->device ? previous->device : line ? line->source : NULL;
    const char *fstype = previous->fstype ? previous->fstype : line ? line->fstype : NULL;
    AUTO_FREE char *state =
        text_format("%s, %s", uuid ? uuid : "-",
                    previous->mounted || previous->swap_active ? "active" : "not active");

    if (departure->leaves)
        diff_add(text, &(struct diff_row){departure->tier, departure->path, device, fstype,
                                          previous->label, state});
    else
        diff_add_directory(text, departure->tier, departure->path, NULL);
}

static void diff_add_before(struct text *text, const struct tier_view *view)
{
    const struct signature *fs = found_filesystem(view->found);
    bool active = view->mounted || (view->want->tier == TIER_SWAP && tier_swap(view));

    if (view->want->os && view->found->mount_point.exists)
        diff_add_directory(text, view->want->tier, view->path, view->found->filesystem);
    if (!view->want->os && fs) {
        AUTO_FREE char *state = text_format("%s, %s", fs->uuid, active ? "active" : "not active");
        diff_add(text, &(struct diff_row){view->want->tier, view->path, view->found->disk.path,
                                          fs->type, fs->label, state});
    }
}

static void diff_add_after(struct text *text, const struct tier_view *view)
{
    AUTO_FREE char *state = text_format("%s, active", view->uuid ? view->uuid : "<new>");

    if (view->want->os)
        diff_add_directory(text, view->want->tier, view->path, view->found->filesystem);
    else
        diff_add(text, &(struct diff_row){view->want->tier, view->path, view->found->disk.path,
                                          view->fstype, view->label, state});
}

void tier_diff(const struct planning *planning)
{
    const struct tier_views *views = planning->views;
    const struct departures *departures = planning->departures;
    const struct fstab *fstab = &views->facts->fstab;
    AUTO_TEXT struct text before = {0}, after = {0};

    for (size_t i = 0; i < departures->count; i++)
        diff_add_departure(&before, &departures->items[i]);
    for (size_t i = 0; i < views->count; i++) {
        if (views->items[i].want->shared)
            continue;
        if (!diff_shows_departure(departures, &views->items[i]))
            diff_add_before(&before, &views->items[i]);
        diff_add_after(&after, &views->items[i]);
    }
    AUTO_FREE char *before_text = text_take(&before), *after_text = text_take(&after);
    plan_diff(planning->plan, fstab->path ? fstab->path : "/etc/fstab",
              fstab->text ? fstab->text : "", planning->fstab_after);
    plan_diff(planning->plan, "storage tiers", before_text, after_text);
}

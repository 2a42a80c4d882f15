#include <inttypes.h>

#include "cleanup.h"
#include "departures.h"
#include "text.h"
#include "tiers.h"

static json_t *size_or_null(bool known, uint64_t bytes)
{
    return known ? json_integer((json_int_t)bytes) : json_null();
}

static const struct swap *swap_of(const struct tier_view *view)
{
    for (size_t i = 0; i < view->facts->swaps.count; i++)
        if (view->facts->swaps.items[i].devno == view->found->disk.devno)
            return &view->facts->swaps.items[i];
    return NULL;
}

/* What can be known now: a filesystem that isn't mounted, or not made yet, has no space to tell. */
static void known_space(const struct tier_view *view, uint64_t *ret_size, uint64_t *ret_available)
{
    const struct swap *swap = swap_of(view);

    *ret_size = *ret_available = 0;
    if (view->want->tier == TIER_SWAP && swap && !verdict_makes(view->verdict)) {
        *ret_size = swap->size_bytes;
        *ret_available = swap->size_bytes - swap->used_bytes;
    } else if ((view->want->os && !view->hidden) || (view->mounted && !view->grows_to)) {
        *ret_size = view->found->visible.size_bytes;
        *ret_available = view->found->visible.available_bytes;
    }
}

static json_t *describe(const struct tier_view *view)
{
    const struct found *found = view->found;
    const struct signature *fs = found_filesystem(found);
    bool os = view->want->os, swap = view->want->tier == TIER_SWAP;
    uint64_t size, available;

    known_space(view, &size, &available);
    json_t *json = json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "path",
        json_text(swap ? NULL : view->path), "source", os ? "os" : "disk", "device",
        json_text(found->disk.path), "by_id", json_text(found->disk.by_id), "serial",
        json_text(found->disk.serial), "uuid", json_text(os ? fs ? fs->uuid : NULL : view->uuid),
        "label", json_text(os ? fs ? fs->label : NULL : view->label), "fstype",
        json_text(os ? found->filesystem : view->fstype), "size_bytes", size_or_null(size, size),
        "available_bytes", size_or_null(size, available), "found_by", json_text(found->found_by));
    if (!swap)
        return json;
    const struct swap *active = swap_of(view);
    int wanted = view->request->swap_priority;
    json_t *priority = wanted >= 0 ? json_integer(wanted)
                       : active    ? json_integer(active->priority)
                                   : json_null();
    json_object_set_new(json, "priority", priority);
    json_object_set_new(json, "active", json_true());
    return json;
}

static void warn_shared(const struct tier_views *views, const struct tier_view *view,
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
static void warn_undeclared(const struct tier_views *views, struct plan *plan)
{
    const struct fstab *fstab = &views->facts->fstab;

    if (views->request->prune || views->request->absent)
        return;
    for (size_t i = 0; i < fstab->lines.count; i++) {
        const struct fstab_line *line = &fstab->lines.items[i];
        bool declared = line->tier == NULL || line->cloud_init;

        for (int t = 0; t < TIER_COUNT; t++)
            declared |= text_equal(line->tier, tier_names[t]) && departure_due(views, (enum tier)t);

        for (size_t j = 0; j < views->count; j++)
            declared |= text_equal(line->tier, tier_names[views->items[j].want->tier]);
        if (!declared)
            plan_warn(plan,
                      "tier %s was set up earlier (%s, line %d of fstab) and is no longer "
                      "declared; it stays as it is",
                      line->tier, line->source, line->number);
    }
}

static bool is_set_up(const struct tier_views *views, enum tier tier)
{
    const struct previous *previous = &views->facts->previous.items[tier];

    return (fstab_line_of_tier(&views->facts->fstab, tier_names[tier]) || previous->mounted) &&
           !departure_due(views, tier);
}

/* Files on the OS disk in the directory of a tier that is none any more. */
static void warn_left_files(const struct tier_views *views, struct plan *plan)
{
    for (size_t t = TIER_HOT; t < views->facts->previous.count; t++) {
        const struct previous *previous = &views->facts->previous.items[t];
        const struct directory *directory =
            previous->path ? &previous->declared : &previous->directory;
        bool declared = is_set_up(views, (enum tier)t);

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
            warn_shared(views, view, plan);
        } else if (view->want->tier == TIER_SWAP) {
            json_decref(swap);
            swap = describe(view);
        } else {
            json_object_set_new(tiers, tier_names[view->want->tier], describe(view));
        }
    }
    warn_undeclared(views, plan);
    warn_left_files(views, plan);
    json_t *storage = json_pack("{s:o, s:o}", "tiers", tiers, "swap", swap);
    json_object_set(plan->result, "storage", storage);
    json_object_set_new(plan->result, "ansible_facts", json_pack("{s:o}", "storage_tier", storage));
}

static void row(struct text *text, enum tier tier, const char *path, const char *device,
                const char *fstype, const char *label, const char *state)
{
    text_addf(text, "%-4s  %s  %s  %s  %s  %s\n", tier_names[tier],
              tier == TIER_SWAP ? "swap" : path, device, fstype ? fstype : "-", label ? label : "-",
              state);
}

/* What goes is shown where it was, whatever becomes of its disk. */
static bool goes(const struct departures *departures, const struct tier_view *view)
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

static void row_of_departure(struct text *text, const struct departure *departure)
{
    const struct previous *previous = departure->previous;
    const struct fstab_line *line = departure->line;
    const char *uuid = previous->uuid ? previous->uuid : line ? line->uuid : NULL;
    AUTO_FREE char *state =
        text_format("%s, %s", uuid ? uuid : "-",
                    previous->mounted || previous->swap_active ? "active" : "not active");

    if (!departure->leaves) {
        row(text, departure->tier, departure->path, "(OS disk)", NULL, NULL, "directory");
        return;
    }
    row(text, departure->tier, departure->path,
        previous->device ? previous->device
        : line           ? line->source
                         : "-",
        previous->fstype ? previous->fstype
        : line           ? line->fstype
                         : NULL,
        previous->label, state);
}

static void row_before(struct text *text, const struct tier_view *view)
{
    const struct signature *fs = found_filesystem(view->found);
    bool active = view->mounted || (view->want->tier == TIER_SWAP && swap_of(view));

    if (view->want->os && view->found->mount_point.exists)
        row(text, view->want->tier, view->path, "(OS disk)", view->found->filesystem, NULL,
            "directory");
    if (!view->want->os && fs) {
        AUTO_FREE char *state = text_format("%s, %s", fs->uuid, active ? "active" : "not active");
        row(text, view->want->tier, view->path, view->found->disk.path, fs->type, fs->label, state);
    }
}

static void row_after(struct text *text, const struct tier_view *view)
{
    AUTO_FREE char *state = text_format("%s, active", view->uuid ? view->uuid : "<new>");
    bool os = view->want->os;

    row(text, view->want->tier, view->path, os ? "(OS disk)" : view->found->disk.path,
        os ? view->found->filesystem : view->fstype, os ? NULL : view->label,
        os ? "directory" : state);
}

void tier_diff(const struct tier_views *views, const struct departures *departures,
               const char *fstab_after, struct plan *plan)
{
    const struct fstab *fstab = &views->facts->fstab;
    AUTO_TEXT struct text before = {0}, after = {0};

    for (size_t i = 0; i < departures->count; i++)
        row_of_departure(&before, &departures->items[i]);
    for (size_t i = 0; i < views->count; i++) {
        if (views->items[i].want->shared)
            continue;
        if (!goes(departures, &views->items[i]))
            row_before(&before, &views->items[i]);
        row_after(&after, &views->items[i]);
    }
    AUTO_FREE char *before_text = text_take(&before), *after_text = text_take(&after);
    plan_diff(plan, fstab->path ? fstab->path : "/etc/fstab", fstab->text ? fstab->text : "",
              fstab_after);
    plan_diff(plan, "storage tiers", before_text, after_text);
}

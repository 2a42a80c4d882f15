/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <stdlib.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

void departures_release(struct departures *departures)
{
    for (size_t i = 0; i < departures->count; i++)
        free(departures->items[i].path);
    *departures = (struct departures){0};
}

static bool departure_is_empty(const struct directory *directory)
{
    return directory->exists && directory->is_directory && directory->entries.count == 0;
}

static void departure_make(const struct tier_views *views, const struct departure *departure,
                           const char *path, struct departures *departures)
{
    AUTO_FREE char *declared_path = tier_path(views->request, departure->tier);
    bool absent = views->request->absent && departure->tier != TIER_SWAP;

    if (!departure->leaves &&
        !(absent && (departure_is_empty(departure->directory) || departure->directory->immutable)))
        return;
    struct departure *item = &departures->items[departures->count++];
    *item = *departure;
    item->path = alloc_string(path ? path : declared_path);
    item->declared_path = text_equal(item->path, declared_path);
    item->directory_goes =
        !(item->now && item->declared_path) && departure_is_empty(item->directory);
}

static const struct tier_view *departure_view(const struct tier_views *views, int disk)
{
    return disk < 0 ? NULL : &views->items[disk];
}

void departures_make(const struct tier_views *views, struct departures *ret_departures)
{
    static const struct previous nothing;
    const struct request *request = views->request;
    const struct facts *facts = views->facts;

    for (size_t t = 0; t < TIER_COUNT && t < facts->previous.count; t++) {
        const struct previous *previous = &facts->previous.items[t];
        enum tier tier = (enum tier)t;
        struct departure departure = {.tier = tier,
                                      .subject = t,
                                      .previous = previous,
                                      .directory = &previous->directory,
                                      .now =
                                          departure_view(views, tier_declared_disk(request, tier)),
                                      .leaves = tier_leaves(request, facts, tier)};

        if (departure.leaves) {
            departure.line = fstab_line_of_tier(&facts->fstab, tier_names[tier]);
            departure.disk = departure_view(views, tier_serving_disk(request, facts, tier));
        }
        departure_make(views, &departure, previous->path, ret_departures);
        if (!previous->path)
            continue;
        departure = (struct departure){.tier = tier,
                                       .subject = TIER_COUNT + t,
                                       .previous = &nothing,
                                       .directory = &previous->declared,
                                       .now = departure.now};
        departure_make(views, &departure, NULL, ret_departures);
    }
}

static void departure_add(struct plan *plan, const struct departure *departure, enum step step,
                          const char *op, char *detail)
{
    struct plan_subject subject = {0};

    if (departure)
        subject = (struct plan_subject){tier_names[departure->tier], departure->previous->device,
                                        departure->subject};
    plan_tier_step(plan, &subject, step, op, detail);
}

/* Something else at the tier's path: its directory couldn't go, and perhaps hides the tier. */
static int departure_check_mounts(const struct departure *departure,
                                  const struct mount_list *mounts, struct error *error)
{
    size_t expected = departure->previous->mounted;

    if (departure->tier == TIER_SWAP ||
        (departure->declared_path && departure->now && departure->now->mounted))
        return 0;
    for (size_t i = 0; i < mounts->count; i++)
        if (text_equal(mounts->items[i].target, departure->path) && expected-- == 0)
            return error_refuse(
                error, "mount-point-in-use",
                "tier %s is to go, but %s is mounted at %s, and that isn't known as "
                "the tier; unmount it and run again",
                tier_names[departure->tier], mounts->items[i].source, departure->path);
    return 0;
}

/* It would mount the tier again, at the next boot at the latest. */
static int departure_check_lines(const struct departure *departure, const struct fstab *fstab,
                                 struct error *error)
{
    const struct fstab_line *line =
        departure->previous->mounted ? fstab_line_of_others(fstab, departure->path) : NULL;

    return line ? error_refuse(error, "fstab-foreign-line",
                               "tier %s is to go, but line %d of fstab, which is not the tier's, "
                               "mounts something at its path: %s. Remove that line and run again",
                               tier_names[departure->tier], line->number, line->text)
                : 0;
}

static int departure_check(const struct departure *departure, const struct facts *facts,
                           struct error *error)
{
    const struct previous *previous = departure->previous;

    if (departure->previous->mounted && previous->users)
        return error_refuse(
            error, "mount-busy",
            "tier %s (%s) is to be unmounted from %s, but it is busy: %s; stop that "
            "and run again",
            tier_names[departure->tier], previous->device ? previous->device : "?", departure->path,
            previous->users);
    int r = departure_check_lines(departure, &facts->fstab, error);
    return r < 0 ? r : departure_check_mounts(departure, &facts->mounts, error);
}

static void departure_plan_line(struct planning *planning, const struct departure *departure,
                                const struct fstab_line *line)
{
    char *after = fstab_text_edit(planning->fstab_after, line->text, NULL);

    free(planning->fstab_after);
    planning->fstab_after = after;
    departure_add(planning->plan, departure, STEP_LEAVE_FSTAB, "fstab",
                  text_format("remove line %d: %s", line->number, line->text));
}

/* Each of ours for the tier: somebody may have copied one. */
static int departure_plan_lines(struct planning *planning, const struct departure *departure,
                                struct error *error)
{
    const struct fstab *fstab = &planning->views->facts->fstab;
    const char *tier = tier_names[departure->tier];

    if (!departure->line)
        return 0;
    if (fstab->unwritable)
        return error_refuse(error, "fstab-unwritable",
                            "the line of tier %s is to be removed from fstab, but %s", tier,
                            fstab->unwritable);
    for (size_t i = 0; i < fstab->lines.count; i++)
        if (text_equal(fstab->lines.items[i].tier, tier) && !fstab->lines.items[i].cloud_init)
            departure_plan_line(planning, departure, &fstab->lines.items[i]);
    return 0;
}

static int departures_plan_lines(struct planning *planning, struct error *error)
{
    const struct departures *departures = planning->departures;
    const struct facts *facts = planning->views->facts;
    bool reload = false;
    int r = 0;

    for (size_t i = 0; i < departures->count && r == 0; i++) {
        const struct departure *departure = &departures->items[i];

        r = departure_check(departure, facts, error);
        if (r == 0)
            r = departure_plan_lines(planning, departure, error);
        reload |=
            departure->line || departure->previous->mounted || departure->previous->swap_active;
    }
    if (r == 0 && reload && facts->systemd)
        departure_add(planning->plan, NULL, STEP_DAEMON_RELOAD, "daemon_reload",
                      alloc_string("systemctl daemon-reload"));
    return r;
}

static void departure_plan_umount(struct plan *plan, const struct departure *departure)
{
    if (departure->previous->mounted)
        departure_add(plan, departure, STEP_LEAVE_UMOUNT, "umount", alloc_string(departure->path));
}

static int departure_plan_swapoff(struct plan *plan, const struct departure *departure,
                                  const struct facts *facts, struct error *error)
{
    const struct previous *previous = departure->previous;

    if (!previous->swap_active)
        return 0;
    if (facts->memory_available_bytes <= previous->swap_used_bytes)
        return error_refuse(
            error, "swap-in-use",
            "swap on %s is to be switched off, but memory can't hold the %llu bytes "
            "in it; run again when less is used",
            previous->device, (unsigned long long)previous->swap_used_bytes);
    departure_add(plan, departure, STEP_LEAVE_SWAPOFF, "swapoff",
                  alloc_string("it is swap no longer"));
    return 0;
}

static void departure_plan_directory(struct plan *plan, const struct departure *departure)
{
    bool declared_there = departure->now && departure->declared_path;

    if (departure->tier == TIER_SWAP || declared_there)
        return;
    if (departure->directory->immutable)
        departure_add(plan, departure, STEP_LEAVE_IMMUTABLE, "chattr",
                      text_format("-i %s", departure->path));
    if (departure->directory_goes)
        departure_add(plan, departure, STEP_LEAVE_RMDIR, "rmdir", alloc_string(departure->path));
}

/* Somebody may look for the tier's data at its path: the warning says where it is. */
static void departure_warn(struct plan *plan, const struct departure *departure)
{
    const struct tier_view *disk = departure->disk;
    const char *device = departure->previous->device;

    if (!departure->line || !departure->now || !departure->now->want->os ||
        (disk && verdict_makes(disk->verdict)))
        return;
    if (!device)
        device = departure->line->source;
    if (disk)
        plan_warn(plan,
                  "tier %s is a directory of the OS disk from now on; its data so far is tier %s, "
                  "on %s",
                  tier_names[departure->tier], tier_names[disk->want->tier], device);
    else
        plan_warn(plan,
                  "tier %s is a directory of the OS disk from now on; its data so far stays on %s",
                  tier_names[departure->tier], device);
}

int plan_departures(struct planning *planning, struct error *error)
{
    const struct departures *departures = planning->departures;
    const struct facts *facts = planning->views->facts;
    struct plan *plan = planning->plan;
    int r = departures_plan_lines(planning, error);

    for (size_t i = 0; i < departures->count && r == 0; i++)
        departure_plan_umount(plan, &departures->items[i]);
    for (size_t i = 0; i < departures->count && r == 0; i++)
        r = departure_plan_swapoff(plan, &departures->items[i], facts, error);
    for (size_t i = 0; i < departures->count && r == 0; i++)
        departure_plan_directory(plan, &departures->items[i]);
    for (size_t i = 0; i < departures->count && r == 0; i++)
        departure_warn(plan, &departures->items[i]);
    return r;
}

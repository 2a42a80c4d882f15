#include "departures.h"

#include "alloc.h"
#include "cleanup.h"
#include "fstab_text.h"
#include "plan_parts.h"
#include "refuse.h"
#include "text.h"

void departures_release(struct departures *departures)
{
    for (size_t i = 0; i < departures->count; i++)
        free(departures->items[i].path);
    *departures = (struct departures){0};
}

/* Who declares the tier: a data disk before the OS disk. */
static const struct tier_view *declared(const struct tier_views *views, enum tier tier)
{
    const struct tier_view *found = NULL;

    for (size_t i = 0; i < views->count; i++)
        if (views->items[i].want->tier == tier && (!found || found->want->os))
            found = &views->items[i];
    return found;
}

/* The declared disk that bore this tier until now: by its line, or by what is in use as the tier.
 */
static const struct tier_view *bearer(const struct tier_views *views, const struct fstab_line *line,
                                      const struct previous *previous)
{
    const struct tier_view *by_device = NULL;

    for (size_t i = 0; i < views->count; i++) {
        const struct tier_view *view = &views->items[i];
        const struct signature *fs = found_filesystem(view->found);

        if (view->want->os)
            continue;
        if (line && fs && fs->uuid && text_equal(fs->uuid, line->uuid))
            return view;
        if (previous->devno && view->found->disk.devno == previous->devno)
            by_device = view;
    }
    return by_device;
}

bool departure_due(const struct tier_views *views, enum tier tier)
{
    const struct request *request = views->request;
    const struct fstab_line *line = fstab_line_of_tier(&views->facts->fstab, tier_names[tier]);
    const struct previous *previous =
        views->facts->previous.count > tier ? &views->facts->previous.items[tier] : NULL;
    const struct tier_view *now = declared(views, tier);

    if (!previous || (!line && !previous->mounted && !previous->swap_active))
        return false;
    const struct tier_view *disk = bearer(views, line, previous);
    if (disk)
        return disk->want->tier != tier;
    return now ? now->want->os : request->absent || request->prune;
}

static bool is_empty(const struct directory *directory)
{
    return directory->exists && directory->is_directory && directory->entries.count == 0;
}

static void make(const struct tier_views *views, const struct departure *departure,
                 const char *path, struct departures *departures)
{
    AUTO_FREE char *declared_path = tier_path(views->request, departure->tier);
    bool absent = views->request->absent && departure->tier != TIER_SWAP;

    if (!departure->leaves &&
        !(absent && (is_empty(departure->directory) || departure->directory->immutable)))
        return;
    struct departure *item = &departures->items[departures->count++];
    *item = *departure;
    item->path = alloc_string(path ? path : declared_path);
    item->declared_path = text_equal(item->path, declared_path);
    item->directory_goes = !(item->now && item->declared_path) && is_empty(item->directory);
}

void departures_make(const struct tier_views *views, struct departures *ret_departures)
{
    static const struct previous nothing;
    const struct facts *facts = views->facts;

    for (size_t t = 0; t < TIER_COUNT && t < facts->previous.count; t++) {
        const struct previous *previous = &facts->previous.items[t];
        const struct fstab_line *line = fstab_line_of_tier(&facts->fstab, tier_names[t]);
        struct departure departure = {.tier = (enum tier)t,
                                      .subject = t,
                                      .previous = previous,
                                      .directory = &previous->directory,
                                      .now = declared(views, (enum tier)t),
                                      .leaves = departure_due(views, (enum tier)t)};

        if (departure.leaves) {
            departure.line = line;
            departure.disk = bearer(views, line, previous);
        }
        make(views, &departure, previous->path, ret_departures);
        if (!previous->path)
            continue;
        departure = (struct departure){.tier = (enum tier)t,
                                       .subject = TIER_COUNT + t,
                                       .previous = &nothing,
                                       .directory = &previous->declared,
                                       .now = departure.now};
        make(views, &departure, NULL, ret_departures);
    }
}

static void add(struct plan *plan, const struct departure *departure, enum step step,
                const char *op, char *detail)
{
    struct plan_subject subject = {0};

    if (departure)
        subject = (struct plan_subject){tier_names[departure->tier], departure->previous->device,
                                        departure->subject};
    plan_tier_step(plan, &subject, step, op, detail);
}

/* Something else at the tier's path: its directory couldn't go, and perhaps hides the tier. */
static int check_mounts(const struct departure *departure, const struct mount_list *mounts,
                        struct error *error)
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
static int check_lines(const struct departure *departure, const struct fstab *fstab,
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

static int refuse(const struct departure *departure, const struct facts *facts, struct error *error)
{
    const struct previous *previous = departure->previous;

    if (departure->previous->mounted && previous->users)
        return error_refuse(
            error, "mount-busy",
            "tier %s (%s) is to be unmounted from %s, but it is busy: %s; stop that "
            "and run again",
            tier_names[departure->tier], previous->device ? previous->device : "?", departure->path,
            previous->users);
    int r = check_lines(departure, &facts->fstab, error);
    return r < 0 ? r : check_mounts(departure, &facts->mounts, error);
}

static void plan_line(struct plan *plan, const struct departure *departure,
                      const struct fstab_line *line, char **fstab_after)
{
    char *after = fstab_text_edit(*fstab_after, line->text, NULL);

    free(*fstab_after);
    *fstab_after = after;
    add(plan, departure, STEP_LEAVE_FSTAB, "fstab",
        text_format("remove line %d: %s", line->number, line->text));
}

/* Each of ours for the tier: somebody may have copied one. */
static int plan_its_lines(struct plan *plan, const struct departure *departure, char **fstab_after,
                          const struct fstab *fstab, struct error *error)
{
    const char *tier = tier_names[departure->tier];

    if (!departure->line)
        return 0;
    if (fstab->unwritable)
        return error_refuse(error, "fstab-unwritable",
                            "the line of tier %s is to be removed from fstab, but %s", tier,
                            fstab->unwritable);
    for (size_t i = 0; i < fstab->lines.count; i++)
        if (text_equal(fstab->lines.items[i].tier, tier) && !fstab->lines.items[i].cloud_init)
            plan_line(plan, departure, &fstab->lines.items[i], fstab_after);
    return 0;
}

static int plan_lines(const struct departures *departures, const struct facts *facts,
                      struct plan *plan, char **fstab_after, struct error *error)
{
    bool reload = false;
    int r = 0;

    for (size_t i = 0; i < departures->count && r == 0; i++) {
        const struct departure *departure = &departures->items[i];

        r = refuse(departure, facts, error);
        if (r == 0)
            r = plan_its_lines(plan, departure, fstab_after, &facts->fstab, error);
        reload |=
            departure->line || departure->previous->mounted || departure->previous->swap_active;
    }
    if (r == 0 && reload && facts->systemd)
        add(plan, NULL, STEP_DAEMON_RELOAD, "daemon_reload",
            alloc_string("systemctl daemon-reload"));
    return r;
}

static void plan_umount(struct plan *plan, const struct departure *departure)
{
    if (departure->previous->mounted)
        add(plan, departure, STEP_LEAVE_UMOUNT, "umount", alloc_string(departure->path));
}

static int plan_swap_away(struct plan *plan, const struct departure *departure,
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
    add(plan, departure, STEP_LEAVE_SWAPOFF, "swapoff", alloc_string("it is swap no longer"));
    return 0;
}

static void plan_directory_away(struct plan *plan, const struct departure *departure)
{
    bool declared_there = departure->now && departure->declared_path;

    if (departure->tier == TIER_SWAP || declared_there)
        return;
    if (departure->directory->immutable)
        add(plan, departure, STEP_LEAVE_IMMUTABLE, "chattr", text_format("-i %s", departure->path));
    if (departure->directory_goes)
        add(plan, departure, STEP_LEAVE_RMDIR, "rmdir", alloc_string(departure->path));
}

/* Who looks for the tier's data should know where it is. */
static void warn(struct plan *plan, const struct departure *departure)
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

int departures_plan(const struct departures *departures, const struct tier_views *views,
                    struct plan *plan, char **fstab_after, struct error *error)
{
    int r = plan_lines(departures, views->facts, plan, fstab_after, error);

    for (size_t i = 0; i < departures->count && r == 0; i++)
        plan_umount(plan, &departures->items[i]);
    for (size_t i = 0; i < departures->count && r == 0; i++)
        r = plan_swap_away(plan, &departures->items[i], views->facts, error);
    for (size_t i = 0; i < departures->count && r == 0; i++)
        plan_directory_away(plan, &departures->items[i]);
    for (size_t i = 0; i < departures->count && r == 0; i++)
        warn(plan, &departures->items[i]);
    return r;
}

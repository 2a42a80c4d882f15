/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <stdlib.h>

#include "cleanup.h"
#include "filesystems.h"
#include "mount_options.h"
#include "text.h"

void tier_views_release(struct tier_views *views)
{
    for (size_t i = 0; i < views->count; i++)
        free(views->items[i].path);
    *views = (struct tier_views){0};
}

const struct swap *tier_swap(const struct tier_view *view)
{
    for (size_t i = 0; i < view->facts->swaps.count; i++)
        if (view->facts->swaps.items[i].devno == view->found->disk.devno)
            return &view->facts->swaps.items[i];
    return NULL;
}

int tier_declared_disk(const struct request *request, enum tier tier)
{
    int declared = -1;

    for (size_t i = 0; i < request->disks.count; i++)
        if (request->disks.items[i].tier == tier &&
            (declared < 0 || request->disks.items[declared].os))
            declared = (int)i;
    return declared;
}

int tier_serving_disk(const struct request *request, const struct facts *facts, enum tier tier)
{
    const struct fstab_line *line = fstab_line_of_tier(&facts->fstab, tier_names[tier]);
    const struct previous *previous = &facts->previous.items[tier];
    int by_device = -1;

    for (size_t i = 0; i < request->disks.count; i++) {
        const struct found *found = &facts->found.items[i];
        const struct signature *fs = found_filesystem(found);

        if (request->disks.items[i].os)
            continue;
        if (line && fs && fs->uuid && text_equal(fs->uuid, line->uuid))
            return (int)i;
        if (previous->devno && found->disk.devno == previous->devno)
            by_device = (int)i;
    }
    return by_device;
}

bool tier_leaves(const struct request *request, const struct facts *facts, enum tier tier)
{
    const struct previous *previous =
        facts->previous.count > tier ? &facts->previous.items[tier] : NULL;
    bool has_line = fstab_line_of_tier(&facts->fstab, tier_names[tier]) != NULL;
    int declared = tier_declared_disk(request, tier);

    if (!previous || (!has_line && !previous->mounted && !previous->swap_active))
        return false;
    int serving = tier_serving_disk(request, facts, tier);
    if (serving >= 0)
        return request->disks.items[serving].tier != tier;
    return declared >= 0 ? request->disks.items[declared].os : request->absent || request->prune;
}

/* A bind mount of a directory; a subvolume is btrfs' own way of being mounted. */
static bool tier_is_partly_mounted(const struct mount *mount)
{
    const struct filesystem *filesystem = filesystem_find(mount->fstype);

    return mount->root && !text_equal(mount->root, "/") &&
           !(filesystem && filesystem->has_subvolumes);
}

/* The mounts at the tier's path: none, or exactly this disk, once. */
static int tier_find_mount(struct tier_view *view, struct error *error)
{
    for (size_t i = 0; i < view->facts->mounts.count; i++) {
        const struct mount *mount = &view->facts->mounts.items[i];

        if (!text_equal(mount->target, view->path))
            continue;
        if (view->mount)
            return refuse_disk(error, "mounted-twice", view->want, view->found,
                               "serves tier %s, and %s is mounted over more than once; unmount all "
                               "but the right one",
                               tier_names[view->want->tier], view->path);
        view->mount = mount;
    }
    if (!view->mount)
        return 0;
    view->mounted = !view->want->os && string_list_has(&view->found->disk.mounts, view->path);
    if (view->mounted && !tier_is_partly_mounted(view->mount))
        return 0;
    if (view->mounted)
        return refuse_disk(error, "mount-point-in-use", view->want, view->found,
                           "is declared as tier %s, but at %s only its directory %s is mounted; "
                           "unmount that and run again",
                           tier_names[view->want->tier], view->path, view->mount->root);
    if (tier_leaves(view->request, view->facts, view->want->tier)) {
        view->mount = NULL;
        view->hidden = true;
        return 0;
    }
    return refuse_disk(error, "mount-point-in-use", view->want, view->found,
                       "is declared as tier %s, but %s is mounted at %s; unmount that first",
                       tier_names[view->want->tier], view->mount->source, view->path);
}

static void tier_fill_after(struct tier_view *view)
{
    const struct signature *fs = found_filesystem(view->found);

    if (view->verdict == VERDICT_DIRECTORY)
        return;
    view->fstype = verdict_makes(view->verdict) ? view->want->fstype : fs->type;
    view->uuid = verdict_makes(view->verdict) ? NULL : fs->uuid;
    view->read_only = mount_options_has(view->want->mount_options, "ro");
    bool kept =
        view->verdict == VERDICT_ADOPT || (view->read_only && !verdict_makes(view->verdict));
    view->label = kept ? fs->label : tier_label(view->want->tier);
}

static int tier_find_growing(struct tier_view *view, struct error *error)
{
    const struct disk *disk = &view->found->disk;
    uint64_t now = disk->content.filesystem_bytes;
    bool ours = view->verdict == VERDICT_KEEP || view->verdict == VERDICT_FINISH;

    if (!ours || !view->request->grow || now == 0 ||
        !filesystem_is_worth_growing(filesystem_find(view->fstype), now, disk->size_bytes))
        return 0;
    view->too_small = view->read_only;
    view->grows_to = view->read_only ? 0 : disk->size_bytes;
    if (view->read_only)
        return 0;
    if (!view->found->grow_tool_missing)
        return 0;
    AUTO_FREE char *programs = filesystem_grow_programs();
    return refuse_disk(error, "tool-missing", view->want, view->found,
                       "serves tier %s and is to grow, but the program for %s is not installed "
                       "(%s); install it or write grow: false",
                       tier_names[view->want->tier], view->fstype, programs);
}

static int tier_judge(struct tier_view *view, struct error *error)
{
    const struct surroundings around = {view->request->root, view->path, &view->facts->fstab,
                                        view->line};

    if (view->want->os && view->want->shared)
        return 0;
    int r = judge_disk(view->want, view->found, &around, &view->verdict, error);
    if (r < 0)
        return r;
    tier_fill_after(view);
    r = fstab_check(view->want, view->found, &around, view->uuid, error);
    if (r == 0 && view->found->unit)
        r = refuse_disk(error, "unit-conflict", view->want, view->found,
                        "serves tier %s, but the systemd unit %s claims the same; remove that unit",
                        tier_names[view->want->tier], view->found->unit);
    if (r == 0 && view->want->tier != TIER_SWAP)
        r = tier_find_mount(view, error);
    if (r == 0 && view->want->tier != TIER_SWAP)
        r = check_mount_point(view, error);
    if (r == 0)
        r = check_names(view, error);
    if (r == 0)
        r = check_health(view, error);
    return r < 0 ? r : tier_find_growing(view, error);
}

/* Everything about a view that needs no judgement; the others depend on it. */
static void tier_views_fill(const struct request *request, const struct facts *facts,
                            struct tier_views *views)
{
    views->request = request;
    views->facts = facts;
    for (size_t i = 0; i < request->disks.count; i++) {
        struct tier_view *view = &views->items[views->count++];

        *view = (struct tier_view){.index = i,
                                   .request = request,
                                   .facts = facts,
                                   .want = &request->disks.items[i],
                                   .found = &facts->found.items[i],
                                   .path = tier_path(request, request->disks.items[i].tier)};
    }
    for (size_t i = 0; i < views->count; i++) {
        enum tier tier = views->items[i].want->tier;

        if (!tier_leaves(request, facts, tier))
            views->items[i].line = fstab_line_of_tier(&facts->fstab, tier_names[tier]);
    }
}

int tier_views_make(const struct request *request, const struct facts *facts,
                    struct tier_views *ret_views, struct error *error)
{
    int r = check_host(request, facts, error);

    if (r < 0)
        return r;
    tier_views_fill(request, facts, ret_views);
    for (size_t i = 0; i < ret_views->count && r == 0; i++)
        r = tier_judge(&ret_views->items[i], error);
    if (r < 0)
        tier_views_release(ret_views);
    return r;
}

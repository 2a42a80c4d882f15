#include "tiers.h"

#include "cleanup.h"
#include "departures.h"
#include "filesystems.h"
#include "fstab_text.h"
#include "mount_options.h"
#include "refuse.h"
#include "text.h"

void tier_views_release(struct tier_views *views)
{
    for (size_t i = 0; i < views->count; i++)
        free(views->items[i].path);
    *views = (struct tier_views){0};
}

static bool holds(const struct string_list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], item))
            return true;
    return false;
}

static int check_host(const struct request *request, const struct facts *facts, struct error *error)
{
    if (!facts->root_user)
        return error_refuse(error, "not-root",
                            "storage_tier needs root: use become (become: true, or ansible -b)");
    if (facts->cannot_mount)
        return error_refuse(error, "foreign-namespace", "%s", facts->cannot_mount);
    if (facts->real_root && !text_equal(facts->real_root, request->root))
        return error_refuse(error, "root-is-a-link",
                            "root: %s leads through a symbolic link to %s; declare root: %s",
                            request->root, facts->real_root, facts->real_root);
    if (facts->root.exists && !facts->root.is_directory)
        return error_refuse(error, "root-is-no-directory", "root: %s exists and is no directory",
                            request->root);
    return 0;
}

/* A bind mount of a directory; a subvolume is btrfs' own way of being mounted. */
static bool is_part_of_it(const struct mount *mount)
{
    const struct filesystem *filesystem = filesystem_find(mount->fstype);

    return mount->root && !text_equal(mount->root, "/") &&
           !(filesystem && filesystem->has_subvolumes);
}

/* The mounts at the tier's path: none, or exactly this disk, once. */
static int find_mount(const struct tier_views *views, struct tier_view *view, struct error *error)
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
    view->mounted = !view->want->os && holds(&view->found->disk.mounts, view->path);
    if (view->mounted && !is_part_of_it(view->mount))
        return 0;
    if (view->mounted)
        return refuse_disk(error, "mount-point-in-use", view->want, view->found,
                           "is declared as tier %s, but at %s only its directory %s is mounted; "
                           "unmount that and run again",
                           tier_names[view->want->tier], view->path, view->mount->root);
    if (departure_due(views, view->want->tier)) {
        view->mount = NULL;
        view->hidden = true;
        return 0;
    }
    return refuse_disk(error, "mount-point-in-use", view->want, view->found,
                       "is declared as tier %s, but %s is mounted at %s; unmount that first",
                       tier_names[view->want->tier], view->mount->source, view->path);
}

static int check_mount_point(const struct tier_view *view, struct error *error)
{
    const struct directory *point = &view->found->mount_point;

    if (point->inaccessible)
        return refuse_disk(error, "mount-point-inaccessible", view->want, view->found,
                           "is declared as tier %s, but %s can't be examined: %s",
                           tier_names[view->want->tier], view->path, point->inaccessible);
    if (point->exists && !point->is_directory)
        return refuse_disk(error, "mount-point-no-directory", view->want, view->found,
                           "is declared as tier %s, but %s exists and is no directory",
                           tier_names[view->want->tier], view->path);
    if (view->want->os || view->mounted || point->entries.count == 0)
        return 0;
    AUTO_FREE char *entries = string_list_join(&point->entries, ", ");
    return refuse_disk(error, "mount-point-not-empty", view->want, view->found,
                       "is to be mounted at %s, but that directory is not empty: %s … Move that "
                       "away, so that it doesn't vanish under the mount",
                       view->path, entries);
}

static int check_names(const struct tier_view *view, struct error *error)
{
    if (view->found->owner_uid == -2)
        return refuse_disk(error, "unknown-owner", view->want, view->found,
                           "is to belong to the user %s, who doesn't exist on this host",
                           view->want->owner);
    if (view->found->group_gid == -2)
        return refuse_disk(error, "unknown-group", view->want, view->found,
                           "is to belong to the group %s, which doesn't exist on this host",
                           view->want->group);
    return 0;
}

/* An error made the filesystem read-only or shut it down; a remount would not mend what is behind
 * it. Since Linux 6.15 ext4 shows emergency_ro and stays rw by its options. */
static bool is_stopped(const struct tier_view *view)
{
    const char *options = view->mount->fs_options;

    if (mount_options_has(options, "emergency_ro") || mount_options_has(options, "shutdown"))
        return true;
    return mount_options_has(options, "ro") && !mount_options_has(view->mount->options, "ro") &&
           !mount_options_has(view->want->mount_options, "ro");
}

static int check_health(const struct tier_view *view, struct error *error)
{
    if (!view->mounted)
        return 0;
    if (is_stopped(view))
        return refuse_disk(
            error, "read-only-after-error", view->want, view->found,
            "serves tier %s, but its filesystem became read-only after an error; see the "
            "kernel's log, then unmount it and run fsck",
            tier_names[view->want->tier]);
    if (view->found->visible.unreadable)
        return refuse_disk(
            error, "tier-unreadable", view->want, view->found,
            "serves tier %s, but %s can't be opened (%s); see the kernel's log, then unmount it "
            "and run fsck",
            tier_names[view->want->tier], view->path, view->found->visible.unreadable);
    return 0;
}

static void fill_after(struct tier_view *view)
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

static int check_growing(struct tier_view *view, struct error *error)
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

static int look(const struct tier_views *views, struct tier_view *view, struct error *error)
{
    const struct surroundings around = {view->request->root, view->path, &view->facts->fstab,
                                        view->line};

    if (view->want->os && view->want->shared)
        return 0;
    int r = judge_disk(view->want, view->found, &around, &view->verdict, error);
    if (r < 0)
        return r;
    fill_after(view);
    r = fstab_check(view->want, view->found, view->path, view->uuid, &view->facts->fstab, error);
    if (r == 0 && view->found->unit)
        r = refuse_disk(error, "unit-conflict", view->want, view->found,
                        "serves tier %s, but the systemd unit %s claims the same; remove that unit",
                        tier_names[view->want->tier], view->found->unit);
    if (r == 0 && view->want->tier != TIER_SWAP)
        r = find_mount(views, view, error);
    if (r == 0 && view->want->tier != TIER_SWAP)
        r = check_mount_point(view, error);
    if (r == 0)
        r = check_names(view, error);
    if (r == 0)
        r = check_health(view, error);
    return r < 0 ? r : check_growing(view, error);
}

/* Everything about a view that needs no judgement; the others look at it. */
static void fill_views(const struct request *request, const struct facts *facts,
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

        if (!departure_due(views, tier))
            views->items[i].line = fstab_line_of_tier(&facts->fstab, tier_names[tier]);
    }
}

int tier_views_make(const struct request *request, const struct facts *facts,
                    struct tier_views *ret_views, struct error *error)
{
    int r = check_host(request, facts, error);

    if (r < 0)
        return r;
    fill_views(request, facts, ret_views);
    for (size_t i = 0; i < ret_views->count && r == 0; i++)
        r = look(ret_views, &ret_views->items[i], error);
    if (r < 0)
        tier_views_release(ret_views);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <string.h>

#include "cleanup.h"
#include "filesystems.h"
#include "mount_options.h"
#include "text.h"

#define MIB (1024ULL * 1024)

bool tier_moves(const struct found *found, enum tier tier)
{
    const struct signature *fs = found_filesystem(found);
    enum tier labelled = fs ? tier_of_label(fs->label) : TIER_COUNT;

    return labelled != TIER_COUNT && labelled != tier;
}

const char *previous_tier(const struct found *found, const struct fstab *fstab)
{
    const struct signature *fs = found_filesystem(found);
    const struct fstab_line *line = fs ? fstab_line_of_uuid(fstab, fs->uuid) : NULL;
    enum tier labelled = fs ? tier_of_label(fs->label) : TIER_COUNT;

    if (line)
        return line->tier;
    return labelled != TIER_COUNT && tier_takes(fs->type, labelled) ? tier_names[labelled] : NULL;
}

bool check_mount_leaves(const struct found *found, const struct surroundings *around,
                        const char *path)
{
    const char *tier = previous_tier(found, around->fstab);
    size_t length = strlen(around->root);

    return tier && strncmp(path, around->root, length) == 0 && path[length] == '/' &&
           text_equal(path + length + 1, tier) && !text_equal(path, around->target);
}

/* A tier at its place may be mounted at others too, bind mounts of its directories above all:
 * nothing there changes. What is to be made is refused by check_making(). */
static bool check_is_placed(const struct disk_request *want, const struct found *found,
                            const struct surroundings *around)
{
    return want->tier != TIER_SWAP && string_list_has(&found->disk.mounts, around->target);
}

/* Somebody uses the device: another mount point, a device built on it, another namespace. */
int check_use(const struct disk_request *want, const struct found *found,
              const struct surroundings *around, struct error *error)
{
    const struct disk *disk = &found->disk;
    bool placed = check_is_placed(want, found, around), expected = false;

    if (disk->holders.count) {
        AUTO_FREE char *holders = string_list_join(&disk->holders, ", ");
        return refuse_disk(error, "in-use", want, found,
                           "is used by %s; name that device, or take it apart first", holders);
    }
    for (size_t i = 0; i < disk->mounts.count; i++) {
        if (!placed && !check_mount_leaves(found, around, disk->mounts.items[i]))
            return refuse_disk(error, "mounted-elsewhere", want, found,
                               "is mounted at %s; unmount it there and run again",
                               disk->mounts.items[i]);
        expected = true;
    }
    if (disk->swap_active && want->tier != TIER_SWAP &&
        !text_equal(previous_tier(found, around->fstab), tier_names[TIER_SWAP]))
        return refuse_disk(error, "in-use", want, found, "is active swap; run swapoff %s first",
                           disk->path);
    expected |= disk->swap_active;
    if (disk->busy && !expected)
        return refuse_disk(error, "in-use", want, found,
                           "is in use (an exclusive open fails)%s%s; unmount or stop that first",
                           found->users ? ": " : "", found->users ? found->users : "");
    if (disk->partitions.count && disk->content.kind != CONTENT_SIGNATURES) {
        AUTO_FREE char *partitions = string_list_join(&disk->partitions, ", ");
        return refuse_disk(error, "in-use", want, found,
                           "has the partitions %s; name one of them as device, or remove them",
                           partitions);
    }
    return 0;
}

int check_making(const struct disk_request *want, const struct found *found,
                 const struct surroundings *around, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(want->fstype);
    const struct fstab_line *line = around->line;

    for (size_t i = 0; i < found->disk.mounts.count; i++)
        if (!check_mount_leaves(found, around, found->disk.mounts.items[i]))
            return refuse_disk(error, "in-use", want, found,
                               "is in use at %s, and would have to be made anew; unmount it first",
                               found->disk.mounts.items[i]);
    if (found->disk.busy || (found->disk.swap_active && want->tier == TIER_SWAP))
        return refuse_disk(error, "in-use", want, found,
                           "is in use, and would have to be made anew; stop that or run swapoff "
                           "first");
    if (found->disk.size_bytes < filesystem->smallest_mib * MIB)
        return refuse_disk(error, "too-small", want, found,
                           "is too small: %s needs at least %u MiB", want->fstype,
                           filesystem->smallest_mib);
    if (line && found->line_device)
        return refuse_disk(error, "tier-on-another-disk", want, found,
                           "could be made into tier %s, but line %d of fstab says that the tier is "
                           "on %s; declare that device, or delete the line",
                           tier_names[want->tier], line->number, found->line_device);
    if (found->tool_missing)
        return refuse_disk(error, "tool-missing", want, found,
                           "is to be made into tier %s, but the program %s is not installed",
                           tier_names[want->tier], found->tool);
    return 0;
}

int check_keeping(const struct disk_request *want, const struct found *found, struct error *error)
{
    const struct content *content = &found->disk.content;
    const struct signature *fs = found_filesystem(found);

    AUTO_FREE char *commands = filesystem_uuid_commands(fs->uuid == NULL);
    if (!fs->uuid)
        return refuse_disk(error, "no-uuid", want, found,
                           "holds a filesystem without UUID, which fstab can't name; give it one "
                           "(%s) and run again",
                           commands);
    if (found->duplicate)
        return refuse_disk(error, "duplicate-uuid", want, found,
                           "has the same filesystem UUID as %s (a copy or a restored snapshot?): "
                           "the kernel could mount either. Detach one, or give one a new UUID (%s)",
                           found->duplicate, commands);
    if (content->filesystem_bytes > found->disk.size_bytes)
        return refuse_disk(error, "larger-than-device", want, found,
                           "holds a filesystem of %llu bytes, more than the device has (%llu): it "
                           "was cut off. Make the device large enough again",
                           (unsigned long long)content->filesystem_bytes,
                           (unsigned long long)found->disk.size_bytes);
    return 0;
}

int check_host(const struct request *request, const struct facts *facts, struct error *error)
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

int check_mount_point(const struct tier_view *view, struct error *error)
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

int check_names(const struct tier_view *view, struct error *error)
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
static bool check_is_stopped(const struct tier_view *view)
{
    const char *options = view->mount->fs_options;

    if (mount_options_has(options, "emergency_ro") || mount_options_has(options, "shutdown"))
        return true;
    return mount_options_has(options, "ro") && !mount_options_has(view->mount->options, "ro") &&
           !mount_options_has(view->want->mount_options, "ro");
}

int check_health(const struct tier_view *view, struct error *error)
{
    if (!view->mounted)
        return 0;
    if (check_is_stopped(view))
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps that take away what a tier has been so far; its data stays on the disk. */
#include "apply/work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "file.h"
#include "mount/mount.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "text.h"

/* umount(2) succeeds while a bind mount or another mount namespace holds the filesystem: only an
 * exclusive open tells that nobody does. */
static int leave_check_free(const struct previous *previous, struct error *error)
{
    __attribute__((cleanup(host_release))) struct host host = {0};
    int r = host_read(&host, error);
    struct disk *disk = r == 0 ? disks_find(&host.disks, previous->devno) : NULL;

    if (r < 0 || !disk)
        return r;
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY | O_EXCL, error);
    if (fd != -EBUSY)
        return fd < 0 ? fd : 0;
    AUTO_FREE char *users = device_users(previous->devno);
    return error_set(error, -EBUSY, "%s was unmounted here, but is still in use: %s", disk->path,
                     users ? users : "a bind mount, or another mount namespace");
}

/* What can't be taken out of use stays a tier: at the next boot it is mounted as before. */
static int leave_or_stay(struct work *work, int code, struct error *error)
{
    struct error failure = ERROR_INIT;

    if (code == 0 || !work->fstab_before)
        return code;
    AUTO_FREE char *unmounted = string_list_join(&work->unmounted, ", ");
    if (apply_put_fstab_back(work, &failure) == 0)
        return error_wrap(error, "fstab is as it was before this run%s%s%s",
                          work->unmounted.count ? ", but " : "", unmounted,
                          work->unmounted.count ? " has been unmounted" : "");
    code = error_wrap(error, "lines were removed from fstab and could not be put back (%s)",
                      error_message(&failure));
    error_clear(&failure);
    return code;
}

static int leave_unmount(struct work *work, const struct previous *previous, const char *path,
                         struct error *error)
{
    if (umount2(path, UMOUNT_NOFOLLOW) < 0 && errno != EINVAL) {
        int code = -errno;
        AUTO_FREE char *users = mount_users(path);
        return leave_or_stay(work,
                             error_set_errno(error, code, "unmounting %s (%s)", path,
                                             users ? users : "nobody was found to use it"),
                             error);
    }
    string_list_add(&work->unmounted, path);
    return leave_or_stay(work, leave_check_free(previous, error), error);
}

static int leave_clear_immutable(const char *path, enum tier tier, struct error *error)
{
    AUTO_FREE char *above = alloc_string_part(path, strlen(path) - strlen(tier_names[tier]));
    AUTO_CLOSE int parent = directory_open_below(above);

    if (parent < 0)
        return error_set_errno(error, parent, "opening the directory of %s", path);
    return directory_set_immutable(parent, tier_names[tier], false, error);
}

static int leave_remove_directory(const char *path, struct error *error)
{
    if (rmdir(path) < 0 && errno != ENOENT)
        return error_set_errno(error, -errno, "removing the directory %s", path);
    return file_sync_directory(path, error);
}

int apply_leave(struct work *work, const struct action *action, struct error *error)
{
    enum tier tier = (enum tier)(action->subject % TIER_COUNT);
    const struct previous *previous = &work->facts->previous.items[tier];
    AUTO_FREE char *declared = tier_path(work->request, tier);
    const char *path = action->subject < TIER_COUNT && previous->path ? previous->path : declared;

    switch ((enum step)action->kind) {
    case STEP_LEAVE_FSTAB:
        return apply_remove_line(work, tier, error);
    case STEP_LEAVE_UMOUNT:
        return leave_unmount(work, previous, path, error);
    case STEP_LEAVE_SWAPOFF:
        return leave_or_stay(work, swap_deactivate(previous->device, error), error);
    case STEP_LEAVE_IMMUTABLE:
        return leave_clear_immutable(path, tier, error);
    case STEP_LEAVE_ROOT:
        return leave_remove_directory(work->request->root, error);
    default:
        return leave_remove_directory(path, error);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "apply/work.h"

#include <errno.h>

#include "alloc.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "mount/mount.h"
#include "mount_options.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "process.h"
#include "text.h"

/* Whatever the reason is: without nofail the line would hold the next boot. */
static int mount_give_up(struct work *work, const struct disk_work *disk, int code,
                         struct error *error)
{
    AUTO_FREE char *reason = alloc_string(error_message(error));
    bool restored = false;
    int r = apply_restore_line(work, disk, &restored, error);
    const char *line = restored ? "; fstab is without that line again" : "";

    if (r < 0)
        return r;
    if (code != -EINVAL)
        return error_set(error, code, "disk %s: %s%s", disk->want->name, reason, line);
    return error_refuse(error, "mount-options",
                        "disk %s: %s; the filesystem refuses something in mount_options: %s%s",
                        disk->want->name, reason, disk->want->mount_options, line);
}

static size_t mount_count(const struct mount_list *mounts, const char *path)
{
    size_t count = 0;

    for (size_t i = 0; i < mounts->count; i++)
        count += text_equal(mounts->items[i].target, path);
    return count;
}

/* Zero, or one: then systemd was first. Two would hide something. */
static int mount_try(const struct disk_work *disk, struct error *error)
{
    AUTO_FREE char *options = fstab_options_text(disk->want, &disk->found->disk);
    struct mount_list mounts = {0};
    int r = mounts_read(&mounts, error);

    if (r == 0 && mount_count(&mounts, disk->path) == 0)
        r = mount_device(disk->found->disk.path, disk->path, apply_fstype(disk), options, error);
    mounts_release(&mounts);
    return r;
}

static int mount_with_retries(struct work *work, const struct disk_work *disk, struct error *error)
{
    int r = mount_try(disk, error);

    for (int i = 0; r == -EBUSY && mounts_pause_busy(i); i++) {
        error_clear(error);
        r = mount_try(disk, error);
    }
    return r < 0 ? mount_give_up(work, disk, r, error) : 0;
}

/* One mount, and of this very disk, before anything is changed through its path. */
static int mount_check(const struct disk_work *disk, struct error *error)
{
    __attribute__((cleanup(host_release))) struct host host = {0};
    bool ours = false;
    int r = host_read(&host, error);

    if (r < 0)
        return r;
    const struct disk *now = disks_find(&host.disks, disk->found->disk.devno);
    for (size_t i = 0; now && i < now->mounts.count; i++)
        ours |= text_equal(now->mounts.items[i], disk->path);
    size_t count = mount_count(&host.mounts, disk->path);
    if (ours && count == 1)
        return 0;
    return error_set(error, -EBUSY,
                     "disk %s: %s is to be mounted at %s, and %s there; find out "
                     "who mounts it, unmount that and run again",
                     disk->want->name, disk->found->disk.path, disk->path,
                     count > 1 ? "several filesystems are" : "another filesystem is");
}

int apply_mount(struct work *work, const struct disk_work *disk, struct error *error)
{
    bool is_new = disk->has_record; /* made by this run, or by the one before it */
    int r = mount_with_retries(work, disk, error);

    if (r == 0)
        r = mount_check(disk, error);
    if (r == 0 && is_new && work->facts->restorecon)
        r = program_run((const char *const[]){"restorecon", disk->path, NULL}, NULL, 0, NULL,
                        error);
    return r;
}

static int remount_once(const struct work *work, const struct disk_work *disk, const char *given,
                        struct error *error)
{
    const struct fstab_line *line = apply_line(work, disk->want->tier);
    AUTO_FREE char *options = mount_options_remount(apply_fstype(disk), line ? line->options : NULL,
                                                    disk->want->mount_options, given);

    return mount_change_options(disk->found->disk.path, disk->path, options, error);
}

/* After a refusal that can be of what counts at mount only: the rest has to be taken all the same.
 */
static int remount_with_rest(struct work *work, const struct disk_work *disk, const char *rest,
                             struct error *error)
{
    AUTO_FREE char *reason = alloc_string(error_message(error));
    int r = remount_once(work, disk, rest, error);

    if (r < 0)
        return r;
    error_clear(error);
    progress_warn(work->progress, "the options in fstab count from the next mount on: %s", reason);
    return 0;
}

int apply_remount(struct work *work, const struct disk_work *disk, struct error *error)
{
    const char *wanted = disk->want->mount_options;
    AUTO_FREE char *rest = mount_options_for_remount(wanted);
    int r = remount_once(work, disk, wanted, error);

    if (r < 0 && !text_equal(rest, wanted))
        r = remount_with_rest(work, disk, rest, error);
    if (r != -EINVAL)
        return r;
    AUTO_FREE char *reason = alloc_string(error_message(error));
    return error_refuse(error, "mount-options",
                        "disk %s: %s; the filesystem refuses something in mount_options: %s. "
                        "Correct that, or, if it can be given at mount only, unmount %s and run "
                        "again",
                        disk->want->name, reason, wanted, disk->path);
}

/* The steps that take away what a tier has been so far; its data stays on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "alloc.h"
#include "apply_work.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "file.h"
#include "mount/mount.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "record.h"
#include "text.h"

static int write_record(struct disk_work *disk, struct error *error)
{
    const struct signature *fs = found_filesystem(disk->found);

    disk->has_record = disk->recorded = true;
    disk->record = (struct intent){.uuid = alloc_string(fs->uuid),
                                   .identity = intent_identity(&disk->found->disk),
                                   .size_bytes = disk->found->disk.size_bytes,
                                   .fstype = alloc_string(fs->type),
                                   .tier = alloc_string(tier_names[disk->want->tier]),
                                   .moves = true};
    return intent_write(&disk->record, error);
}

static bool has_its_line(const struct work *work, enum tier tier, const char *uuid)
{
    const struct fstab_line *line = apply_line(work, tier);

    return line && text_equal(line->uuid, uuid);
}

/* Between its old line and its new one a filesystem that moves is known by a record alone; the new
 * line's step removes it. */
static int record_move(struct work *work, const struct fstab_line *line, struct error *error)
{
    for (size_t i = 0; i < work->request->disks.count; i++) {
        struct disk_work *disk = &work->disks[i];
        const struct disk_request *want = disk->want;
        const struct signature *fs = found_filesystem(disk->found);

        if (!want->os && !want->adopt && fs && text_equal(fs->uuid, line->uuid) &&
            !disk->has_record && !has_its_line(work, want->tier, fs->uuid))
            return write_record(disk, error);
    }
    return 0;
}

static int remove_line(struct work *work, enum tier tier, struct error *error)
{
    const struct fstab_line *line = apply_line(work, tier);

    if (!line)
        return 0;
    AUTO_FREE char *text = fstab_text_edit(work->fstab.text, line->text, NULL);
    if (!work->fstab_before)
        work->fstab_before = alloc_string(work->fstab.text);
    int r = record_move(work, line, error);
    if (r == 0)
        r = apply_fstab_text(work, text, error);
    if (r == 0)
        work->lines_removed[line - work->fstab.lines.items] = true;
    return r;
}

/* umount(2) succeeds while a bind mount or another mount namespace holds the filesystem: only an
 * exclusive open tells that nobody does. */
static int check_free(const struct previous *previous, struct error *error)
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

static int put_back(struct work *work, struct error *error)
{
    int r = fstab_replace(&work->fstab, work->fstab_before, NULL, error);

    for (size_t i = 0; i < work->request->disks.count && r == 0; i++)
        if (work->disks[i].recorded)
            r = intent_remove(work->disks[i].record.uuid, error);
    return r == 0 && work->facts->systemd ? systemd_reload(error) : r;
}

/* What can't be taken out of use stays a tier: at the next boot it is mounted as before. */
static int stay(struct work *work, int code, struct error *error)
{
    struct error failure = ERROR_INIT;

    if (code == 0 || !work->fstab_before)
        return code;
    AUTO_FREE char *unmounted = string_list_join(&work->unmounted, ", ");
    if (put_back(work, &failure) == 0)
        return error_wrap(error, "fstab is as it was before this run%s%s%s",
                          work->unmounted.count ? ", but " : "", unmounted,
                          work->unmounted.count ? " has been unmounted" : "");
    code = error_wrap(error, "lines were removed from fstab and could not be put back (%s)",
                      error_message(&failure));
    error_clear(&failure);
    return code;
}

static int unmount(struct work *work, const struct previous *previous, const char *path,
                   struct error *error)
{
    if (umount2(path, UMOUNT_NOFOLLOW) < 0 && errno != EINVAL) {
        int code = -errno;
        AUTO_FREE char *users = mount_users(path);
        return stay(work,
                    error_set_errno(error, code, "unmounting %s (%s)", path,
                                    users ? users : "nobody was found to use it"),
                    error);
    }
    string_list_add(&work->unmounted, path);
    return stay(work, check_free(previous, error), error);
}

static int clear_immutable(const char *path, enum tier tier, struct error *error)
{
    AUTO_FREE char *above = alloc_string_part(path, strlen(path) - strlen(tier_names[tier]));
    AUTO_CLOSE int parent = directory_open_below(above);

    if (parent < 0)
        return error_set_errno(error, parent, "opening the directory of %s", path);
    return directory_set_immutable(parent, tier_names[tier], false, error);
}

static int remove_directory(const char *path, struct error *error)
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
        return remove_line(work, tier, error);
    case STEP_LEAVE_UMOUNT:
        return unmount(work, previous, path, error);
    case STEP_LEAVE_SWAPOFF:
        return stay(work, swap_deactivate(previous->device, error), error);
    case STEP_LEAVE_IMMUTABLE:
        return clear_immutable(path, tier, error);
    case STEP_LEAVE_ROOT:
        return remove_directory(work->request->root, error);
    default:
        return remove_directory(path, error);
    }
}

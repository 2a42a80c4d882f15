/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "apply/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "apply/work.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "file.h"
#include "filesystems.h"
#include "mode.h"
#include "mount/mount.h"
#include "plan/plan.h"
#include "process.h"
#include "text.h"

enum { DIRECTORY_MODE = 0755, DIRECTORY_UMASK = 022 };

static int apply_mkdir(const char *path, struct error *error)
{
    if (mkdir(path, DIRECTORY_MODE) < 0)
        return error_set_errno(error, -errno, "creating the directory %s", path);
    return file_sync_directory(path, error);
}

static int apply_immutable(const struct work *work, enum tier tier, bool immutable,
                           struct error *error)
{
    AUTO_CLOSE int parent = directory_open_below(work->request->root);

    if (parent < 0)
        return error_set_errno(error, parent, "opening %s", work->request->root);
    return directory_set_immutable(parent, tier_names[tier], immutable, error);
}

static int apply_program(const struct filesystem *filesystem, const char *const *program,
                         const struct filesystem_values *values, struct error *error)
{
    struct string_list argv = filesystem_arguments(filesystem, program, values);
    int r = program_run((const char *const *)argv.items, NULL, 0, NULL, error);

    string_list_release(&argv);
    return r;
}

static int apply_label(const struct disk_work *disk, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(apply_fstype(disk));
    const char *label = tier_label(disk->want->tier);
    const struct filesystem_values values = {.device = disk->found->disk.path, .label = label};
    char padded[FSLABEL_MAX] = "";

    if (disk->want->tier == TIER_SWAP)
        return apply_program(filesystem, filesystem->label, &values, error);
    AUTO_CLOSE int fd = open(disk->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    strncpy(padded, label, sizeof(padded) - 1);
    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", disk->path);
    if (ioctl(fd, FS_IOC_SETFSLABEL, padded) == 0)
        return 0;
    if (errno == ENOTTY && filesystem->label) /* ext4 before Linux 5.17 */
        return apply_program(filesystem, filesystem->label, &values, error);
    return error_set_errno(error, -errno, "labelling the filesystem at %s as %s", disk->path,
                           label);
}

static int apply_owner(const struct disk_work *disk, struct error *error)
{
    AUTO_CLOSE int fd = open(disk->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    uid_t uid = disk->found->owner_uid < 0 ? (uid_t)-1 : (uid_t)disk->found->owner_uid;
    gid_t gid = disk->found->group_gid < 0 ? (gid_t)-1 : (gid_t)disk->found->group_gid;

    if (fd < 0 || fchown(fd, uid, gid) < 0)
        return error_set_errno(error, -errno, "changing the owner of %s", disk->path);
    return 0;
}

static int apply_permissions(const struct disk_work *disk, struct error *error)
{
    AUTO_CLOSE int fd = open(disk->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    int mode;

    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(error, -errno, "examining %s", disk->path);
    int r = mode_apply(disk->want->mode, (int)(status.st_mode & 07777), &mode, error);
    if (r == 0 && fchmod(fd, (mode_t)mode) < 0)
        r = error_set_errno(error, -errno, "changing the mode of %s", disk->path);
    return r;
}

static int apply_grow(struct disk_work *disk, bool full_scan, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(apply_fstype(disk));
    uint64_t number = filesystem_device_number(disk->path, filesystem->type);

    if (!filesystem->grow)
        return apply_grow_swap(disk, full_scan, error);
    return apply_program(filesystem, filesystem->grow,
                         &(struct filesystem_values){.device = disk->found->disk.path,
                                                     .path = disk->path,
                                                     .number = number ? number : 1},
                         error);
}

/* What the kernel and swaplabel find by the disk's path. */
static bool apply_goes_by_path(enum step step)
{
    return step == STEP_MOUNT || step == STEP_SWAPON || step == STEP_SWAPOFF || step == STEP_GROW ||
           step == STEP_LABEL;
}

static int apply_to_disk(struct work *work, const struct action *action, struct error *error)
{
    enum step step = (enum step)action->kind;
    struct disk_work *disk = &work->disks[action->subject];
    const struct request *request = work->request;
    const char *device = disk->found->disk.path;
    /* While a descriptor is open, the path's device number can't become another disk's. */
    AUTO_CLOSE int held =
        apply_goes_by_path(step) ? disk_open(&disk->found->disk, O_RDONLY, error) : -1;

    if (apply_goes_by_path(step) && held < 0)
        return held;
    switch (step) {
    case STEP_WIPE:
        return apply_wipe(disk, request->full_scan, error);
    case STEP_MKFS:
        return apply_mkfs(disk, request->full_scan, error);
    case STEP_FINISH:
        return apply_finish(disk, error);
    case STEP_LABEL:
        return apply_label(disk, error);
    case STEP_MKDIR:
        return apply_mkdir(disk->path, error);
    case STEP_IMMUTABLE_SET:
        return apply_immutable(work, disk->want->tier, true, error);
    case STEP_IMMUTABLE_CLEAR:
        return apply_immutable(work, disk->want->tier, false, error);
    case STEP_FSTAB:
        return apply_fstab(work, disk, error);
    case STEP_MOUNT:
        return apply_mount(work, disk, error);
    case STEP_REMOUNT:
        return apply_remount(work, disk, error);
    case STEP_SWAPON:
        return swap_activate(device, request->swap_priority, error);
    case STEP_SWAPOFF:
        return swap_deactivate(device, error);
    case STEP_CHOWN:
        return apply_owner(disk, error);
    case STEP_CHMOD:
        return apply_permissions(disk, error);
    case STEP_GROW:
        return apply_grow(disk, request->full_scan, error);
    default:
        break;
    }
    return error_set(error, -EINVAL, "unknown step %d", (int)step);
}

static int apply_action(struct work *work, const struct action *action, struct error *error)
{
    enum step step = (enum step)action->kind;

    if (step == STEP_DAEMON_RELOAD)
        return systemd_reload(error);
    if (step == STEP_MKDIR_ROOT)
        return file_make_directories(work->request->root, DIRECTORY_MODE, error);
    return step >= STEP_LEAVE_FSTAB ? apply_leave(work, action, error)
                                    : apply_to_disk(work, action, error);
}

static void work_begin(struct work *work)
{
    const struct fstab *fstab = &work->facts->fstab;
    size_t disks = work->request->disks.count;

    work->fstab = *fstab;
    work->fstab.text = alloc_string(fstab->text);
    work->lines_removed = alloc_zeroed(fstab->lines.count, sizeof(*work->lines_removed));
    work->disks = alloc_zeroed(disks, sizeof(*work->disks));
    for (size_t i = 0; i < disks; i++)
        disk_work_begin(&work->disks[i], &work->request->disks.items[i],
                        &work->facts->found.items[i], work->request->root);
}

static void work_release(struct work *work)
{
    for (size_t i = 0; i < work->request->disks.count; i++)
        disk_work_release(&work->disks[i]);
    free(work->disks);
    free(work->lines_removed);
    free(work->fstab.text);
    free(work->fstab_before);
    string_list_release(&work->unmounted);
}

int storage_apply(const void *request, const void *facts, const struct plan *plan,
                  struct progress *progress, struct error *error)
{
    __attribute__((cleanup(work_release))) struct work work = {
        .request = request, .facts = facts, .progress = progress};
    int r = 0;

    umask(DIRECTORY_UMASK);
    work_begin(&work);
    for (size_t i = 0; i < plan->count && r == 0; i++) {
        const struct action *action = &plan->actions[i];

        progress_begin(progress);
        r = progress_end(progress, action, apply_action(&work, action, error), error);
    }
    return r;
}

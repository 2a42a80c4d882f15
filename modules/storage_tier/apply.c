#include "apply.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "apply_parts.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "file.h"
#include "fstab_text.h"
#include "judge.h"
#include "mode.h"
#include "mount/mount.h"
#include "probe.h"
#include "process.h"
#include "record.h"
#include "steps.h"
#include "text.h"

enum { DIRECTORY_MODE = 0755, DIRECTORY_UMASK = 022 };

static int make_directory(const char *path, struct error *error)
{
    if (mkdir(path, DIRECTORY_MODE) < 0)
        return error_set_errno(error, -errno, "creating the directory %s", path);
    return file_sync_directory(path, error);
}

static int set_immutable(const struct work *work, bool immutable, struct error *error)
{
    AUTO_CLOSE int parent = directory_open_below(work->request->root);

    if (parent < 0)
        return error_set_errno(error, parent, "opening %s", work->request->root);
    return directory_set_immutable(parent, tier_names[work->want->tier], immutable, error);
}

/* A record that is left of something else doesn't count. */
static const char *uuid_of(const struct found *found)
{
    const struct signature *fs = found_filesystem(found);

    if (found->made)
        return found->intents.items[0].uuid;
    return fs ? fs->uuid : NULL;
}

const char *apply_fstype(const struct work *work)
{
    const struct signature *fs = found_filesystem(work->found);

    return work->found->made || !fs ? work->want->fstype : fs->type;
}

int apply_fstab_text(const struct request *request, struct facts *facts, const char *text,
                     struct outcome *outcome, struct error *error)
{
    bool first = !json_object_get(outcome->result, "backup_file");
    AUTO_FREE char *backup = NULL;
    int r = fstab_replace(&facts->fstab, text, request->backup && first ? &backup : NULL, error);

    if (r == 0 && backup)
        json_object_set_new(outcome->result, "backup_file", json_text(backup));
    return r;
}

static int write_line(const struct work *work, struct error *error)
{
    const struct fstab_line *line =
        fstab_line_of_tier(&work->facts->fstab, tier_names[work->want->tier]);
    const char *uuid = uuid_of(work->found);

    if (!uuid)
        return error_set(error, -EINVAL, "disk %s: the UUID for its line in fstab is unknown",
                         work->want->name);
    AUTO_FREE char *wanted =
        fstab_line_text(work->request, work->want, &work->found->disk, uuid, apply_fstype(work));
    if (line && fstab_same_fields(line->text, wanted))
        return 0;
    AUTO_FREE char *text =
        fstab_text_edit(work->facts->fstab.text, line ? line->text : NULL, wanted);
    return apply_fstab_text(work->request, work->facts, text, work->outcome, error);
}

static int apply_fstab(const struct work *work, struct error *error)
{
    int r = write_line(work, error);

    if (r == 0 && work->found->intents.count)
        r = intent_remove(work->found->intents.items[0].uuid, error);
    return r;
}

static int apply_label(const struct work *work, struct error *error)
{
    const char *label = tier_label(work->want->tier);
    char padded[FSLABEL_MAX] = "";

    if (work->want->tier == TIER_SWAP)
        return program_run(
            (const char *const[]){"swaplabel", "-L", label, work->found->disk.path, NULL}, NULL, 0,
            NULL, error);
    AUTO_CLOSE int fd = open(work->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    strncpy(padded, label, sizeof(padded) - 1);
    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", work->path);
    if (ioctl(fd, FS_IOC_SETFSLABEL, padded) == 0)
        return 0;
    if (errno == ENOTTY && text_equal(apply_fstype(work), "ext4")) /* before Linux 5.17 */
        return program_run(
            (const char *const[]){"tune2fs", "-L", label, work->found->disk.path, NULL}, NULL, 0,
            NULL, error);
    return error_set_errno(error, -errno, "labelling the filesystem at %s as %s", work->path,
                           label);
}

static int apply_owner(const struct work *work, struct error *error)
{
    AUTO_CLOSE int fd = open(work->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    uid_t uid = work->found->owner_uid < 0 ? (uid_t)-1 : (uid_t)work->found->owner_uid;
    gid_t gid = work->found->group_gid < 0 ? (gid_t)-1 : (gid_t)work->found->group_gid;

    if (fd < 0 || fchown(fd, uid, gid) < 0)
        return error_set_errno(error, -errno, "changing the owner of %s", work->path);
    return 0;
}

static int apply_permissions(const struct work *work, struct error *error)
{
    AUTO_CLOSE int fd = open(work->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    int mode;

    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(error, -errno, "examining %s", work->path);
    int r = mode_apply(work->want->mode, (int)(status.st_mode & 07777), &mode, error);
    if (r == 0 && fchmod(fd, (mode_t)mode) < 0)
        r = error_set_errno(error, -errno, "changing the mode of %s", work->path);
    return r;
}

static int grow_btrfs(const char *path, struct error *error)
{
    uint64_t number = filesystem_btrfs_device(path);
    AUTO_FREE char *size = text_format("%llu:max", (unsigned long long)(number ? number : 1));

    return program_run((const char *const[]){"btrfs", "filesystem", "resize", size, path, NULL},
                       NULL, 0, NULL, error);
}

static int apply_grow(const struct work *work, struct error *error)
{
    const char *device = work->found->disk.path, *fstype = apply_fstype(work);

    if (text_equal(fstype, "swap"))
        return apply_grow_swap(work->request, work->found, work->want, error);
    if (text_equal(fstype, "ext4"))
        return program_run((const char *const[]){"resize2fs", device, NULL}, NULL, 0, NULL, error);
    if (text_equal(fstype, "xfs"))
        return program_run((const char *const[]){"xfs_growfs", "-d", work->path, NULL}, NULL, 0,
                           NULL, error);
    return grow_btrfs(work->path, error);
}

/* What the kernel and swaplabel find by the disk's path. */
static bool goes_by_path(enum step step)
{
    return step == STEP_MOUNT || step == STEP_SWAPON || step == STEP_SWAPOFF || step == STEP_GROW ||
           step == STEP_LABEL;
}

static int apply_step(enum step step, const struct work *work, struct error *error)
{
    /* While a descriptor is open, the path's device number can't become another disk's. */
    AUTO_CLOSE int disk = goes_by_path(step) ? disk_open(&work->found->disk, O_RDONLY, error) : -1;

    if (goes_by_path(step) && disk < 0)
        return disk;
    switch (step) {
    case STEP_WIPE:
        return apply_wipe(work->request, work->found, work->want, error);
    case STEP_MKFS:
        return apply_mkfs(work->request, work->found, work->want, error);
    case STEP_FINISH:
        return apply_finish(work->found, error);
    case STEP_LABEL:
        return apply_label(work, error);
    case STEP_MKDIR:
        return make_directory(work->path, error);
    case STEP_IMMUTABLE_SET:
        return set_immutable(work, true, error);
    case STEP_IMMUTABLE_CLEAR:
        return set_immutable(work, false, error);
    case STEP_FSTAB:
        return apply_fstab(work, error);
    case STEP_MOUNT:
        return apply_mount(work, error);
    case STEP_REMOUNT:
        return apply_remount(work, error);
    case STEP_SWAPON:
        return swap_activate(work->found->disk.path, work->request->swap_priority, error);
    case STEP_SWAPOFF:
        return swap_deactivate(work->found->disk.path, error);
    case STEP_CHOWN:
        return apply_owner(work, error);
    case STEP_CHMOD:
        return apply_permissions(work, error);
    case STEP_GROW:
        return apply_grow(work, error);
    default:
        break;
    }
    return error_set(error, -EINVAL, "unknown step %d", (int)step);
}

static int apply_to_disk(const struct request *request, struct facts *facts,
                         const struct action *action, struct outcome *outcome, struct error *error)
{
    const struct disk_request *want = &request->disks.items[action->subject];
    AUTO_FREE char *path = tier_path(request, want->tier);

    return apply_step((enum step)action->kind,
                      &(struct work){.request = request,
                                     .facts = facts,
                                     .want = want,
                                     .found = &facts->found.items[action->subject],
                                     .outcome = outcome,
                                     .path = path},
                      error);
}

int storage_apply(const void *request_, void *facts, const struct action *action,
                  struct outcome *outcome, struct error *error)
{
    const struct request *request = request_;
    enum step step = (enum step)action->kind;

    umask(DIRECTORY_UMASK);
    if (step == STEP_DAEMON_RELOAD)
        return systemd_reload(error);
    if (step == STEP_MKDIR_ROOT)
        return file_make_directories(request->root, DIRECTORY_MODE, error);
    if (step >= STEP_LEAVE_FSTAB)
        return apply_leave(step, request, facts, action->subject, outcome, error);
    return apply_to_disk(request, facts, action, outcome, error);
}

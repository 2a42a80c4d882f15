#include "apply.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "directory.h"
#include "disks.h"
#include "file.h"
#include "fstab_file.h"
#include "fstab_text.h"
#include "intent.h"
#include "judge.h"
#include "mode.h"
#include "mounts.h"
#include "probe.h"
#include "program.h"
#include "steps.h"
#include "text.h"
#include "units.h"

enum { DIRECTORY_MODE = 0755, DIRECTORY_UMASK = 022 };

struct work {
    const struct request *request;
    struct facts *facts;
    const struct disk_request *want;
    struct found *found;
    struct outcome *outcome;
    const char *path; /* of the tier */
};

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

static const char *fstype_of(const struct work *work)
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

    if (r == 0 && backup &&
        json_object_set_new(outcome->result, "backup_file", json_text(backup)) < 0)
        return error_oom(error);
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
        fstab_line_text(work->request, work->want, &work->found->disk, uuid, fstype_of(work));
    if (!wanted)
        return error_oom(error);
    if (line && fstab_same_fields(line->text, wanted))
        return 0;
    AUTO_FREE char *text =
        fstab_text_edit(work->facts->fstab.text, line ? line->text : NULL, wanted);
    if (!text)
        return error_oom(error);
    return apply_fstab_text(work->request, work->facts, text, work->outcome, error);
}

static int apply_fstab(const struct work *work, struct error *error)
{
    int r = write_line(work, error);

    if (r == 0 && work->found->intents.count)
        r = intent_remove(work->found->intents.items[0].uuid, error);
    return r;
}

static size_t count_mounts(const struct mount_list *mounts, const char *path)
{
    size_t count = 0;

    for (size_t i = 0; i < mounts->count; i++)
        count += text_equal(mounts->items[i].target, path);
    return count;
}

/* Zero, or one: then systemd was first. Two would hide something. */
static int mount_unless_mounted(const struct work *work, struct error *error)
{
    AUTO_FREE char *options = fstab_options_text(work->want, &work->found->disk);
    struct mount_list mounts = {0};
    int r = options ? mounts_read(&mounts, error) : error_oom(error);

    if (r == 0 && count_mounts(&mounts, work->path) == 0)
        r = mount_device(work->found->disk.path, work->path, fstype_of(work), options, error);
    mounts_release(&mounts);
    return r;
}

/* One mount, and of this very disk, before anything is changed through its path. */
static int check_mounted(const struct work *work, struct error *error)
{
    __attribute__((cleanup(host_release))) struct host host = {0};
    bool ours = false;
    int r = host_read(&host, error);

    if (r < 0)
        return r;
    const struct disk *disk = disks_find(&host.disks, work->found->disk.devno);
    for (size_t i = 0; disk && i < disk->mounts.count; i++)
        ours |= text_equal(disk->mounts.items[i], work->path);
    size_t count = count_mounts(&host.mounts, work->path);
    if (ours && count == 1)
        return 0;
    return error_set(error, -EBUSY,
                     "disk %s: %s is to be mounted at %s, and %s there; find out "
                     "who mounts it, unmount that and run again",
                     work->want->name, work->found->disk.path, work->path,
                     count > 1 ? "several filesystems are" : "another filesystem is");
}

static int apply_mount(const struct work *work, struct error *error)
{
    bool is_new = work->found->intents.count > 0; /* made by this run, or by the one before it */
    int r = mount_unless_mounted(work, error);

    if (r == 0)
        r = check_mounted(work, error);
    if (r == 0 && is_new && work->facts->restorecon)
        r = program_run((const char *const[]){"restorecon", work->path, NULL}, NULL, 0, NULL,
                        error);
    return r;
}

/* Without a word about access times a remount keeps the present ones: relatime is the default, said
 * aloud. */
static int apply_remount(const struct work *work, struct error *error)
{
    static const char *const times[] = {"noatime", "nodiratime", "relatime", "strictatime"};
    const char *wanted = work->want->mount_options;
    bool said = false;

    for (size_t i = 0; i < ARRAY_SIZE(times); i++)
        said |= text_list_has(wanted, times[i]);
    AUTO_FREE char *options = text_format("%s%s%s", said ? "" : "relatime,",
                                          text_list_has(wanted, "ro") ? "" : "rw,", wanted);

    return options ? mount_change_options(work->path, options, error) : error_oom(error);
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
    if (errno == ENOTTY && text_equal(fstype_of(work), "ext4")) /* before Linux 5.17 */
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

static int apply_grow(const struct work *work, struct error *error)
{
    const char *device = work->found->disk.path, *fstype = fstype_of(work);

    if (text_equal(fstype, "swap"))
        return apply_grow_swap(work->request, work->found, work->want, error);
    if (text_equal(fstype, "ext4"))
        return program_run((const char *const[]){"resize2fs", device, NULL}, NULL, 0, NULL, error);
    if (text_equal(fstype, "xfs"))
        return program_run((const char *const[]){"xfs_growfs", "-d", work->path, NULL}, NULL, 0,
                           NULL, error);
    return program_run(
        (const char *const[]){"btrfs", "filesystem", "resize", "max", work->path, NULL}, NULL, 0,
        NULL, error);
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

    if (!path)
        return error_oom(error);
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
        return apply_leave(step, request, facts, (enum tier)action->subject, outcome, error);
    return apply_to_disk(request, facts, action, outcome, error);
}

#include <errno.h>

#include "alloc.h"
#include "apply_parts.h"
#include "cleanup.h"
#include "disks.h"
#include "fstab_text.h"
#include "judge.h"
#include "mount_options.h"
#include "mounts.h"
#include "probe.h"
#include "program.h"
#include "text.h"
#include "units.h"

/* The line that this run wrote, as it was before: what can't be mounted now can't be at the next
 * boot. The line of a tier that moved stays: it is what says whose the disk is. */
static int restore_line(const struct work *work, bool *ret_restored, struct error *error)
{
    struct fstab *fstab = &work->facts->fstab;
    const struct signature *fs = found_filesystem(work->found);
    const struct fstab_line *line = fstab_line_of_tier(fstab, tier_names[work->want->tier]);
    const char *uuid = work->found->made ? work->found->intents.items[0].uuid : fs ? fs->uuid : "";
    bool moved = !work->found->made && judge_is_move(work->found, work->want->tier);
    AUTO_FREE char *ours =
        fstab_line_text(work->request, work->want, &work->found->disk, uuid, apply_fstype(work));

    if (line && !text_equal(line->uuid, uuid))
        line = NULL;
    if (moved || (line && fstab_same_fields(line->text, ours)))
        return 0;
    AUTO_FREE char *text = fstab_text_edit(fstab->text, ours, line ? line->text : NULL);
    if (!text)
        return 0;
    int r = apply_fstab_text(work->request, work->facts, text, work->outcome, error);
    *ret_restored = r == 0;
    return r == 0 && work->facts->systemd ? systemd_reload(error) : r;
}

/* Whatever the reason is: without nofail the line would hold the next boot. */
static int give_up(const struct work *work, int code, struct error *error)
{
    AUTO_FREE char *reason = alloc_string(error_message(error));
    bool restored = false;
    int r = restore_line(work, &restored, error);
    const char *line = restored ? "; fstab is without that line again" : "";

    if (r < 0)
        return r;
    if (code != -EINVAL)
        return error_set(error, code, "disk %s: %s%s", work->want->name, reason, line);
    return error_refuse(error, "mount-options",
                        "disk %s: %s; the filesystem refuses something in mount_options: %s%s",
                        work->want->name, reason, work->want->mount_options, line);
}

static size_t count_mounts(const struct mount_list *mounts, const char *path)
{
    size_t count = 0;

    for (size_t i = 0; i < mounts->count; i++)
        count += text_equal(mounts->items[i].target, path);
    return count;
}

/* Zero, or one: then systemd was first. Two would hide something. */
static int try_to_mount(const struct work *work, struct error *error)
{
    AUTO_FREE char *options = fstab_options_text(work->want, &work->found->disk);
    struct mount_list mounts = {0};
    int r = mounts_read(&mounts, error);

    if (r == 0 && count_mounts(&mounts, work->path) == 0)
        r = mount_device(work->found->disk.path, work->path, apply_fstype(work), options, error);
    mounts_release(&mounts);
    return r;
}

static int mount_unless_mounted(const struct work *work, struct error *error)
{
    int r = try_to_mount(work, error);

    for (int i = 0; r == -EBUSY && mounts_pause_busy(i); i++) {
        error_clear(error);
        r = try_to_mount(work, error);
    }
    return r < 0 ? give_up(work, r, error) : 0;
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

int apply_mount(const struct work *work, struct error *error)
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

static int remount(const struct work *work, const char *given, struct error *error)
{
    const struct fstab_line *line =
        fstab_line_of_tier(&work->facts->fstab, tier_names[work->want->tier]);
    AUTO_FREE char *options = mount_options_remount(apply_fstype(work), line ? line->options : NULL,
                                                    work->want->mount_options, given);

    return mount_change_options(work->found->disk.path, work->path, options, error);
}

/* After a refusal that can be of what counts at mount only: the rest has to be taken all the same.
 */
static int remount_with(const struct work *work, const char *rest, struct error *error)
{
    AUTO_FREE char *reason = alloc_string(error_message(error));
    int r = remount(work, rest, error);

    if (r < 0)
        return r;
    error_clear(error);
    AUTO_FREE char *warning =
        text_format("the options in fstab count from the next mount on: %s", reason);
    json_array_append_new(work->outcome->warnings, json_text(warning));
    return 0;
}

int apply_remount(const struct work *work, struct error *error)
{
    const char *wanted = work->want->mount_options;
    AUTO_FREE char *rest = mount_options_for_remount(wanted);
    int r = remount(work, wanted, error);

    if (r < 0 && !text_equal(rest, wanted))
        r = remount_with(work, rest, error);
    if (r != -EINVAL)
        return r;
    AUTO_FREE char *reason = alloc_string(error_message(error));
    return error_refuse(error, "mount-options",
                        "disk %s: %s; the filesystem refuses something in mount_options: %s. "
                        "Correct that, or, if it can be given at mount only, unmount %s and run "
                        "again",
                        work->want->name, reason, wanted, work->path);
}

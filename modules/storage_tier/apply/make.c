/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making a filesystem in an order that a kill or a power cut can't turn into a loss:
 * record -> stamps -> what is to be wiped -> mkfs -> stamps away; the record goes after fstab.
 * Each step is synced before the next.
 */
#include "apply/work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "filesystems.h"
#include "mount/mount.h"
#include "probe/probe.h"
#include "process.h"
#include "record.h"
#include "text.h"

enum { LOCK_SECONDS = 120, POLL_MILLISECONDS = 100 };

void disk_work_begin(struct disk_work *work, const struct disk_request *want,
                     const struct found *found, const char *root)
{
    *work = (struct disk_work){.want = want,
                               .found = found,
                               .path = text_format("%s/%s", root, tier_names[want->tier]),
                               .has_record = found->intents.count > 0,
                               .stamped = found->stamped};
    if (work->has_record)
        fields_copy(&intent_fields, &found->intents.items[0], &work->record);
}

void disk_work_release(struct disk_work *work)
{
    if (work->held_fd > 0)
        close(work->held_fd);
    if (work->held_lock > 0)
        close(work->held_lock);
    fields_release(&intent_fields, &work->record);
    free(work->path);
}

/* systemd's convention: whoever works on a disk holds a BSD lock on the whole disk's node. */
static int make_lock_device(int fd, const struct disk *disk, struct error *error)
{
    for (time_t end = time(NULL) + LOCK_SECONDS; flock(fd, LOCK_EX | LOCK_NB) < 0;) {
        if (errno != EWOULDBLOCK)
            return error_set_errno(error, -errno, "locking %s", disk->path);
        if (time(NULL) >= end) {
            AUTO_FREE char *users = device_users(disk->devno);
            return error_refuse(error, "locked",
                                "%s is locked by another program (%s); run again when it has "
                                "finished",
                                disk->path, users ? users : "not found");
        }
        nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
    }
    return 0;
}

static int make_lock_whole_disk(struct disk_work *disk, struct error *error)
{
    AUTO_FREE char *path = disk_whole_node(&disk->found->disk);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", path);
    int r = make_lock_device(fd, &disk->found->disk, error);
    if (r == 0)
        disk->held_lock = TAKE_FD(fd);
    return r;
}

/* Opens the disk and locks it, waiting for who has the lock; both stay until make_release(). */
static int make_hold(struct disk_work *disk, struct error *error)
{
    if (disk->held_fd > 0)
        return 0;
    int fd = disk_open(&disk->found->disk, O_RDWR, error);
    if (fd < 0)
        return fd;
    disk->held_fd = fd;
    return disk->found->disk.parent ? make_lock_whole_disk(disk, error)
                                    : make_lock_device(fd, &disk->found->disk, error);
}

static void make_release(struct disk_work *disk)
{
    if (disk->held_fd > 0)
        close(disk->held_fd);
    if (disk->held_lock > 0)
        close(disk->held_lock);
    disk->held_fd = disk->held_lock = 0;
}

static int make_refuse_changed(const struct disk_work *disk, struct error *error)
{
    return error_refuse(error, "content-changed",
                        "%s holds something else than it did a moment ago; nothing was written to "
                        "it. Run again",
                        disk->found->disk.path);
}

/* Whether the disk, by the descriptor that is held, is still what the plan was made for. */
static int make_confirm(const struct disk_work *disk, bool full_scan, struct error *error)
{
    struct stamps stamps;
    struct content now = {0};
    bool zero, in_progress;

    stamps_expect(disk->stamped ? &disk->record : NULL, &stamps);
    int r = content_examine(&(struct examination){.fd = disk->held_fd,
                                                  .size_bytes = disk->found->disk.size_bytes,
                                                  .full_scan = full_scan,
                                                  .expected = stamps.expected,
                                                  .expected_count = stamps.count},
                            &now, error);
    bool same = r == 0 && now.kind == disk->found->disk.content.kind &&
                text_equal(now.token, disk->found->disk.content.token);
    fields_release(&content_fields, &now);
    if (r == 0)
        r = disk_read_head(&disk->found->disk, &zero, &in_progress, error);
    if (r < 0)
        return r;
    same = same && zero == disk->found->head_zero && in_progress == disk->found->in_progress;
    return same ? 0 : make_refuse_changed(disk, error);
}

static void record_forget_wipe(struct intent *intent)
{
    free(intent->wipe);
    intent->wipe = NULL;
    fields_release(&content_fields, &(struct content){.signatures = intent->signatures});
    intent->signatures = (struct signature_list){0};
}

/* A wipe of something new makes a new filesystem: under the old UUID the token that named what is
 * destroyed now would name what is made. Returns the UUID of the record that is left behind. */
static char *record_renew(struct disk_work *disk, const char *uuid)
{
    const struct signature_list *there = &disk->found->disk.content.signatures;
    struct intent *intent = &disk->record;
    char *old = TAKE_PTR(intent->uuid);

    record_forget_wipe(intent);
    intent->uuid = alloc_string(uuid);
    intent->wipe = alloc_string(disk->want->wipe);
    for (size_t i = 0; i < there->count; i++)
        fields_copy(&signature_fields, &there->items[i],
                    fields_append(&signature_fields, &intent->signatures));
    return old;
}

/* The record of what is about to happen, as it is kept in `disk`. Returns the UUID of another that
 * is left behind, owned by the caller; NULL: none is. A new record names `uuid`. */
static char *record_fill(struct disk_work *disk, const char *uuid, bool wiping)
{
    bool again = disk->has_record;
    struct intent *intent = &disk->record;

    disk->has_record = true;
    free(intent->identity);
    free(intent->fstype);
    free(intent->tier);
    intent->identity = intent_identity(&disk->found->disk);
    intent->fstype = alloc_string(disk->want->fstype);
    intent->tier = alloc_string(tier_names[disk->want->tier]);
    intent->size_bytes = disk->found->disk.size_bytes;
    intent->moves = false;
    if (wiping && !(again && text_equal(intent->wipe, disk->want->wipe)))
        return record_renew(disk, uuid);
    if (!wiping)
        record_forget_wipe(intent);
    if (!again)
        intent->uuid = alloc_string(uuid);
    return NULL;
}

/* Writes record and stamps: from here on the disk is ours to finish. A new record names `uuid`. */
static int make_record(struct disk_work *disk, const char *uuid, bool wiping, struct error *error)
{
    AUTO_FREE char *old = record_fill(disk, uuid, wiping);
    int r = intent_write(&disk->record, error);

    if (r == 0)
        r = stamps_write(&disk->found->disk, &disk->record, error);
    if (r < 0)
        return r;
    disk->stamped = true;
    if (old)
        r = intent_remove(old, error);
    return r < 0 ? r : intents_supersede(&disk->found->disk, &disk->record, error);
}

/* mkfs or mkswap with the record's UUID and the tier's label. */
static int make_run_mkfs(const struct disk_work *disk, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(disk->want->fstype);
    AUTO_FREE char *device = text_format("/proc/self/fd/%d", disk->held_fd);
    const int inherit[] = {disk->held_fd, disk->held_lock};
    struct string_list argv =
        filesystem_arguments(filesystem, filesystem->mkfs,
                             &(struct filesystem_values){.device = device,
                                                         .label = tier_label(disk->want->tier),
                                                         .uuid = disk->record.uuid,
                                                         .options = &disk->want->mkfs_options});
    int r = program_run((const char *const *)argv.items, inherit, disk->held_lock > 0 ? 2 : 1, NULL,
                        error);

    string_list_release(&argv);
    return r < 0 ? error_wrap(error, "disk %s: %s", disk->want->name, disk->found->disk.path) : 0;
}

/* Opened exclusively as well, so that nobody mounts it meanwhile. */
static int make_clear(const struct disk_work *disk, const struct signature_list *signatures,
                      struct error *error)
{
    AUTO_CLOSE int fd = disk_open(&disk->found->disk, O_RDWR | O_EXCL, error);

    return fd < 0 ? fd : content_clear(fd, disk->found->disk.size_bytes, signatures, error);
}

int apply_wipe(struct disk_work *disk, bool full_scan, struct error *error)
{
    int r = make_hold(disk, error);

    if (r == 0)
        r = make_confirm(disk, full_scan, error);
    if (r == 0)
        r = make_record(disk, disk->found->new_uuid, true, error);
    if (r == 0)
        r = make_clear(disk, &disk->record.signatures, error);
    if (r == 0)
        disk->cleared = true;
    return r;
}

static int make_sync(const struct disk_work *disk, struct error *error)
{
    return fsync(disk->held_fd) < 0
               ? error_set_errno(error, -errno, "syncing %s", disk->found->disk.path)
               : 0;
}

/* Options of the user's can make mkfs succeed and not make what the record says. */
static int make_check(const struct disk_work *disk, struct error *error)
{
    struct content content = {0};
    int r = content_read_signatures(disk->held_fd, NULL, &content, error);
    bool made = r == 0 && content.kind == CONTENT_FILESYSTEM &&
                text_equal(content.signatures.items[0].type, disk->want->fstype) &&
                text_equal(content.signatures.items[0].uuid, disk->record.uuid);

    fields_release(&content_fields, &content);
    if (r < 0 || made)
        return r;
    return error_set(
        error, -EIO, "disk %s: %s succeeded, but %s is not to be found on %s: see mkfs_options",
        disk->want->name, disk->found->tool, disk->want->fstype, disk->found->disk.path);
}

static int make_filesystem(struct disk_work *disk, const char *uuid, bool full_scan,
                           struct error *error)
{
    static const struct signature_list none;
    bool over_half_made = disk->stamped && !disk->cleared;
    int r = make_hold(disk, error);

    if (r == 0 && !disk->cleared)
        r = make_confirm(disk, full_scan, error);
    if (r == 0)
        r = make_record(disk, uuid, false, error);
    if (r == 0 && over_half_made)
        r = make_clear(disk, &none, error);
    if (r == 0)
        r = make_run_mkfs(disk, error);
    if (r == 0)
        r = make_sync(disk, error);
    if (r == 0)
        r = make_check(disk, error);
    if (r == 0)
        r = stamps_erase(&disk->found->disk, &disk->record, error);
    disk->made = r == 0;
    make_release(disk);
    if (r == 0)
        udev_wait_for_uuid(disk->found->disk.devno, disk->record.uuid);
    return r;
}

int apply_mkfs(struct disk_work *disk, bool full_scan, struct error *error)
{
    return make_filesystem(disk, disk->found->new_uuid, full_scan, error);
}

/* Swap grows by being made anew under its own UUID, with a record like any other. */
int apply_grow_swap(struct disk_work *disk, bool full_scan, struct error *error)
{
    int r = make_filesystem(disk, found_filesystem(disk->found)->uuid, full_scan, error);

    return r < 0 ? r : intent_remove(disk->record.uuid, error);
}

/* What an interrupted run left to do after its mkfs. */
int apply_finish(struct disk_work *disk, struct error *error)
{
    int r = make_hold(disk, error);

    if (r == 0)
        r = make_sync(disk, error);
    if (r == 0)
        r = stamps_erase(&disk->found->disk, &disk->record, error);
    make_release(disk);
    if (r != -EBUSY)
        return r;
    error_clear(error); /* mounted already: the stamps lie in free space and stay, harmless */
    return 0;
}

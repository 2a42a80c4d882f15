#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "apply_make_parts.h"
#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "mount/mount.h"
#include "probe/probe.h"
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
static int lock_device(int fd, const struct disk *disk, struct error *error)
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

static int lock_whole_disk(struct disk_work *disk, struct error *error)
{
    AUTO_FREE char *path = disk_whole_node(&disk->found->disk);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", path);
    int r = lock_device(fd, &disk->found->disk, error);
    if (r == 0)
        disk->held_lock = TAKE_FD(fd);
    return r;
}

int make_hold(struct disk_work *disk, struct error *error)
{
    if (disk->held_fd > 0)
        return 0;
    int fd = disk_open(&disk->found->disk, O_RDWR, error);
    if (fd < 0)
        return fd;
    disk->held_fd = fd;
    return disk->found->disk.parent ? lock_whole_disk(disk, error)
                                    : lock_device(fd, &disk->found->disk, error);
}

void make_release(struct disk_work *disk)
{
    if (disk->held_fd > 0)
        close(disk->held_fd);
    if (disk->held_lock > 0)
        close(disk->held_lock);
    disk->held_fd = disk->held_lock = 0;
}

static int changed(const struct disk_work *disk, struct error *error)
{
    return error_refuse(error, "content-changed",
                        "%s holds something else than it did a moment ago; nothing was written to "
                        "it. Run again",
                        disk->found->disk.path);
}

int make_confirm(const struct disk_work *disk, bool full_scan, struct error *error)
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
    return same ? 0 : changed(disk, error);
}

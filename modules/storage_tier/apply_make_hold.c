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
#include "probe_disk.h"
#include "record.h"
#include "text.h"

enum { LOCK_SECONDS = 120, POLL_MILLISECONDS = 100 };

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

static int lock_whole_disk(struct found *found, struct error *error)
{
    AUTO_FREE char *path = disk_whole_node(&found->disk);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", path);
    int r = lock_device(fd, &found->disk, error);
    if (r == 0)
        found->held_lock = TAKE_FD(fd);
    return r;
}

int make_hold(struct found *found, struct error *error)
{
    if (found->held_fd > 0)
        return 0;
    int fd = disk_open(&found->disk, O_RDWR, error);
    if (fd < 0)
        return fd;
    found->held_fd = fd;
    return found->disk.parent ? lock_whole_disk(found, error)
                              : lock_device(fd, &found->disk, error);
}

void make_release(struct found *found)
{
    if (found->held_fd > 0)
        close(found->held_fd);
    if (found->held_lock > 0)
        close(found->held_lock);
    found->held_fd = found->held_lock = 0;
}

static int changed(const struct found *found, struct error *error)
{
    return error_refuse(error, "content-changed",
                        "%s holds something else than it did a moment ago; nothing was written to "
                        "it. Run again",
                        found->disk.path);
}

int make_confirm(const struct request *request, const struct found *found, struct error *error)
{
    const struct intent *intent = found->stamped ? &found->intents.items[0] : NULL;
    struct stamps stamps;
    struct content now = {0};
    bool zero, xfs_in_progress;

    stamps_expect(intent, &stamps);
    int r = content_examine(&(struct examination){.fd = found->held_fd,
                                                  .size_bytes = found->disk.size_bytes,
                                                  .full_scan = request->full_scan,
                                                  .expected = stamps.expected,
                                                  .expected_count = stamps.count},
                            &now, error);
    bool same = r == 0 && now.kind == found->disk.content.kind &&
                text_equal(now.token, found->disk.content.token);
    fields_release(&content_fields, &now);
    if (r == 0)
        r = disk_read_head(&found->disk, &zero, &xfs_in_progress, error);
    if (r < 0)
        return r;
    same = same && zero == found->head_zero && xfs_in_progress == found->xfs_in_progress;
    return same ? 0 : changed(found, error);
}

/*
 * Making a filesystem in an order that a kill or a power cut can't turn into a loss:
 * record -> stamps -> what is to be wiped -> mkfs -> stamps away; the record goes after fstab.
 * Each step is synced before the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "alloc.h"
#include "apply_make_parts.h"
#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "mount/mount.h"
#include "record.h"
#include "text.h"

/* Opened exclusively as well, so that nobody mounts it meanwhile. */
static int clear(const struct disk_work *disk, const struct signature_list *signatures,
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
        r = clear(disk, &disk->record.signatures, error);
    if (r == 0)
        disk->cleared = true;
    return r;
}

static int sync_disk(const struct disk_work *disk, struct error *error)
{
    return fsync(disk->held_fd) < 0
               ? error_set_errno(error, -errno, "syncing %s", disk->found->disk.path)
               : 0;
}

/* Options of the user's can make mkfs succeed and not make what the record says. */
static int check_made(const struct disk_work *disk, struct error *error)
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

static int make(struct disk_work *disk, const char *uuid, bool full_scan, struct error *error)
{
    static const struct signature_list none;
    bool over_half_made = disk->stamped && !disk->cleared;
    int r = make_hold(disk, error);

    if (r == 0 && !disk->cleared)
        r = make_confirm(disk, full_scan, error);
    if (r == 0)
        r = make_record(disk, uuid, false, error);
    if (r == 0 && over_half_made)
        r = clear(disk, &none, error);
    if (r == 0)
        r = make_run_mkfs(disk, error);
    if (r == 0)
        r = sync_disk(disk, error);
    if (r == 0)
        r = check_made(disk, error);
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
    return make(disk, disk->found->new_uuid, full_scan, error);
}

/* Swap grows by being made anew under its own UUID, with a record like any other. */
int apply_grow_swap(struct disk_work *disk, bool full_scan, struct error *error)
{
    int r = make(disk, found_filesystem(disk->found)->uuid, full_scan, error);

    return r < 0 ? r : intent_remove(disk->record.uuid, error);
}

/* What an interrupted run left to do after its mkfs. */
int apply_finish(struct disk_work *disk, struct error *error)
{
    int r = make_hold(disk, error);

    if (r == 0)
        r = sync_disk(disk, error);
    if (r == 0)
        r = stamps_erase(&disk->found->disk, &disk->record, error);
    make_release(disk);
    if (r != -EBUSY)
        return r;
    error_clear(error); /* mounted already: the stamps lie in free space and stay, harmless */
    return 0;
}

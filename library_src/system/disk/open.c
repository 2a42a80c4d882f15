/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "text.h"

static int disk_refuse_changed(const struct disk *disk, const char *what, struct error *error)
{
    return error_refuse(error, "device-changed",
                        "%s is another device than the one that was looked at: its %s changed "
                        "meanwhile; run again",
                        disk->path, what);
}

static int disk_explain_open(const struct disk *disk, int code, struct error *error)
{
    if (code == -ENOENT)
        return error_set(error, code,
                         "%s does not exist, although the kernel has this device (%u:%u); in a "
                         "container it has to be passed in, elsewhere devtmpfs belongs on /dev",
                         disk->path, major(disk->devno), minor(disk->devno));
    if (code == -ELOOP)
        return error_refuse(error, "device-changed",
                            "%s is a symbolic link; a device node belongs there", disk->path);
    return error_set_errno(error, code, "opening %s", disk->path);
}

/* What the kernel says through the descriptor itself. */
static int disk_check_descriptor(int fd, const struct disk *disk, struct error *error)
{
    struct stat st;
    uint64_t size;

    if (fstat(fd, &st) < 0)
        return error_set_errno(error, -errno, "looking at %s", disk->path);
    if (!S_ISBLK(st.st_mode) || st.st_rdev != disk->devno)
        return disk_refuse_changed(disk, "device number", error);
    if (ioctl(fd, BLKGETSIZE64, &size) < 0)
        return error_set_errno(error, -errno, "reading the size of %s", disk->path);
    return size == disk->size_bytes ? 0 : disk_refuse_changed(disk, "size", error);
}

static int disk_compare_identity(const struct disk *disk, const struct disk *now,
                                 struct error *error)
{
    if (disk->diskseq != now->diskseq)
        return disk_refuse_changed(disk, "attachment", error);
    if (!text_equal(disk->type, now->type))
        return disk_refuse_changed(disk, "type", error);
    if (!text_equal(disk->serial, now->serial))
        return disk_refuse_changed(disk, "serial", error);
    if (!text_equal(disk->wwn, now->wwn))
        return disk_refuse_changed(disk, "wwn", error);
    if (!text_equal(disk->designator, now->designator))
        return disk_refuse_changed(disk, "designator", error);
    if (!text_equal(disk->attachment, now->attachment))
        return disk_refuse_changed(disk, "attached name", error);
    if (!text_equal(disk->backing_file, now->backing_file))
        return disk_refuse_changed(disk, "backing file", error);
    return 0;
}

/* While the descriptor is open, its device number can't become another device's. */
static int disk_check_identity(int fd, const struct disk *disk, struct error *error)
{
    struct disk now = {0};
    AUTO_CLOSE int directory =
        sysfs_open("/sys/dev/block/%u:%u", major(disk->devno), minor(disk->devno));
    int r = directory < 0 ? directory : disk_read(directory, disk->name, &now);

    if (r < 0) {
        r = error_set_errno(error, -ENODEV, "%s went away", disk->path);
    } else {
        disk_identify(fd, &now);
        r = disk_compare_identity(disk, &now, error);
    }
    fields_release(&disk_fields, &now);
    return r;
}

int disk_open(const struct disk *disk, int flags, struct error *error)
{
    AUTO_FREE char *path = text_format("%s%s", disks_root, disk->path);
    AUTO_CLOSE int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);

    if (fd < 0)
        return disk_explain_open(disk, -errno, error);
    int r = disk_check_descriptor(fd, disk, error);
    if (r == 0)
        r = disk_check_identity(fd, disk, error);
    return r < 0 ? r : TAKE_FD(fd);
}

char *disk_whole_node(const struct disk *disk)
{
    char *path = text_format("/dev/%s", disk->parent ? disk->parent : disk->name);

    for (char *p = path; *p; p++)
        *p = *p == '!' ? '/' : *p; /* cciss!c0d0 */
    return path;
}

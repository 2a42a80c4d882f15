#include "disk_identity.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "disk_read.h"
#include "disks.h"
#include "sysfs.h"
#include "text.h"

static const char *file_kind(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFREG:
        return "a regular file";
    case S_IFCHR:
        return "a character device";
    default:
        return "a pipe or a socket";
    }
}

/* A block device node that stands for nothing in the list, which may be older than the device. */
static int explain_unlisted(const struct disk_list *disks, const struct disk_identity *identity,
                            dev_t devno, struct error *error)
{
    AUTO_CLOSE int directory = sysfs_open("/sys/dev/block/%u:%u", major(devno), minor(devno));

    if (directory < 0 || !disk_is_unsuitable(directory))
        return disks_not_found(disks, error, "%s: nothing is attached at device %s (yet)",
                               identity->name, identity->device);
    return error_refuse(error, "unsuitable-device",
                        "%s: device %s is a RAM disk, a CD drive or a floppy, which can't keep a "
                        "tier's data; name another device",
                        identity->name, identity->device);
}

int identity_find_device(const struct disk_list *disks, const struct disk_identity *identity,
                         const struct disk **ret_disk, struct error *error)
{
    AUTO_FREE char *path = text_format("%s%s", disks_root, identity->device);
    struct stat st;

    if (identity->device[0] != '/')
        return error_refuse(error, "device-not-absolute",
                            "%s: device %s is not an absolute path; write it as /dev/…",
                            identity->name, identity->device);
    if (stat(path, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return disks_not_found(disks, error, "%s: device %s does not exist (yet)",
                                   identity->name, identity->device);
        return error_set_errno(error, -errno, "%s: looking at device %s", identity->name,
                               identity->device);
    }
    if (!S_ISBLK(st.st_mode))
        return error_refuse(error, "not-a-block-device",
                            "%s: device %s is %s, not a block device; name a disk, a partition or "
                            "a logical volume",
                            identity->name, identity->device, file_kind(st.st_mode));
    const struct disk *disk = disks_find(disks, st.st_rdev);
    if (!disk)
        return explain_unlisted(disks, identity, st.st_rdev, error);
    *ret_disk = disk;
    return 0;
}

#include "filesystem_mounted.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "text.h"

/* The kernel's fs/xfs/libxfs/xfs_fs.h, struct xfs_fsop_geom_v1: not among the exported headers. */
struct xfs_geometry {
    uint32_t blocksize, before_datablocks[7];
    uint64_t datablocks;
    uint64_t rest[9];
};
#define XFS_GEOMETRY _IOR('X', 100, struct xfs_geometry)

static uint64_t xfs_bytes(int fd)
{
    struct xfs_geometry geometry = {0};

    return ioctl(fd, XFS_GEOMETRY, &geometry) == 0 ? geometry.blocksize * geometry.datablocks : 0;
}

/* The only device of a btrfs. The first one's number is 1, those that came later have others. */
static int btrfs_device(int fd, struct btrfs_ioctl_dev_info_args *ret_device)
{
    struct btrfs_ioctl_fs_info_args filesystem = {0};

    if (ioctl(fd, BTRFS_IOC_FS_INFO, &filesystem) < 0 || filesystem.num_devices != 1)
        return -1;
    for (uint64_t id = 1; id <= filesystem.max_id; id++) {
        *ret_device = (struct btrfs_ioctl_dev_info_args){.devid = id};
        if (ioctl(fd, BTRFS_IOC_DEV_INFO, ret_device) == 0)
            return 0;
    }
    return -1;
}

static uint64_t btrfs_bytes(int fd)
{
    struct btrfs_ioctl_dev_info_args device;

    return btrfs_device(fd, &device) == 0 ? device.total_bytes : 0;
}

static uint64_t btrfs_number(int fd)
{
    struct btrfs_ioctl_dev_info_args device;

    return btrfs_device(fd, &device) == 0 ? device.devid : 0;
}

/* What the kernel tells of a filesystem that is mounted, by a descriptor of its root. */
static const struct mounted_type {
    const char *type;
    uint64_t (*bytes)(int fd), (*number)(int fd);
    bool own_devno;
} mounted_types[] = {
    {"xfs", xfs_bytes, NULL, false},
    {"btrfs", btrfs_bytes, btrfs_number, true},
};

static const struct mounted_type *mounted_find(const char *type)
{
    static const struct mounted_type unknown;

    for (size_t i = 0; i < ARRAY_SIZE(mounted_types); i++)
        if (text_equal(mounted_types[i].type, type))
            return &mounted_types[i];
    return &unknown;
}

static uint64_t mounted_ask(const char *path, uint64_t (*question)(int fd))
{
    AUTO_CLOSE int fd = question ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    return fd < 0 ? 0 : question(fd);
}

uint64_t filesystem_mounted_bytes(const char *path, const char *fstype)
{
    return mounted_ask(path, mounted_find(fstype)->bytes);
}

uint64_t filesystem_device_number(const char *path, const char *fstype)
{
    return mounted_ask(path, mounted_find(fstype)->number);
}

bool filesystem_has_own_devno(const char *fstype)
{
    return mounted_find(fstype)->own_devno;
}

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

uint64_t filesystem_btrfs_device(const char *path)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct btrfs_ioctl_dev_info_args device;

    return fd >= 0 && btrfs_device(fd, &device) == 0 ? device.devid : 0;
}

uint64_t filesystem_mounted_bytes(const char *path, const char *fstype)
{
    bool xfs = text_equal(fstype, "xfs"), btrfs = text_equal(fstype, "btrfs");
    AUTO_CLOSE int fd = xfs || btrfs ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd < 0)
        return 0;
    return xfs ? xfs_bytes(fd) : btrfs_bytes(fd);
}

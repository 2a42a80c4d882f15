/* SPDX-License-Identifier: BSD-2-Clause */
#include "mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "cleanup.h"
#include "host.h"
#include "text.h"

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif

char *directory_unwritable(const char *path, uint64_t room)
{
    struct statvfs space;
    struct statfs type;

    if (statfs(path, &type) == 0 &&
        (type.f_type == PROC_SUPER_MAGIC || type.f_type == SYSFS_MAGIC ||
         type.f_type == CGROUP2_SUPER_MAGIC))
        return text_format("%s is the kernel's own and takes no files", path);
    if (statvfs(path, &space) < 0)
        return text_format("%s can't be examined: %s", path, strerror(errno));
    if (space.f_flag & ST_RDONLY)
        return text_format("the filesystem of %s is read-only", path);
    if ((space.f_blocks > 0 && space.f_bavail * space.f_frsize < room) ||
        (space.f_files > 0 && space.f_favail == 0))
        return text_format("the filesystem of %s is full", path);
    if (access(path, W_OK) < 0)
        return text_format("%s can't be written: %s", path, strerror(errno));
    return NULL;
}

int directory_open_below(const char *path)
{
    int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL))
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int directory_open_name(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

/* Where open_tree() wasn't to be had, a name leads into what is mounted there. */
static bool directory_is_covered(int parent, int fd)
{
    struct stat above, here;

    return fstat(parent, &above) < 0 || fstat(fd, &here) < 0 || above.st_dev != here.st_dev;
}

static int directory_read_entries(int fd, size_t wanted, struct string_list *entries,
                                  struct error *error)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO_CLOSEDIR DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;

    if (!directory) {
        if (copy >= 0)
            close(copy);
        return error_set_errno(error, -errno, "reading a directory");
    }
    while (entries->count < wanted && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            string_list_add(entries, entry->d_name);
    return 0;
}

int directory_read(int parent, const char *name, size_t entries_wanted,
                   struct directory *ret_directory, struct error *error)
{
    struct stat status;
    int flags = 0;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_set_errno(error, -errno, "examining %s", name);
    ret_directory->exists = true;
    ret_directory->is_directory = S_ISDIR(status.st_mode);
    if (!ret_directory->is_directory)
        return 0;
    AUTO_CLOSE int fd = directory_open_name(parent, name);
    if (fd < 0)
        return error_set_errno(error, fd, "opening %s", name);
    if (directory_is_covered(parent, fd))
        return 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
        ret_directory->immutable = flags & FS_IMMUTABLE_FL;
        ret_directory->immutable_possible = capability_in_effect(CAP_LINUX_IMMUTABLE);
    }
    return directory_read_entries(fd, entries_wanted, &ret_directory->entries, error);
}

int directory_set_immutable(int parent, const char *name, bool immutable, struct error *error)
{
    AUTO_CLOSE int fd = directory_open_name(parent, name);
    int flags = 0;

    if (fd < 0)
        return error_set_errno(error, fd, "opening %s", name);
    if (directory_is_covered(parent, fd))
        return error_set(error, -EXDEV, "%s can't be reached below what is mounted there", name);
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return error_set_errno(error, -errno, "reading the attributes of %s", name);
    flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
        return error_set_errno(error, -errno, "%s the immutable attribute of %s",
                               immutable ? "setting" : "clearing", name);
    return 0;
}

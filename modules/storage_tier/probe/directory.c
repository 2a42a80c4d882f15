/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The root of the tiers and the directories in it, and the filesystem that holds them. */
#include "probe/probe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "alloc.h"
#include "cleanup.h"
#include "content/content.h"
#include "text.h"

enum { ENTRIES_SHOWN = 5, ROOT_ENTRIES = 8 };

static size_t directory_prefix_length(const char *target, const char *path)
{
    size_t length = strlen(target);

    if (text_equal(target, "/"))
        return 1;
    return text_starts_with(path, target) && (path[length] == '/' || path[length] == '\0') ? length
                                                                                           : 0;
}

/* The mount that is on top at the longest matching target: the last one in the table. */
static const struct mount *directory_mount(const struct host *host, const char *path)
{
    const struct mount *best = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < host->mounts.count; i++) {
        size_t length = directory_prefix_length(host->mounts.items[i].target, path);
        if (length > 0 && length >= longest) {
            best = &host->mounts.items[i];
            longest = length;
        }
    }
    return best;
}

static const struct disk *directory_disk(const struct host *host, const struct mount *mount)
{
    const struct disk *disk = disks_find(&host->disks, mount->devno);

    for (size_t i = 0; !disk && i < host->disks.count; i++)
        if (text_equal(host->disks.items[i].path, mount->source))
            disk = &host->disks.items[i];
    return disk;
}

void probe_os_disk(const char *root, const struct host *host, struct found *found)
{
    const struct mount *mount = directory_mount(host, root);
    const struct disk *disk = mount ? directory_disk(host, mount) : NULL;
    struct error ignored = ERROR_INIT;

    if (mount)
        found->filesystem = alloc_string(mount->fstype);
    if (!disk)
        return;
    const struct disk *whole = disk->parent ? disks_find_name(&host->disks, disk->parent) : disk;
    found->disk.devno = disk->devno;
    found->disk.size_bytes = disk->size_bytes;
    found->disk.os = true;
    found->disk.name = alloc_string(disk->name);
    found->disk.path = alloc_string(disk->path);
    found->disk.by_id = alloc_string(disk->by_id);
    if (whole)
        found->disk.serial = alloc_string(whole->serial);
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY, &ignored);
    if (fd >= 0)
        content_read_signatures(fd, NULL, &found->disk.content, &ignored);
    error_clear(&ignored); /* no node for it in this container: then UUID and label stay unknown */
}

/* A number stands for itself. */
static int names_number(const char *name)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    return isdigit((unsigned char)*name) && !*end && number < INT_MAX ? (int)number : -2;
}

void probe_names(const struct disk_request *want, struct found *found)
{
    found->owner_uid = found->group_gid = -1;
    if (want->owner) {
        const struct passwd *user = getpwnam(want->owner);
        found->owner_uid = user ? (int)user->pw_uid : names_number(want->owner);
    }
    if (want->group) {
        const struct group *group = getgrnam(want->group);
        found->group_gid = group ? (int)group->gr_gid : names_number(want->group);
    }
}

/* Opened, since a filesystem that shut down after an error still tells its space. */
static void directory_probe_visible(const char *path, struct visible_directory *visible)
{
    struct stat status;
    struct statvfs space;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return;
    if (fd < 0 || fstat(fd, &status) < 0 || fstatvfs(fd, &space) < 0) {
        visible->unreadable = alloc_string(strerror(errno));
        return;
    }
    visible->exists = true;
    visible->mode = (int)(status.st_mode & 07777);
    visible->uid = (int)status.st_uid;
    visible->gid = (int)status.st_gid;
    visible->size_bytes = space.f_blocks * space.f_frsize;
    visible->available_bytes = space.f_bavail * space.f_frsize;
}

/* The nearest directory above that exists decides what a new one will be able to do. */
int probe_root(const char *root, struct facts *facts, struct error *error)
{
    AUTO_FREE char *existing = alloc_string(root), *real = NULL;

    while (*existing && !(real = realpath(existing, NULL))) {
        struct stat status;
        if (lstat(existing, &status) == 0 && S_ISLNK(status.st_mode))
            return error_refuse(error, "root-is-a-link", "root: %s is a dangling symbolic link",
                                existing);
        *strrchr(existing, '/') = '\0';
    }
    facts->real_root =
        text_format("%s%s", real && strcmp(real, "/") != 0 ? real : "", root + strlen(existing));
    AUTO_CLOSE int fd = open(real ? real : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        return error_refuse(error, "root-is-no-directory", "root: %s exists and is no directory",
                            real);
    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", real ? real : "/");
    facts->root_unwritable = directory_unwritable(real ? real : "/", 1);
    int r = directory_read(fd, ".", ROOT_ENTRIES, &facts->root, error);
    facts->root.exists = strcmp(existing, root) == 0;
    return r;
}

/* As it is below what is mounted there. */
static void directory_probe_mount_point(const char *root, enum tier tier,
                                        struct directory *ret_directory)
{
    struct error error = ERROR_INIT;
    AUTO_CLOSE int parent = directory_open_below(root);
    int r = parent < 0
                ? error_set_errno(&error, parent, "opening %s", root)
                : directory_read(parent, tier_names[tier], ENTRIES_SHOWN, ret_directory, &error);

    if (r < 0)
        ret_directory->inaccessible = alloc_string(error_message(&error));
    error_clear(&error);
}

void probe_directory(const struct request *request, enum tier tier, const struct facts *facts,
                     struct found *found)
{
    AUTO_FREE char *path = tier_path(request, tier);

    if (facts->root.exists && facts->root.is_directory)
        directory_probe_mount_point(request->root, tier, &found->mount_point);
    directory_probe_visible(path, &found->visible);
}

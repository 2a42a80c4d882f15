#include "probe_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "content.h"
#include "text.h"

static size_t prefix_length(const char *target, const char *path)
{
    size_t length = strlen(target);

    if (text_equal(target, "/"))
        return 1;
    return text_starts_with(path, target) && (path[length] == '/' || path[length] == '\0') ? length
                                                                                           : 0;
}

/* The mount that is on top at the longest matching target: the last one in the table. */
static const struct mount *mount_of(const struct host *host, const char *path)
{
    const struct mount *best = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < host->mounts.count; i++) {
        size_t length = prefix_length(host->mounts.items[i].target, path);
        if (length > 0 && length >= longest) {
            best = &host->mounts.items[i];
            longest = length;
        }
    }
    return best;
}

static int copy_text(const char *from, char **ret, struct error *error)
{
    *ret = from ? strdup(from) : NULL;
    return from && !*ret ? error_oom(error) : 0;
}

static const struct disk *disk_of_mount(const struct host *host, const struct mount *mount)
{
    const struct disk *disk = disks_find(&host->disks, mount->devno);

    for (size_t i = 0; !disk && i < host->disks.count; i++)
        if (text_equal(host->disks.items[i].path, mount->source))
            disk = &host->disks.items[i];
    return disk;
}

int probe_os_disk(const char *path, const struct host *host, struct found *found,
                  struct error *error)
{
    const struct mount *mount = mount_of(host, path);
    const struct disk *disk = mount ? disk_of_mount(host, mount) : NULL;
    int r = mount ? copy_text(mount->fstype, &found->filesystem, error) : 0;

    if (!disk || r < 0)
        return r;
    const struct disk *whole = disk->parent ? disks_find_name(&host->disks, disk->parent) : disk;
    found->disk.devno = disk->devno;
    found->disk.size_bytes = disk->size_bytes;
    found->disk.os = true;
    r = copy_text(disk->name, &found->disk.name, error);
    if (r == 0)
        r = copy_text(disk->path, &found->disk.path, error);
    if (r == 0)
        r = copy_text(disk->by_id, &found->disk.by_id, error);
    if (r == 0 && whole)
        r = copy_text(whole->serial, &found->disk.serial, error);
    if (r < 0)
        return r;
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY, error);
    if (fd >= 0)
        r = content_read_signatures(fd, NULL, &found->disk.content, error);
    error_clear(error); /* no node for it in this container: then UUID and label stay unknown */
    return r == -ENOMEM ? r : 0;
}

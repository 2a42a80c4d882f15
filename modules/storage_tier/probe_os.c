#include "probe_disk.h"

#include <fcntl.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "content/content.h"
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

static const struct disk *disk_of_mount(const struct host *host, const struct mount *mount)
{
    const struct disk *disk = disks_find(&host->disks, mount->devno);

    for (size_t i = 0; !disk && i < host->disks.count; i++)
        if (text_equal(host->disks.items[i].path, mount->source))
            disk = &host->disks.items[i];
    return disk;
}

void probe_os_disk(const char *path, const struct host *host, struct found *found)
{
    const struct mount *mount = mount_of(host, path);
    const struct disk *disk = mount ? disk_of_mount(host, mount) : NULL;
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

#include "disk_links.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "disks.h"
#include "sysfs.h"
#include "text.h"

/* A disk has several links; the one that people know it by comes first. */
static size_t rank(const char *name)
{
    static const char *const prefixes[] = {"nvme-eui.", "nvme-nvme.", "nvme-",    "scsi-",
                                           "ata-",      "virtio-",    "google-",  "dm-name-",
                                           "dm-uuid-",  "md-name-",   "md-uuid-", "wwn-"};
    static const size_t ranks[] = {11, 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (text_starts_with(name, prefixes[i]))
            return ranks[i];
    return 10;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* By rank, and then by name, so that the answer is the same each time. */
static bool is_better(const char *name, const char *present_path)
{
    if (!present_path)
        return true;
    const char *present = last_component(present_path);
    size_t a = rank(name), b = rank(present);
    return a != b ? a < b : strcmp(name, present) < 0;
}

static void read_link(int directory, const char *name, struct disk_list *disks)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(directory, name, target, sizeof(target) - 1);

    if (n < 0)
        return;
    target[n] = '\0';
    struct disk *disk = disks_find_name(disks, last_component(target));
    if (!disk || !is_better(name, disk->by_id))
        return;
    free(disk->by_id);
    disk->by_id = text_format("/dev/disk/by-id/%s", name);
}

void disks_read_links(struct disk_list *disks)
{
    AUTO_CLOSE int directory = sysfs_open("/dev/disk/by-id");

    if (directory < 0)
        return;
    struct string_list names = sysfs_names(directory, ".");
    for (size_t i = 0; i < names.count; i++)
        read_link(directory, names.items[i], disks);
    string_list_release(&names);
}

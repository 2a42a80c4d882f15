#include "disks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "disk_attachment.h"
#include "disk_links.h"
#include "disk_read.h"
#include "sysfs.h"
#include "text.h"

struct disk *disks_find(const struct disk_list *disks, uint64_t devno)
{
    for (size_t i = 0; i < disks->count; i++)
        if (disks->items[i].devno == devno)
            return &disks->items[i];
    return NULL;
}

struct disk *disks_find_name(const struct disk_list *disks, const char *kernel_name)
{
    for (size_t i = 0; i < disks->count; i++)
        if (text_equal(disks->items[i].name, kernel_name))
            return &disks->items[i];
    return NULL;
}

/* Without a node, or with another device's, the disk stays without what only it can tell. */
static void identify(struct disk *disk)
{
    struct stat st;

    if (!disk_needs_identify(disk))
        return;
    AUTO_FREE char *path = text_format("%s%s", disks_root, disk->path);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == disk->devno)
        disk_identify(fd, disk);
}

/* A device that went away meanwhile counts as one that isn't there. */
static void add_disk(int class, const char *name, struct disk_list *disks)
{
    struct disk disk = {0};
    AUTO_FREE char *size = text_format("%s/size", name);

    if (sysfs_number(class, size) == 0) /* most often: there can be hundreds of free loop devices */
        return;
    AUTO_CLOSE int directory = sysfs_open_at(class, name);
    if (directory < 0 || disk_read(directory, name, &disk) < 0) {
        fields_release(&disk_fields, &disk);
        return;
    }
    identify(&disk);
    *(struct disk *)fields_append(&disk_fields, disks) = disk;
}

static void add_all(int class, struct disk_list *disks)
{
    struct string_list names = sysfs_names(class, ".");

    for (size_t i = 0; i < names.count; i++)
        add_disk(class, names.items[i], disks);
    string_list_release(&names);
}

static void name_partitions(struct disk_list *disks)
{
    for (size_t i = 0; i < disks->count; i++) {
        const char *parent = disks->items[i].parent;
        struct disk *whole = parent ? disks_find_name(disks, parent) : NULL;
        if (whole)
            string_list_add(&whole->partitions, disks->items[i].name);
    }
}

int disks_read(const struct mount_list *mounts, const struct swap_list *swaps,
               struct disk_list *ret_disks, struct error *error)
{
    struct disk_list disks = {0};
    AUTO_CLOSE int class = sysfs_open("/sys/class/block");

    if (class < 0)
        return error_set_errno(error, class,
                               "reading the disks from %s/sys/class/block (is sysfs mounted?)",
                               disks_root);
    add_all(class, &disks);
    name_partitions(&disks);
    disks_read_links(&disks);
    disks_read_use(&disks, mounts, swaps);
    *ret_disks = disks;
    return 0;
}

/* The queue is the whole disk's, and a partition's directory lies in that disk's. */
bool disk_discards(const struct disk *disk)
{
    AUTO_CLOSE int directory =
        sysfs_open("/sys/dev/block/%u:%u", major(disk->devno), minor(disk->devno));

    return directory >= 0 && (sysfs_number(directory, "queue/discard_max_bytes") ||
                              sysfs_number(directory, "../queue/discard_max_bytes"));
}

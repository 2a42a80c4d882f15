#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "disk_links.h"
#include "disks.h"
#include "filesystem_mounted.h"
#include "sysfs.h"
#include "text.h"

static bool has(const struct string_list *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], string))
            return true;
    return false;
}

/* A map's name, for hosts without links in /dev/mapper. */
static const struct disk *find_map(const struct disk_list *disks, const char *name)
{
    for (size_t i = 0; i < disks->count; i++) {
        if (!text_starts_with(disks->items[i].name, "dm-"))
            continue;
        AUTO_CLOSE int directory = sysfs_open("/sys/class/block/%s", disks->items[i].name);
        AUTO_FREE char *map = directory < 0 ? NULL : sysfs_line(directory, "dm/name");
        if (text_equal(map, name))
            return &disks->items[i];
    }
    return NULL;
}

/* The device that a mount's source names; NULL where there is none. */
static const struct disk *find_source(const struct disk_list *disks, const char *source)
{
    static const char mapper[] = "/dev/mapper/";
    const struct disk *disk = NULL;
    struct stat st;

    for (size_t i = 0; i < disks->count; i++)
        if (text_equal(disks->items[i].path, source))
            disk = &disks->items[i];
    if (disk || source[0] != '/')
        return disk;
    AUTO_FREE char *path = text_format("%s%s", disks_root, source);
    if (stat(path, &st) == 0 && S_ISBLK(st.st_mode))
        disk = disks_find(disks, st.st_rdev);
    if (disk || !text_starts_with(source, mapper))
        return disk;
    return find_map(disks, source + strlen(mapper));
}

/* All devices of the btrfs that one of them belongs to. */
static struct string_list btrfs_devices(const char *member)
{
    struct string_list names = {0}, filesystems = {0};
    AUTO_CLOSE int directory = sysfs_open("/sys/fs/btrfs");

    if (directory >= 0)
        filesystems = sysfs_names(directory, ".");
    for (size_t i = 0; i < filesystems.count && names.count == 0; i++) {
        AUTO_FREE char *path = text_format("%s/devices", filesystems.items[i]);
        struct string_list devices = sysfs_names(directory, path);
        if (has(&devices, member))
            names = devices;
        else
            string_list_release(&devices);
    }
    string_list_release(&filesystems);
    return names;
}

static struct string_list read_btrfs(const struct disk_list *disks, const struct mount *mount)
{
    const struct disk *disk = find_source(disks, mount->source);
    struct string_list names = {0};

    if (!disk)
        return names;
    names = btrfs_devices(disk->name);
    if (names.count == 0)
        string_list_add(&names, disk->name);
    return names;
}

struct string_list mount_devices(const struct disk_list *disks, const struct mount *mount)
{
    const struct disk *disk = disks_find(disks, mount->devno);
    struct string_list names = {0};

    if (disk)
        string_list_add(&names, disk->name);
    else if (filesystem_has_own_devno(mount->fstype))
        names = read_btrfs(disks, mount);
    return names;
}

static void add_mount(struct disk_list *disks, const struct mount *mount)
{
    struct string_list names = mount_devices(disks, mount);

    for (size_t i = 0; i < names.count; i++) {
        struct disk *disk = disks_find_name(disks, names.items[i]);
        if (disk && !has(&disk->mounts, mount->target))
            string_list_add(&disk->mounts, mount->target);
    }
    string_list_release(&names);
}

void disks_read_use(struct disk_list *disks, const struct mount_list *mounts,
                    const struct swap_list *swaps)
{
    for (size_t i = 0; i < mounts->count; i++)
        add_mount(disks, &mounts->items[i]);
    for (size_t i = 0; i < swaps->count; i++)
        for (size_t j = 0; j < disks->count; j++)
            if (swaps->items[i].devno ? swaps->items[i].devno == disks->items[j].devno
                                      : text_equal(swaps->items[i].path, disks->items[j].path))
                disks->items[j].swap_active = true;
}

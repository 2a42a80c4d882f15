#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "disk_links.h"
#include "disks.h"
#include "sysfs.h"
#include "text.h"

static bool has(const struct string_list *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], string))
            return true;
    return false;
}

/* A map's name, for hosts without links in /dev/mapper. 0 or -ENOMEM. */
static int find_map(const struct disk_list *disks, const char *name, const struct disk **ret_disk)
{
    for (size_t i = 0; i < disks->count; i++) {
        if (!text_starts_with(disks->items[i].name, "dm-"))
            continue;
        AUTO_FREE char *map = NULL;
        AUTO_CLOSE int directory = sysfs_open("/sys/class/block/%s", disks->items[i].name);
        if (directory == -ENOMEM || (directory >= 0 && sysfs_line(directory, "dm/name", &map) < 0))
            return -ENOMEM;
        if (text_equal(map, name)) {
            *ret_disk = &disks->items[i];
            return 0;
        }
    }
    return 0;
}

/* The device that a mount's source names; NULL where there is none. 0 or -ENOMEM. */
static int find_source(const struct disk_list *disks, const char *source,
                       const struct disk **ret_disk)
{
    static const char mapper[] = "/dev/mapper/";
    struct stat st;

    *ret_disk = NULL;
    for (size_t i = 0; i < disks->count; i++)
        if (text_equal(disks->items[i].path, source))
            *ret_disk = &disks->items[i];
    if (*ret_disk || source[0] != '/')
        return 0;
    AUTO_FREE char *path = text_format("%s%s", disks_root, source);
    if (!path)
        return -ENOMEM;
    if (stat(path, &st) == 0 && S_ISBLK(st.st_mode))
        *ret_disk = disks_find(disks, st.st_rdev);
    if (*ret_disk || !text_starts_with(source, mapper))
        return 0;
    return find_map(disks, source + strlen(mapper), ret_disk);
}

/* All devices of the btrfs that one of them belongs to. */
static int btrfs_devices(const char *member, struct string_list *ret_names)
{
    struct string_list filesystems = {0};
    AUTO_CLOSE int directory = sysfs_open("/sys/fs/btrfs");
    int r = directory == -ENOMEM ? -ENOMEM : 0;

    if (directory >= 0)
        r = sysfs_names(directory, ".", &filesystems);
    for (size_t i = 0; r == 0 && i < filesystems.count && ret_names->count == 0; i++) {
        struct string_list devices = {0};
        AUTO_FREE char *path = text_format("%s/devices", filesystems.items[i]);
        r = path ? sysfs_names(directory, path, &devices) : -ENOMEM;
        if (r == 0 && has(&devices, member))
            *ret_names = devices;
        else
            string_list_release(&devices);
    }
    string_list_release(&filesystems);
    return r;
}

static int read_btrfs(const struct disk_list *disks, const struct mount *mount,
                      struct string_list *ret_names)
{
    const struct disk *disk;
    int r = find_source(disks, mount->source, &disk);

    if (r < 0 || !disk)
        return r;
    r = btrfs_devices(disk->name, ret_names);
    if (r == 0 && ret_names->count == 0)
        r = string_list_add(ret_names, disk->name);
    return r;
}

int mount_devices(const struct disk_list *disks, const struct mount *mount,
                  struct string_list *ret_names)
{
    struct string_list names = {0};
    const struct disk *disk = disks_find(disks, mount->devno);
    int r = 0;

    if (disk)
        r = string_list_add(&names, disk->name);
    else if (text_equal(mount->fstype, "btrfs"))
        r = read_btrfs(disks, mount, &names);
    if (r < 0) {
        string_list_release(&names);
        return r;
    }
    *ret_names = names;
    return 0;
}

static int add_mount(struct disk_list *disks, const struct mount *mount)
{
    struct string_list names;
    int r = mount_devices(disks, mount, &names);

    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < names.count; i++) {
        struct disk *disk = disks_find_name(disks, names.items[i]);
        if (disk && !has(&disk->mounts, mount->target))
            r = string_list_add(&disk->mounts, mount->target);
    }
    string_list_release(&names);
    return r;
}

int disks_read_use(struct disk_list *disks, const struct mount_list *mounts,
                   const struct swap_list *swaps)
{
    for (size_t i = 0; i < mounts->count; i++)
        if (add_mount(disks, &mounts->items[i]) < 0)
            return -ENOMEM;
    for (size_t i = 0; i < swaps->count; i++)
        for (size_t j = 0; j < disks->count; j++)
            if (swaps->items[i].devno ? swaps->items[i].devno == disks->items[j].devno
                                      : text_equal(swaps->items[i].path, disks->items[j].path))
                disks->items[j].swap_active = true;
    return 0;
}

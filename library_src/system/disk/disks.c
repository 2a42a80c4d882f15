/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "mount/mount.h"
#include "text.h"

/* A disk has several links; the one that people know it by comes first. */
static size_t link_rank(const char *name)
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

static const char *link_last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* By rank, and then by name, so that the answer is the same each time. */
static bool link_is_better(const char *name, const char *present_path)
{
    if (!present_path)
        return true;
    const char *present = link_last_component(present_path);
    size_t a = link_rank(name), b = link_rank(present);
    return a != b ? a < b : strcmp(name, present) < 0;
}

static void disks_read_link(int directory, const char *name, struct disk_list *disks)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(directory, name, target, sizeof(target) - 1);

    if (n < 0)
        return;
    target[n] = '\0';
    struct disk *disk = disks_find_name(disks, link_last_component(target));
    if (!disk || !link_is_better(name, disk->by_id))
        return;
    free(disk->by_id);
    disk->by_id = text_format("/dev/disk/by-id/%s", name);
}

static void disks_read_links(struct disk_list *disks)
{
    AUTO_CLOSE int directory = sysfs_open("/dev/disk/by-id");

    if (directory < 0)
        return;
    struct string_list names = sysfs_names(directory, ".");
    for (size_t i = 0; i < names.count; i++)
        disks_read_link(directory, names.items[i], disks);
    string_list_release(&names);
}

static bool names_have(const struct string_list *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], string))
            return true;
    return false;
}

/* A map's name, for hosts without links in /dev/mapper. */
static const struct disk *disks_find_map(const struct disk_list *disks, const char *name)
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
static const struct disk *disks_find_source(const struct disk_list *disks, const char *source)
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
    return disks_find_map(disks, source + strlen(mapper));
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
        if (names_have(&devices, member))
            names = devices;
        else
            string_list_release(&devices);
    }
    string_list_release(&filesystems);
    return names;
}

static struct string_list btrfs_mount_devices(const struct disk_list *disks,
                                              const struct mount *mount)
{
    const struct disk *disk = disks_find_source(disks, mount->source);
    struct string_list names = {0};

    if (!disk)
        return names;
    names = btrfs_devices(disk->name);
    if (names.count == 0)
        string_list_add(&names, disk->name);
    return names;
}

static struct string_list mount_devices(const struct disk_list *disks, const struct mount *mount)
{
    const struct disk *disk = disks_find(disks, mount->devno);
    struct string_list names = {0};

    if (disk)
        string_list_add(&names, disk->name);
    else if (filesystem_has_own_devno(mount->fstype))
        names = btrfs_mount_devices(disks, mount);
    return names;
}

static void disks_add_mount(struct disk_list *disks, const struct mount *mount)
{
    struct string_list names = mount_devices(disks, mount);

    for (size_t i = 0; i < names.count; i++) {
        struct disk *disk = disks_find_name(disks, names.items[i]);
        if (disk && !names_have(&disk->mounts, mount->target))
            string_list_add(&disk->mounts, mount->target);
    }
    string_list_release(&names);
}

static void disks_read_use(struct disk_list *disks, const struct mount_list *mounts,
                           const struct swap_list *swaps)
{
    for (size_t i = 0; i < mounts->count; i++)
        disks_add_mount(disks, &mounts->items[i]);
    for (size_t i = 0; i < swaps->count; i++)
        for (size_t j = 0; j < disks->count; j++)
            if (swaps->items[i].devno ? swaps->items[i].devno == disks->items[j].devno
                                      : text_equal(swaps->items[i].path, disks->items[j].path))
                disks->items[j].swap_active = true;
}

/* Without a node, or with another device's, the disk stays without what only it can tell. */
static void disk_identify_node(struct disk *disk)
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
static void disks_add(int class, const char *name, struct disk_list *disks)
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
    disk_identify_node(&disk);
    *(struct disk *)fields_append(&disk_fields, disks) = disk;
}

static void disks_add_all(int class, struct disk_list *disks)
{
    struct string_list names = sysfs_names(class, ".");

    for (size_t i = 0; i < names.count; i++)
        disks_add(class, names.items[i], disks);
    string_list_release(&names);
}

static void disks_name_partitions(struct disk_list *disks)
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
    disks_add_all(class, &disks);
    disks_name_partitions(&disks);
    disks_read_links(&disks);
    disks_read_use(&disks, mounts, swaps);
    *ret_disks = disks;
    return 0;
}

void disks_release(struct disk_list *disks)
{
    for (size_t i = 0; i < disks->count; i++)
        fields_release(&disk_fields, &disks->items[i]);
    free(disks->items);
    *disks = (struct disk_list){0};
}

/* The queue is the whole disk's, and a partition's directory lies in that disk's. */
bool disk_discards(const struct disk *disk)
{
    AUTO_CLOSE int directory =
        sysfs_open("/sys/dev/block/%u:%u", major(disk->devno), minor(disk->devno));

    return directory >= 0 && (sysfs_number(directory, "queue/discard_max_bytes") ||
                              sysfs_number(directory, "../queue/discard_max_bytes"));
}

static bool is_held_by(const struct disk *disk, const char *holder)
{
    for (size_t i = 0; i < disk->holders.count; i++)
        if (text_equal(disk->holders.items[i], holder))
            return true;
    return false;
}

/* Down from what is mounted: to a partition's disk, and to what dm, md or bcache is built on. */
static void os_mark(struct disk_list *disks, struct disk *disk)
{
    if (disk->os)
        return;
    disk->os = true;
    struct disk *parent = disk->parent ? disks_find_name(disks, disk->parent) : NULL;
    if (parent)
        os_mark(disks, parent);
    for (size_t i = 0; i < disks->count; i++)
        if (is_held_by(&disks->items[i], disk->name))
            os_mark(disks, &disks->items[i]);
}

/* Whether the mount leads to devices, all of which are in the list. */
static bool os_mark_mount(struct disk_list *disks, const struct mount *mount)
{
    struct string_list names = mount_devices(disks, mount);
    bool known = names.count > 0;

    for (size_t i = 0; i < names.count; i++) {
        struct disk *disk = disks_find_name(disks, names.items[i]);
        if (disk)
            os_mark(disks, disk);
        else
            known = false;
    }
    string_list_release(&names);
    return known;
}

/* What is mounted there, what is covered included; the last one is what is seen, and known or not.
 * `known` is the answer where nothing is. */
static bool os_mark_target(struct disk_list *disks, const struct mount_list *mounts,
                           const char *target, bool known)
{
    for (size_t i = 0; i < mounts->count; i++) {
        const struct mount *mount = &mounts->items[i];
        if (!text_equal(mount->target, target) || text_equal(mount->fstype, "autofs"))
            continue;
        known = os_mark_mount(disks, mount);
    }
    return known;
}

bool disks_mark_os(struct disk_list *disks, const struct mount_list *mounts)
{
    bool root = os_mark_target(disks, mounts, "/", false);
    bool boot = os_mark_target(disks, mounts, "/boot", true);
    bool efi = os_mark_target(disks, mounts, "/boot/efi", true);

    return root && boot && efi;
}

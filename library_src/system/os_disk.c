#include "disk_links.h"
#include "disks.h"
#include "text.h"

static bool is_held_by(const struct disk *disk, const char *holder)
{
    for (size_t i = 0; i < disk->holders.count; i++)
        if (text_equal(disk->holders.items[i], holder))
            return true;
    return false;
}

/* Down from what is mounted: to a partition's disk, and to what dm, md or bcache is built on. */
static void mark(struct disk_list *disks, struct disk *disk)
{
    if (disk->os)
        return;
    disk->os = true;
    struct disk *parent = disk->parent ? disks_find_name(disks, disk->parent) : NULL;
    if (parent)
        mark(disks, parent);
    for (size_t i = 0; i < disks->count; i++)
        if (is_held_by(&disks->items[i], disk->name))
            mark(disks, &disks->items[i]);
}

/* Whether the mount leads to devices, all of which are in the list. */
static bool mark_mount(struct disk_list *disks, const struct mount *mount)
{
    struct string_list names = mount_devices(disks, mount);
    bool known = names.count > 0;

    for (size_t i = 0; i < names.count; i++) {
        struct disk *disk = disks_find_name(disks, names.items[i]);
        if (disk)
            mark(disks, disk);
        else
            known = false;
    }
    string_list_release(&names);
    return known;
}

/* What is mounted there, what is covered included; the last one is what is seen, and known or not.
 * `known` is the answer where nothing is. */
static bool mark_target(struct disk_list *disks, const struct mount_list *mounts,
                        const char *target, bool known)
{
    for (size_t i = 0; i < mounts->count; i++) {
        const struct mount *mount = &mounts->items[i];
        if (!text_equal(mount->target, target) || text_equal(mount->fstype, "autofs"))
            continue;
        known = mark_mount(disks, mount);
    }
    return known;
}

bool disks_mark_os(struct disk_list *disks, const struct mount_list *mounts)
{
    bool root = mark_target(disks, mounts, "/", false);
    bool boot = mark_target(disks, mounts, "/boot", true);
    bool efi = mark_target(disks, mounts, "/boot/efi", true);

    return root && boot && efi;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk/disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "text.h"

/* Those of the given identifiers that a disk has to have. */
static bool disk_has_identifiers(const struct disk *disk, const char *serial, const char *wwn)
{
    return disk_has_identity(disk) && (!serial || serial_equal(serial, disk->serial)) &&
           (!wwn || wwn_compare(wwn, disk->wwn) == WWN_SAME);
}

/* The disks that match, in words; *ret_first is the first. Paths of a multipath map are left out:
 * the map has their identifiers. */
static char *identity_list_matches(const struct disk_list *disks, const char *serial,
                                   const char *wwn, const struct disk **ret_first,
                                   size_t *ret_count)
{
    struct text text = {0};
    const struct disk *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        if (!disk_has_identifiers(disk, serial, wwn) || disk_multipath_map(disks, disk))
            continue;
        AUTO_FREE char *description = disk_describe(disk);
        text_addf(&text, "%s%s", count ? " and " : "", description);
        first = first ? first : disk;
        count++;
    }
    *ret_first = first;
    *ret_count = count;
    return text_take(&text);
}

/* "serial X", "wwn Y" or "serial X and wwn Y". */
static char *identity_describe(const struct disk_identity *identity)
{
    bool both = identity->serial && identity->wwn;

    return text_format("%s%s%s%s%s", identity->serial ? "serial " : "",
                       identity->serial ? identity->serial : "", both ? " and " : "",
                       identity->wwn ? "wwn " : "", identity->wwn ? identity->wwn : "");
}

/* Each identifier is there, but on different disks. */
static int identity_explain_disagreement(const struct disk_list *disks,
                                         const struct disk_identity *identity, struct error *error)
{
    const struct disk *first;
    size_t serials, wwns;
    AUTO_FREE char *by_serial =
        identity_list_matches(disks, identity->serial, NULL, &first, &serials);
    AUTO_FREE char *by_wwn = identity_list_matches(disks, NULL, identity->wwn, &first, &wwns);

    if (serials == 0 || wwns == 0)
        return disks_not_found(disks, error, "%s: no disk has serial %s and wwn %s (yet)",
                               identity->name, identity->serial, identity->wwn);
    return error_refuse(error, "identity-disagrees",
                        "%s: serial %s belongs to %s, but wwn %s to %s; correct the one that is "
                        "wrong or leave it out",
                        identity->name, identity->serial, by_serial, identity->wwn, by_wwn);
}

/* Half a wwn names an array rather than a disk: with only its wrong disk attached it would fit. */
static int identity_refuse_half_wwn(const struct disk_list *disks,
                                    const struct disk_identity *identity, struct error *error)
{
    for (size_t i = 0; identity->wwn && i < disks->count; i++)
        if (wwn_compare(identity->wwn, disks->items[i].wwn) == WWN_FIRST_HALF)
            return error_refuse(error, "wwn-incomplete",
                                "%s: wwn %s is only the first half of a name such as %s (of %s), "
                                "and other disks of one array can share it; write all 32 digits",
                                identity->name, identity->wwn, disks->items[i].wwn,
                                disks->items[i].path);
    return 0;
}

static int identity_find_hardware(const struct disk_list *disks,
                                  const struct disk_identity *identity,
                                  const struct disk **ret_disk, struct error *error)
{
    const struct disk *first;
    size_t count;
    int r = identity_refuse_half_wwn(disks, identity, error);

    if (r < 0)
        return r;
    AUTO_FREE char *wanted = identity_describe(identity);
    AUTO_FREE char *found =
        identity_list_matches(disks, identity->serial, identity->wwn, &first, &count);
    if (count == 0 && identity->serial && identity->wwn)
        return identity_explain_disagreement(disks, identity, error);
    if (count == 0)
        return disks_not_found(disks, error, "%s: no disk has %s (yet)", identity->name, wanted);
    if (count > 1)
        return error_refuse(error, "identity-ambiguous",
                            "%s: %s belongs to %s; if they are paths to one disk, set up multipath "
                            "and its map is used, otherwise tell them apart by another of device, "
                            "serial and wwn",
                            identity->name, wanted, found);
    *ret_disk = first;
    return 0;
}

static int identity_check_device(const struct disk *disk, const struct disk_identity *identity,
                                 struct error *error)
{
    if (disk_has_identifiers(disk, identity->serial, identity->wwn) ||
        (!identity->serial && !identity->wwn))
        return 0;
    AUTO_FREE char *wanted = identity_describe(identity);
    AUTO_FREE char *description = disk_describe(disk);
    bool link = !text_equal(identity->device, disk->path);
    AUTO_FREE char *device =
        text_format("device %s%s%s", link ? identity->device : "", link ? " is " : "", description);
    if (!disk_has_identity(disk))
        return error_refuse(error, "identity-disagrees",
                            "%s: %s is of type %s, which has no serial and no wwn of its own; name "
                            "it by device alone",
                            identity->name, device, disk->type);
    return error_refuse(error, "identity-disagrees",
                        "%s: %s does not have %s; correct the one that is wrong or leave it out",
                        identity->name, device, wanted);
}

static const char *device_file_kind(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFREG:
        return "a regular file";
    case S_IFCHR:
        return "a character device";
    default:
        return "a pipe or a socket";
    }
}

/* A block device node that stands for nothing in the list, which may be older than the device. */
static int device_explain_unlisted(const struct disk_list *disks,
                                   const struct disk_identity *identity, dev_t devno,
                                   struct error *error)
{
    AUTO_CLOSE int directory = sysfs_open("/sys/dev/block/%u:%u", major(devno), minor(devno));

    if (directory < 0 || !disk_is_unsuitable(directory))
        return disks_not_found(disks, error, "%s: nothing is attached at device %s (yet)",
                               identity->name, identity->device);
    return error_refuse(error, "unsuitable-device",
                        "%s: device %s is a RAM disk, a CD drive or a floppy, which can't keep a "
                        "tier's data; name another device",
                        identity->name, identity->device);
}

static int identity_find_device(const struct disk_list *disks, const struct disk_identity *identity,
                                const struct disk **ret_disk, struct error *error)
{
    AUTO_FREE char *path = text_format("%s%s", disks_root, identity->device);
    struct stat st;

    if (identity->device[0] != '/')
        return error_refuse(error, "device-not-absolute",
                            "%s: device %s is not an absolute path; write it as /dev/…",
                            identity->name, identity->device);
    if (stat(path, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return disks_not_found(disks, error, "%s: device %s does not exist (yet)",
                                   identity->name, identity->device);
        return error_set_errno(error, -errno, "%s: looking at device %s", identity->name,
                               identity->device);
    }
    if (!S_ISBLK(st.st_mode))
        return error_refuse(error, "not-a-block-device",
                            "%s: device %s is %s, not a block device; name a disk, a partition or "
                            "a logical volume",
                            identity->name, identity->device, device_file_kind(st.st_mode));
    const struct disk *disk = disks_find(disks, st.st_rdev);
    if (!disk)
        return device_explain_unlisted(disks, identity, st.st_rdev, error);
    *ret_disk = disk;
    return 0;
}

static int identity_check_given(const struct disk_identity *identity, struct error *error)
{
    const struct {
        const char *key, *value;
    } given[] = {
        {"device", identity->device}, {"serial", identity->serial}, {"wwn", identity->wwn}};

    for (size_t i = 0; i < ARRAY_SIZE(given); i++)
        if (given[i].value && given[i].value[strspn(given[i].value, " \t\r\n")] == '\0')
            return error_refuse(error, "identity-empty",
                                "%s: %s is given but empty; give its value or leave it out",
                                identity->name, given[i].key);
    return 0;
}

static char *identity_found_by(const struct disk_identity *identity)
{
    bool device = identity->device, serial = identity->serial, wwn = identity->wwn;

    return text_format("%s%s%s%s%s", device ? "device" : "", device && (serial || wwn) ? ", " : "",
                       serial ? "serial" : "", serial && wwn ? ", " : "", wwn ? "wwn" : "");
}

static int identity_find(const struct disk_list *disks, const struct disk_identity *identity,
                         const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    int r;

    if (!identity->device && !identity->serial && !identity->wwn)
        return provider_find_disk(disks, identity, ret_disk, ret_found_by, error);
    if (!identity->device)
        r = identity_find_hardware(disks, identity, ret_disk, error);
    else
        r = identity_find_device(disks, identity, ret_disk, error);
    if (r == 0 && identity->device)
        r = identity_check_device(*ret_disk, identity, error);
    if (r < 0)
        return r;
    *ret_found_by = identity_found_by(identity);
    return 0;
}

/* Another path to this very disk, where no multipath map joins them; NULL: none. */
static const struct disk *disk_find_twin(const struct disk_list *disks, const struct disk *disk)
{
    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *other = &disks->items[i];
        if (other != disk && text_equal(disk->type, "disk") && text_equal(other->type, "disk") &&
            wwn_compare(disk->wwn, other->wwn) == WWN_SAME)
            return other;
    }
    return NULL;
}

static int disk_check_paths(const struct disk_list *disks, const struct disk_identity *identity,
                            const struct disk *disk, struct error *error)
{
    const struct disk *parent = disk->parent ? disks_find_name(disks, disk->parent) : NULL;
    const struct disk *whole = parent ? parent : disk;
    const struct disk *map = disk_multipath_map(disks, whole);
    const struct disk *twin = disk_find_twin(disks, whole);

    if (map)
        return error_refuse(error, "multipath-member",
                            "%s: %s is one path of the multipath device %s; use that one",
                            identity->name, disk->path, map->path);
    if (twin)
        return error_refuse(error, "identity-ambiguous",
                            "%s: %s and %s have the same wwn %s: they are paths to one disk, and "
                            "using one of them alone can destroy data; set up multipath and its "
                            "map is used",
                            identity->name, whole->path, twin->path, whole->wwn);
    return 0;
}

int disks_check_usable(const struct disk_list *disks, const struct disk_identity *identity,
                       const struct disk *disk, struct error *error)
{
    AUTO_FREE char *description = disk_describe(disk);

    if (disk->os)
        return error_refuse(error, "os-disk",
                            "%s: %s carries the running system (/, /boot or /boot/efi); use its "
                            "tier as the disk named os, and name another device here",
                            identity->name, description);
    if (disk->read_only)
        return error_refuse(error, "read-only-device",
                            "%s: %s is read-only; detach it and attach it writable, or name "
                            "another device",
                            identity->name, description);
    return disk_check_paths(disks, identity, disk, error);
}

int disks_resolve(const struct disk_list *disks, const struct disk_identity *identity,
                  const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    AUTO_FREE char *found_by = NULL;
    const struct disk *disk;

    int r = identity_check_given(identity, error);
    if (r == 0)
        r = identity_find(disks, identity, &disk, &found_by, error);
    if (r == 0)
        r = disks_check_usable(disks, identity, disk, error);
    if (r < 0)
        return r;
    *ret_disk = disk;
    *ret_found_by = TAKE_PTR(found_by);
    return 0;
}

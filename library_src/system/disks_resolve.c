#include "disks.h"

#include <string.h>

#include "cleanup.h"
#include "disk_identity.h"
#include "text.h"

static int check_given(const struct disk_identity *identity, struct error *error)
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

static char *join_found_by(const struct disk_identity *identity)
{
    bool device = identity->device, serial = identity->serial, wwn = identity->wwn;

    return text_format("%s%s%s%s%s", device ? "device" : "", device && (serial || wwn) ? ", " : "",
                       serial ? "serial" : "", serial && wwn ? ", " : "", wwn ? "wwn" : "");
}

static int find(const struct disk_list *disks, const struct disk_identity *identity,
                const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    int r;

    if (!identity->device && !identity->serial && !identity->wwn)
        return identity_find_provider(disks, identity, ret_disk, ret_found_by, error);
    if (!identity->device)
        r = identity_find_hardware(disks, identity, ret_disk, error);
    else
        r = identity_find_device(disks, identity, ret_disk, error);
    if (r == 0 && identity->device)
        r = identity_check_device(*ret_disk, identity, error);
    if (r < 0)
        return r;
    *ret_found_by = join_found_by(identity);
    return 0;
}

/* Another path to this very disk, where no multipath map joins them; NULL: none. */
static const struct disk *find_twin(const struct disk_list *disks, const struct disk *disk)
{
    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *other = &disks->items[i];
        if (other != disk && text_equal(disk->type, "disk") && text_equal(other->type, "disk") &&
            wwn_compare(disk->wwn, other->wwn) == WWN_SAME)
            return other;
    }
    return NULL;
}

static int check_paths(const struct disk_list *disks, const struct disk_identity *identity,
                       const struct disk *disk, struct error *error)
{
    const struct disk *parent = disk->parent ? disks_find_name(disks, disk->parent) : NULL;
    const struct disk *whole = parent ? parent : disk;
    const struct disk *map = disk_multipath_map(disks, whole);
    const struct disk *twin = find_twin(disks, whole);

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
    return check_paths(disks, identity, disk, error);
}

int disks_resolve(const struct disk_list *disks, const struct disk_identity *identity,
                  const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    AUTO_FREE char *found_by = NULL;
    const struct disk *disk;

    int r = check_given(identity, error);
    if (r == 0)
        r = find(disks, identity, &disk, &found_by, error);
    if (r == 0)
        r = disks_check_usable(disks, identity, disk, error);
    if (r < 0)
        return r;
    *ret_disk = disk;
    *ret_found_by = TAKE_PTR(found_by);
    return 0;
}

#include "cleanup.h"
#include "disk_attachment.h"
#include "disk_identity.h"
#include "text.h"

#define INSTANCE_STORE_MODEL "Amazon EC2 NVMe Instance Storage"

/* The one disk that is attached as either name; NULL: none. `other` may be NULL. */
static int find_attached(const struct disk_list *disks, const struct disk_identity *identity,
                         const char *name, const char *other, const struct disk **ret_disk,
                         struct error *error)
{
    const struct disk *found = NULL;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        if (!disk->attachment || !disk_has_identity(disk) || disk_multipath_map(disks, disk) ||
            (!text_equal(disk->attachment, name) && !text_equal(disk->attachment, other)))
            continue;
        if (found)
            return error_refuse(error, "identity-ambiguous",
                                "%s: %s says that it is attached as %s, and %s as %s; give device, "
                                "serial or wwn",
                                identity->name, found->path, found->attachment, disk->path,
                                disk->attachment);
        found = disk;
    }
    *ret_disk = found;
    return 0;
}

static void take(const struct disk *found, const struct disk_identity *identity,
                 const struct disk **ret_disk, char **ret_found_by)
{
    *ret_found_by = text_format("%s %s", identity->provider, found->attachment);
    *ret_disk = found;
}

static const struct disk *find_instance_store(const struct disk_list *disks)
{
    for (size_t i = 0; i < disks->count; i++)
        if (!disks->items[i].os && text_equal(disks->items[i].model, INSTANCE_STORE_MODEL))
            return &disks->items[i];
    return NULL;
}

static int explain_missing_volume(const struct disk_list *disks,
                                  const struct disk_identity *identity, char letter,
                                  struct error *error)
{
    const struct disk *store = find_instance_store(disks);

    if (!store)
        return disks_not_found(disks, error, "%s: no volume is attached as sd%c or xvd%c (yet)",
                               identity->name, letter, letter);
    int r = disks_not_found(disks, error,
                            "%s: no volume is attached as sd%c or xvd%c (yet); %s is instance "
                            "store, whose content ends when the instance stops, and is used only "
                            "when device, serial or wwn names it",
                            identity->name, letter, letter, store->path);
    error->id = "instance-store";
    return r;
}

int identity_find_aws(const struct disk_list *disks, const struct disk_identity *identity,
                      int index, const struct disk **ret_disk, char **ret_found_by,
                      struct error *error)
{
    const struct disk *found;

    if (index > 'z' - 'f')
        return error_refuse(error, "disk-name",
                            "%s: device names end with sdz, which is data-%d; give device, serial "
                            "or wwn",
                            identity->name, 'z' - 'f');
    char letter = (char)('f' + index);
    const char sd[] = {'s', 'd', letter, '\0'}, xvd[] = {'x', 'v', 'd', letter, '\0'};
    int r = find_attached(disks, identity, sd, xvd, &found, error);
    if (r < 0)
        return r;
    if (!found)
        return explain_missing_volume(disks, identity, letter, error);
    take(found, identity, ret_disk, ret_found_by);
    return 0;
}

int identity_find_gcp(const struct disk_list *disks, const struct disk_identity *identity,
                      const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    const struct disk *found;
    int r = find_attached(disks, identity, identity->name, NULL, &found, error);

    if (r < 0)
        return r;
    if (!found)
        return disks_not_found(disks, error,
                               "%s: no disk has this device name (yet); Terraform's device_name "
                               "of the attached disk decides it",
                               identity->name);
    take(found, identity, ret_disk, ret_found_by);
    return 0;
}

int identity_find_oci(const struct disk_list *disks, const struct disk_identity *identity,
                      int index, const struct disk **ret_disk, char **ret_found_by,
                      struct error *error)
{
    AUTO_FREE char *name = oci_attachment((unsigned)index + 2);
    const struct disk *found;
    int r = find_attached(disks, identity, name, NULL, &found, error);

    if (r < 0)
        return r;
    if (!found)
        return disks_not_found(disks, error,
                               "%s: no volume is attached with the device path "
                               "/dev/oracleoci/%s (yet)",
                               identity->name, name);
    take(found, identity, ret_disk, ret_found_by);
    return 0;
}

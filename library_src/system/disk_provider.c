#include "disk_identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "disks.h"
#include "text.h"

/* N of "data-N", as a person writes numbers; -1 for every other name. */
static int data_index(const char *name)
{
    static const char prefix[] = "data-";

    if (!text_starts_with(name, prefix))
        return -1;
    const char *digits = name + strlen(prefix);
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > 3 || digits[length] != '\0' || (length > 1 && digits[0] == '0'))
        return -1;
    return atoi(digits);
}

static bool is_virtio_blk(const struct disk *disk)
{
    return text_equal(disk->type, "disk") && text_starts_with(disk->name, "vd");
}

/* A virtio-blk disk says nothing but the serial that may be configured: where such disks are all
 * there is besides the system's, waiting for a SCSI drive would hide the reason. */
static int explain_missing(const struct disk_list *disks, const char *name, const char *drive,
                           struct error *error)
{
    const struct disk *virtio = NULL;
    bool slots = false;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        if (disk->os)
            continue;
        slots = slots || disk->designator;
        if (is_virtio_blk(disk) && (!virtio || !disk->serial))
            virtio = disk;
    }
    if (!virtio || slots)
        return disks_not_found(disks, error, "%s: no disk is %s of this Proxmox VM (yet)", name,
                               drive);
    if (virtio->serial)
        return error_refuse(error, "virtio-blk-unidentified",
                            "%s: this VM has VirtIO Block disks, such as %s with serial %s, and "
                            "nothing tells which drive they are; give the serial in the inventory",
                            name, virtio->path, virtio->serial);
    return error_refuse(error, "virtio-blk-unidentified",
                        "%s: this VM has VirtIO Block disks, such as %s, and nothing tells which "
                        "drive they are; configure serial= for the drive in Proxmox and give that "
                        "serial in the inventory, or attach it as scsiN",
                        name, virtio->path);
}

/* Proxmox names the QEMU device of scsiN drive-scsiN (device_id), and QEMU shows that as a type-0
 * designator in VPD page 0x83. data-N is the drive after the system's scsi0. */
static int find_proxmox(const struct disk_list *disks, const char *name, int index,
                        const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    AUTO_FREE char *drive = text_format("drive-scsi%d", index + 1);
    const struct disk *found = NULL;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        if (!disk_has_identity(disk) || !text_equal(disk->designator, drive) ||
            disk_multipath_map(disks, disk))
            continue;
        if (found)
            return error_refuse(error, "identity-ambiguous",
                                "%s: %s and %s both say that they are %s; give device, serial or "
                                "wwn",
                                name, found->path, disk->path, drive);
        found = disk;
    }
    if (!found)
        return explain_missing(disks, name, drive, error);
    *ret_found_by = text_format("proxmox %s", drive);
    *ret_disk = found;
    return 0;
}

int identity_find_provider(const struct disk_list *disks, const struct disk_identity *identity,
                           const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    int index = data_index(identity->name);

    if (text_equal(identity->provider, "generic"))
        return error_set(error, -ENOENT,
                         "%s: no identity is given, and with provider generic nothing is guessed; "
                         "give device, serial or wwn",
                         identity->name);
    if (text_equal(identity->provider, "gcp"))
        return identity_find_gcp(disks, identity, ret_disk, ret_found_by, error);
    if (index < 0)
        return error_refuse(error, "disk-name",
                            "%s: provider %s finds disks named data-0, data-1 and so on; name it "
                            "so, or give device, serial or wwn",
                            identity->name, identity->provider);
    if (text_equal(identity->provider, "aws"))
        return identity_find_aws(disks, identity, index, ret_disk, ret_found_by, error);
    if (text_equal(identity->provider, "oci"))
        return identity_find_oci(disks, identity, index, ret_disk, ret_found_by, error);
    return find_proxmox(disks, identity->name, index, ret_disk, ret_found_by, error);
}

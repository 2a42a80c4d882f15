/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

struct rule {
    const char *provider, *file, *value;
    bool prefix;
};

/*
 * The first rule that fits; OCI before QEMU, whose machine it shows.
 * oci: chassis asset tag, as cloud-init's DataSourceOracle. aws: "Identify EC2 instances" in the
 * EC2 user guide (Nitro: the system vendor; Xen: the BIOS version ends in .amazon). gcp: "Detect if
 * a VM is running in Compute Engine" (the product name). proxmox: QEMU's own vendor and machine
 * names, which qemu-server leaves as they are; plain QEMU has the same.
 */
static const struct rule dmi_rules[] = {
    {"oci", "chassis_asset_tag", "OracleCloud.com", false},
    {"aws", "sys_vendor", "Amazon EC2", false},
    {"aws", "chassis_asset_tag", "Amazon EC2", false},
    {"aws", "bios_vendor", "Amazon EC2", false},
    {"gcp", "product_name", "Google Compute Engine", false},
    {"gcp", "product_name", "Google", false},
    {"proxmox", "product_name", "Standard PC (", true},
};

static bool dmi_rule_fits(int directory, const struct rule *rule)
{
    AUTO_FREE char *value = sysfs_text(directory, rule->file);

    if (!value)
        return false;
    return rule->prefix ? text_starts_with(value, rule->value) : text_equal(value, rule->value);
}

static bool dmi_is_xen_of_amazon(int directory)
{
    AUTO_FREE char *version = sysfs_text(directory, "bios_version");

    return version && text_ends_with(version, ".amazon");
}

const char *provider_detect(void)
{
    AUTO_CLOSE int directory = sysfs_open("/sys/class/dmi/id");

    if (directory < 0)
        return "generic";
    for (size_t i = 0; i < ARRAY_SIZE(dmi_rules); i++)
        if (dmi_rule_fits(directory, &dmi_rules[i]))
            return dmi_rules[i].provider;
    return dmi_is_xen_of_amazon(directory) ? "aws" : "generic";
}

#define INSTANCE_STORE_MODEL "Amazon EC2 NVMe Instance Storage"

/* The one disk that is attached as one of both names, of which the second may be NULL; NULL: none.
 */
static int cloud_find_attached(const struct disk_list *disks, const struct disk_identity *identity,
                               const char *const names[2], const struct disk **ret_disk,
                               struct error *error)
{
    const struct disk *found = NULL;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        if (!disk->attachment || !disk_has_identity(disk) || disk_multipath_map(disks, disk) ||
            (!text_equal(disk->attachment, names[0]) && !text_equal(disk->attachment, names[1])))
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

static const struct disk *aws_find_instance_store(const struct disk_list *disks)
{
    for (size_t i = 0; i < disks->count; i++)
        if (!disks->items[i].os && text_equal(disks->items[i].model, INSTANCE_STORE_MODEL))
            return &disks->items[i];
    return NULL;
}

static int aws_explain_missing(const struct disk_list *disks, const struct disk_identity *identity,
                               char letter, struct error *error)
{
    const struct disk *store = aws_find_instance_store(disks);

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

static int aws_find(const struct disk_list *disks, const struct disk_identity *identity, int index,
                    const struct disk **ret_disk, struct error *error)
{
    const struct disk *found;

    if (index > 'z' - 'f')
        return error_refuse(error, "disk-name",
                            "%s: device names end with sdz, which is data-%d; give device, serial "
                            "or wwn",
                            identity->name, 'z' - 'f');
    char letter = (char)('f' + index);
    const char sd[] = {'s', 'd', letter, '\0'}, xvd[] = {'x', 'v', 'd', letter, '\0'};
    int r = cloud_find_attached(disks, identity, (const char *const[2]){sd, xvd}, &found, error);
    if (r < 0)
        return r;
    if (!found)
        return aws_explain_missing(disks, identity, letter, error);
    *ret_disk = found;
    return 0;
}

static int gcp_find(const struct disk_list *disks, const struct disk_identity *identity,
                    const struct disk **ret_disk, struct error *error)
{
    const struct disk *found;
    int r =
        cloud_find_attached(disks, identity, (const char *const[2]){identity->name}, &found, error);

    if (r < 0)
        return r;
    if (!found)
        return disks_not_found(disks, error,
                               "%s: no disk has this device name (yet); Terraform's device_name "
                               "of the attached disk decides it",
                               identity->name);
    *ret_disk = found;
    return 0;
}

static int oci_find(const struct disk_list *disks, const struct disk_identity *identity, int index,
                    const struct disk **ret_disk, struct error *error)
{
    AUTO_FREE char *name = oci_attachment((unsigned)index + 2);
    const struct disk *found;
    int r = cloud_find_attached(disks, identity, (const char *const[2]){name}, &found, error);

    if (r < 0)
        return r;
    if (!found)
        return disks_not_found(disks, error,
                               "%s: no volume is attached with the device path "
                               "/dev/oracleoci/%s (yet)",
                               identity->name, name);
    *ret_disk = found;
    return 0;
}

/* N of "data-N", as a person writes numbers; -1 for every other name. */
static int disk_name_index(const char *name)
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

static bool proxmox_is_virtio_blk(const struct disk *disk)
{
    return text_equal(disk->type, "disk") && text_starts_with(disk->name, "vd");
}

/* A virtio-blk disk says nothing but the serial that may be configured: where such disks are all
 * there is besides the system's, waiting for a SCSI drive would hide the reason. */
static int proxmox_explain_missing(const struct disk_list *disks, const char *name,
                                   const char *drive, struct error *error)
{
    const struct disk *virtio = NULL;
    bool slots = false;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        if (disk->os)
            continue;
        slots = slots || disk->designator;
        if (proxmox_is_virtio_blk(disk) && (!virtio || !disk->serial))
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
static int proxmox_find(const struct disk_list *disks, const char *name, int index,
                        const struct disk **ret_disk, struct error *error)
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
        return proxmox_explain_missing(disks, name, drive, error);
    *ret_disk = found;
    return 0;
}

static int provider_find(const struct disk_list *disks, const struct disk_identity *identity,
                         const struct disk **ret_disk, struct error *error)
{
    int index = disk_name_index(identity->name);

    if (text_equal(identity->provider, "generic"))
        return error_set(error, -ENOENT,
                         "%s: no identity is given, and with provider generic nothing is guessed; "
                         "give device, serial or wwn",
                         identity->name);
    if (text_equal(identity->provider, "gcp"))
        return gcp_find(disks, identity, ret_disk, error);
    if (index < 0)
        return error_refuse(error, "disk-name",
                            "%s: provider %s finds disks named data-0, data-1 and so on; name it "
                            "so, or give device, serial or wwn",
                            identity->name, identity->provider);
    if (text_equal(identity->provider, "aws"))
        return aws_find(disks, identity, index, ret_disk, error);
    if (text_equal(identity->provider, "oci"))
        return oci_find(disks, identity, index, ret_disk, error);
    return proxmox_find(disks, identity->name, index, ret_disk, error);
}

int provider_find_disk(const struct disk_list *disks, const struct disk_identity *identity,
                       const struct disk **ret_disk, char **ret_found_by, struct error *error)
{
    int r = provider_find(disks, identity, ret_disk, error);

    if (r < 0)
        return r;
    bool proxmox = text_equal(identity->provider, "proxmox");
    *ret_found_by = text_format("%s %s", identity->provider,
                                proxmox ? (*ret_disk)->designator : (*ret_disk)->attachment);
    return 0;
}

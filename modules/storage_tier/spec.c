#include "spec.h"

#include "filesystems.h"

static const struct param disk_params[] = {
    {.name = "name",
     .required = true,
     .description = STRINGS("C(os), or the name of a data disk. C(data-N) carries the index N that "
                            "a provider resolves.")},
    {.name = "tier",
     .required = true,
     .choices = STRINGS("swap", "hot", "warm", "cold"),
     .description = STRINGS("The tier this disk serves. A host has one disk per tier.")},
    {.name = "device",
     .type = PARAM_PATH,
     .description = STRINGS("A block device, or a link to one below C(/dev/disk). A partition, a "
                            "logical volume or an opened dm-crypt device is used only when it is "
                            "named here.")},
    {.name = "serial",
     .description = STRINGS("Hardware serial, or the cloud's volume id. C(vol-0ab) and C(vol0ab) "
                            "are the same.")},
    {.name = "wwn", .description = STRINGS("World wide name.")},
    {.name = "fstype",
     .choices = filesystem_choices,
     .description = STRINGS("Filesystem of this disk, where it differs from O(fstype). Not for "
                            "swap.")},
    {.name = "mkfs_options",
     .type = PARAM_LIST,
     .has_elements = true,
     .description = STRINGS("Further arguments for mkfs or mkswap of this disk. Label, UUID and "
                            "force can't be given, and a size takes O(grow=false).")},
    {.name = "mount_options",
     .description = STRINGS("Mount options of this disk, in place of O(mount_options).")},
    {.name = "existing",
     .default_json = "\"fail\"",
     .choices = STRINGS("fail", "adopt"),
     .description =
         STRINGS("What happens with a filesystem that this module did not make. V(fail) stops the "
                 "run, V(adopt) keeps it, mounts it as this tier and writes nothing to it.")},
    {.name = "wipe",
     .description =
         STRINGS("The one content that may be destroyed, named by the token that a refusal prints "
                 "(C(xfs:UUID), C(gpt:ID), C(data:DIGEST)). It never fires on other content, so it "
                 "can stay in an inventory.")},
    {.name = "owner", .description = STRINGS("Owner of the tier's directory.")},
    {.name = "group", .description = STRINGS("Group of the tier's directory.")},
    {.name = "mode",
     .type = PARAM_RAW,
     .description = STRINGS("Permissions of the tier's directory, octal or symbolic, as in "
                            "M(ansible.builtin.file).")},
    {0},
};

const struct param storage_tier_params[] = {
    {.name = "disks",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_DICT,
     .options = disk_params,
     .description =
         STRINGS("The host's disks, as in the inventory. Required for O(state=present).")},
    {.name = "provider",
     .default_json = "\"auto\"",
     .choices = STRINGS("auto", "proxmox", "aws", "gcp", "oci", "generic"),
     .description =
         STRINGS("Decides which device C(data-N) is, for disks without O(disks[].device), "
                 "O(disks[].serial) or O(disks[].wwn). V(auto) reads it from DMI.",
                 "With V(proxmox) it is the drive C(scsi(N+1)), with V(aws) the volume attached as "
                 "C(sd) or C(xvd) and the letter C(f+N), with V(oci) the one with the device path "
                 "C(oraclevd) and the letter C(b+N). With V(gcp) a disk's name is its device name.",
                 "Links made by udev are not needed.")},
    {.name = "root",
     .type = PARAM_PATH,
     .default_json = "\"/var/storage\"",
     .description = STRINGS("Directory of the tiers. Absolute, without C(..).")},
    {.name = "fstype",
     .default_json = "\"ext4\"",
     .choices = filesystem_choices,
     .description = STRINGS("Filesystem to make on blank disks.")},
    {.name = "mount_options",
     .default_json = "\"noatime,nofail,x-systemd.device-timeout=30s\"",
     .description = STRINGS("Mount options in fstab. The module appends C(x-storage-tier=TIER).")},
    {.name = "swap_priority",
     .type = PARAM_INT,
     .description = STRINGS("Priority of the swap disk, 0 to 32767.")},
    {.name = "grow",
     .type = PARAM_BOOL,
     .default_json = "true",
     .description =
         STRINGS("Grow a tier's filesystem to its device, online, when the device became "
                 "larger by 16 MiB or more. An adopted one is left alone, and one that is "
                 "mounted read-only (V(ro)).")},
    {.name = "prune",
     .type = PARAM_BOOL,
     .default_json = "false",
     .description = STRINGS("Unmount and forget tiers that were set up earlier and are no longer "
                            "declared; their data stays on the disk. V(false) only warns.")},
    {.name = "backup",
     .type = PARAM_BOOL,
     .default_json = "false",
     .description = STRINGS("Keep a dated copy of fstab beside it before it is changed.")},
    {.name = "full_scan",
     .type = PARAM_BOOL,
     .default_json = "false",
     .description = STRINGS("Read a whole disk before calling it blank, not only the places where "
                            "known signatures lie and a sample of the rest.")},
    {.name = "device_timeout",
     .type = PARAM_INT,
     .default_json = "30",
     .description = STRINGS("Seconds to wait for a declared disk to be attached.")},
    {.name = "shared_tier",
     .default_json = "\"warn\"",
     .choices = STRINGS("warn", "fail"),
     .description = STRINGS("What happens when the OS disk and a data disk have the same tier. "
                            "V(warn) lets the data disk serve it, V(fail) is an error.")},
    {.name = "state",
     .default_json = "\"present\"",
     .choices = STRINGS("present", "absent"),
     .description =
         STRINGS("V(present) sets the tiers up. V(absent) unmounts and forgets everything "
                 "that was set up earlier; the data stays on the disks. O(disks) is then "
                 "not needed.")},
    {0},
};

const struct param_rules storage_tier_rules = {
    .required_if =
        (const struct param_required_if[]){
            {"state", "\"present\"", STRINGS("disks"), false},
            {0},
        },
};

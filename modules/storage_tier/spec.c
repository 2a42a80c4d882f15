/* SPDX-License-Identifier: GPL-3.0-or-later */
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

const char storage_tier_examples[] =
    "- name: The disks of this host, as the inventory lists them\n"
    "  storage_tier:\n"
    "    disks: \"{{ disks }}\"\n"
    "    provider: \"{{ provider }}\"\n"
    "  become: true\n"
    "\n"
    "- name: Two disks by their identity, one of them with xfs\n"
    "  storage_tier:\n"
    "    disks:\n"
    "      - name: os\n"
    "        tier: warm\n"
    "      - name: data-0\n"
    "        tier: hot\n"
    "        serial: vol-0ab12cd34ef567890\n"
    "        fstype: xfs\n"
    "        owner: postgres\n"
    "        mode: \"0750\"\n"
    "      - name: data-1\n"
    "        tier: swap\n"
    "        device: /dev/disk/by-id/nvme-example\n"
    "  become: true\n"
    "\n"
    "- name: Destroy one content, named by the token that a refusal printed\n"
    "  storage_tier:\n"
    "    disks:\n"
    "      - {name: os, tier: warm}\n"
    "      - name: data-0\n"
    "        tier: cold\n"
    "        wwn: \"0x5000c500a1b2c3d4\"\n"
    "        wipe: \"gpt:3f0c7f0e-6d0c-4f57-9b0e-0d8f4f0f4c11\"\n"
    "  become: true\n";

const char storage_tier_returns[] =
    "actions:\n"
    "  description: What was done, in order; in check mode what would be done.\n"
    "  returned: unless the parameters or the host were refused\n"
    "  type: list\n"
    "  elements: dict\n"
    "  contains:\n"
    "    op:\n"
    "      description: One of mkdir, wipe, mkfs, mkswap, label, grow, fstab, daemon_reload, "
    "mount,\n"
    "        remount, umount, swapon, swapoff, chattr, chmod, chown, rmdir.\n"
    "      type: str\n"
    "    tier:\n"
    "      description: The tier it is about, null where there is none.\n"
    "      type: str\n"
    "    device:\n"
    "      description: The device node it is about, null where there is none.\n"
    "      type: str\n"
    "    detail:\n"
    "      description: The same text in check mode and in the run that follows.\n"
    "      type: str\n"
    "  sample: [{op: mkfs, tier: hot, device: /dev/sdb, detail: \"ext4, label tier-hot\"}]\n"
    "storage:\n"
    "  description: The tiers of the host and its swap, as they are (in check mode, as they would "
    "be).\n"
    "  returned: success\n"
    "  type: dict\n"
    "  contains:\n"
    "    tiers:\n"
    "      description: For each tier path, source (os or disk), device, by_id, serial, uuid, "
    "label,\n"
    "        fstype, size_bytes, available_bytes, found_by; null where unknown.\n"
    "      type: dict\n"
    "    swap:\n"
    "      description: Null, or the same keys with priority and active.\n"
    "      type: dict\n"
    "ansible_facts:\n"
    "  description: The same as C(storage), as the fact C(storage_tier).\n"
    "  returned: success\n"
    "  type: dict\n"
    "restart_needed:\n"
    "  description: Whether something that runs must be restarted to see the change.\n"
    "  returned: success\n"
    "  type: bool\n"
    "restart_reasons:\n"
    "  description: Why.\n"
    "  returned: success\n"
    "  type: list\n"
    "  elements: str\n"
    "backup_file:\n"
    "  description: The copy of fstab.\n"
    "  returned: when backup is true and fstab was changed\n"
    "  type: str\n"
    "actions_done:\n"
    "  description: The actions that were completed.\n"
    "  returned: when a run failed halfway\n"
    "  type: list\n"
    "  elements: dict\n"
    "error_id:\n"
    "  description: The name of the refusal, for programs.\n"
    "  returned: when the module refuses\n"
    "  type: str\n"
    "  sample: foreign-content\n"
    "disk:\n"
    "  description: The declared disk that a refusal is about.\n"
    "  returned: when the module refuses a disk\n"
    "  type: str\n"
    "device:\n"
    "  description: Its device node.\n"
    "  returned: when the module refuses a disk\n"
    "  type: str\n"
    "serial:\n"
    "  description: Its serial, or null.\n"
    "  returned: when the module refuses a disk\n"
    "  type: str\n"
    "wwn:\n"
    "  description: Its world wide name, or null.\n"
    "  returned: when the module refuses a disk\n"
    "  type: str\n"
    "found:\n"
    "  description: The signatures on it, with type, offset, uuid and label.\n"
    "  returned: when the module refuses a disk\n"
    "  type: list\n"
    "  elements: dict\n"
    "token:\n"
    "  description: What O(disks[].wipe) must say to let that content be destroyed.\n"
    "  returned: when the module refuses a disk\n"
    "  type: str\n"
    "  sample: \"xfs:0d6c2a4e-7a3e-4a0c-8f2a-5d0c8a1f7b11\"\n"
    "candidates:\n"
    "  description: The host's disks with identifiers and content.\n"
    "  returned: when a declared disk was not found\n"
    "  type: list\n"
    "  elements: dict\n";

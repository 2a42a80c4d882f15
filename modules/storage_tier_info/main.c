/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "info.h"
#include "module.h"

static const struct param no_params[] = {{0}};

static const char storage_tier_info_examples[] =
    "- name: What disks are there, and what is on them\n"
    "  storage_tier_info:\n"
    "  become: true\n"
    "  register: storage\n";

static const char storage_tier_info_returns[] =
    "disks:\n"
    "  description: Every block device with a size, whole disks and what is built on them.\n"
    "  returned: always\n"
    "  type: list\n"
    "  elements: dict\n"
    "  contains:\n"
    "    name:\n"
    "      description: The kernel's name.\n"
    "      type: str\n"
    "    path:\n"
    "      description: The device node.\n"
    "      type: str\n"
    "    type:\n"
    "      description: As lsblk has it, disk, part, loop, lvm, crypt, mpath.\n"
    "      type: str\n"
    "    size_bytes:\n"
    "      description: Size in bytes.\n"
    "      type: int\n"
    "    devno:\n"
    "      description: The device number.\n"
    "      type: int\n"
    "    diskseq:\n"
    "      description: The kernel's count of attachments, 0 before Linux 5.15.\n"
    "      type: int\n"
    "    logical_block_size:\n"
    "      description: The smallest unit that is read and written, in bytes.\n"
    "      type: int\n"
    "    read_only:\n"
    "      description: Whether the kernel refuses to write to it.\n"
    "      type: bool\n"
    "    removable:\n"
    "      description: Whether it is removable.\n"
    "      type: bool\n"
    "    model:\n"
    "      description: Name of the model, null where there is none.\n"
    "      type: str\n"
    "    serial:\n"
    "      description: Hardware serial, null where there is none.\n"
    "      type: str\n"
    "    wwn:\n"
    "      description: World wide name, null where there is none.\n"
    "      type: str\n"
    "    designator:\n"
    "      description: The drive name that a hypervisor gives a SCSI disk, for example "
    "drive-scsi1.\n"
    "      type: str\n"
    "    attachment:\n"
    "      description: What the cloud attached it as, sdf, a device name or oraclevdb, null "
    "elsewhere.\n"
    "      type: str\n"
    "    network:\n"
    "      description: Whether it is reached over the network, as iSCSI volumes are.\n"
    "      type: bool\n"
    "    backing_file:\n"
    "      description: What is behind a loop device, null elsewhere.\n"
    "      type: str\n"
    "    parent:\n"
    "      description: Name of a partition's whole disk, null elsewhere.\n"
    "      type: str\n"
    "    by_id:\n"
    "      description: A link below /dev/disk/by-id, null where there is none.\n"
    "      type: str\n"
    "    holders:\n"
    "      description: Names of the devices that are built on it.\n"
    "      type: list\n"
    "      elements: str\n"
    "    partitions:\n"
    "      description: Names of its partitions.\n"
    "      type: list\n"
    "      elements: str\n"
    "    mounts:\n"
    "      description: Where it is mounted.\n"
    "      type: list\n"
    "      elements: str\n"
    "    swap_active:\n"
    "      description: Whether it is in use as swap.\n"
    "      type: bool\n"
    "    os:\n"
    "      description: Whether the host runs from it, directly or through what is built on it.\n"
    "      type: bool\n"
    "    busy:\n"
    "      description: Whether something holds it open for itself.\n"
    "      type: bool\n"
    "    content:\n"
    "      description: kind (blank, filesystem, signatures, data, unreadable, unknown), "
    "signatures\n"
    "        with their offsets, and the token.\n"
    "      type: dict\n"
    "    tier:\n"
    "      description: The tier that it serves by its label, null otherwise.\n"
    "      type: str\n"
    "    usable:\n"
    "      description: Whether storage_tier would take it without C(wipe) or C(existing=adopt).\n"
    "      type: bool\n"
    "    reason:\n"
    "      description: Why it could or couldn't serve a tier.\n"
    "      type: str\n"
    "provider:\n"
    "  description: The provider as DMI tells it.\n"
    "  returned: always\n"
    "  type: str\n"
    "  sample: proxmox\n";

static const struct module storage_tier_info = {
    .name = "storage_tier_info",
    .short_description = "Show every disk of a host and why it could or couldn't serve a tier",
    .description = STRINGS("Lists the disks with identifiers, size, content (with the token that "
                           "storage_tier's O(disks[].wipe) takes) and use. Changes nothing.",
                           "Run it first on a new host."),
    .version_added = "0.1.0",
    .params = no_params,
    .examples = storage_tier_info_examples,
    .returns = storage_tier_info_returns,
    .requirements = STRINGS("libmount and libblkid (util-linux)"),
    .seealso = STRINGS("storage_tier"),
    .changes_nothing = true,
    .parse = info_parse,
    .probe = info_probe,
    .plan = info_plan,
    .facts_free = info_free,
};

int main(int argc, char **argv)
{
    return module_main(&storage_tier_info, argc, argv);
}

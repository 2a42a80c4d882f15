/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's block devices from sysfs and /proc, which of them an inventory means, and their nodes.
 * udev's links are hints only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "host.h"

/*
 * sysfs.c: small files and directories below an open directory. What can't be read counts as
 * missing.
 */

/* Where the system is: "" for the real one; tests give a directory that holds sys/, proc/, dev/. */
extern const char *disks_root;

enum { SYSFS_PAGE = 4096 };

/* Opens a directory below disks_root; a descriptor or a negative errno. */
int sysfs_open(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Opens a directory below an open one; a descriptor or a negative errno. */
int sysfs_open_at(int directory, const char *path);

/* Reads a file's first page, adds a NUL and returns the length; 0 where there is nothing. */
size_t sysfs_bytes(int directory, const char *path, char buffer[SYSFS_PAGE + 1]);
/* A decimal number; 0 where there is none. */
uint64_t sysfs_number(int directory, const char *path);
/* A new string as sysfs_clean makes it; NULL where there is none. */
char *sysfs_text(int directory, const char *path);
/* Any bytes but the line end (a file's name): a new string, NULL where there is none. */
char *sysfs_line(int directory, const char *path);
/* The names in a directory, in the order of sysfs_compare_names; owned by the caller. */
struct string_list sysfs_names(int directory, const char *path);

/* What a device says of itself as a string that can be printed and written in an inventory: without
 * white space and NUL at its ends, what isn't printable ASCII as \xNN. NULL where nothing is left.
 */
char *sysfs_clean(const char *bytes, size_t length);

/* Order of kernel names as people count: sda, sda2, sda10, sdb, sdaa; nvme0n1, nvme0n10. */
int sysfs_compare_names(const char *a, const char *b);

/*
 * read.c: one block device.
 */

/* Fills a zeroed `disk` from its sysfs directory: all but what disk_identify adds, by_id,
 * partitions, mounts, swap_active, os, busy and content. `directory` is /sys/class/block/NAME or
 * /sys/dev/block/MAJ:MIN. 0, or -ENODEV where it is no device that could ever hold a tier's data
 * (no size, RAM, CD, floppy). What was filled is the caller's also then. */
int disk_read(int directory, const char *name, struct disk *disk);

/* Whether it is a RAM disk, a CD drive or a floppy, whose size isn't asked for. */
bool disk_is_unsuitable(int directory);

/* Whether only the NVMe disk itself can tell what a cloud attached it as. */
bool disk_needs_identify(const struct disk *disk);

enum { NVME_PAGE = 4096 };

/* The structures of the NVMe base specification's "Identify command". */
enum nvme_structure { NVME_NAMESPACE = 0, NVME_CONTROLLER = 1 };

/* `attachment` through the descriptor of such a disk: the name requested for an EBS volume, the
 * device name of a Google disk. What it doesn't tell, or contradicts, stays NULL. */
void disk_identify(int fd, struct disk *disk);

/* The last component of Oracle's consistent path for a LUN: 1 is oraclevda, the boot volume, 2
 * oraclevdb, 27 oraclevdaa. Owned by the caller. */
char *oci_attachment(unsigned lun);

/* The vendor-specific ASCII designator of the logical unit in a VPD page 0x83 (SPC-4, 7.8.6): NULL
 * where there is none. QEMU's scsi-hd puts device_id there. Owned by the caller. */
char *scsi_designator(const char *page, size_t length);
/* The serial number in a VPD page 0x80 (SPC-4, 7.8.15); NULL where there is none. Owned by the
 * caller. */
char *scsi_serial(const char *page, size_t length);

/*
 * disks.c: all of them.
 */

/* Every block device with a size, partitions and virtual ones (loop, dm, md) included, in kernel
 * name order; unattached loop devices, RAM disks, zram, floppies and CD drives left out. A
 * multipath map has the identifiers of its paths; a partition has none. Content isn't read, `os`
 * and `busy` are false. `mounts` and `swaps` fill in the use. */
int disks_read(const struct mount_list *mounts, const struct swap_list *swaps,
               struct disk_list *ret_disks, struct error *error);
void disks_release(struct disk_list *disks);

/* Marks `os` on what carries /, /boot and /boot/efi, down to whole disks: partition to parent, dm,
 * md and bcache through holders, btrfs through /sys/fs/btrfs/<uuid>/devices. Whether all of them
 * are known: false where the walk leads nowhere (overlay, zfs, tmpfs). */
bool disks_mark_os(struct disk_list *disks, const struct mount_list *mounts);

/* Whether it can discard (TRIM, UNMAP); false too where sysfs doesn't say. */
bool disk_discards(const struct disk *disk);

/*
 * identity.c: comparing identifiers, and telling the devices that have them.
 */

struct disk *disks_find(const struct disk_list *disks, uint64_t devno);
struct disk *disks_find_name(const struct disk_list *disks, const char *kernel_name);

/* White space at the ends doesn't count, case does; vol-0ab… is vol0ab… (AWS writes volume ids with
 * the dash, the NVMe serial has none). NULL equals nothing. */
bool serial_equal(const char *a, const char *b);

enum wwn_match {
    WWN_DIFFERENT,
    WWN_SAME,
    WWN_FIRST_HALF, /* `given` is udev's ID_WWN of an NAA 6 name: other disks of one array share it
                     */
};

/* Case and the prefixes wwn-, 0x, naa., eui., uuid., nvme. don't count. NULL equals nothing. */
enum wwn_match wwn_compare(const char *given, const char *wwn);

/* A device with identifiers: no partition, nothing built on disks but multipath maps. */
bool disk_has_identity(const struct disk *disk);

/* The multipath map that the disk is a path of; NULL: none. */
const struct disk *disk_multipath_map(const struct disk_list *disks, const struct disk *disk);

/* Sets -ENODEV with "<format>; the disks here are: …" and the detail "candidates": whole disks that
 * the host doesn't run from. */
int disks_not_found(const struct disk_list *disks, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * find.c: the disk that an inventory means.
 */

/* What an inventory says about a disk. NULL: not given. */
struct disk_identity {
    const char *name;     /* "data-1": its index counts for a provider */
    const char *device;   /* path */
    const char *serial;   /* vol-0ab… equals vol0ab… */
    const char *wwn;      /* with or without 0x, naa., eui., any case */
    const char *provider; /* resolved: proxmox, aws, gcp, oci, generic */
};

/*
 * The one device that all given identifiers agree on; without any, by provider. `disks` has gone
 * through disks_mark_os. *ret_found_by is owned by the caller: "device", "serial", "wwn", several
 * of them as "serial, wwn", or "proxmox drive-scsi1", "aws sdf". *ret_disk belongs to `disks`.
 * -ENODEV: not there (yet), with every candidate in the message and in the detail "candidates".
 * -ENOENT: no identity is given and the provider is generic; a label may still tell. A refusal for
 * everything that is wrong for good:
 *   identity-empty           an identifier that is given and empty
 *   identity-disagrees       the identifiers belong to different disks
 *   identity-ambiguous       several disks have it, or another path to the disk exists
 *   wwn-incomplete           the 16 digits of udev's ID_WWN, where the disk's wwn has 32
 *   device-not-absolute      a relative path
 *   not-a-block-device       a directory, a file, a character device
 *   unsuitable-device        a RAM disk, a CD drive, a floppy
 *   os-disk, read-only-device, multipath-member
 *   disk-name                a provider needs data-N, and aws has names for 21 of them
 *   virtio-blk-unidentified  proxmox: nothing tells which drive it is
 * With -ENODEV comes the id instance-store where disks are there that nobody named, and whose
 * content ends with the instance.
 */
int disks_resolve(const struct disk_list *disks, const struct disk_identity *identity,
                  const struct disk **ret_disk, char **ret_found_by, struct error *error);

/* Refuses what can't be a tier's whatever is on it: os-disk, read-only-device, multipath-member,
 * and identity-ambiguous where it has another path. Of `identity` the name counts. */
int disks_check_usable(const struct disk_list *disks, const struct disk_identity *identity,
                       const struct disk *disk, struct error *error);

/*
 * provider.c: what a cloud or a hypervisor says of its disks.
 */

/* Provider from DMI: "proxmox" (QEMU/KVM machine types), "aws", "gcp", "oci", else "generic".
 * Static. */
const char *provider_detect(void);

/* disks_resolve's way without any identifier, by what the disk was attached as. data-N is on
 * proxmox drive-scsi1, drive-scsi2 …, on aws sdf, sdg … or xvdf, xvdg …, on oci oraclevdb,
 * oraclevdc …; on gcp the disk's name is its device name, whatever it is. */
int provider_find_disk(const struct disk_list *disks, const struct disk_identity *identity,
                       const struct disk **ret_disk, char **ret_found_by, struct error *error);

/*
 * open.c: device nodes.
 */

/* Opens the device node and checks through the descriptor that it is this very device: device
 * number, size, and (read again from sysfs, and from the disk itself where only that tells) serial,
 * wwn, designator, attachment and backing file. `flags` as for open(2); O_CLOEXEC and O_NOFOLLOW
 * are added. Returns the descriptor or a negative errno: -EBUSY where O_EXCL says so, -ENOENT where
 * there is no node; the refusal device-changed where it is another device by now. */
int disk_open(const struct disk *disk, int flags, struct error *error);

/* Node of the whole disk that it is, or that it is a partition of: what systemd's lock is taken on.
 * Owned by the caller. */
char *disk_whole_node(const struct disk *disk);

/*
 * The host's block devices from sysfs and /proc; udev's links are hints only.
 */
#pragma once

#include "host.h"

/* Where to look: "" for the real system; tests give a directory that holds sys/, proc/, dev/. */
extern const char *disks_root;

/* Every block device with a size, partitions and virtual ones (loop, dm, md) included, in kernel
 * name order (natural: sda, sdb, … sdaa); unattached loop devices, RAM disks, zram, floppies and CD
 * drives left out. A multipath map has the identifiers of its paths; a partition has none. Content
 * isn't looked at, `os` and `busy` are false. `mounts` and `swaps` fill in the use. */
int disks_read(const struct mount_list *mounts, const struct swap_list *swaps,
               struct disk_list *ret_disks, struct error *error);
void disks_release(struct disk_list *disks);

/* Marks `os` on what carries /, /boot and /boot/efi, down to whole disks: partition to parent, dm,
 * md and bcache through holders, btrfs through /sys/fs/btrfs/<uuid>/devices. Whether all of them
 * are known: false where the walk leads nowhere (overlay, zfs, tmpfs). */
bool disks_mark_os(struct disk_list *disks, const struct mount_list *mounts);

struct disk *disks_find(const struct disk_list *disks, uint64_t devno);
struct disk *disks_find_name(const struct disk_list *disks, const char *kernel_name);

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
 * everything that is wrong for good: identity-empty           an identifier that is given and empty
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

/* Opens the device node and checks through the descriptor that it is this very device: device
 * number, size, and (read again from sysfs, and from the disk itself where only that tells) serial,
 * wwn, designator, attachment and backing file. `flags` as for open(2); O_CLOEXEC and O_NOFOLLOW
 * are added. Returns the descriptor or a negative errno: -EBUSY where O_EXCL says so, -ENOENT where
 * there is no node; the refusal device-changed where it is another device by now. */
int disk_open(const struct disk *disk, int flags, struct error *error);

/* Node of the whole disk that it is, or that it is a partition of: what systemd's lock is taken on.
 * Owned by the caller. */
char *disk_whole_node(const struct disk *disk);

/* Whether it can discard (TRIM, UNMAP); false too where sysfs doesn't say. */
bool disk_discards(const struct disk *disk);

/* Provider from DMI: "proxmox" (QEMU/KVM machine types), "aws", "gcp", "oci", else "generic".
 * Static. */
const char *provider_detect(void);

/*
 * The host's block devices from sysfs and /proc; udev's links are hints only.
 */
#pragma once

#include "host.h"

/* Where to look: "" for the real system; tests give a directory that holds sys/, proc/, dev/ and run/. */
extern const char *disks_root;

/* Every block device with a size, partitions and virtual ones (loop, dm, md) included, in kernel name order
 * (natural: sda, sdb, … sdaa); unattached loop devices, ram disks, zram and CD drives left out. Content isn't looked at. `mounts` and
 * `swaps` fill in the use. */
int disks_read(const struct mount_list *mounts, const struct swap_list *swaps,
               struct disk_list *ret_disks, struct error *error);

/* Marks `os` on what carries /, /boot and /boot/efi, down to whole disks: partition to parent, dm and md through slaves,
 * btrfs through /sys/fs/btrfs/<uuid>/devices. *ret_known is false where the walk leads nowhere (overlay, zfs). */
int disks_mark_os(struct disk_list *disks, const struct mount_list *mounts, bool *ret_known,
                  struct error *error);

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
 * The one device that all given identifiers agree on; without any, by provider. *ret_found_by is
 * static or owned by the disk ("device", "serial", "wwn", "proxmox drive-scsi1"): valid as long as `disks`.
 * -ENODEV: not there (yet), with every candidate listed in the message; a refusal for
 * everything that is wrong for good: identifiers that disagree, two paths with one WWN, a directory
 * or a character device, the OS disk, an unsupported provider.
 */
int disks_resolve(const struct disk_list *disks, const struct disk_identity *identity,
                  const struct disk **ret_disk, char **ret_found_by, struct error *error);

/* Opens the device node and checks through the descriptor that it is this very device: device number, size,
 * and (read again from sysfs) serial, wwn, designator. `flags` as for open(2); O_CLOEXEC is added. Returns the
 * descriptor or a negative errno. */
int disk_open(const struct disk *disk, int flags, struct error *error);

/* Provider from DMI: "proxmox" (QEMU/KVM machine types), "aws", "gcp", "oci", else "generic". Static. */
const char *provider_detect(void);

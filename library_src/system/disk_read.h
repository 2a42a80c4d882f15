/* One block device from its sysfs directory. */
#pragma once

#include "host.h"

/* Fills a zeroed `disk`: all but what disk_identify adds, by_id, partitions, mounts, swap_active,
 * os, busy and content. `directory` is /sys/class/block/NAME or /sys/dev/block/MAJ:MIN. 0, or
 * -ENODEV where it is no device that could ever hold a tier's data (no size, RAM, CD, floppy). What
 * was filled is the caller's also then. */
int disk_read(int directory, const char *name, struct disk *disk);

/* Whether it is a RAM disk, a CD drive or a floppy, whose size isn't asked for. */
bool disk_is_unsuitable(int directory);

/* serial, wwn, designator, attachment, model and backing_file only, each where sysfs gives one. */
void disk_read_hardware(int directory, struct disk *disk);

/* The vendor-specific ASCII designator of the logical unit in a VPD page 0x83 (SPC-4, 7.8.6): NULL
 * where there is none. QEMU's scsi-hd puts device_id there. Owned by the caller. */
char *scsi_designator(const char *page, size_t length);
/* The serial number in a VPD page 0x80 (SPC-4, 7.8.15); NULL where there is none. Owned by the
 * caller. */
char *scsi_serial(const char *page, size_t length);

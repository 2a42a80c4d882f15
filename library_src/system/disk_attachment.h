/* What a cloud attached a disk as, from what the disk says: never from the order of names. */
#pragma once

#include "host.h"

/* `attachment` from sysfs, for `disk` with name, model, serial and designator: the device name of a
 * Google disk, Oracle's consistent path, the name of a Xen disk. The serial that all of Google's
 * NVMe disks have is dropped. */
void disk_read_attachment(int directory, struct disk *disk);

/* Whether only the NVMe disk itself can tell. */
bool disk_needs_identify(const struct disk *disk);

/* `attachment` through the descriptor of such a disk: the name requested for an EBS volume, the
 * device name of a Google disk. What it doesn't tell, or contradicts, stays NULL. */
void disk_identify(int fd, struct disk *disk);

/* The last component of Oracle's consistent path for a LUN: 1 is oraclevda, the boot volume, 2
 * oraclevdb, 27 oraclevdaa. Owned by the caller. */
char *oci_attachment(unsigned lun);

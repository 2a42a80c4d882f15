/* Comparing identifiers, and telling the devices that have them. */
#pragma once

#include "disks.h"

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

/* The ways of disks_resolve: by path, by serial and wwn, by provider; and whether a device found by
 * path has the serial and wwn that are given beside it. Errors as disks_resolve names them. */
int identity_find_device(const struct disk_list *disks, const struct disk_identity *identity,
                         const struct disk **ret_disk, struct error *error);
int identity_find_hardware(const struct disk_list *disks, const struct disk_identity *identity,
                           const struct disk **ret_disk, struct error *error);
int identity_find_provider(const struct disk_list *disks, const struct disk_identity *identity,
                           const struct disk **ret_disk, char **ret_found_by, struct error *error);
/* The clouds': by what the disk was attached as. data-N is on aws sdf, sdg … or xvdf, xvdg …, on
 * oci oraclevdb, oraclevdc …; on gcp the disk's name is its device name, whatever it is. */
int identity_find_aws(const struct disk_list *disks, const struct disk_identity *identity,
                      int index, const struct disk **ret_disk, char **ret_found_by,
                      struct error *error);
int identity_find_gcp(const struct disk_list *disks, const struct disk_identity *identity,
                      const struct disk **ret_disk, char **ret_found_by, struct error *error);
int identity_find_oci(const struct disk_list *disks, const struct disk_identity *identity,
                      int index, const struct disk **ret_disk, char **ret_found_by,
                      struct error *error);
int identity_check_device(const struct disk *disk, const struct disk_identity *identity,
                          struct error *error);

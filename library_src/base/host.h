/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain descriptions of what a host has: devices and their content, mounts, swap, fstab. Filled by
 * system/, decided upon by the plans, printed by the _info modules. No code here looks at a system.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fields.h"

/* One signature, as libblkid and wipefs see it. */
struct signature {
    char *type;  /* "xfs", "swap", "LVM2_member", "gpt", "dos" */
    char *usage; /* "filesystem", "raid", "crypto", "other", "partition-table" */
    char *uuid, *label;
    uint64_t offset; /* of the magic, in bytes from the start of the device */
    uint64_t length; /* of the magic, in bytes */
    bool bad_checksum;
};

enum content_kind {
    CONTENT_UNKNOWN,    /* not looked at */
    CONTENT_BLANK,      /* proven to hold nothing */
    CONTENT_FILESYSTEM, /* exactly one signature, of a filesystem or swap, undamaged */
    CONTENT_SIGNATURES, /* anything else with signatures: tables, RAID, LUKS, several, damaged */
    CONTENT_DATA,       /* no signature, but bytes that aren't zero */
    CONTENT_UNREADABLE, /* an I/O error on the way */
};

struct signature_list {
    struct signature *items;
    size_t count;
};

struct content {
    enum content_kind kind;
    struct signature_list signatures;
    char *token; /* what `wipe` must name to destroy it; NULL when blank, unknown or unreadable */
    uint64_t data_offset;      /* CONTENT_DATA: of the first byte found that isn't zero */
    uint64_t error_offset;     /* CONTENT_UNREADABLE */
    uint64_t filesystem_bytes; /* CONTENT_FILESYSTEM: size that the filesystem claims, 0 unknown */
};

/* A block device, from sysfs. Strings are NULL where the system gives nothing. */
struct disk {
    char *name; /* kernel name: sda, nvme0n1, loop0, dm-0 */
    char *path; /* device node: /dev/sda */
    char *type; /* as lsblk's TYPE: disk, part, loop, lvm, crypt, mpath, raid1 …, rom */
    uint64_t devno;
    uint64_t diskseq; /* counts attachments: another one means another disk; 0 before Linux 5.15 */
    uint64_t size_bytes;
    uint64_t logical_block_size;
    bool read_only, removable;
    char *model, *serial, *wwn;
    char *designator;           /* SCSI: type-0 ASCII designator of vpd page 0x83: "drive-scsi1" */
    char *attachment;           /* what the cloud attached it as: "sdf", "data-0", "oraclevdb" */
    char *backing_file;         /* loop devices */
    char *parent;               /* kernel name of a partition's whole disk */
    char *by_id;                /* a /dev/disk/by-id link; a hint, never an identity */
    struct string_list holders; /* kernel names of devices built on it */
    struct string_list partitions; /* kernel names */
    struct string_list mounts;     /* where it is mounted, in this mount namespace */
    bool swap_active;
    bool os;      /* carries /, /boot or /boot/efi, itself or through what is built on it */
    bool busy;    /* an exclusive open failed with EBUSY */
    bool network; /* reached over the network: iSCSI, NVMe over TCP or RDMA, nbd, rbd */
    struct content content;
};

struct disk_list {
    struct disk *items;
    size_t count;
};

struct mount {
    uint64_t devno; /* 0 major means anonymous (btrfs, overlay) */
    char *root, *target, *fstype, *source, *options, *fs_options;
    bool read_only; /* by the mount or by the filesystem */
};

struct mount_list {
    struct mount *items;
    size_t count;
};

struct swap {
    char *path;
    uint64_t devno;
    int priority;
    uint64_t used_bytes, size_bytes;
};

struct swap_list {
    struct swap *items;
    size_t count;
};

/* A line of fstab that libmount could parse. */
struct fstab_line {
    int number; /* from 1 */
    char *text; /* its bytes without the line end */
    char *source;
    char *uuid, *label; /* where the source is UUID=…, LABEL=… */
    uint64_t devno; /* of the node that the source leads to; of a tag without a link of udev's, of
                       what is mounted at the target; 0: unknown */
    char *target, *fstype, *options;
    char *tier;      /* x-storage-tier=…: ours; NULL: somebody else's */
    bool cloud_init; /* comment=cloudconfig: cloud-init's own */
};

struct fstab_line_list {
    struct fstab_line *items;
    size_t count;
};

/* A directory that is, or is to be, a tier: as it is below any mount. */
struct directory {
    bool exists;
    bool is_directory;          /* false: a file or a symlink is there */
    struct string_list entries; /* the first few names in it */
    bool immutable;
    bool immutable_possible; /* its filesystem has the attribute and this process may set it */
    char *inaccessible;      /* why it couldn't be looked at, NULL: it could */
};

/* The whole file, bytes and meaning. */
struct fstab {
    char *path; /* where the file really is, symlinks followed */
    char *text;
    struct fstab_line_list lines;
    struct string_list broken; /* "NUMBER: TEXT" of the lines that nobody can parse */
    char *unwritable;          /* why it can't be replaced, NULL: it can */
};

extern const struct fields signature_fields, content_fields, disk_fields, mount_fields, swap_fields,
    fstab_line_fields, fstab_fields, directory_fields;

/* "xfs at offset 0 (uuid …, label …), gpt at offset 512" or "data at offset 4096": for messages.
 * Owned by the caller; NULL when out of memory. */
char *content_describe(const struct content *content);

/* "/dev/sda (serial X, wwn Y, 10.0 GiB)": the device with its identifiers, for messages. Owned by
 * the caller. */
char *disk_describe(const struct disk *disk);

/* "10.0 GiB". Owned by the caller. */
char *size_describe(uint64_t bytes);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host described in a text file of tests/cases/sysfs, laid out in a temporary directory as
 * sys/, proc/ and dev/. Lines of such a file:
 *
 *   disk sda 8:0            the block device sda: its directory with uevent, and what follows in it
 *   disk sda 8:0 platform/host5/session3/target5:0:0/5:0:0:2
 *                           the same, with its directory in block/ of that one in sys/devices, and
 *                           the link "device" to it, as the kernel has them for SCSI
 *   partition sda1 8:1 sda  the same, within sda's directory
 *     size = 2048           a file with text; \n, \0 and \xNN are those bytes
 *     device/vpd_pg83 : 00 83 00 0f 02 00 00 0b "drive-scsi1"
 *                           a file with these bytes, exactly
 *     identify namespace 384 : "sdf" 20 20
 *                           these bytes at that place of what the NVMe disk (whose pages are zeros
 *                           elsewhere) answers for its namespace or controller: in identify/NAME,
 *                           the namespace's page and then the controller's
 *     holder dm-0           dm-0 is built on it: links in holders/ and slaves/
 *   link dev/disk/by-id/x -> ../../sda
 *   file proc/self/mountinfo
 *   | one line of that file
 *
 * Empty lines and lines that begin with # say nothing.
 */
#pragma once

#include "disk/disk.h"
#include "mount/mount.h"

struct tree {
    char path[64]; /* the temporary directory, disks_root meanwhile */
    bool nodes;    /* device nodes could be made (root) */
    struct mount_list mounts;
    struct swap_list swaps;
    struct disk_list disks;
    bool os_known;
    struct error error;
};

/* Lays the file out and reads it as a module does: mounts, swaps, disks, the OS disk. Fails the
 * test where that fails. */
void tree_open(struct tree *tree, const char *name);
void tree_close(struct tree *tree);

/* The disk of that kernel name; fails the test where there is none. */
struct disk *tree_disk(struct tree *tree, const char *kernel_name);

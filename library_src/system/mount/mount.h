/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounts, swap and fstab, the directories that tiers are mounted on, who uses them, and what
 * systemd and udev know of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

/*
 * mounts.c: what the kernel says of mounts and swap, and changing it.
 */

/* From /proc/self/mountinfo below disks_root, in its order. */
int mounts_read(struct mount_list *ret_mounts, struct error *error);
/* From /proc/swaps below disks_root; devno is 0 for files and where the node isn't there. */
int swaps_read(struct swap_list *ret_swaps, struct error *error);

void mounts_release(struct mount_list *mounts);
void swaps_release(struct swap_list *swaps);

/* Mounts a block device with mount(2), options as in fstab (nofail, x-… are userspace's and don't
 * reach the kernel). Success says nothing about what else is mounted there: read mounts again.
 * -EBUSY: the device is in use, perhaps for a moment only. */
int mount_device(const char *source, const char *target, const char *fstype, const char *options,
                 struct error *error);
/* Changes the options of a mount. fstab isn't asked. Both: -EINVAL is what mount(2) said, to an
 * option above all. */
int mount_change_options(const char *source, const char *target, const char *options,
                         struct error *error);

/* Waits a moment after a device was busy for the `tried`th time, counted from 0: another run that
 * tests whether the device is in use opens it exclusively for that long. False when it has been
 * tried often enough. */
bool mounts_pause_busy(int tried);

/* priority: -1 leaves it to the kernel. */
int swap_activate(const char *path, int priority, struct error *error);
int swap_deactivate(const char *path, struct error *error);

/* Bytes that new memory users can have, MemAvailable of /proc/meminfo; 0 when unknown. */
uint64_t memory_available(void);

/* Why mounts made by this process would not be the host's (another mount namespace than PID 1, no
 * right to mount); NULL: they are. Owned by the caller. */
char *mounts_hidden_reason(void);

/* Whether this process has the capability CAP_… in effect. */
bool capability_in_effect(unsigned capability);

/* Bytes of the device that a mounted XFS or single-device btrfs uses, from the kernel: the
 * superblock on the disk may lag behind. 0 for others and where the kernel doesn't say. */
uint64_t filesystem_mounted_bytes(const char *path, const char *fstype);

/* The number that a mounted btrfs has for its only device; 0 for others and where the kernel
 * doesn't say. */
uint64_t filesystem_device_number(const char *path, const char *fstype);

/* Whether a mount of this type has a device number that is no disk's (btrfs). */
bool filesystem_has_own_devno(const char *fstype);

/*
 * fstab.c: /etc/fstab, parsed by libmount and replaced as bytes. libmount's own writer is not used:
 * it has no fsync, changes modes and symlinks, and drops lines it can't parse.
 */

/* Reads and parses; a missing file is an empty one. ->unwritable tells why it could not be
 * replaced. */
int fstab_read(const char *path, struct fstab *ret_fstab, struct error *error);

/* Fills the lines' devno. The source of a bind mount isn't read: it may be on a server that no
 * longer answers, which would block this process. */
void fstab_find_devices(struct fstab *fstab, const struct mount_list *mounts);

/*
 * Replaces the file by `text`, provided that it still holds fstab->text: temporary file in the
 * same directory, mode, owner and extended attributes kept, fsync, compared again, rename, fsync of
 * the directory. -EAGAIN when somebody else changed it. fstab->text is updated. With `ret_backup` a
 * dated copy is kept beside it and its path returned, owned by the caller.
 */
int fstab_replace(struct fstab *fstab, const char *text, char **ret_backup, struct error *error);

/*
 * directory.c: directories that are mount points, read and changed as they are *below* what is
 * mounted on them.
 */

/* Why nothing could be written in `path`: read-only, fewer than `room` bytes or no inode free
 * (where the filesystem counts them), no right to. NULL: nothing speaks against it. Owned by the
 * caller. */
char *directory_unwritable(const char *path, uint64_t room);

/* A descriptor of `path` without the mounts on top of anything in it (open_tree(2), a detached copy
 * of its mount); where the kernel has none (before 5.2), the directory as it is visible. Negative
 * errno. */
int directory_open_below(const char *path);

/* What `name` is in the directory `parent`; `entries_wanted` limits the names listed. */
int directory_read(int parent, const char *name, size_t entries_wanted,
                   struct directory *ret_directory, struct error *error);

/* Sets or clears the immutable attribute of `name` in `parent`. -EOPNOTSUPP, -ENOTTY, -EPERM where
 * the filesystem or the process can't. */
int directory_set_immutable(int parent, const char *name, bool immutable, struct error *error);

/*
 * users.c: who uses a device or a directory, for messages.
 */

/* "mounted at /x in the mount namespace of process 12 (name); open in process 34 (name)", up to a
 * few; NULL when nobody is found. Owned by the caller. Reads /proc of all processes: slow, for
 * refusals only. */
char *device_users(uint64_t devno);

/* Processes that keep the filesystem mounted at `path` from being unmounted: a file open, mapped or
 * run, a working or root directory on it, or a mount of it in another namespace that an unmount
 * here doesn't reach; the same form. What the kernel itself holds (bound sockets, loop devices,
 * swap) isn't seen. */
char *mount_users(const char *path);

/*
 * units.c: systemd, where it is the init system.
 */

bool systemd_running(void);
int systemd_reload(struct error *error);

/* A .mount or .swap unit file, not one generated from fstab. */
struct unit {
    char *path;
    char *where, *what; /* NULL where it has none, or can't be read */
};

struct unit_list {
    struct unit *items;
    size_t count;
};

/* All of them, to be released by the caller. */
struct unit_list units_read(void);
void units_release(struct unit_list *units);

/* The unit whose Where= is `where`, or whose What= names `device` or `uuid`; NULL arguments match
 * nothing. NULL where there is none. */
const struct unit *units_find(const struct unit_list *units, const char *where, const char *device,
                              const char *uuid);

/*
 * udev.c: the kernel's word that a block device came or changed, and udev's that it has dealt with
 * it.
 */

/* A descriptor for uevents_wait, owned by the caller, or a negative errno where none is to be had.
 * What comes from then on isn't missed. In a container's network namespace nothing may ever come.
 */
int uevents_open(void);

/* Waits for the next event of a block device, at most so many milliseconds, and takes all that are
 * there: 1, or 0 when the time was over. `fd` may be negative: then only time passes. */
int uevents_wait(int fd, int milliseconds);

/* Where udev runs: waits, for a few seconds at the most, until it has made the /dev/disk/by-uuid
 * link that systemd's mount units wait for; asks it to read the device again when none comes by
 * itself. */
void udev_wait_for_uuid(uint64_t devno, const char *uuid);

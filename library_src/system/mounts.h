/* Mounts and swap: what the kernel says, and changing it. */
#pragma once

#include "host.h"

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

/* After a device was busy for the `tried`th time, from 0: waits a moment, for who looks whether it
 * is in use, as another run does, opens it exclusively that long. False: it has been tried enough.
 */
bool mounts_pause_busy(int tried);

/* priority: -1 leaves it to the kernel. */
int swap_activate(const char *path, int priority, struct error *error);
int swap_deactivate(const char *path, struct error *error);

/* Bytes that new memory users can have, MemAvailable of /proc/meminfo; 0 when unknown. */
uint64_t memory_available(void);

/* Why mounts made by this process would not be the host's (another mount namespace than PID 1, no
 * right to mount); NULL: they are. Owned by the caller. */
char *mounts_hidden_reason(void);

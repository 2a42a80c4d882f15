/* Mounts and swap: what the kernel says, and changing it. */
#pragma once

#include "host.h"

/* From /proc/self/mountinfo, in its order. */
int mounts_read(struct mount_list *ret_mounts, struct error *error);
/* From /proc/swaps, with device numbers. */
int swaps_read(struct swap_list *ret_swaps, struct error *error);


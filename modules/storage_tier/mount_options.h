/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of mount options. Lists are taken apart as libmount does it, so that a comma in
 * quotes belongs to a value; NULL is an empty list. Pure. */
#pragma once

#include "request.h"

/* Whether the list has the option, without a value. */
bool mount_options_has(const char *list, const char *name);

/* The value of NAME=VALUE, the first there is; NULL: none. Owned by the caller. */
char *mount_options_value(const char *list, const char *name);

/* Refuses options that would make something else of the tier than its whole disk, mounted at its
 * path by its line of fstab. */
int mount_options_check(const struct disk_request *disk, struct error *error);

/* Whether the flags of a mount that the kernel shows (ro, nodev, nosuid, noexec, noatime,
 * nodiratime) are others than those that `wanted` means for mount(8): the last one counts, and some
 * imply others. */
bool mount_options_flags_differ(const char *wanted, const char *shown);

/* Whether two lists ask the same of the filesystem: userspace's options and the flags of a mount,
 * which the kernel shows, don't count. */
bool mount_options_same_for_filesystem(const char *a, const char *b);

/* Without the options that are known to count at mount only: a remount with those may be refused.
 * Owned by the caller. */
char *mount_options_for_remount(const char *options);

/* What a remount to `after` takes, where `before` was mounted; `given` is what of `after` is said.
 * Owned by the caller. */
char *mount_options_remount(const char *fstype, const char *before, const char *after,
                            const char *given);

/* What switches off those options of `before` that `after` doesn't mention: "nodiscard,commit=0",
 * "" when nothing can or need be. Owned by the caller. */
char *mount_options_negation(const char *fstype, const char *before, const char *after);

/* The first option of `before` that `after` doesn't mention, that can't be switched off, and that
 * the kernel shows in `shown`; NULL: none. Owned by the caller. */
char *mount_options_staying(const char *fstype, const char *before, const char *after,
                            const char *shown);

/* Whether the kernel, which shows `shown`, has other values than wanted. Few options are looked at:
 * those that it shows as they were given. `discards`: the device can. */
bool mount_options_missing(const char *fstype, const char *wanted, const char *shown,
                           bool discards);

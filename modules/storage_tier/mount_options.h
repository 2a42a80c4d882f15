/* What becomes of a mounted filesystem's own options when others are asked for. Pure. */
#pragma once

#include <stdbool.h>

/* Without the options that are known to count at mount only: a remount with those may be refused.
 * Owned by the caller. */
char *mount_options_for_remount(const char *options);

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

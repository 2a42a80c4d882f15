/*
 * Directories that are mount points, seen and changed as they are *below* what is mounted on them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fields.h"

struct directory; /* host.h */

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

/*
 * /etc/fstab: parsed by libmount, replaced as bytes. libmount's own writer is not used: it has no
 * fsync, changes modes and symlinks, and drops lines it can't parse.
 */
#pragma once

#include <stdbool.h>

#include "host.h"

/* Reads and parses; a missing file is an empty one. ->unwritable tells why it could not be
 * replaced. */
int fstab_read(const char *path, struct fstab *ret_fstab, struct error *error);

/* Fills the lines' devno. What a bind mount names isn't looked at: a dead server would hold it. */
void fstab_find_devices(struct fstab *fstab, const struct mount_list *mounts);

/*
 * Replaces the file by `text`, provided that it still holds fstab->text: temporary file in the
 * same directory, mode, owner and extended attributes kept, fsync, compared again, rename, fsync of
 * the directory. -EAGAIN when somebody else changed it. fstab->text is updated. With `ret_backup` a
 * dated copy is kept beside it and its path returned, owned by the caller.
 */
int fstab_replace(struct fstab *fstab, const char *text, char **ret_backup, struct error *error);

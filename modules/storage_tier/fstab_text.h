/* Our lines of fstab, as bytes. Pure. */
#pragma once

#include "facts.h"
#include "judge.h"

/* The line that a tier should have, without line end. uuid NULL gives UUID=<new>. `fstype` as
 * mount(8) wants it. Owned by the caller. */
char *fstab_line_text(const struct request *request, const struct disk_request *want,
                      const struct disk *disk, const char *uuid, const char *fstype);

/* Mount options of a tier with what the module appends. Owned by the caller. */
char *fstab_options_text(const struct disk_request *want, const struct disk *disk);

/* Whether both lines say the same: white space between fields does not count. */
bool fstab_same_fields(const char *a, const char *b);

/* `text` with the first line that equals `old_line` replaced by `new_line` (NULL: removed with its
 * line end), or with `new_line` appended (a missing final newline is added first) where old_line is
 * NULL. No other byte changes. Owned by the caller; NULL when old_line isn't there (errno ENOENT).
 */
char *fstab_text_edit(const char *text, const char *old_line, const char *new_line);

/* The first line that mounts something at `path` and is no tier's; NULL: none. */
const struct fstab_line *fstab_line_of_others(const struct fstab *fstab, const char *path);

/* Refuses what stands in the way in fstab: lines of others for this tier's path or device,
 * or for what is on it now, lines nobody can parse that name the path, our line twice. `uuid` NULL:
 * not known yet. */
int fstab_check(const struct disk_request *want, const struct found *found, const char *path,
                const char *uuid, const struct fstab *fstab, struct error *error);

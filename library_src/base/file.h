/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files: read with a limit, replaced as one. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "error.h"

/* Reads up to `limit` bytes (less than 2 GiB) of an open file from its offset on, and returns how
 * many there were. *ret_data is owned by the caller and has a NUL after them. -EFBIG when there is
 * more. */
int file_read_fd(int fd, const char *name, size_t limit, char **ret_data, struct error *error);

/* The same for a path. A missing file is -ENOENT. */
int file_read(const char *path, size_t limit, char **ret_data, struct error *error);

/* A short file's text without white space at its ends (sysfs, procfs); NULL when it can't be read.
 */
char *file_read_value(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes all of it, also through interruptions. */
int file_write_fd(int fd, const char *name, const void *data, size_t length, struct error *error);

/* In the name of a temporary file, between the path and six characters. A copy that somebody made
 * is hardly called so. */
#define FILE_TEMPORARY ".new-"

/* Replaces `path` by a new file with these contents and mode: temporary file beside it, fsync,
 * rename, fsync of the directory. What was there is whole until then. */
int file_replace(const char *path, const void *data, size_t length, mode_t mode,
                 struct error *error);

/* Removes `path` and syncs its directory; a missing file is no error. */
int file_remove(const char *path, struct error *error);

/* fsync of the directory that holds `path`. */
int file_sync_directory(const char *path, struct error *error);

/* `path` and the directories above it, as mkdir -p. */
int file_make_directories(const char *path, mode_t mode, struct error *error);

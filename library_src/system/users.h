/* Who uses a device or a directory, for messages. */
#pragma once

#include <stdint.h>

/* "mounted at /x in the mount namespace of process 12 (name); open in process 34 (name)", up to a
 * few; NULL when nobody is found or out of memory. Owned by the caller. Reads /proc of all
 * processes: slow, for refusals only. */
char *device_users(uint64_t devno);

/* Processes with an open file, working directory or root on the filesystem mounted at `path`; the
 * same form. */
char *mount_users(const char *path);

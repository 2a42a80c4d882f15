/* Who uses a device or a directory, for messages. */
#pragma once

#include <stdint.h>

/* "mounted at /x in the mount namespace of process 12 (name); open in process 34 (name)", up to a
 * few; NULL when nobody is found. Owned by the caller. Reads /proc of all
 * processes: slow, for refusals only. */
char *device_users(uint64_t devno);

/* Processes that keep the filesystem mounted at `path` from being unmounted: a file open, mapped or
 * run, a working or root directory on it, or a mount of it in another namespace that an unmount
 * here doesn't reach; the same form. What the kernel itself holds (bound sockets, loop devices,
 * swap) isn't seen. */
char *mount_users(const char *path);

/* One run at a time. */
#pragma once

#include "error.h"

/* Takes flock() on `path` (made with mode 0600), waiting up to `seconds` for who holds it. The lock
 * lasts as long as *ret_fd is open. -EAGAIN names the holder, when the kernel tells it. */
int lock_take(const char *path, int seconds, int *ret_fd, struct error *error);

/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "cleanup.h"

enum { POLL_MS = 50 };

/* The pid in /proc/locks that holds a flock on this file; 0 when it isn't told. */
static int lock_holder(int fd)
{
    AUTO_FCLOSE FILE *locks = fopen("/proc/locks", "re");
    unsigned major, minor;
    unsigned long long inode;
    char line[256];
    struct stat st;
    int pid;

    if (!locks || fstat(fd, &st) < 0)
        return 0;
    while (fgets(line, sizeof(line), locks))
        if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major, &minor, &inode) == 4 &&
            inode == st.st_ino && makedev(major, minor) == st.st_dev)
            return pid;
    return 0;
}

static int lock_refuse(const char *path, int fd, int seconds, struct error *error)
{
    int pid = lock_holder(fd);

    if (pid > 0)
        return error_set(error, -EAGAIN,
                         "another run (pid %d) holds the lock %s; waited %d seconds for it", pid,
                         path, seconds);
    return error_set(error, -EAGAIN, "another run holds the lock %s; waited %d seconds for it",
                     path, seconds);
}

int lock_take(const char *path, int seconds, int *ret_fd, struct error *error)
{
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

    if (fd < 0)
        return error_set_errno(error, -errno, "opening the lock %s", path);
    for (long waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += POLL_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set_errno(error, -errno, "locking %s", path);
        if (waited >= seconds * 1000L)
            return lock_refuse(path, fd, seconds, error);
        nanosleep(&pause, NULL);
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}

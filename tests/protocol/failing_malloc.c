/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * To be preloaded: allocation number FAIL_AT fails, or all from FAIL_FROM on. The number of
 * allocations goes to the file COUNT_FILE at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size);

enum { ANSWER_FD = 10 }; /* the module's private copy of standard output, or one above it */

static unsigned long number, fail_at, fail_from;

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("FAIL_AT"), *from = getenv("FAIL_FROM");

    number = 0;
    fail_at = at ? strtoul(at, NULL, 10) : 0;
    fail_from = from ? strtoul(from, NULL, 10) : 0;
}

__attribute__((destructor)) static void finish(void)
{
    const char *path = getenv("COUNT_FILE");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

    if (fd >= 0) {
        dprintf(fd, "%lu\n", number);
        close(fd);
    }
}

static bool fails(void)
{
    number++;
    if (number != fail_at && (fail_from == 0 || number < fail_from))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}

/* What runs after the answer isn't the module: a coverage build writes its counters there. */
ssize_t write(int fd, const void *data, size_t length)
{
    if (fd >= ANSWER_FD)
        fail_at = fail_from = 0;
    return syscall(SYS_write, fd, data, length);
}

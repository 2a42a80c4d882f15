/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lock between runs: who has it, how long one waits. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "protocol.h"

static char directory[64], path[80];

static struct {
    int code;      /* errno of each flock; 0: its own */
    int interrupt; /* so many EINTR first */
    int busy;      /* so many times somebody else's */
    int pauses;
    bool no_locks; /* /proc/locks can't be read */
} fault;

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __wrap_nanosleep(const struct timespec *time, struct timespec *rest);
FILE *__real_fopen64(const char *name, const char *mode);
FILE *__wrap_fopen64(const char *name, const char *mode);

int __wrap_flock(int fd, int operation)
{
    assert_int_equal(operation, LOCK_EX | LOCK_NB);
    errno = fault.code ? fault.code : fault.interrupt > 0 ? EINTR : EWOULDBLOCK;
    if (fault.code || fault.interrupt-- > 0 || fault.busy-- > 0)
        return -1;
    return __real_flock(fd, operation);
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *rest)
{
    (void)rest;
    assert_true(time->tv_sec == 0 && time->tv_nsec > 0);
    fault.pauses++;
    return 0;
}

FILE *__wrap_fopen64(const char *name, const char *mode)
{
    if (fault.no_locks && strcmp(name, "/proc/locks") == 0) {
        errno = ENOENT;
        return NULL;
    }
    return __real_fopen64(name, mode);
}

static int set_up(void **state)
{
    (void)state;
    memset(&fault, 0, sizeof(fault));
    strcpy(directory, "/tmp/lock_test.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/lock", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static int take(int seconds, struct error *error)
{
    int fd = -1;
    int r = lock_take(path, seconds, &fd, error);

    assert_int_equal(r == 0, fd >= 0);
    return r < 0 ? r : fd;
}

static void taken_and_given_back(void **state)
{
    struct error error = ERROR_INIT;
    struct stat status;

    (void)state;
    int fd = take(0, &error);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(take(0, &error), -EAGAIN);
    error_clear(&error);
    close(fd);
    AUTO_CLOSE int again = take(0, &error);
    assert_true(again >= 0);
}

/* Another process that has the lock until the pipe's other end is closed. */
static pid_t hold(int *ret_end)
{
    int pipes[2];

    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char byte = 0;

        close(pipes[1]);
        if (__real_flock(fd, LOCK_EX) == 0 && write(fd, "", 1) == 1)
            (void)!read(pipes[0], &byte, 1);
        _exit(0);
    }
    close(pipes[0]);
    *ret_end = pipes[1];
    for (struct stat status; stat(path, &status) < 0 || status.st_size == 0;)
        usleep(1000);
    return child;
}

static void somebody_has_it(void **state)
{
    struct error error = ERROR_INIT;
    char words[64];
    int end;

    (void)state;
    pid_t child = hold(&end);
    assert_int_equal(take(2, &error), -EAGAIN);
    snprintf(words, sizeof(words), "another run (pid %d)", (int)child);
    assert_non_null(strstr(error_message(&error), words));
    assert_non_null(strstr(error_message(&error), "waited 2 seconds"));
    assert_int_equal(fault.pauses, 40);
    fault.no_locks = true;
    assert_int_equal(take(0, &error), -EAGAIN);
    assert_non_null(strstr(error_message(&error), "another run holds"));
    error_clear(&error);
    close(end);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Told by the kernel of nobody: it was given back in between. */
static void given_back_meanwhile(void **state)
{
    struct error error = ERROR_INIT;

    (void)state;
    fault.busy = 1;
    assert_int_equal(take(0, &error), -EAGAIN);
    assert_non_null(strstr(error_message(&error), "another run holds"));
    error_clear(&error);
    fault.busy = 3;
    fault.interrupt = 2;
    AUTO_CLOSE int fd = take(1, &error);
    assert_true(fd >= 0);
    assert_int_equal(fault.pauses, 5);
}

static void what_fails(void **state)
{
    struct error error = ERROR_INIT;

    (void)state;
    fault.code = ENOLCK;
    assert_int_equal(take(1, &error), -ENOLCK);
    assert_int_equal(fault.pauses, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("elsewhere", path), 0);
    assert_int_equal(take(1, &error), -ELOOP);
    assert_non_null(strstr(error_message(&error), path));
    error_clear(&error);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(taken_and_given_back),
        FRESH(somebody_has_it),
        FRESH(given_back_meanwhile),
        FRESH(what_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* uevents_wait on events that the real kernel sends: those that a write to `uevent` asks for. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "mount/mount.h"

/* TRIES: events of other tests' devices come between. */
enum { SHORT = 300, LONG = 20000, MANY = 2000, TRIES = 20 };

static const char block[] = "/sys/class/block/loop0/uevent", net[] = "/sys/class/net/lo/uevent";

static bool ask_for_event(const char *file)
{
    AUTO_CLOSE int fd = open(file, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, "change", 6) == 6;
}

/* By a socket of its own, so that a wait that never ends is no reason to skip. */
static bool events_arrive(void)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    return fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
           ask_for_event(block) && ask_for_event(net) && poll(&entry, 1, SHORT) == 1;
}

static int open_or_skip(void)
{
    if (!events_arrive()) {
        print_message("skipped: no uevents to be had here\n");
        skip();
    }
    int fd = uevents_open();
    assert_true(fd >= 0);
    return fd;
}

static void block_device_wakes(void **state __attribute__((unused)))
{
    AUTO_CLOSE int fd = open_or_skip();

    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(ask_for_event(block));
    assert_int_equal(uevents_wait(fd, LONG), 1);
    while (uevents_wait(fd, 1)) /* others' */
        ;
}

static void event_comes_while_it_waits(void **state __attribute__((unused)))
{
    AUTO_CLOSE int fd = open_or_skip();
    int status;

    pid_t child = fork();
    if (child == 0) {
        usleep(SHORT * 1000);
        _exit(ask_for_event(block) ? 0 : 1);
    }
    assert_int_equal(uevents_wait(fd, LONG), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static long milliseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* Whether nothing ends the wait, and the wait costs nothing. */
static bool waits_in_vain(int fd)
{
    long start = milliseconds(CLOCK_MONOTONIC), used = milliseconds(CLOCK_PROCESS_CPUTIME_ID);

    if (uevents_wait(fd, SHORT) == 1)
        return false;
    assert_true(milliseconds(CLOCK_MONOTONIC) - start >= SHORT);
    assert_true(milliseconds(CLOCK_PROCESS_CPUTIME_ID) - used < SHORT / 2);
    return true;
}

static void others_do_not_wake(void **state __attribute__((unused)))
{
    AUTO_CLOSE int fd = open_or_skip();
    bool calm = false;

    for (int i = 0; i < TRIES && !calm; i++) {
        assert_true(ask_for_event(net));
        calm = waits_in_vain(fd);
    }
    assert_true(calm);
}

/* Any process can send to one socket; that must not make the module look again and again. */
static void forged_message_does_not_wake(void **state __attribute__((unused)))
{
    static const char message[] = "add@/x\0SUBSYSTEM=block";
    struct sockaddr_nl address;
    socklen_t length = sizeof(address);
    AUTO_CLOSE int fd = open_or_skip();
    AUTO_CLOSE int sender = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    bool calm = false;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    address.nl_groups = 0;
    for (int i = 0; i < TRIES && !calm; i++) {
        ssize_t sent = sendto(sender, message, sizeof(message), 0,
                              (const struct sockaddr *)&address, sizeof(address));
        assert_int_equal(sent, sizeof(message));
        calm = waits_in_vain(fd);
    }
    assert_true(calm);
}

static void overrun_is_an_event(void **state __attribute__((unused)))
{
    const int small = 2048;
    AUTO_CLOSE int fd = open_or_skip();

    while (uevents_wait(fd, 100))
        ;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    for (int i = 0; i < MANY; i++)
        assert_true(ask_for_event(net));
    assert_int_equal(uevents_wait(fd, LONG), 1);
}

static void without_a_socket_only_time_passes(void **state __attribute__((unused)))
{
    assert_true(waits_in_vain(-1));
    assert_int_equal(uevents_wait(-1, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_device_wakes),  cmocka_unit_test(event_comes_while_it_waits),
        cmocka_unit_test(others_do_not_wake),  cmocka_unit_test(forged_message_does_not_wake),
        cmocka_unit_test(overrun_is_an_event), cmocka_unit_test(without_a_socket_only_time_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

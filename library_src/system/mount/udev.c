/* SPDX-License-Identifier: BSD-2-Clause */
#include "mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "cleanup.h"
#include "text.h"

/* SETTLE: what belongs to one disk (its partitions, its links) comes together, and a storm of
 * events must not become a loop without pause. */
enum { GROUP_KERNEL = 1, GROUP_UDEV = 2, MESSAGE_LIMIT = 8192, SETTLE_MILLISECONDS = 20 };

int uevents_open(void)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = GROUP_KERNEL | GROUP_UDEV};
    AUTO_CLOSE int fd =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return TAKE_FD(fd);
}

/* Both kinds of message have their properties as strings one after another; unprivileged processes
 * can send to one socket, but to no group. */
static bool uevent_is_of_block_device(const char *message, size_t length,
                                      const struct sockaddr_nl *sender)
{
    static const char property[] = "SUBSYSTEM=block";

    return sender->nl_groups != 0 && memmem(message, length, property, sizeof(property));
}

/* Takes every message; a queue that ran over counts as an event. */
static bool uevents_take_all(int fd)
{
    char message[MESSAGE_LIMIT];
    bool any = false;

    for (;;) {
        struct sockaddr_nl sender = {0};
        socklen_t sender_length = sizeof(sender);
        ssize_t n =
            recvfrom(fd, message, sizeof(message), 0, (struct sockaddr *)&sender, &sender_length);
        if (n < 0 && errno != ENOBUFS && errno != EINTR)
            return any;
        any = any ||
              (n < 0 ? errno == ENOBUFS : uevent_is_of_block_device(message, (size_t)n, &sender));
    }
}

static long uevents_clock(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000L + time.tv_nsec / 1000000L;
}

int uevents_wait(int fd, int milliseconds)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    const long end = uevents_clock() + milliseconds;

    for (long left = milliseconds; left > 0; left = end - uevents_clock()) {
        if (poll(&entry, 1, (int)left) <= 0 || !uevents_take_all(fd))
            continue;
        poll(NULL, 0, SETTLE_MILLISECONDS);
        uevents_take_all(fd);
        return 1;
    }
    return 0;
}

enum { POLL_MILLISECONDS = 20, ASK_AFTER = 50, GIVE_UP_AFTER = 200 };

static void udev_ask_again(uint64_t devno)
{
    AUTO_FREE char *path =
        text_format("/sys/dev/block/%u:%u/uevent", major((dev_t)devno), minor((dev_t)devno));
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, "change", 6) < 0)
        return;
}

void udev_wait_for_uuid(uint64_t devno, const char *uuid)
{
    AUTO_FREE char *link = text_format("/dev/disk/by-uuid/%s", uuid);

    if (access("/run/udev/control", F_OK) < 0)
        return;
    for (int i = 0; i < GIVE_UP_AFTER && access(link, F_OK) < 0; i++) {
        if (i == ASK_AFTER)
            udev_ask_again(devno);
        nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
    }
}

#include "uevents.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cleanup.h"

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
static bool is_of_block_device(const char *message, size_t length, const struct sockaddr_nl *sender)
{
    static const char property[] = "SUBSYSTEM=block";

    return sender->nl_groups != 0 && memmem(message, length, property, sizeof(property));
}

/* Takes every message; a queue that ran over counts as an event. */
static bool take_all(int fd)
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
        any = any || (n < 0 ? errno == ENOBUFS : is_of_block_device(message, (size_t)n, &sender));
    }
}

static long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000L + time.tv_nsec / 1000000L;
}

int uevents_wait(int fd, int milliseconds)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    const long end = now() + milliseconds;

    for (long left = milliseconds; left > 0; left = end - now()) {
        if (poll(&entry, 1, (int)left) <= 0 || !take_all(fd))
            continue;
        poll(NULL, 0, SETTLE_MILLISECONDS);
        take_all(fd);
        return 1;
    }
    return 0;
}

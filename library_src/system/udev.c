#include "udev.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "cleanup.h"
#include "text.h"

enum { POLL_MILLISECONDS = 20, ASK_AFTER = 50, GIVE_UP_AFTER = 200 };

static void ask_again(uint64_t devno)
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
            ask_again(devno);
        nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
    }
}

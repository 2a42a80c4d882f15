/* SPDX-License-Identifier: BSD-2-Clause */
#include "content/content.h"

#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MIB (1024ULL * 1024)
#define GIB (1024 * MIB)

enum { STEP = 64 * 1024, SUPERBLOCK = 4096, ROUNDS = 64 };

static int wipe_range(int fd, uint64_t start, uint64_t length, struct error *error)
{
    static char zeros[STEP];

    while (length > 0) {
        size_t now = length < STEP ? (size_t)length : STEP;
        ssize_t n = pwrite(fd, zeros, now, (off_t)start);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set_errno(error, n < 0 ? -errno : -EIO, "wiping at offset %llu",
                                   (unsigned long long)start);
        start += (uint64_t)n;
        length -= (uint64_t)n;
    }
    return 0;
}

static int wipe_signatures(int fd, const struct signature_list *signatures, struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < signatures->count && r == 0; i++)
        r = wipe_range(fd, signatures->items[i].offset, signatures->items[i].length, error);
    return r;
}

static int wipe_known_places(int fd, uint64_t size, struct error *error)
{
    static const uint64_t mirrors[] = {64 * MIB, 256 * GIB};
    int r = wipe_range(fd, 0, MIB, error);

    if (r == 0)
        r = wipe_range(fd, size - MIB, MIB, error);
    for (size_t i = 0; i < sizeof(mirrors) / sizeof(mirrors[0]) && r == 0; i++)
        if (mirrors[i] + SUPERBLOCK <= size)
            r = wipe_range(fd, mirrors[i], SUPERBLOCK, error);
    return r;
}

int content_clear(int fd, uint64_t size_bytes, const struct signature_list *signatures,
                  struct error *error)
{
    int r = wipe_known_places(fd, size_bytes, error);

    if (r == 0)
        r = wipe_signatures(fd, signatures, error);
    for (int round = 0; r == 0 && round < ROUNDS; round++) {
        struct content content = {0};

        r = content_read_signatures(fd, NULL, &content, error);
        size_t left = content.signatures.count;
        if (r == 0)
            r = wipe_signatures(fd, &content.signatures, error);
        fields_release(&content_fields, &content);
        if (r < 0 || left > 0)
            continue;
        if (fsync(fd) < 0)
            return error_set_errno(error, -errno, "syncing the wiped device");
        ioctl(fd, BLKRRPART,
              0); /* the partitions of a wiped table; a busy one stays, and is seen */
        return 0;
    }
    return r < 0 ? r : error_set(error, -EIO, "signatures are still found after wiping them");
}

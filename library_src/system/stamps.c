#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "intent.h"

#define MIB (1024ULL * 1024)

/* Two places, since one of them can be overwritten by a mkfs: ext4's last group, btrfs' mirror at
 * 256 GiB. */
void stamp_offsets(uint64_t size_bytes, uint64_t ret_offsets[2])
{
    uint64_t end = size_bytes & ~(uint64_t)(STAMP_SIZE - 1);

    ret_offsets[0] = end - 3 * MIB;
    ret_offsets[1] = end - 5 * MIB;
}

void stamp_fill(char block[STAMP_SIZE], const char *uuid)
{
    memset(block, 0, STAMP_SIZE);
    snprintf(block, 512, "storage_tier: a filesystem is being made here\nuuid=%s\n", uuid);
}

void stamps_expect(const struct intent *intent, struct stamps *ret_stamps)
{
    uint64_t offsets[2];

    *ret_stamps = (struct stamps){0};
    if (!intent)
        return;
    stamp_fill(ret_stamps->block, intent->uuid);
    stamp_offsets(intent->size_bytes, offsets);
    ret_stamps->count = 2;
    for (int i = 0; i < 2; i++)
        ret_stamps->expected[i] =
            (struct expected_bytes){offsets[i], ret_stamps->block, STAMP_SIZE};
}

struct block {
    _Alignas(STAMP_SIZE) char bytes[STAMP_SIZE];
};

static int open_exclusive(const struct disk *disk, int flags, struct error *error)
{
    return disk_open(disk, flags | O_EXCL | O_DIRECT, error);
}

/* False when it isn't there, or when the device has become too small to hold it. */
static bool stamp_is_at(int fd, uint64_t offset, const struct intent *intent)
{
    struct block expected, found;

    stamp_fill(expected.bytes, intent->uuid);
    return pread(fd, found.bytes, STAMP_SIZE, (off_t)offset) == STAMP_SIZE &&
           memcmp(found.bytes, expected.bytes, STAMP_SIZE) == 0;
}

static int write_block(int fd, const struct disk *disk, uint64_t offset, const struct block *block,
                       struct error *error)
{
    if (pwrite(fd, block->bytes, STAMP_SIZE, (off_t)offset) != STAMP_SIZE)
        return error_set_errno(error, errno ? -errno : -EIO, "writing %s at offset %llu",
                               disk->path, (unsigned long long)offset);
    return 0;
}

static int sync_device(int fd, const struct disk *disk, struct error *error)
{
    return fsync(fd) < 0 ? error_set_errno(error, -errno, "syncing %s", disk->path) : 0;
}

int stamps_find(const struct disk *disk, const struct intent *intent, bool *ret_found,
                struct error *error)
{
    AUTO_CLOSE int fd = open_exclusive(disk, O_RDONLY, error);
    uint64_t offsets[2];

    if (fd < 0)
        return fd;
    stamp_offsets(intent->size_bytes, offsets);
    *ret_found = stamp_is_at(fd, offsets[0], intent) || stamp_is_at(fd, offsets[1], intent);
    return 0;
}

int stamps_write(const struct disk *disk, const struct intent *intent, struct error *error)
{
    AUTO_CLOSE int fd = open_exclusive(disk, O_RDWR, error);
    struct block stamp;
    uint64_t offsets[2];
    int r = 0;

    if (fd < 0)
        return fd;
    stamp_fill(stamp.bytes, intent->uuid);
    stamp_offsets(intent->size_bytes, offsets);
    for (int i = 0; i < 2 && r == 0; i++)
        r = write_block(fd, disk, offsets[i], &stamp, error);
    return r < 0 ? r : sync_device(fd, disk, error);
}

int stamps_erase(const struct disk *disk, const struct intent *intent, struct error *error)
{
    AUTO_CLOSE int fd = open_exclusive(disk, O_RDWR, error);
    static const struct block zeros;
    uint64_t offsets[2];
    int r = 0;

    if (fd < 0)
        return fd;
    stamp_offsets(intent->size_bytes, offsets);
    for (int i = 0; i < 2 && r == 0; i++)
        if (stamp_is_at(fd, offsets[i], intent))
            r = write_block(fd, disk, offsets[i], &zeros, error);
    return r < 0 ? r : sync_device(fd, disk, error);
}

#include "scan.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sha2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"

enum { CHUNK = 1 << 20 };

struct scan {
    int fd;
    uint64_t size;
    char *buffer;                  /* CHUNK bytes, aligned for O_DIRECT */
    struct expected_stamp *stamps; /* those of the expected ones that are there */
    size_t stamp_count;
    SHA2_CTX digest;
    struct scan_result result;
};

/* O_DIRECT on a descriptor of our own: the page cache can hide what was written through another
 * device (a partition, a multipath's other path). Where the filesystem of an image file doesn't
 * know O_DIRECT, or sectors are larger than our blocks, the cache is dropped instead. */
static int open_again(int fd, int *ret_fd, struct error *error)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
    int sector = 0;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    bool large_sectors = ioctl(fd, BLKSSZGET, &sector) == 0 && sector > PLACE_BLOCK;
    AUTO_CLOSE int again = large_sectors ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
    if (again < 0 && (large_sectors || errno == EINVAL)) {
        again = open(path, O_RDONLY | O_CLOEXEC);
        if (again >= 0)
            posix_fadvise(again, 0, 0, POSIX_FADV_DONTNEED);
    }
    if (again < 0)
        return error_set_errno(error, -errno, "opening the device again through %s", path);
    *ret_fd = TAKE_FD(again);
    return 0;
}

/* How many bytes came, or a negative errno. Asks for whole blocks, as O_DIRECT wants it; at the end
 * of the device fewer come. */
static ssize_t read_blocks(int fd, char *buffer, uint64_t offset, size_t length)
{
    size_t rounded = (length + PLACE_BLOCK - 1) / PLACE_BLOCK * PLACE_BLOCK;
    ssize_t n;

    do
        n = pread(fd, buffer, rounded, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Reads all of it; else says which block couldn't be read. A block device reads a request as a
 * whole or not at all, so a failed one is asked for again block by block. */
static int read_chunk(struct scan *scan, uint64_t offset, size_t length, struct error *error)
{
    if (read_blocks(scan->fd, scan->buffer, offset, length) >= (ssize_t)length)
        return 0;
    for (size_t done = 0; done < length; done += PLACE_BLOCK) {
        size_t block = length - done < PLACE_BLOCK ? length - done : PLACE_BLOCK;
        ssize_t n = read_blocks(scan->fd, scan->buffer + done, offset + done, block);

        if (n == -ENOMEM || n == -EINVAL)
            return error_set_errno(error, (int)n, "reading at offset %llu",
                                   (unsigned long long)offset + done);
        if (n < (ssize_t)block) {
            scan->result.unreadable = true;
            scan->result.error_offset = offset + done;
            return 0;
        }
    }
    return 0;
}

static bool all_zero(const char *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* A stamp counts only as a whole; an unreadable one isn't there, and the scan will say so. */
static bool stamp_is_there(const struct scan *scan, const struct expected_stamp *stamp)
{
    char bytes[STAMP_SIZE];
    uint64_t before = stamp->offset % PLACE_BLOCK, start = stamp->offset - before;

    if (scan->size < STAMP_SIZE || stamp->offset > scan->size - STAMP_SIZE)
        return false;
    stamp_fill(bytes, stamp->uuid);
    return read_blocks(scan->fd, scan->buffer, start, before + STAMP_SIZE) >=
               (ssize_t)(before + STAMP_SIZE) &&
           memcmp(scan->buffer + before, bytes, STAMP_SIZE) == 0;
}

static void find_stamps(struct scan *scan, const struct expected_stamps *expected)
{
    scan->stamps = alloc_zeroed(expected->count, sizeof(scan->stamps[0]));
    for (size_t i = 0; i < expected->count; i++)
        if (stamp_is_there(scan, &expected->items[i]))
            scan->stamps[scan->stamp_count++] = expected->items[i];
}

/* The part of a stamp that lies in the chunk becomes zeros, if it still holds the stamp's bytes. */
static void mask_stamp(const struct expected_stamp *stamp, char *chunk, uint64_t offset,
                       size_t length)
{
    char bytes[STAMP_SIZE];
    uint64_t start = stamp->offset > offset ? stamp->offset : offset;
    uint64_t stamp_end = stamp->offset + STAMP_SIZE, chunk_end = offset + length;
    uint64_t end = stamp_end < chunk_end ? stamp_end : chunk_end;

    if (start >= end)
        return;
    stamp_fill(bytes, stamp->uuid);
    if (memcmp(chunk + (start - offset), bytes + (start - stamp->offset), end - start) == 0)
        memset(chunk + (start - offset), 0, end - start);
}

static void look_at_block(struct scan *scan, const char *block, uint64_t offset, size_t length)
{
    uint64_t offset_le = htole64(offset);

    if (all_zero(block, length))
        return;
    SHA256Update(&scan->digest, (const uint8_t *)&offset_le, sizeof(offset_le));
    SHA256Update(&scan->digest, (const uint8_t *)block, length);
    for (size_t i = 0; i < length && !scan->result.found; i++) {
        scan->result.found = block[i] != 0;
        scan->result.found_offset = offset + i;
    }
}

static int look_at_chunk(struct scan *scan, uint64_t offset, size_t length, struct error *error)
{
    int r = read_chunk(scan, offset, length, error);

    if (r < 0 || scan->result.unreadable)
        return r;
    for (size_t i = 0; i < scan->stamp_count; i++)
        mask_stamp(&scan->stamps[i], scan->buffer, offset, length);
    if (all_zero(scan->buffer, length))
        return 0;
    for (size_t done = 0; done < length; done += PLACE_BLOCK)
        look_at_block(scan, scan->buffer + done, offset + done,
                      length - done < PLACE_BLOCK ? length - done : PLACE_BLOCK);
    return 0;
}

static int look_at_places(struct scan *scan, const struct place_list *places, struct error *error)
{
    for (size_t i = 0; i < places->count; i++) {
        const struct place *place = &places->items[i];

        for (uint64_t done = 0; done < place->length; done += CHUNK) {
            uint64_t left = place->length - done;
            int r = look_at_chunk(scan, place->offset + done, left < CHUNK ? left : CHUNK, error);

            if (r < 0 || scan->result.unreadable)
                return r;
        }
    }
    return 0;
}

static void scan_release(struct scan *scan)
{
    free(scan->buffer);
    free(scan->stamps);
    cleanup_close(&scan->fd);
}

int scan_places(int fd, uint64_t size_bytes, const struct place_list *places,
                const struct expected_stamps *stamps, struct scan_result *ret_result,
                struct error *error)
{
    __attribute__((cleanup(scan_release))) struct scan scan = {
        .fd = -1, .size = size_bytes, .buffer = alloc_check(aligned_alloc(PLACE_BLOCK, CHUNK))};
    uint64_t size_le = htole64(size_bytes);
    int r = open_again(fd, &scan.fd, error);

    if (r < 0)
        return r;
    find_stamps(&scan, stamps);
    SHA256Init(&scan.digest);
    SHA256Update(&scan.digest, (const uint8_t *)&size_le, sizeof(size_le));
    r = look_at_places(&scan, places, error);
    if (r < 0)
        return r;
    SHA256End(&scan.digest, scan.result.digest);
    *ret_result = scan.result;
    return 0;
}

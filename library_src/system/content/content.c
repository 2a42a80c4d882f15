/* SPDX-License-Identifier: BSD-2-Clause */
#include "content/content.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

enum { CHUNK = 1 << 20 };

struct scan_result {
    bool unreadable;       /* an I/O error or a short read */
    uint64_t error_offset; /* of the first block that couldn't be read */
    bool found;            /* something that isn't zero */
    uint64_t found_offset; /* of the first such byte */
    char digest[65];       /* hex SHA-256 over the size and every block that isn't zero, each as its
                              offset (8 bytes, little endian) and its bytes; not set when unreadable */
};

struct scan {
    int fd;
    uint64_t size;
    char *buffer;                    /* CHUNK bytes, aligned for O_DIRECT */
    struct expected_bytes *expected; /* those that are there */
    size_t expected_count;
    SHA2_CTX digest;
    struct scan_result result;
};

/* O_DIRECT on a descriptor of our own: the page cache can hide what was written through another
 * device (a partition, a multipath's other path). Where the filesystem of an image file doesn't
 * know O_DIRECT, or sectors are larger than our blocks, the cache is dropped instead. */
static int scan_open(int fd, int *ret_fd, struct error *error)
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
static ssize_t scan_read_blocks(int fd, char *buffer, uint64_t offset, size_t length)
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
static int scan_read_chunk(struct scan *scan, uint64_t offset, size_t length, struct error *error)
{
    if (scan_read_blocks(scan->fd, scan->buffer, offset, length) >= (ssize_t)length)
        return 0;
    for (size_t done = 0; done < length; done += PLACE_BLOCK) {
        size_t block = length - done < PLACE_BLOCK ? length - done : PLACE_BLOCK;
        ssize_t n = scan_read_blocks(scan->fd, scan->buffer + done, offset + done, block);

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

/* The bytes count only as a whole; unreadable ones aren't there, and the scan will say so. */
static bool scan_has(const struct scan *scan, const struct expected_bytes *expected)
{
    uint64_t before = expected->offset % PLACE_BLOCK, start = expected->offset - before;
    size_t length = expected->length;

    if (length > EXPECTED_LIMIT || scan->size < length || expected->offset > scan->size - length)
        return false;
    return scan_read_blocks(scan->fd, scan->buffer, start, before + length) >=
               (ssize_t)(before + length) &&
           memcmp(scan->buffer + before, expected->bytes, length) == 0;
}

static void scan_find_expected(struct scan *scan, const struct examination *examination)
{
    scan->expected = alloc_zeroed(examination->expected_count, sizeof(scan->expected[0]));
    for (size_t i = 0; i < examination->expected_count; i++)
        if (scan_has(scan, &examination->expected[i]))
            scan->expected[scan->expected_count++] = examination->expected[i];
}

/* The part of the bytes that lies in the chunk becomes zeros, if it is still there. */
static void scan_mask(const struct expected_bytes *expected, char *chunk, uint64_t offset,
                      size_t length)
{
    uint64_t start = expected->offset > offset ? expected->offset : offset;
    uint64_t expected_end = expected->offset + expected->length, chunk_end = offset + length;
    uint64_t end = expected_end < chunk_end ? expected_end : chunk_end;

    if (start >= end)
        return;
    if (memcmp(chunk + (start - offset), expected->bytes + (start - expected->offset),
               end - start) == 0)
        memset(chunk + (start - offset), 0, end - start);
}

static void scan_add_block(struct scan *scan, const char *block, uint64_t offset, size_t length)
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

static int scan_add_chunk(struct scan *scan, uint64_t offset, size_t length, struct error *error)
{
    int r = scan_read_chunk(scan, offset, length, error);

    if (r < 0 || scan->result.unreadable)
        return r;
    for (size_t i = 0; i < scan->expected_count; i++)
        scan_mask(&scan->expected[i], scan->buffer, offset, length);
    if (all_zero(scan->buffer, length))
        return 0;
    for (size_t done = 0; done < length; done += PLACE_BLOCK)
        scan_add_block(scan, scan->buffer + done, offset + done,
                       length - done < PLACE_BLOCK ? length - done : PLACE_BLOCK);
    return 0;
}

static int scan_add_places(struct scan *scan, const struct place_list *places, struct error *error)
{
    for (size_t i = 0; i < places->count; i++) {
        const struct place *place = &places->items[i];

        for (uint64_t done = 0; done < place->length; done += CHUNK) {
            uint64_t left = place->length - done;
            int r = scan_add_chunk(scan, place->offset + done, left < CHUNK ? left : CHUNK, error);

            if (r < 0 || scan->result.unreadable)
                return r;
        }
    }
    return 0;
}

static void scan_release(struct scan *scan)
{
    free(scan->buffer);
    free(scan->expected);
    cleanup_close(&scan->fd);
}

/* Reads `places` of the device, which is opened again for that. The expected bytes that are there
 * count as zeros. Stops at an I/O error. */
static int scan_places(const struct examination *examination, const struct place_list *places,
                       struct scan_result *ret_result, struct error *error)
{
    __attribute__((cleanup(scan_release))) struct scan scan = {
        .fd = -1,
        .size = examination->size_bytes,
        .buffer = alloc_check(aligned_alloc(PLACE_BLOCK, CHUNK))};
    uint64_t size_le = htole64(scan.size);
    int r = scan_open(examination->fd, &scan.fd, error);

    if (r < 0)
        return r;
    scan_find_expected(&scan, examination);
    SHA256Init(&scan.digest);
    SHA256Update(&scan.digest, (const uint8_t *)&size_le, sizeof(size_le));
    r = scan_add_places(&scan, places, error);
    if (r < 0)
        return r;
    SHA256End(&scan.digest, scan.result.digest);
    *ret_result = scan.result;
    return 0;
}

/* So that libblkid too sees what is on the device, not what the page cache holds of it. */
static int content_drop_cache(int fd, struct error *error)
{
    if (ioctl(fd, BLKFLSBUF, 0) < 0 && errno != ENOTTY)
        return error_set_errno(error, -errno, "dropping the kernel's cache of the device");
    return 0;
}

/* Digest of the places; of everything only where the places are zeros, so that the token is the
 * same with and without a full scan. */
static int content_scan(const struct examination *examination, struct scan_result *ret_result,
                        struct error *error)
{
    AUTO_PLACES struct place_list places = {0};
    struct scan_result result = {0};
    uint64_t size = examination->size_bytes;
    int r = places_find(size, &places, error);

    if (r >= 0)
        r = scan_places(examination, &places, &result, error);
    if (r >= 0 && examination->full_scan && !result.unreadable && !result.found &&
        !places_are_everything(size)) {
        struct place everything = {0, size};

        r = scan_places(examination, &(struct place_list){&everything, 1}, &result, error);
    }
    if (r < 0)
        return r;
    *ret_result = result;
    return 0;
}

/* Only here does a device become blank: libblkid found nothing and did not fail, every byte came,
 * and each was zero. */
static void content_judge(const struct scan_result *result, struct content *content)
{
    if (result->unreadable) {
        content->kind = CONTENT_UNREADABLE;
        content->error_offset = result->error_offset;
        return;
    }
    if (content->kind == CONTENT_UNKNOWN && !result->found) {
        content->kind = CONTENT_BLANK;
        return;
    }
    if (content->kind == CONTENT_UNREADABLE && !result->found)
        return;
    if (content->signatures.count == 0) {
        content->kind = CONTENT_DATA;
        content->data_offset = result->found_offset;
    }
    content->token = text_format("data:%s", result->digest);
}

int content_examine(const struct examination *examination, struct content *ret_content,
                    struct error *error)
{
    struct content content = {0};
    struct scan_result result;
    int r = content_drop_cache(examination->fd, error);

    if (r >= 0)
        r = content_read_signatures(examination->fd, NULL, &content, error);
    if (r >= 0 && !content.token) {
        r = content_scan(examination, &result, error);
        if (r >= 0)
            content_judge(&result, &content);
    }
    if (r < 0) {
        fields_release(&content_fields, &content);
        return r;
    }
    *ret_content = content;
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content_clear on sparse files: what is zeroed, and that nothing else is. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "content/content.h"
#include "text.h"

static const off_t kib = 1 << 10, mib = 1 << 20, gib = 1 << 30;

static struct {
    off_t offset; /* of the byte that can't be written; -1: none */
    bool interrupt_next, short_next, nothing;
    bool stays;  /* a signature that no write takes away */
    off_t later; /* a signature that only another look finds, while it is there; 0: none */
    bool unread; /* libblkid can't be asked */
    bool sync_fails;
    int syncs, looks;
} fault;

ssize_t __real_pwrite64(int fd, const void *bytes, size_t length, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t offset);
int __wrap_fsync(int fd);
int __real_content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                                   struct error *error);
int __wrap_content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                                   struct error *error);

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
    if (fault.interrupt_next) {
        fault.interrupt_next = false;
        errno = EINTR;
        return -1;
    }
    if (fault.nothing)
        return 0;
    if (fault.offset >= offset && fault.offset < offset + (off_t)length) {
        errno = ENOSPC;
        return -1;
    }
    if (fault.short_next && length > 100) {
        fault.short_next = false;
        length = 100;
    }
    return __real_pwrite64(fd, bytes, length, offset);
}

int __wrap_fsync(int fd)
{
    (void)fd;
    fault.syncs++;
    errno = EIO;
    return fault.sync_fails ? -1 : 0;
}

int __wrap_content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                                   struct error *error)
{
    fault.looks++;
    if (fault.unread)
        return error_set(error, -EIO, "unread");
    int r = __real_content_read_signatures(fd, types, ret_content, error);
    char there = 0;
    if (fault.later)
        assert_int_equal(pread(fd, &there, 1, fault.later), 1);
    if (r == 0 && (fault.stays || there) && ret_content->signatures.count == 0) {
        ret_content->signatures.items = calloc(1, sizeof(struct signature));
        ret_content->signatures.items[0].offset = (uint64_t)fault.later;
        ret_content->signatures.items[0].length = 1;
        ret_content->signatures.count = 1;
    }
    return r;
}

static int set_up(void **state)
{
    (void)state;
    memset(&fault, 0, sizeof(fault));
    fault.offset = -1;
    return 0;
}

static int new_device(off_t size)
{
    char path[] = "/var/tmp/content_clear_test.XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ftruncate(fd, size), 0);
    return fd;
}

static void fill(int fd, off_t start, off_t length)
{
    AUTO_FREE char *bytes = malloc((size_t)length);

    memset(bytes, 'x', (size_t)length);
    assert_int_equal(__real_pwrite64(fd, bytes, (size_t)length, start), length);
}

static bool is_filled(int fd, off_t start, off_t length, char with)
{
    AUTO_FREE char *bytes = malloc((size_t)length);

    assert_int_equal(pread(fd, bytes, (size_t)length, start), length);
    for (off_t i = 0; i < length; i++)
        if (bytes[i] != with)
            return false;
    return true;
}

static int clear(int fd, const struct signature *signature)
{
    struct signature_list list = {(struct signature *)signature, signature ? 1 : 0};
    struct error error = ERROR_INIT;
    int r = content_clear(fd, (uint64_t)lseek(fd, 0, SEEK_END), &list, &error);

    error_clear(&error);
    return r;
}

/* [from, from + length) is zeroed, and neither the kilobyte before nor the one after. */
static void expect_only(int fd, off_t from, off_t length)
{
    if (from > 0)
        assert_true(is_filled(fd, from - kib, kib, 'x'));
    assert_true(is_filled(fd, from, length, 0));
    if (from + length < lseek(fd, 0, SEEK_END))
        assert_true(is_filled(fd, from + length, kib, 'x'));
}

static void ends_and_mirrors(void **state)
{
    const off_t size = 257 * gib + 512;
    const struct signature signature = {.offset = 8 * 1048576 + 3, .length = 5};
    AUTO_CLOSE int fd = new_device(size);

    (void)state;
    fill(fd, 0, 2 * mib);
    fill(fd, 8 * mib, mib);
    fill(fd, 63 * mib, 2 * mib);
    fill(fd, 256 * gib - mib, 2 * mib);
    fill(fd, size - 2 * mib, 2 * mib);
    assert_int_equal(clear(fd, &signature), 0);
    expect_only(fd, 0, mib);
    assert_true(is_filled(fd, 8 * mib, 3, 'x'));
    assert_true(is_filled(fd, 8 * mib + 3, 5, 0));
    assert_true(is_filled(fd, 8 * mib + 8, kib, 'x'));
    expect_only(fd, 64 * mib, 4096);
    expect_only(fd, 256 * gib, 4096);
    expect_only(fd, size - mib, mib);
    assert_int_equal(fault.syncs, 1);
}

/* A mirror beyond the end would make an image larger, and is an error of a device. */
static void mirrors_beyond_the_end(void **state)
{
    static const off_t over[] = {-1, 0, 4095, 4096};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(over); i++) {
        const off_t size = 64 * mib + over[i];
        AUTO_CLOSE int fd = new_device(size);

        assert_int_equal(clear(fd, NULL), 0);
        assert_int_equal(lseek(fd, 0, SEEK_END), size);
    }
}

/* Neither in the list nor at the ends: found by looking again, until that is no use. */
static void signatures_that_are_left(void **state)
{
    AUTO_CLOSE int fd = new_device(32 * mib);

    (void)state;
    assert_int_equal(clear(fd, NULL), 0);
    assert_int_equal(fault.looks, 1);
    fault.stays = true;
    assert_int_equal(clear(fd, NULL), -EIO);
    assert_int_equal(fault.looks, 1 + 64);
}

static void a_signature_under_another(void **state)
{
    AUTO_CLOSE int fd = new_device(32 * mib);

    (void)state;
    fault.later = 8 * mib;
    fill(fd, fault.later, kib);
    assert_int_equal(clear(fd, NULL), 0);
    assert_int_equal(fault.looks, 2);
    assert_true(is_filled(fd, fault.later, 1, 0));
    assert_true(is_filled(fd, fault.later + 1, kib - 1, 'x'));
}

static void what_fails(void **state)
{
    const struct signature signature = {.offset = 8 * 1048576, .length = 4};
    const off_t offsets[] = {0, mib - 1, 8 * mib + 3, 64 * mib, 100 * mib - 1, 99 * mib};

    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
        AUTO_CLOSE int fd = new_device(100 * mib);

        fault.offset = offsets[i];
        assert_int_equal(clear(fd, &signature), -ENOSPC);
        assert_int_equal(fault.syncs, 0);
    }
    AUTO_CLOSE int fd = new_device(32 * mib);
    set_up(state);
    fault.nothing = true;
    assert_int_equal(clear(fd, NULL), -EIO);
    set_up(state);
    fault.unread = true;
    assert_int_equal(clear(fd, NULL), -EIO);
    assert_int_equal(fault.looks, 1);
    set_up(state);
    fault.sync_fails = true;
    assert_int_equal(clear(fd, NULL), -EIO);
}

static void interrupted_and_short_writes(void **state)
{
    AUTO_CLOSE int fd = new_device(16 * mib);

    (void)state;
    fill(fd, 0, 16 * mib);
    fault.interrupt_next = fault.short_next = true;
    assert_int_equal(clear(fd, NULL), 0);
    expect_only(fd, 0, mib);
    expect_only(fd, 15 * mib, mib);
}

#define FRESH(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(ends_and_mirrors),
        FRESH(mirrors_beyond_the_end),
        FRESH(signatures_that_are_left),
        FRESH(a_signature_under_another),
        FRESH(what_fails),
        FRESH(interrupted_and_short_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

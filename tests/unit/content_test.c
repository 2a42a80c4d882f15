/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content_examine and content_read_signatures on plain files. What they call can be made to fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka.h needs those above. */
#include <blkid/blkid.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "cleanup.h"
#include "content/content.h"
#include "text.h"

static const off_t mib = 1 << 20;
/* What may lie on a device and count as zeros: here, blocks that tell their UUID. */
enum { STAMP_SIZE = 4096 };
static char stamp[STAMP_SIZE];

struct expected_stamps {
    const struct expected_bytes *items;
    size_t count;
};
static const struct expected_stamps no_stamps;
static const char uuid[] = "7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11";

static struct {
    off_t offset;       /* of the byte that can't be read; −1: none */
    int code;           /* errno, or 0 for a short read */
    int interrupt_next; /* so many EINTR first */
} fault = {-1, 0, 0};

ssize_t __real_pread64(int fd, void *buffer, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t length, off_t offset);

ssize_t __wrap_pread64(int fd, void *buffer, size_t length, off_t offset)
{
    if (fault.interrupt_next > 0) {
        fault.interrupt_next--;
        errno = EINTR;
        return -1;
    }
    if (fault.offset >= offset && fault.offset < offset + (off_t)length) {
        errno = fault.code;
        return fault.code ? -1
                          : __real_pread64(fd, buffer, (size_t)(fault.offset - offset), offset);
    }
    return __real_pread64(fd, buffer, length, offset);
}

static struct {
    bool refuse; /* as a filesystem that doesn't know O_DIRECT */
    bool used;
    int code;   /* errno of every open */
    int sector; /* size that the device says it has; 0: it is no device */
} direct;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap___open64_2(const char *path, int flags);

int __wrap_open64(const char *path, int flags, ...)
{
    if ((flags & O_DIRECT && direct.refuse) || direct.code) {
        errno = direct.code ? direct.code : EINVAL;
        return -1;
    }
    direct.used = flags & O_DIRECT;
    return __real_open64(path, flags);
}

/* What a fortified build calls where the flags are no constant. */
int __wrap___open64_2(const char *path, int flags)
{
    return __wrap_open64(path, flags);
}

static struct {
    int code; /* errno of dropping the cache */
    int drops;
} cache;

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (request == BLKSSZGET && direct.sector) {
        *(int *)argument = direct.sector;
        return 0;
    }
    if (request != BLKFLSBUF)
        return __real_ioctl(fd, request, argument);
    cache.drops++;
    errno = cache.code;
    return cache.code ? -1 : 0;
}

/* What libblkid answers instead of its own; 0: its own. */
static struct {
    int safe, one;
} answer;

int __real_blkid_do_safeprobe(blkid_probe probe);
int __wrap_blkid_do_safeprobe(blkid_probe probe);
int __real_blkid_do_probe(blkid_probe probe);
int __wrap_blkid_do_probe(blkid_probe probe);

int __wrap_blkid_do_safeprobe(blkid_probe probe)
{
    return answer.safe ? answer.safe : __real_blkid_do_safeprobe(probe);
}

int __wrap_blkid_do_probe(blkid_probe probe)
{
    int r = answer.one;

    answer.one = 0;
    return r ? r : __real_blkid_do_probe(probe);
}

static int new_device(off_t size)
{
    char path[] = "/var/tmp/content_test.XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ftruncate(fd, size), 0);
    return fd;
}

static void put(int fd, off_t offset, const void *bytes, size_t length)
{
    assert_int_equal(pwrite(fd, bytes, length, offset), length);
}

static void put_stamp(int fd, off_t offset, const char *stamp_uuid)
{
    char bytes[STAMP_SIZE] = {0};

    snprintf(bytes, sizeof(bytes), "uuid=%s\n", stamp_uuid);
    put(fd, offset, bytes, sizeof(bytes));
}

static int examine_as(int fd, uint64_t size, bool full_scan, const struct expected_stamps *stamps,
                      struct content *ret_content, struct error *error)
{
    snprintf(stamp, sizeof(stamp), "uuid=%s\n", uuid);
    return content_examine(&(struct examination){.fd = fd,
                                                 .size_bytes = size,
                                                 .full_scan = full_scan,
                                                 .expected = stamps->items,
                                                 .expected_count = stamps->count},
                           ret_content, error);
}

/* A swap of 4 KiB pages over 16 MiB, in the byte order of this machine or the other. */
static void put_swap(int fd, bool other_byte_order)
{
    uint32_t version = 1, last_page = 4095;

    if (other_byte_order) {
        version = __builtin_bswap32(version);
        last_page = __builtin_bswap32(last_page);
    }
    put(fd, 1024, &version, 4);
    put(fd, 1028, &last_page, 4);
    put(fd, 1036, "\x7f\x7c\x8b\xb5\x3c\x8b\x4a\x6c\x8f\x86\x2f\x8f\x6f\x0d\x4e\x11", 16);
    put(fd, 4086, "SWAPSPACE2", 10);
}

static struct content examine(int fd, const struct expected_stamps *stamps)
{
    struct content content = {0};
    struct error error = ERROR_INIT;
    off_t size = lseek(fd, 0, SEEK_END);

    if (examine_as(fd, (uint64_t)size, false, stamps, &content, &error) != 0)
        fail_msg("%s", error_message(&error));
    return content;
}

static void assert_blank(int fd, const struct expected_stamps *stamps)
{
    struct content content = examine(fd, stamps);

    assert_int_equal(content.kind, CONTENT_BLANK);
    assert_null(content.token);
    assert_int_equal(content.signatures.count, 0);
    fields_release(&content_fields, &content);
}

static void assert_data(int fd, const struct expected_stamps *stamps, off_t offset)
{
    struct content content = examine(fd, stamps);

    assert_int_equal(content.kind, CONTENT_DATA);
    assert_int_equal(content.data_offset, offset);
    assert_true(text_starts_with(content.token, "data:"));
    assert_int_equal(strlen(content.token), strlen("data:") + 64);
    fields_release(&content_fields, &content);
}

static char *token_of(int fd)
{
    struct content content = examine(fd, &no_stamps);
    char *token = TAKE_PTR(content.token);

    fields_release(&content_fields, &content);
    return token;
}

static void test_zeros_are_blank(void **state)
{
    static const off_t sizes[] = {512, 4096, 5000, 1 << 20, (16 << 20) + 512, (33 << 20) + 4096};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        AUTO_CLOSE int fd = new_device(sizes[i]);

        assert_blank(fd, &no_stamps);
    }
}

static void test_one_byte_anywhere_is_data(void **state)
{
    const off_t size = 16 * mib + 512;
    const off_t offsets[] = {0,       1,        511,        512,        4095,
                             4096,    mib - 1,  mib,        mib + 1,    5 << 20,
                             7654321, size - 1, size - 512, size - 513, size - 4096};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
        AUTO_CLOSE int fd = new_device(size);

        put(fd, offsets[i], "\x01", 1);
        assert_data(fd, &no_stamps, offsets[i]);
    }
}

static void test_one_value_everywhere_is_data(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);
    char bytes[4096];

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    for (off_t at = 0; at < mib; at += (off_t)sizeof(bytes))
        put(fd, at, bytes, sizeof(bytes));
    assert_data(fd, &no_stamps, 0);
}

static void test_the_first_of_several_bytes_is_named(void **state)
{
    AUTO_CLOSE int fd = new_device(8 * mib);

    (void)state;
    put(fd, 3 * mib + 77, "\x01", 1);
    put(fd, 2 * mib + 5, "\x01\x01", 2);
    assert_data(fd, &no_stamps, 2 * mib + 5);
}

static void test_token_names_one_content(void **state)
{
    AUTO_CLOSE int a = new_device(8 * mib), b = new_device(8 * mib), larger = new_device(9 * mib);

    (void)state;
    put(a, mib, "x", 1);
    put(b, mib, "x", 1);
    put(larger, mib, "x", 1);
    AUTO_FREE char *token = token_of(a), *again = token_of(a), *same = token_of(b);
    AUTO_FREE char *other_size = token_of(larger);
    put(b, mib, "y", 1);
    AUTO_FREE char *other_byte = token_of(b);
    put(b, mib, "\0", 1);
    put(b, mib + 4096, "x", 1);
    AUTO_FREE char *other_place = token_of(b);

    assert_string_equal(token, again);
    assert_string_equal(token, same);
    assert_string_not_equal(token, other_size);
    assert_string_not_equal(token, other_byte);
    assert_string_not_equal(token, other_place);
}

/* Also where the size is no multiple of a stamp's, so that it lies across blocks and chunks. */
static void test_expected_stamps_count_as_zeros(void **state)
{
    static const off_t sizes[] = {16 << 20, (16 << 20) + 512, (16 << 20) - 512};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        AUTO_CLOSE int fd = new_device(sizes[i]);
        struct expected_bytes items[] = {{(uint64_t)(sizes[i] - 5 * mib), stamp, STAMP_SIZE},
                                         {(uint64_t)(sizes[i] - 3 * mib), stamp, STAMP_SIZE}};
        struct expected_stamps stamps = {items, 2};

        put_stamp(fd, sizes[i] - 5 * mib, uuid);
        assert_blank(fd, &stamps);
        put_stamp(fd, sizes[i] - 3 * mib, uuid);
        assert_blank(fd, &stamps);
        assert_data(fd, &no_stamps, sizes[i] - 5 * mib);
        put(fd, mib, "x", 1);
        assert_data(fd, &stamps, mib);
    }
}

static void test_other_stamps_are_data(void **state)
{
    const off_t size = 16 * mib, at = size - 3 * mib;
    AUTO_CLOSE int fd = new_device(size);
    struct expected_bytes item = {(uint64_t)at, stamp, STAMP_SIZE};
    struct expected_stamps stamps = {&item, 1};

    (void)state;
    put_stamp(fd, at, "00000000-0000-0000-0000-000000000000");
    assert_data(fd, &stamps, at);
    put_stamp(fd, at, uuid);
    assert_blank(fd, &stamps);
    put(fd, at + STAMP_SIZE - 1, "x", 1);
    assert_data(fd, &stamps, at);
    put(fd, at + STAMP_SIZE - 1, "\0", 1);
    put(fd, at, "x", 1);
    assert_data(fd, &stamps, at);
}

/* The first sector of this stamp is the end of a chunk, the rest the start of the next. */
static void test_a_stamp_across_chunks_counts_whole(void **state)
{
    const off_t size = 16 * mib - 512, at = size - 5 * mib;
    AUTO_CLOSE int fd = new_device(size);
    struct expected_bytes item = {(uint64_t)at, stamp, STAMP_SIZE};
    struct expected_stamps stamps = {&item, 1};

    (void)state;
    put_stamp(fd, at, uuid);
    assert_blank(fd, &stamps);
    put(fd, at + STAMP_SIZE - 1, "x", 1);
    assert_data(fd, &stamps, at);
}

/* Bytes that are more than can be compared at once don't count, whatever is there. */
static void test_too_many_expected_bytes_are_data(void **state)
{
    static char many[EXPECTED_LIMIT + 1] = "x";
    AUTO_CLOSE int fd = new_device(16 * mib);
    struct expected_bytes item = {(uint64_t)mib, many, EXPECTED_LIMIT};
    struct expected_stamps stamps = {&item, 1};

    (void)state;
    put(fd, mib, "x", 1);
    assert_blank(fd, &stamps);
    item.length++;
    assert_data(fd, &stamps, mib);
}

/* Nor do the bytes beside the expected ones count as zeros, wherever a chunk ends. */
static void test_what_is_beside_expected_bytes_is_data(void **state)
{
    const char letters[] = "abcdefghij";
    const off_t length = sizeof(letters) - 1, ends[] = {4 * mib, 4 * mib + 4096};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        AUTO_CLOSE int fd = new_device(16 * mib);
        const off_t at = ends[i] - 3, beside[] = {at - 1, at + length, at - 2048, at + 2048};
        struct expected_bytes item = {(uint64_t)at, letters, (size_t)length};
        struct expected_stamps stamps = {&item, 1};

        put(fd, at, letters, (size_t)length);
        assert_blank(fd, &stamps);
        for (size_t j = 0; j < ARRAY_SIZE(beside); j++) {
            put(fd, beside[j], "x", 1);
            assert_data(fd, &stamps, beside[j]);
            put(fd, beside[j], "\0", 1);
        }
    }
}

static void test_a_stamp_elsewhere_is_data(void **state)
{
    AUTO_CLOSE int fd = new_device(16 * mib);
    struct expected_bytes items[] = {{(uint64_t)(13 * mib), stamp, STAMP_SIZE},
                                     {UINT64_MAX, stamp, STAMP_SIZE},
                                     {(uint64_t)(16 * mib) - 1, stamp, STAMP_SIZE}};
    struct expected_stamps stamps = {items, 3};

    (void)state;
    put_stamp(fd, 12 * mib, uuid);
    assert_data(fd, &stamps, 12 * mib);
}

static void test_unreadable(int code)
{
    static const off_t offsets[] = {0, 5000, (3 << 20) + 12345, (16 << 20) - 1};

    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
        AUTO_CLOSE int fd = new_device(16 * mib);

        fault.offset = offsets[i];
        fault.code = code;
        struct content content = examine(fd, &no_stamps);
        fault.offset = -1;
        assert_int_equal(content.kind, CONTENT_UNREADABLE);
        assert_int_equal(content.error_offset, offsets[i] / 4096 * 4096);
        assert_null(content.token);
        fields_release(&content_fields, &content);
    }
}

static void test_io_error_is_unreadable(void **state)
{
    (void)state;
    test_unreadable(EIO);
}

static void test_medium_error_is_unreadable(void **state)
{
    (void)state;
    test_unreadable(ENODATA);
}

static void test_short_read_is_unreadable(void **state)
{
    (void)state;
    test_unreadable(0);
}

static void test_interrupted_read_is_repeated(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);

    (void)state;
    fault.interrupt_next = 3;
    assert_blank(fd, &no_stamps);
    assert_int_equal(fault.interrupt_next, 0);
}

static void test_no_memory_for_a_read_is_an_error(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);
    struct content content = {0};
    struct error error = ERROR_INIT;

    (void)state;
    fault.offset = 4096;
    fault.code = ENOMEM;
    assert_int_equal(examine_as(fd, (uint64_t)mib, false, &no_stamps, &content, &error), -ENOMEM);
    fault.offset = -1;
    assert_int_equal(content.kind, CONTENT_UNKNOWN);
    error_clear(&error);
}

/* Signatures without an id need the bytes for a token; the list stays when they can't be read. */
static void test_unreadable_with_signatures(void **state)
{
    AUTO_CLOSE int fd = new_device(16 * mib);

    (void)state;
    put_swap(fd, false);
    put(fd, 1036, (const char[16]){0}, 16);
    fault.offset = 9 * mib;
    fault.code = EIO;
    struct content content = examine(fd, &no_stamps);
    fault.offset = -1;
    assert_int_equal(content.kind, CONTENT_UNREADABLE);
    assert_int_equal(content.error_offset, 9 * mib);
    assert_int_equal(content.signatures.count, 1);
    assert_null(content.token);
    fields_release(&content_fields, &content);
}

static void test_reads_past_the_cache(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);

    (void)state;
    direct.used = false;
    assert_blank(fd, &no_stamps);
    assert_true(direct.used);
}

static void test_without_direct_reads(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);

    (void)state;
    direct.refuse = true;
    assert_blank(fd, &no_stamps);
    put(fd, 77777, "x", 1);
    assert_data(fd, &no_stamps, 77777);
    direct.refuse = false;
}

static void test_that_can_not_be_opened_again(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);
    struct content content = {0};
    struct error error = ERROR_INIT;

    (void)state;
    direct.code = EACCES;
    for (int sector = 0; sector <= 8192; sector += 8192) {
        direct.sector = sector;
        assert_int_equal(examine_as(fd, (uint64_t)mib, false, &no_stamps, &content, &error),
                         -EACCES);
    }
    direct.code = direct.sector = 0;
    assert_int_equal(content.kind, CONTENT_UNKNOWN);
    assert_int_equal(examine_as(fd, 0, false, &no_stamps, &content, &error), -EINVAL);
    error_clear(&error);
}

/* Neither is there room for a stamp, nor can it be read. */
static void test_stamps_of_small_and_unreadable_devices(void **state)
{
    AUTO_CLOSE int fd = new_device(512), larger = new_device(16 * mib);
    struct expected_bytes items[] = {{0, stamp, STAMP_SIZE},
                                     {(uint64_t)(11 * mib), stamp, STAMP_SIZE}};
    struct expected_stamps stamps = {items, 2};

    (void)state;
    assert_blank(fd, &stamps);
    put_stamp(larger, 11 * mib, uuid);
    fault.offset = 11 * mib;
    fault.code = EIO;
    struct content content = examine(larger, &stamps);
    fault.offset = -1;
    assert_int_equal(content.kind, CONTENT_UNREADABLE);
    fields_release(&content_fields, &content);
}

/* Blocks that a direct read of such a device doesn't take. */
static void test_large_sectors(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);

    (void)state;
    direct.sector = 8192;
    assert_blank(fd, &no_stamps);
    assert_false(direct.used);
    direct.sector = 4096;
    assert_blank(fd, &no_stamps);
    assert_true(direct.used);
    direct.sector = 0;
}

/* −1 and −2 are libblkid's own, the others a failing prober's errno. */
static const int negative_answers[] = {-1, -2, -EIO, -ENOMEM};

static void test_cache_is_dropped(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);
    struct content content = {0};
    struct error error = ERROR_INIT;

    (void)state;
    cache.drops = 0;
    cache.code = ENOTTY;
    assert_blank(fd, &no_stamps);
    assert_int_equal(cache.drops, 1);
    cache.code = EACCES;
    assert_int_equal(examine_as(fd, (uint64_t)mib, false, &no_stamps, &content, &error), -EACCES);
    assert_int_equal(content.kind, CONTENT_UNKNOWN);
    cache.code = 0;
    error_clear(&error);
}

static struct content examine_all(int fd, off_t size)
{
    struct content content = {0};
    struct error error = ERROR_INIT;

    if (examine_as(fd, (uint64_t)size, true, &no_stamps, &content, &error) != 0)
        fail_msg("%s", error_message(&error));
    return content;
}

/* Between the places, which a large disk's proof looks at: only a full scan sees it. Its token
 * names it all the same; of a disk with data in the places it is that of the places. */
static void test_full_scan(void **state)
{
    const off_t size = (1 << 30) + 4096, between = 20 * mib + 5;
    AUTO_CLOSE int fd = new_device(size);

    (void)state;
    struct content content = examine_all(fd, size);
    assert_int_equal(content.kind, CONTENT_BLANK);
    fields_release(&content_fields, &content);
    put(fd, between, "x", 1);
    content = examine_all(fd, size);
    assert_int_equal(content.kind, CONTENT_DATA);
    assert_int_equal(content.data_offset, between);
    fields_release(&content_fields, &content);
    put(fd, 3 * mib, "x", 1);
    content = examine_all(fd, size);
    AUTO_FREE char *token = token_of(fd);
    assert_string_equal(content.token, token);
    fields_release(&content_fields, &content);
    fault.offset = 30 * mib;
    put(fd, 3 * mib, "\0", 1);
    put(fd, between, "\0", 1);
    fault.code = EIO;
    content = examine_all(fd, size);
    fault.offset = -1;
    assert_int_equal(content.kind, CONTENT_UNREADABLE);
    assert_int_equal(content.error_offset, 30 * mib);
    fields_release(&content_fields, &content);
}

static void test_negative_answer_is_never_blank(void **state)
{
    AUTO_CLOSE int fd = new_device(mib);

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(negative_answers); i++) {
        *(i % 2 ? &answer.safe : &answer.one) = negative_answers[i / 2];
        struct content content = examine(fd, &no_stamps);
        answer.safe = 0;
        assert_int_equal(content.kind, CONTENT_UNREADABLE);
        assert_null(content.token);
        fields_release(&content_fields, &content);
    }
}

static void test_negative_answer_is_never_one_filesystem(void **state)
{
    AUTO_CLOSE int fd = new_device(16 * mib);

    (void)state;
    put_swap(fd, false);
    for (size_t i = 0; i < 2 * ARRAY_SIZE(negative_answers); i++) {
        *(i % 2 ? &answer.safe : &answer.one) = negative_answers[i / 2];
        struct content content = examine(fd, &no_stamps);
        answer.safe = 0;
        assert_int_equal(content.kind, CONTENT_SIGNATURES);
        assert_int_equal(content.signatures.count, 1);
        assert_true(text_starts_with(content.token, "data:"));
        fields_release(&content_fields, &content);
    }
}

/* Whatever a later libblkid may do: it found nothing safely, but listed something. */
static void test_disagreement_is_no_filesystem(void **state)
{
    AUTO_CLOSE int fd = new_device(16 * mib);

    (void)state;
    put_swap(fd, false);
    answer.safe = 1;
    struct content content = examine(fd, &no_stamps);
    answer.safe = 0;
    assert_int_equal(content.kind, CONTENT_SIGNATURES);
    fields_release(&content_fields, &content);
}

static void test_swap(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        AUTO_CLOSE int fd = new_device(16 * mib);

        put_swap(fd, other);
        struct content content = examine(fd, &no_stamps);
        assert_int_equal(content.kind, CONTENT_FILESYSTEM);
        assert_string_equal(content.token, "swap:7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11");
        assert_int_equal(content.filesystem_bytes, 16 * mib);
        assert_int_equal(content.signatures.count, 1);
        assert_string_equal(content.signatures.items[0].type, "swap");
        assert_string_equal(content.signatures.items[0].usage, "other");
        assert_int_equal(content.signatures.items[0].offset, 4086);
        assert_int_equal(content.signatures.items[0].length, 10);
        fields_release(&content_fields, &content);
    }
}

static void test_signature_without_id_gets_a_digest(void **state)
{
    AUTO_CLOSE int fd = new_device(16 * mib);

    (void)state;
    put_swap(fd, false);
    put(fd, 1036, (const char[16]){0}, 16);
    struct content content = examine(fd, &no_stamps);
    assert_int_equal(content.kind, CONTENT_FILESYSTEM);
    assert_true(text_starts_with(content.token, "data:"));
    fields_release(&content_fields, &content);
}

static enum content_kind kind_by_types(int fd, const char *const *types)
{
    struct content content = {0};
    struct error error = ERROR_INIT;

    assert_int_equal(content_read_signatures(fd, types, &content, &error), 0);
    enum content_kind kind = content.kind;
    fields_release(&content_fields, &content);
    return kind;
}

static void test_filter_of_types(void **state)
{
    AUTO_CLOSE int fd = new_device(16 * mib);

    (void)state;
    assert_int_equal(kind_by_types(fd, NULL), CONTENT_UNKNOWN);
    put_swap(fd, false);
    put(fd, 510, "\x55\xaa", 2);
    assert_int_equal(kind_by_types(fd, NULL), CONTENT_SIGNATURES);
    assert_int_equal(kind_by_types(fd, (const char *const[]){"ext4", "swap", NULL}),
                     CONTENT_FILESYSTEM);
    assert_int_equal(kind_by_types(fd, (const char *const[]){"ext4", "xfs", NULL}),
                     CONTENT_UNKNOWN);
}

static void test_not_a_device(void **state)
{
    AUTO_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct content content = {0};
    struct error error = ERROR_INIT;

    (void)state;
    assert_true(examine_as(fd, 4096, false, &no_stamps, &content, &error) < 0);
    assert_non_null(error.message);
    error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeros_are_blank),
        cmocka_unit_test(test_one_byte_anywhere_is_data),
        cmocka_unit_test(test_one_value_everywhere_is_data),
        cmocka_unit_test(test_the_first_of_several_bytes_is_named),
        cmocka_unit_test(test_token_names_one_content),
        cmocka_unit_test(test_expected_stamps_count_as_zeros),
        cmocka_unit_test(test_other_stamps_are_data),
        cmocka_unit_test(test_a_stamp_across_chunks_counts_whole),
        cmocka_unit_test(test_what_is_beside_expected_bytes_is_data),
        cmocka_unit_test(test_a_stamp_elsewhere_is_data),
        cmocka_unit_test(test_too_many_expected_bytes_are_data),
        cmocka_unit_test(test_io_error_is_unreadable),
        cmocka_unit_test(test_medium_error_is_unreadable),
        cmocka_unit_test(test_short_read_is_unreadable),
        cmocka_unit_test(test_interrupted_read_is_repeated),
        cmocka_unit_test(test_no_memory_for_a_read_is_an_error),
        cmocka_unit_test(test_unreadable_with_signatures),
        cmocka_unit_test(test_reads_past_the_cache),
        cmocka_unit_test(test_without_direct_reads),
        cmocka_unit_test(test_cache_is_dropped),
        cmocka_unit_test(test_large_sectors),
        cmocka_unit_test(test_that_can_not_be_opened_again),
        cmocka_unit_test(test_stamps_of_small_and_unreadable_devices),
        cmocka_unit_test(test_full_scan),
        cmocka_unit_test(test_negative_answer_is_never_blank),
        cmocka_unit_test(test_negative_answer_is_never_one_filesystem),
        cmocka_unit_test(test_disagreement_is_no_filesystem),
        cmocka_unit_test(test_swap),
        cmocka_unit_test(test_signature_without_id_gets_a_digest),
        cmocka_unit_test(test_filter_of_types),
        cmocka_unit_test(test_not_a_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content_read_signatures() on bytes that are built here: one thing or several, whose id, whole or
 * damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka.h needs those above. */
#include <blkid/blkid.h>
#include <cmocka.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "content/content.h"
#include "text.h"

enum { SIZE = 16 << 20, SECTOR = 512 };

static char bytes[SIZE];

/* How many more calls succeed; below 0: all. Each kind of call that fails has one. */
static int probes = -1, devices = -1, filters = -1, copies = -1;

static bool is_over(int *left)
{
    if (*left == 0)
        return true;
    *left -= *left > 0;
    return false;
}

blkid_probe __real_blkid_new_probe(void);
blkid_probe __wrap_blkid_new_probe(void);
int __real_blkid_probe_set_device(blkid_probe probe, int fd, int64_t offset, int64_t size);
int __wrap_blkid_probe_set_device(blkid_probe probe, int fd, int64_t offset, int64_t size);
int __real_blkid_probe_filter_superblocks_type(blkid_probe probe, int flag, char *names[]);
int __wrap_blkid_probe_filter_superblocks_type(blkid_probe probe, int flag, char *names[]);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);

int __real_blkid_probe_hide_range(blkid_probe probe, uint64_t offset, uint64_t length);
int __wrap_blkid_probe_hide_range(blkid_probe probe, uint64_t offset, uint64_t length);

int __real_blkid_do_probe(blkid_probe probe);
int __wrap_blkid_do_probe(blkid_probe probe);

static bool hides_nothing, never_ends;

int __wrap_blkid_do_probe(blkid_probe probe)
{
    int r = __real_blkid_do_probe(probe);

    return never_ends && r == 1 ? 0 : r;
}

int __wrap_blkid_probe_hide_range(blkid_probe probe, uint64_t offset, uint64_t length)
{
    return hides_nothing ? 0 : __real_blkid_probe_hide_range(probe, offset, length);
}

blkid_probe __wrap_blkid_new_probe(void)
{
    return is_over(&probes) ? NULL : __real_blkid_new_probe();
}

int __wrap_blkid_probe_set_device(blkid_probe probe, int fd, int64_t offset, int64_t size)
{
    return is_over(&devices) ? -1 : __real_blkid_probe_set_device(probe, fd, offset, size);
}

int __wrap_blkid_probe_filter_superblocks_type(blkid_probe probe, int flag, char *names[])
{
    return is_over(&filters) ? -1 : __real_blkid_probe_filter_superblocks_type(probe, flag, names);
}

char *__wrap_strdup(const char *string)
{
    return is_over(&copies) ? NULL : __real_strdup(string);
}

static int set_up(void **state)
{
    (void)state;
    memset(bytes, 0, sizeof(bytes));
    return 0;
}

static void le(size_t offset, uint64_t value, size_t length)
{
    uint64_t little = htole64(value);

    memcpy(bytes + offset, &little, length);
}

static int open_bytes(void)
{
    char path[] = "/var/tmp/signatures_test.XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pwrite(fd, bytes, SIZE, 0), SIZE);
    return fd;
}

static struct content read_types(const char *const *types)
{
    AUTO_CLOSE int fd = open_bytes();
    struct content content = {0};
    struct error error = ERROR_INIT;

    if (content_read_signatures(fd, types, &content, &error) < 0)
        fail_msg("%s", error_message(&error));
    return content;
}

/* `types`: of the signatures in their order, separated by blanks; token: NULL where no id names it.
 */
static void expect(enum content_kind kind, const char *types, const char *token)
{
    struct content content = read_types(NULL);
    AUTO_TEXT struct text found = {0};

    text_add(&found, "");
    for (size_t i = 0; i < content.signatures.count; i++)
        text_addf(&found, "%s%s", i ? " " : "", content.signatures.items[i].type);
    assert_string_equal(found.data, types);
    assert_int_equal(content.kind, kind);
    if (token && content.token)
        assert_string_equal(content.token, token);
    else
        assert_ptr_equal(content.token, token);
    fields_release(&content_fields, &content);
}

static void put_swap(void)
{
    le(1024, 1, 4);
    le(1028, SIZE / 4096 - 1, 4);
    memset(bytes + 1036, 0x11, 16);
    memcpy(bytes + 4086, "SWAPSPACE2", 10);
}

static void put_luks(void)
{
    memcpy(bytes, "LUKS\xba\xbe\0\1", 8);
    strcpy(bytes + 168, "22222222-2222-4222-8222-222222222222");
}

static uint32_t crc32(const char *from, size_t length, uint32_t crc)
{
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)from[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return crc;
}

/* A version 1.2 member, at 4 KiB. */
static void put_raid_member(void)
{
    uint64_t sum = 0;

    le(4096, 0xa92b4efc, 4);
    le(4100, 1, 4);
    memset(bytes + 4096 + 16, 0x33, 16);
    le(4096 + 144, 4096 / SECTOR, 8);
    for (size_t i = 0; i < 256; i += 4) {
        uint32_t word;
        memcpy(&word, bytes + 4096 + i, 4);
        sum += le32toh(word);
    }
    le(4096 + 216, (uint32_t)(sum + (sum >> 32)), 4);
}

/* A physical volume's label, in sector 1. */
static void put_lvm(bool whole)
{
    memcpy(bytes + SECTOR, "LABELONE", 8);
    le(SECTOR + 8, 1, 8);
    le(SECTOR + 20, 32, 4);
    memcpy(bytes + SECTOR + 24, "LVM2 001", 8);
    memset(bytes + SECTOR + 32, 'a', 32);
    le(SECTOR + 64, SIZE, 8);
    le(SECTOR + 16, crc32(bytes + SECTOR + 20, SECTOR - 20, 0xf597a6cf) + !whole, 4);
}

static void put_gpt_header(size_t at, size_t other, size_t entries)
{
    const size_t last = SIZE / SECTOR - 1;

    memcpy(bytes + at * SECTOR, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
    le(at * SECTOR + 24, at, 8);
    le(at * SECTOR + 32, other, 8);
    le(at * SECTOR + 40, 34, 8);
    le(at * SECTOR + 48, last - 33, 8);
    memset(bytes + at * SECTOR + 56, 0x44, 16);
    le(at * SECTOR + 72, entries, 8);
    le(at * SECTOR + 80, 128, 4);
    le(at * SECTOR + 84, 128, 4);
    le(at * SECTOR + 88, ~crc32(bytes + entries * SECTOR, 128 * 128, UINT32_MAX), 4);
    le(at * SECTOR + 16, 0, 4);
    le(at * SECTOR + 16, ~crc32(bytes + at * SECTOR, 92, UINT32_MAX), 4);
}

/* A partition table with a protective MBR, and its backup. */
static void put_gpt(void)
{
    const size_t last = SIZE / SECTOR - 1;

    le(446 + 4, 0xee, 1);
    le(446 + 8, 1, 4);
    le(446 + 12, last, 4);
    le(510, 0xaa55, 2);
    put_gpt_header(1, last, 2);
    put_gpt_header(last, 1, last - 32);
}

#define SWAP "11111111-1111-1111-1111-111111111111"

static void nothing(void **state)
{
    (void)state;
    expect(CONTENT_UNKNOWN, "", NULL);
}

static void one_thing(void **state)
{
    (void)state;
    put_swap();
    expect(CONTENT_FILESYSTEM, "swap", "swap:" SWAP);
    set_up(NULL);
    put_luks();
    expect(CONTENT_SIGNATURES, "crypto_LUKS", "crypto_LUKS:22222222-2222-4222-8222-222222222222");
}

static void two_things(void **state)
{
    (void)state;
    put_swap();
    put_luks();
    expect(CONTENT_SIGNATURES, "crypto_LUKS swap", NULL);
}

static void only_some_types(void **state)
{
    static const char *const swaps[] = {"swap", NULL}, *const others[] = {"xfs", NULL};

    (void)state;
    put_swap();
    put_luks();
    struct content content = read_types(swaps);
    assert_int_equal(content.kind, CONTENT_FILESYSTEM);
    assert_string_equal(content.token, "swap:" SWAP);
    fields_release(&content_fields, &content);
    content = read_types(others);
    assert_int_equal(content.kind, CONTENT_UNKNOWN);
    fields_release(&content_fields, &content);
}

/* Its id is the array's, which other disks have too; a physical volume's is its own. */
static void members(void **state)
{
    (void)state;
    put_raid_member();
    expect(CONTENT_SIGNATURES, "linux_raid_member", NULL);
    set_up(NULL);
    put_lvm(true);
    expect(CONTENT_SIGNATURES, "LVM2_member", "LVM2_member:aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa");
}

static void damaged(void **state)
{
    (void)state;
    put_lvm(false);
    struct content content = read_types(NULL);
    assert_int_equal(content.kind, CONTENT_SIGNATURES);
    assert_int_equal(content.signatures.count, 1);
    assert_true(content.signatures.items[0].bad_checksum);
    assert_null(content.token);
    fields_release(&content_fields, &content);
}

static void tables(void **state)
{
    (void)state;
    le(440, 0x12345678, 4);
    le(446 + 4, 0x83, 1);
    le(446 + 8, 2048, 4);
    le(446 + 12, 4096, 4);
    le(510, 0xaa55, 2);
    struct content content = read_types(NULL);
    assert_string_equal(content.token, "dos:12345678");
    assert_string_equal(content.signatures.items[0].usage, "partition-table");
    assert_int_equal(content.signatures.items[0].offset, 510);
    assert_int_equal(content.signatures.items[0].length, 2);
    fields_release(&content_fields, &content);
    set_up(NULL);
    put_gpt();
    expect(CONTENT_SIGNATURES, "gpt gpt PMBR", "gpt:44444444-4444-4444-4444-444444444444");
    put_swap(); /* over the primary's entries */
    expect(CONTENT_SIGNATURES, "swap gpt PMBR", NULL);
}

/* What hiding doesn't take away is found again, and listed once. */
static void found_again(void **state)
{
    (void)state;
    put_swap();
    hides_nothing = true;
    expect(CONTENT_FILESYSTEM, "swap", "swap:" SWAP);
    hides_nothing = false;
}

static void no_end(void **state)
{
    (void)state;
    put_swap();
    never_ends = true;
    expect(CONTENT_SIGNATURES, "swap", NULL);
    never_ends = false;
}

static uint32_t crc32c(const char *from, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)from[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return crc;
}

/* Whole, and with a checksum that some versions of libblkid don't look at. */
static void ext4(void **state)
{
    const size_t sb = 1024;

    (void)state;
    le(sb + 0x4, SIZE / 1024, 4);
    le(sb + 0x14, 1, 4);
    le(sb + 0x20, 8192, 4);
    le(sb + 0x28, 1024, 4);
    le(sb + 0x38, 0xef53, 2);
    le(sb + 0x4c, 1, 4);
    le(sb + 0x58, 256, 2);
    le(sb + 0x60, 0x42, 4);
    le(sb + 0x64, 0x400, 4);
    memset(bytes + sb + 0x68, 0x66, 16);
    memset(bytes + sb + 0x175, 1, 1);
    le(sb + 0x3fc, crc32c(bytes + sb, 0x3fc), 4);
    expect(CONTENT_FILESYSTEM, "ext4", "ext4:66666666-6666-6666-6666-666666666666");
    bytes[sb + 0x3fc] ^= 1;
    expect(CONTENT_SIGNATURES, "ext4", NULL);
}

static void headers_of_two_tables(void **state)
{
    const size_t last = SIZE / SECTOR - 1;

    (void)state;
    put_gpt();
    memset(bytes + last * SECTOR + 56, 0x55, 16);
    le(last * SECTOR + 16, 0, 4);
    le(last * SECTOR + 16, ~crc32(bytes + last * SECTOR, 92, UINT32_MAX), 4);
    expect(CONTENT_SIGNATURES, "gpt gpt PMBR", NULL);
}

/* Each of the calls of a kind, in turn. */
static int count_failures(int *left, const char *const *types, int code)
{
    AUTO_CLOSE int fd = open_bytes();
    int failures = 0, r = -1;

    for (; r < 0; failures++) {
        struct content content = {0};
        struct error error = ERROR_INIT;

        *left = failures;
        r = content_read_signatures(fd, types, &content, &error);
        *left = -1;
        if (r < 0)
            assert_int_equal(r, code);
        assert_int_equal(content.signatures.count, r < 0 ? 0 : 1);
        fields_release(&content_fields, &content);
        error_clear(&error);
    }
    return failures - 1;
}

static void no_answer(void)
{
}

/* 0: an answer; 1: the process ended for lack of memory; 2: an error. */
static int status_of_a_process(int fd, int *left, int calls)
{
    struct content content = {0};
    struct error error = ERROR_INIT;
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        alloc_on_failure(no_answer);
        *left = calls;
        _exit(content_read_signatures(fd, NULL, &content, &error) == 0 ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Each of the calls that give no memory, in turn. */
static int count_ends(int *left)
{
    AUTO_CLOSE int fd = open_bytes();
    int ends = 0, status;

    while ((status = status_of_a_process(fd, left, ends)) == 1)
        ends++;
    assert_int_equal(status, 0);
    return ends;
}

static void what_fails(void **state)
{
    static const char *const swaps[] = {"swap", NULL};

    (void)state;
    put_swap();
    assert_int_equal(count_ends(&probes), 2);
    assert_int_equal(count_failures(&devices, NULL, -EIO), 2);
    assert_int_equal(count_failures(&filters, swaps, -EINVAL), 2);
    memcpy(bytes + 1052, "label", 5);
    assert_int_equal(count_ends(&copies), 5);
}

#define FRESH(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(nothing),         FRESH(one_thing),  FRESH(two_things),
        FRESH(only_some_types), FRESH(what_fails), FRESH(found_again),
        FRESH(no_end),          FRESH(ext4),       FRESH(headers_of_two_tables),
        FRESH(members),         FRESH(damaged),    FRESH(tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

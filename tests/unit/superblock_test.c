/* SPDX-License-Identifier: GPL-3.0-or-later */
/* superblock_read() on superblocks of which only the fields that it reads are filled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs those above. */
#include <cmocka.h>
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "cleanup.h"
#include "content/content.h"

static char sb[4096];

static void put(size_t offset, uint64_t value, size_t length, bool big)
{
    uint64_t bytes = big ? htobe64(value << (64 - 8 * length)) : htole64(value);

    memcpy(sb + offset, &bytes, length);
}

static void le(size_t offset, uint64_t value, size_t length)
{
    put(offset, value, length, false);
}

static void be(size_t offset, uint64_t value, size_t length)
{
    put(offset, value, length, true);
}

/* Castagnoli's, over bytes of which some count as zeros. */
static uint32_t crc32c(size_t from, size_t to, size_t zeros)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = from; i < to; i++) {
        unsigned char byte = i >= zeros && i < zeros + 4 ? 0 : (unsigned char)sb[i];
        for (int bit = 0; bit < 8; bit++, byte = (unsigned char)(byte >> 1))
            crc = crc >> 1 ^ ((crc ^ byte) & 1 ? 0x82f63b78 : 0);
    }
    return crc;
}

static struct superblock read_at(const char *type, uint64_t magic, off_t offset, size_t length)
{
    char path[] = "/var/tmp/superblock_test.XXXXXX";
    AUTO_CLOSE int fd = mkostemp(path, O_CLOEXEC);
    struct signature signature = {.type = (char *)type, .offset = magic};

    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pwrite(fd, sb, length, offset), length);
    return superblock_read(fd, &signature);
}

static void expect(const char *type, off_t offset, uint64_t bytes, unsigned devices, bool damaged)
{
    struct superblock found = read_at(type, 4086, offset, sizeof(sb));

    assert_int_equal(found.bytes, bytes);
    assert_int_equal(found.devices, devices);
    assert_int_equal(found.damaged, damaged);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sb); i++)
        sb[i] = (char)(i * 7 + i / 256);
    return 0;
}

static void ext(void **state)
{
    (void)state;
    le(0x4, 1000, 4);
    le(0x18, 2, 4);
    le(0x60, 0, 4);
    le(0x64, 0, 4);
    le(0x150, 5, 4);
    expect("ext4", 1024, 4096 * 1000, 1, false);
    expect("ext2", 1024, 4096 * 1000, 1, false);
    le(0x60, 0x80, 4);
    expect("ext3", 1024, 4096 * ((5ULL << 32) + 1000), 1, false);
    le(0x18, 6, 4);
    expect("ext4", 1024, 65536 * ((5ULL << 32) + 1000), 1, false);
    le(0x18, 7, 4);
    expect("ext4", 1024, 0, 1, false);
    le(0x18, 6, 4);
    le(0x150, UINT32_MAX, 4);
    expect("ext4", 1024, 0, 1, false);
    le(0x64, 0x400, 4);
    expect("ext4", 1024, 0, 1, true);
    le(0x3fc, crc32c(0, 0x3fc, 4096), 4);
    expect("ext4", 1024, 0, 1, false);
    sb[0x3fb] ^= 1;
    expect("ext4", 1024, 0, 1, true);
    le(0x64, 0x3ff, 4);
    expect("ext4", 1024, 0, 1, false);
}

static void xfs(void **state)
{
    static const unsigned sectors[] = {512, 4096};

    (void)state;
    be(4, 4096, 4);
    be(8, (1ULL << 33) + 1, 8);
    for (size_t i = 0; i < ARRAY_SIZE(sectors); i++) {
        be(100, 0xb4a5, 2);
        be(102, sectors[i], 2);
        expect("xfs", 0, 4096 * ((1ULL << 33) + 1), 1, true);
        le(224, ~crc32c(0, sectors[i], 224), 4);
        expect("xfs", 0, 4096 * ((1ULL << 33) + 1), 1, false);
        sb[sectors[i] - 1] ^= 1;
        expect("xfs", 0, 4096 * ((1ULL << 33) + 1), 1, true);
    }
    be(100, 0xb4a4, 2); /* without checksums */
    expect("xfs", 0, 4096 * ((1ULL << 33) + 1), 1, false);
    be(100, 0xb4a5, 2);
    be(102, 8192, 2); /* larger than what is read: nothing can be said */
    expect("xfs", 0, 4096 * ((1ULL << 33) + 1), 1, false);
    be(102, 100, 2); /* nonsense */
    expect("xfs", 0, 4096 * ((1ULL << 33) + 1), 1, true);
    be(8, UINT64_MAX, 8);
    expect("xfs", 0, 0, 1, true);
}

static void btrfs(void **state)
{
    (void)state;
    le(0x88, 1, 8);
    le(0xc4, 0, 2);
    le(0xd1, 123456789012, 8);
    expect("btrfs", 65536, 123456789012, 1, true);
    le(0, ~crc32c(32, 4096, 8192), 4);
    expect("btrfs", 65536, 123456789012, 1, false);
    sb[4095] ^= 1;
    expect("btrfs", 65536, 123456789012, 1, true);
    le(0xc4, 2, 2); /* another checksum */
    le(0x88, 3, 8);
    expect("btrfs", 65536, 123456789012, 3, false);
    le(0x88, UINT_MAX, 8);
    expect("btrfs", 65536, 123456789012, UINT_MAX, false);
    le(0x88, 1ULL << 32, 8);
    expect("btrfs", 65536, 123456789012, UINT_MAX, false);
}

static void swap(void **state)
{
    (void)state;
    le(0, 1, 4);
    le(4, 4095, 4);
    expect("swap", 1024, 4096 * 4096, 1, false);
    assert_int_equal(read_at("swap", 65526, 1024, sizeof(sb)).bytes, 4096 * 65536);
    be(0, 1, 4);
    be(4, 4095, 4);
    expect("swap", 1024, 4096 * 4096, 1, false);
}

static void nothing_known(void **state)
{
    (void)state;
    expect("vfat", 0, 0, 1, false);
    struct superblock found = read_at("btrfs", 0, 65536, sizeof(sb) - 1);
    assert_int_equal(found.bytes, 0);
    assert_int_equal(found.devices, 1);
    assert_false(found.damaged);
}

#define FRESH(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(ext), FRESH(xfs), FRESH(btrfs), FRESH(swap), FRESH(nothing_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

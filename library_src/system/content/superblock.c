/* SPDX-License-Identifier: BSD-2-Clause */
#include "content/content.h"

#include <endian.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "text.h"

enum { SUPERBLOCK = 4096 };

static uint32_t le32(const char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static uint32_t be32(const char *at)
{
    return __builtin_bswap32(le32(at));
}

static uint64_t le64(const char *at)
{
    return le32(at) | (uint64_t)le32(at + 4) << 32;
}

static uint64_t be64(const char *at)
{
    return (uint64_t)be32(at) << 32 | be32(at + 4);
}

/* 0 when it doesn't fit. */
static uint64_t product(uint64_t count, uint64_t unit)
{
    uint64_t bytes;

    return __builtin_mul_overflow(count, unit, &bytes) ? 0 : bytes;
}

/* Castagnoli's CRC, without the inversion at the end. */
static uint32_t crc32c(uint32_t crc, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return crc;
}

/* struct ext4_super_block, kernel Documentation/filesystems/ext4/super.rst. */
static struct superblock superblock_ext(const char *sb, const struct signature *signature)
{
    const uint32_t incompat_64bit = 0x80, ro_compat_metadata_csum = 0x400;
    uint64_t blocks = le32(sb + 0x4);
    uint32_t log_block_size = le32(sb + 0x18);
    bool checked = le32(sb + 0x64) & ro_compat_metadata_csum;

    (void)signature;
    if (le32(sb + 0x60) & incompat_64bit)
        blocks |= (uint64_t)le32(sb + 0x150) << 32;
    return (struct superblock){
        .bytes = log_block_size <= 6 ? product(blocks, UINT64_C(1024) << log_block_size) : 0,
        .devices = 1,
        .damaged = checked && crc32c(UINT32_MAX, sb, 0x3fc) != le32(sb + 0x3fc),
    };
}

/* struct xfs_dsb, kernel fs/xfs/libxfs/xfs_format.h. The checksum, of version 5, is over a sector
 * with the checksum's own field as zeros. */
static struct superblock superblock_xfs(const char *sb, const struct signature *signature)
{
    const size_t field = 224, after = field + 4;
    uint32_t version = be32(sb + 100) >> 16 & 0xf, sector = be32(sb + 100) & 0xffff;
    uint32_t crc = crc32c(UINT32_MAX, sb, field);

    (void)signature;
    crc = crc32c(crc, (const char[4]){0}, 4);
    if (sector > after && sector <= SUPERBLOCK)
        crc = crc32c(crc, sb + after, sector - after);
    return (struct superblock){
        .bytes = product(be64(sb + 8), be32(sb + 4)),
        .devices = 1,
        .damaged = version == 5 && sector <= SUPERBLOCK && ~crc != le32(sb + field),
    };
}

/* struct btrfs_super_block, kernel include/uapi/linux/btrfs_tree.h; the size of this device is in
 * its dev_item. */
static struct superblock superblock_btrfs(const char *sb, const struct signature *signature)
{
    uint64_t devices = le64(sb + 0x88);
    bool is_crc32c = (le32(sb + 0xc4) & 0xffff) == 0;

    (void)signature;
    return (struct superblock){
        .bytes = le64(sb + 0xd1),
        .devices = devices > UINT_MAX ? UINT_MAX : (unsigned)devices,
        .damaged = is_crc32c && ~crc32c(UINT32_MAX, sb + 32, SUPERBLOCK - 32) != le32(sb),
    };
}

/* union swap_header, kernel include/linux/swap.h: version 1 and the last page, in the byte order of
 * its maker; the magic is in the last 10 bytes of the header's page. */
static struct superblock superblock_swap(const char *sb, const struct signature *signature)
{
    uint32_t last_page = le32(sb) == 1 ? le32(sb + 4) : be32(sb + 4);

    return (struct superblock){product((uint64_t)last_page + 1, signature->offset + 10), 1, false};
}

static const struct layout {
    const char *type;
    off_t offset; /* of the superblock */
    struct superblock (*read)(const char *sb, const struct signature *signature);
} layouts[] = {
    {"ext2", 1024, superblock_ext},     {"ext3", 1024, superblock_ext},
    {"ext4", 1024, superblock_ext},     {"xfs", 0, superblock_xfs},
    {"btrfs", 65536, superblock_btrfs}, {"swap", 1024, superblock_swap},
};

struct superblock superblock_read(int fd, const struct signature *signature)
{
    char sb[SUPERBLOCK];

    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
        if (text_equal(layouts[i].type, signature->type) &&
            pread(fd, sb, sizeof(sb), layouts[i].offset) == (ssize_t)sizeof(sb))
            return layouts[i].read(sb, signature);
    return (struct superblock){0, 1, false};
}

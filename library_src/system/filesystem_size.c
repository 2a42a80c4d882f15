#include "filesystem_size.h"

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

/* struct ext4_super_block, kernel Documentation/filesystems/ext4/super.rst. */
static struct filesystem_size ext(const char *sb, const struct signature *signature)
{
    const uint32_t incompat_64bit = 0x80;
    uint64_t blocks = le32(sb + 0x4);
    uint32_t log_block_size = le32(sb + 0x18);

    (void)signature;
    if (le32(sb + 0x60) & incompat_64bit)
        blocks |= (uint64_t)le32(sb + 0x150) << 32;
    return (struct filesystem_size){
        log_block_size <= 6 ? product(blocks, UINT64_C(1024) << log_block_size) : 0, 1};
}

/* struct xfs_dsb, kernel fs/xfs/libxfs/xfs_format.h. */
static struct filesystem_size xfs(const char *sb, const struct signature *signature)
{
    (void)signature;
    return (struct filesystem_size){product(be64(sb + 8), be32(sb + 4)), 1};
}

/* struct btrfs_super_block: num_devices, and the size of this device in its dev_item. */
static struct filesystem_size btrfs(const char *sb, const struct signature *signature)
{
    uint64_t devices = le64(sb + 0x88);

    (void)signature;
    return (struct filesystem_size){le64(sb + 0xd1),
                                    devices > UINT_MAX ? UINT_MAX : (unsigned)devices};
}

/* union swap_header, kernel include/linux/swap.h: version 1 and the last page, in the byte order of
 * its maker; the magic is in the last 10 bytes of the header's page. */
static struct filesystem_size swap(const char *sb, const struct signature *signature)
{
    uint32_t last_page = le32(sb) == 1 ? le32(sb + 4) : be32(sb + 4);

    return (struct filesystem_size){product((uint64_t)last_page + 1, signature->offset + 10), 1};
}

static const struct layout {
    const char *type;
    off_t offset; /* of the superblock */
    struct filesystem_size (*read)(const char *sb, const struct signature *signature);
} layouts[] = {
    {"ext2", 1024, ext}, {"ext3", 1024, ext},     {"ext4", 1024, ext},
    {"xfs", 0, xfs},     {"btrfs", 65536, btrfs}, {"swap", 1024, swap},
};

struct filesystem_size filesystem_size_read(int fd, const struct signature *signature)
{
    char sb[SUPERBLOCK];

    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
        if (text_equal(layouts[i].type, signature->type))
            return pread(fd, sb, sizeof(sb), layouts[i].offset) == (ssize_t)sizeof(sb)
                       ? layouts[i].read(sb, signature)
                       : (struct filesystem_size){0, 1};
    return (struct filesystem_size){0, 1};
}

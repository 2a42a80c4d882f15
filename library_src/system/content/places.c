/* SPDX-License-Identifier: BSD-2-Clause */
#include "content/content.h"

#include <errno.h>
#include <stdlib.h>

#include "alloc.h"
#include "cleanup.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

/* Holds LUKS2's second header (up to 4 MiB) at the head; MD 0.90 and 1.0, ZFS' labels 2 and 3, the
 * GPT's backup and our own stamps at the tail. */
static const uint64_t end_zone = 8 * MIB;

enum { SAMPLES = 4096 };

struct collector {
    struct place_list list;
    size_t capacity;
    uint64_t size;
};

/* Widened to whole blocks and cut at the device's end. */
static void places_add(struct collector *c, uint64_t offset, uint64_t length)
{
    uint64_t start = offset / PLACE_BLOCK * PLACE_BLOCK;
    uint64_t end = (offset + length + PLACE_BLOCK - 1) / PLACE_BLOCK * PLACE_BLOCK;

    if (offset >= c->size)
        return;
    if (c->list.count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 8192;
        c->list.items = alloc_array(c->list.items, c->capacity, sizeof(*c->list.items));
    }
    if (end > c->size)
        end = c->size;
    c->list.items[c->list.count++] = (struct place){start, end - start};
}

static void places_add_block(struct collector *c, uint64_t offset)
{
    places_add(c, offset, PLACE_BLOCK);
}

static void places_add_ends(struct collector *c)
{
    places_add(c, 0, end_zone);
    places_add(c, c->size - end_zone, end_zone);
}

/* With sparse_super (the default) copies of the superblock lie in the groups 1 and the powers of 3,
 * 5 and 7. A group has 8 × block size blocks, and with blocks of 1 KiB the first block belongs to
 * no group: e2fsprogs lib/ext2fs/closefs.c, ext2fs_bg_has_super. */
static void places_add_ext4_backups(struct collector *c)
{
    static const uint64_t groups[] = {1, 3, 5, 7, 9, 25, 27, 49};

    for (uint64_t block = KIB; block <= 4 * KIB; block *= 2)
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
            places_add_block(c, groups[i] * 8 * block * block + (block == KIB ? KIB : 0));
}

/* btrfs-progs kernel-shared/disk-io.h, btrfs_sb_offset; the first copy, at 64 KiB, is in the head.
 */
static void places_add_btrfs_mirrors(struct collector *c)
{
    places_add_block(c, 64 * MIB);
    places_add_block(c, 256 * GIB);
}

static void places_add_multiples(struct collector *c, uint64_t step)
{
    for (uint64_t offset = step; offset < c->size; offset += step)
        places_add_block(c, offset);
}

/* Each allocation group starts with a copy of the superblock. mkfs.xfs makes 4, 16 or 32 of them,
 * rounded up to a block, or groups of the greatest size there is: xfsprogs libxfs/topology.c,
 * calc_default_ag_geometry. */
static void places_add_xfs_groups(struct collector *c)
{
    static const unsigned counts[] = {4, 16, 32};
    uint64_t blocks = c->size / PLACE_BLOCK;

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        places_add_multiples(c, (blocks + counts[i] - 1) / counts[i] * PLACE_BLOCK);
    places_add_multiples(c, TIB - PLACE_BLOCK);
}

/* The mixing function of splitmix64. */
static uint64_t splitmix64(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* One block in each of SAMPLES equal parts. */
static void places_add_samples(struct collector *c)
{
    uint64_t blocks = c->size / PLACE_BLOCK;

    for (uint64_t i = 0; i < SAMPLES; i++) {
        uint64_t first = blocks / SAMPLES * i + blocks % SAMPLES * i / SAMPLES;
        uint64_t next = blocks / SAMPLES * (i + 1) + blocks % SAMPLES * (i + 1) / SAMPLES;

        places_add_block(c, (first + splitmix64(splitmix64(c->size) + i) % (next - first)) *
                                PLACE_BLOCK);
    }
}

static int place_compare_offsets(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void places_sort_and_merge(struct place_list *list)
{
    size_t last = 0;

    qsort(list->items, list->count, sizeof(list->items[0]), place_compare_offsets);
    for (size_t i = 1; i < list->count; i++) {
        struct place *before = &list->items[last], *place = &list->items[i];

        if (place->offset > before->offset + before->length)
            list->items[++last] = *place;
        else if (place->offset + place->length > before->offset + before->length)
            before->length = place->offset + place->length - before->offset;
    }
    list->count = last + 1;
}

bool places_are_everything(uint64_t size_bytes)
{
    return size_bytes < GIB;
}

int places_find(uint64_t size_bytes, struct place_list *ret_places, struct error *error)
{
    struct collector c = {.size = size_bytes};

    if (size_bytes == 0 || size_bytes > UINT64_C(1) << 62)
        return error_set(error, -EINVAL, "a device of %llu bytes can't be examined",
                         (unsigned long long)size_bytes);
    if (places_are_everything(size_bytes)) {
        places_add(&c, 0, size_bytes);
    } else {
        places_add_ends(&c);
        places_add_ext4_backups(&c);
        places_add_btrfs_mirrors(&c);
        places_add_xfs_groups(&c);
        places_add_samples(&c);
    }
    places_sort_and_merge(&c.list);
    *ret_places = c.list;
    return 0;
}

void place_list_release(struct place_list *places)
{
    free(places->items);
    *places = (struct place_list){0};
}

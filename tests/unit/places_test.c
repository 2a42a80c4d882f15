/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka.h needs those above. */
#include <cmocka.h>
#include <errno.h>

#include "cleanup.h"
#include "content/content.h"

static const uint64_t kib = UINT64_C(1) << 10, mib = UINT64_C(1) << 20, gib = UINT64_C(1) << 30,
                      tib = UINT64_C(1) << 40;

static struct place_list places_of(uint64_t size)
{
    struct place_list places = {0};
    struct error error = ERROR_INIT;

    assert_int_equal(places_find(size, &places, &error), 0);
    return places;
}

static bool covered(const struct place_list *places, uint64_t offset, uint64_t length)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->items[i].offset <= offset &&
            places->items[i].offset + places->items[i].length >= offset + length)
            return true;
    return false;
}

static void assert_well_formed(const struct place_list *places, uint64_t size)
{
    uint64_t end = 0;

    for (size_t i = 0; i < places->count; i++) {
        const struct place *place = &places->items[i];

        assert_true(place->length > 0);
        assert_true(i == 0 ? place->offset == 0 : place->offset > end);
        assert_int_equal(place->offset % PLACE_BLOCK, 0);
        end = place->offset + place->length;
        assert_true(end <= size);
        assert_true(end % PLACE_BLOCK == 0 || end == size);
    }
    assert_int_equal(end, size);
}

static const uint64_t sizes[] = {
    UINT64_C(1) << 30,          (UINT64_C(1) << 30) + 512,         (UINT64_C(1) << 30) + 4096,
    (UINT64_C(3) << 30) - 512,  UINT64_C(1000000000000),           UINT64_C(5) << 40,
    (UINT64_C(16) << 40) - 512, (UINT64_C(1) << 50) + 12345 * 512,
};

static void test_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        AUTO_PLACES struct place_list places = places_of(sizes[i]);

        assert_well_formed(&places, sizes[i]);
    }
}

static void test_well_formed_at_any_size(void **state)
{
    (void)state;
    srandom(1);
    for (int i = 0; i < 300; i++) {
        uint64_t size = ((uint64_t)random() << 21 ^ (uint64_t)random()) >> (random() % 40);
        if (size == 0)
            continue;
        AUTO_PLACES struct place_list places = places_of(size);

        assert_well_formed(&places, size);
    }
}

static void test_small_devices_entirely(void **state)
{
    static const uint64_t small[] = {1, 511, 512, 4096, 4097, 16 << 20, (1 << 30) - 1};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
        AUTO_PLACES struct place_list places = places_of(small[i]);

        assert_true(places_are_everything(small[i]));
        assert_int_equal(places.count, 1);
        assert_int_equal(places.items[0].offset, 0);
        assert_int_equal(places.items[0].length, small[i]);
    }
    assert_false(places_are_everything(gib));
}

static void test_both_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        AUTO_PLACES struct place_list places = places_of(sizes[i]);

        assert_true(covered(&places, 0, 8 * mib));
        assert_true(covered(&places, sizes[i] - 8 * mib, 8 * mib));
    }
}

/* As `dumpe2fs` prints them: block number and block size. */
static void test_ext4_backup_superblocks(void **state)
{
    static const struct {
        uint64_t block, block_size;
    } backups[] = {
        {8193, 1024},   {24577, 1024},  {40961, 1024},  {57345, 1024},   {73729, 1024},
        {204801, 1024}, {221185, 1024}, {401409, 1024}, {16384, 2048},   {49152, 2048},
        {81920, 2048},  {114688, 2048}, {147456, 2048}, {409600, 2048},  {442368, 2048},
        {802816, 2048}, {32768, 4096},  {98304, 4096},  {163840, 4096},  {229376, 4096},
        {294912, 4096}, {819200, 4096}, {884736, 4096}, {1605632, 4096},
    };
    AUTO_PLACES struct place_list places = places_of(100 * gib);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(backups); i++)
        assert_true(covered(&places, backups[i].block * backups[i].block_size, 1024));
}

static void test_btrfs_mirrors(void **state)
{
    AUTO_PLACES struct place_list small = places_of(2 * gib), large = places_of(300 * gib);

    (void)state;
    assert_true(covered(&small, 64 * mib, 4 * kib));
    assert_true(covered(&large, 64 * mib, 4 * kib));
    assert_true(covered(&large, 256 * gib, 4 * kib));
}

/* agsize (blocks) and agcount as `mkfs.xfs -N` prints them for a file of this size, the last two
 * with -d agcount=16 and 32, which is what it makes of such RAID arrays. */
static void test_xfs_allocation_groups(void **state)
{
    static const struct {
        uint64_t size, agsize, agcount;
    } filesystems[] = {
        {UINT64_C(2) << 30, 131072, 4},         {UINT64_C(10) << 30, 655360, 4},
        {UINT64_C(1000000000000), 61035157, 4}, {UINT64_C(3) << 40, 201326592, 4},
        {UINT64_C(5) << 40, 268435455, 5},      {UINT64_C(16383) << 30, 268435455, 16},
        {UINT64_C(100) << 30, 1638400, 16},     {UINT64_C(1000000000000), 7629395, 32},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
        AUTO_PLACES struct place_list places = places_of(filesystems[i].size);

        for (uint64_t group = 0; group < filesystems[i].agcount; group++)
            assert_true(covered(&places, group * filesystems[i].agsize * 4096, 4096));
    }
}

static void test_a_block_in_each_of_4096_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        AUTO_PLACES struct place_list places = places_of(sizes[i]);
        uint64_t blocks = sizes[i] / 4096;
        size_t at = 0;

        for (uint64_t part = 0; part < 4096; part++) {
            uint64_t first = blocks * part / 4096 * 4096, next = blocks * (part + 1) / 4096 * 4096;

            while (at < places.count && places.items[at].offset + places.items[at].length <= first)
                at++;
            assert_true(at < places.count && places.items[at].offset < next);
        }
    }
}

static void test_not_at_regular_steps(void **state)
{
    AUTO_PLACES struct place_list places = places_of(100 * tib);
    size_t regular = 0, middle = places.count / 2;

    (void)state;
    for (size_t i = middle; i < middle + 1000; i++)
        regular += places.items[i].offset - places.items[i - 1].offset ==
                   places.items[i + 1].offset - places.items[i].offset;
    assert_true(regular < 10);
}

static void test_only_the_size_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        AUTO_PLACES struct place_list a = places_of(sizes[i]), b = places_of(sizes[i]);

        assert_int_equal(a.count, b.count);
        assert_memory_equal(a.items, b.items, a.count * sizeof(a.items[0]));
    }
}

/* Tokens that people wrote into inventories depend on the places: a change here is a change of
 * every `data:` token. */
static void test_places_are_those_of_earlier_versions(void **state)
{
    AUTO_PLACES struct place_list places = places_of(100 * gib);
    uint64_t sum = 0;

    (void)state;
    for (size_t i = 0; i < places.count; i++)
        sum = sum * 31 + places.items[i].offset + places.items[i].length;
    assert_int_equal(sum, UINT64_C(0xc806044715665000));
}

static void test_few_bytes_of_a_large_device(void **state)
{
    AUTO_PLACES struct place_list places = places_of(16 * tib);
    uint64_t bytes = 0;

    (void)state;
    for (size_t i = 0; i < places.count; i++)
        bytes += places.items[i].length;
    assert_in_range(bytes, 32 * mib, 34 * mib);
}

static void test_impossible_sizes(void **state)
{
    struct place_list places = {0};
    struct error error = ERROR_INIT;

    (void)state;
    assert_int_equal(places_find(0, &places, &error), -EINVAL);
    error_clear(&error);
    assert_int_equal(places_find(UINT64_MAX, &places, &error), -EINVAL);
    error_clear(&error);
    assert_null(places.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_formed),
        cmocka_unit_test(test_well_formed_at_any_size),
        cmocka_unit_test(test_small_devices_entirely),
        cmocka_unit_test(test_both_ends),
        cmocka_unit_test(test_ext4_backup_superblocks),
        cmocka_unit_test(test_btrfs_mirrors),
        cmocka_unit_test(test_xfs_allocation_groups),
        cmocka_unit_test(test_a_block_in_each_of_4096_parts),
        cmocka_unit_test(test_not_at_regular_steps),
        cmocka_unit_test(test_only_the_size_decides),
        cmocka_unit_test(test_places_are_those_of_earlier_versions),
        cmocka_unit_test(test_few_bytes_of_a_large_device),
        cmocka_unit_test(test_impossible_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disks_read on a tree with one device of each kind, and the parts it is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "cleanup.h"
#include "disk/disk.h"
#include "disks_tree.h"

static struct tree tree;

static int open_kinds(void **state __attribute__((unused)))
{
    tree_open(&tree, "kinds.host");
    return 0;
}

static int close_tree(void **state __attribute__((unused)))
{
    tree_close(&tree);
    return 0;
}

static void assert_text(const char *a, const char *b)
{
    if (a && b)
        assert_string_equal(a, b);
    else
        assert_ptr_equal(a, b);
}

static void names_in_order(void **state __attribute__((unused)))
{
    static const char *const names[] = {
        "cciss!c0d0", "cciss!c0d0p1", "dm-0",  "dm-1",  "dm-2",  "dm-3",    "dm-4",      "dm-5",
        "dm-6",       "loop0",        "md0",   "md0p1", "md127", "nvme0n1", "nvme0n1p1", "sda",
        "sda1",       "sda2",         "sda10", "sdb",   "sdc",   "sdd",     "vda"};

    for (size_t i = 0; i < ARRAY_SIZE(names) && i < tree.disks.count; i++)
        assert_string_equal(tree.disks.items[i].name, names[i]);
    assert_int_equal(tree.disks.count, ARRAY_SIZE(names));
}

static void scsi_disk(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "sda");

    assert_string_equal(disk->path, "/dev/sda");
    assert_string_equal(disk->type, "disk");
    assert_int_equal(disk->devno, makedev(8, 0));
    assert_int_equal(disk->size_bytes, 1000204886016);
    assert_int_equal(disk->logical_block_size, 512);
    assert_false(disk->read_only);
    assert_false(disk->removable);
    assert_string_equal(disk->model, "ST1000NM0008-2F2");
    assert_string_equal(disk->serial, "ZFA0KZ1X");
    assert_string_equal(disk->wwn, "naa.5000c500a1b2c3d4");
    assert_null(disk->designator);
    assert_string_equal(disk->by_id, "/dev/disk/by-id/scsi-35000c500a1b2c3d4");
    assert_int_equal(disk->partitions.count, 3);
    assert_string_equal(disk->partitions.items[2], "sda10");
    assert_int_equal(disk->mounts.count, 0);
}

static void partition(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "sda1");

    assert_string_equal(disk->type, "part");
    assert_string_equal(disk->parent, "sda");
    assert_int_equal(disk->logical_block_size, 512);
    assert_true(disk->read_only);
    assert_null(disk->serial);
    assert_null(disk->wwn);
    assert_string_equal(disk->by_id, "/dev/disk/by-id/ata-ST1000NM0008-2F2_ZFA0KZ1X-part1");
    assert_string_equal(tree_disk(&tree, "md0p1")->parent, "md0");
    assert_string_equal(tree_disk(&tree, "md0p1")->type, "part");
    assert_string_equal(tree_disk(&tree, "cciss!c0d0p1")->parent, "cciss!c0d0");
    assert_string_equal(tree_disk(&tree, "cciss!c0d0p1")->path, "/dev/cciss/c0d0p1");
}

static void virtio_serial_without_end(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "vda");

    assert_string_equal(disk->serial, "12345678901234567890");
    assert_int_equal(disk->logical_block_size, 4096);
}

static void nvme_disk(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "nvme0n1");

    assert_string_equal(disk->model, "Amazon Elastic Block Store");
    assert_string_equal(disk->serial, "vol0abc123def4567890");
    assert_string_equal(disk->wwn, "eui.0025388b710116a9");
    assert_string_equal(disk->by_id, "/dev/disk/by-id/"
                                     "nvme-Amazon_Elastic_Block_Store_vol0abc123def4567890");
}

static void unexpected_bytes(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "sdb");

    assert_string_equal(disk->model, "L\\xc3\\xa4rm\\x07\\xff");
    assert_string_equal(disk->serial, "AB\\x00\\xff");
    assert_null(disk->wwn);
    assert_true(disk->read_only);
    assert_true(disk->removable);
    AUTO_JSON json_t *json = fields_to_json(&disk_fields, disk);
    assert_non_null(json);
}

static void loop_device(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "loop0");

    assert_string_equal(disk->type, "loop");
    assert_string_equal(disk->backing_file, "/srv/Bücher 1.img (deleted)");
    assert_null(disk->serial);
}

static void virtual_types(void **state __attribute__((unused)))
{
    static const struct {
        const char *name, *type;
    } cases[] = {{"dm-0", "lvm"}, {"dm-1", "crypt"}, {"dm-2", "mpath"}, {"dm-3", "part"},
                 {"dm-4", "dm"},  {"md0", "raid1"},  {"md127", "md"}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(tree_disk(&tree, cases[i].name)->type, cases[i].type);
    assert_string_equal(tree_disk(&tree, "dm-3")->parent, "dm-2");
    assert_string_equal(tree_disk(&tree, "dm-0")->by_id, "/dev/disk/by-id/dm-name-vg-home");
}

static void multipath_map_has_its_paths_identity(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "dm-2");

    assert_string_equal(disk->serial, "LUN7");
    assert_string_equal(disk->wwn, "naa.6001405aabbccddeeff001122334455f");
    assert_int_equal(tree_disk(&tree, "sdd")->holders.count, 1);
    assert_string_equal(tree_disk(&tree, "sdd")->holders.items[0], "dm-2");
}

static void map_without_paths(void **state __attribute__((unused)))
{
    assert_string_equal(tree_disk(&tree, "dm-5")->type, "mpath");
    assert_null(tree_disk(&tree, "dm-5")->wwn);
    assert_string_equal(tree_disk(&tree, "dm-6")->type, "part");
    assert_null(tree_disk(&tree, "dm-6")->parent);
}

static void use(void **state __attribute__((unused)))
{
    const struct disk *disk = tree_disk(&tree, "sda2");

    assert_int_equal(disk->mounts.count, 2);
    assert_string_equal(disk->mounts.items[0], "/srv/two words");
    assert_string_equal(disk->mounts.items[1], "/srv/bind");
    assert_true(tree_disk(&tree, "sdb")->swap_active);
    assert_false(tree_disk(&tree, "sda")->swap_active);
}

static void natural_order_is_an_order(void **state __attribute__((unused)))
{
    static const char *const names[] = {
        "",        "a",          "dm-2",        "dm-10",    "loop1", "loop01",
        "md",      "md0p1",      "n2",          "n10",      "n",     "na",
        "nvme0n1", "nvme0n1p1",  "nvme0n10",    "nvme10n1", "sda",   "sda1",
        "sda10",   "sdb",        "sdaa",        "sdz",      "vda",   "xvda",
        "xvdaa",   "cciss!c0d0", "cciss!c0d10", "1",        "01"};
    const size_t count = ARRAY_SIZE(names);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order = sysfs_compare_names(names[i], names[j]);
            assert_int_equal(order == 0, i == j);
            assert_int_equal(order<0, sysfs_compare_names(names[j], names[i])> 0);
            for (size_t k = 0; k < count; k++)
                if (order < 0 && sysfs_compare_names(names[j], names[k]) < 0)
                    assert_true(sysfs_compare_names(names[i], names[k]) < 0);
        }
    assert_true(sysfs_compare_names("sdz", "sdaa") < 0);
    assert_true(sysfs_compare_names("nvme0n2", "nvme0n10") < 0);
    assert_true(sysfs_compare_names("n2", "n10") < 0);
    assert_true(sysfs_compare_names("md1", "mda") < 0);
}

static const char page83[] = "\x00\x83\x00\x1b\x02\x00\x00\x0b"
                             "drive-scsi1"
                             "\x01\x03\x00\x08\x50\x00\xc5\x00\x15\xea\x71\xaa";

static void designator_page(void **state __attribute__((unused)))
{
    AUTO_FREE char *text = scsi_designator(page83, sizeof(page83) - 1);

    assert_text(text, "drive-scsi1");
}

/* An exact copy lets the sanitizer see a read beyond the page. */
static char *try_designator(const char *page, size_t length)
{
    AUTO_FREE char *copy = calloc(length, 1);

    if (length > 0)
        memcpy(copy, page, length);
    return scsi_designator(copy, length);
}

static void designator_page_cut_short(void **state __attribute__((unused)))
{
    for (size_t length = 0; length < sizeof(page83); length++) {
        AUTO_FREE char *text = try_designator(page83, length);
        assert_text(text, length >= 19 ? "drive-scsi1" : NULL);
    }
}

static void designator_page_with_wild_bytes(void **state __attribute__((unused)))
{
    char page[sizeof(page83) - 1];

    for (size_t i = 0; i < sizeof(page); i++)
        for (int byte = 0; byte < 256; byte++) {
            memcpy(page, page83, sizeof(page));
            page[i] = (char)byte;
            free(try_designator(page, sizeof(page)));
        }
}

static void designator_of_something_else(void **state __attribute__((unused)))
{
    static const char port[] = "\x00\x83\x00\x08\x02\x10\x00\x04port";
    static const char t10[] = "\x00\x83\x00\x08\x02\x01\x00\x04"
                              "QEMU";

    assert_null(try_designator(port, sizeof(port) - 1));
    assert_null(try_designator(t10, sizeof(t10) - 1));
}

static void serial_page_lies_about_its_length(void **state __attribute__((unused)))
{
    static const char page[] = {0, (char)0x80, 1, 0, ' ', 'X', 'Y'};
    AUTO_FREE char *text = scsi_serial(page, sizeof(page));

    assert_text(text, "XY");
}

int main(void)
{
    const struct CMUnitTest kinds[] = {
        cmocka_unit_test(names_in_order),
        cmocka_unit_test(scsi_disk),
        cmocka_unit_test(partition),
        cmocka_unit_test(virtio_serial_without_end),
        cmocka_unit_test(nvme_disk),
        cmocka_unit_test(unexpected_bytes),
        cmocka_unit_test(loop_device),
        cmocka_unit_test(virtual_types),
        cmocka_unit_test(multipath_map_has_its_paths_identity),
        cmocka_unit_test(map_without_paths),
        cmocka_unit_test(use),
    };
    const struct CMUnitTest parts[] = {
        cmocka_unit_test(natural_order_is_an_order),
        cmocka_unit_test(designator_page),
        cmocka_unit_test(designator_page_cut_short),
        cmocka_unit_test(designator_page_with_wild_bytes),
        cmocka_unit_test(designator_of_something_else),
        cmocka_unit_test(serial_page_lies_about_its_length),
    };
    int failed = cmocka_run_group_tests_name("kinds", kinds, open_kinds, close_tree);

    return failed + cmocka_run_group_tests_name("parts", parts, NULL, NULL);
}

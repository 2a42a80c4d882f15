/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which disks carry the running system, and what is mounted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "cleanup.h"
#include "disks_tree.h"
#include "text.h"

/* The kernel names of all disks with `os`, in order. */
static void assert_os(const char *file, bool known, const char *names)
{
    struct tree tree;
    AUTO_TEXT struct text text = {0};

    tree_open(&tree, file);
    for (size_t i = 0; i < tree.disks.count; i++)
        if (tree.disks.items[i].os)
            text_addf(&text, "%s%s", text.length ? " " : "", tree.disks.items[i].name);
    bool really_known = tree.os_known;
    tree_close(&tree);
    AUTO_FREE char *marked = text_take(&text);
    assert_string_equal(marked, names);
    assert_int_equal(really_known, known);
}

static void on_partition(void **state __attribute__((unused)))
{
    assert_os("kinds.host", true, "sda sda1");
}

static void on_partition_of_a_late_disk(void **state __attribute__((unused)))
{
    assert_os("proxmox.host", true, "sdc sdc1");
}

static void on_lvm_crypt_and_mirror(void **state __attribute__((unused)))
{
    assert_os("os-lvm-raid.host", true, "dm-0 dm-1 md0 sda sda1 sda2 sdb sdb1");
}

static void on_btrfs_of_two_devices(void **state __attribute__((unused)))
{
    assert_os("os-btrfs.host", true, "sda sda2 sdb");
}

static void in_container_without_nodes(void **state __attribute__((unused)))
{
    assert_os("os-container.host", true, "vda vda1");
}

static void on_overlay(void **state __attribute__((unused)))
{
    assert_os("paths.host", false, "");
}

static void boot_on_zfs(void **state __attribute__((unused)))
{
    assert_os("os-zfs-boot.host", false, "sda");
}

static void btrfs_mounts(void **state __attribute__((unused)))
{
    struct tree tree;

    tree_open(&tree, "os-btrfs.host");
    assert_string_equal(tree_disk(&tree, "sdb")->mounts.items[0], "/");
    assert_string_equal(tree_disk(&tree, "dm-0")->mounts.items[0], "/srv");
    assert_int_equal(tree_disk(&tree, "sdb")->mounts.count, 1);
    assert_int_equal(tree_disk(&tree, "sdd")->mounts.count, tree.nodes ? 1 : 0);
    tree_close(&tree);
}

static void mount_table(void **state __attribute__((unused)))
{
    struct tree tree;

    tree_open(&tree, "kinds.host");
    assert_int_equal(tree.mounts.count, 4);
    const struct mount *mounts = tree.mounts.items;
    assert_int_equal(mounts[0].devno, makedev(8, 1));
    assert_string_equal(mounts[0].source, "/dev/sda1");
    assert_string_equal(mounts[0].fs_options, "rw,errors=remount-ro");
    assert_false(mounts[0].read_only);
    assert_string_equal(mounts[1].target, "/srv/two words");
    assert_string_equal(mounts[1].options, "rw,relatime");
    assert_true(mounts[1].read_only);
    assert_string_equal(mounts[2].root, "/sub");
    assert_true(mounts[2].read_only);
    assert_string_equal(mounts[3].target, "/tmp\\x");
    assert_string_equal(mounts[3].source, "");
    tree_close(&tree);
}

static void swap_table(void **state __attribute__((unused)))
{
    struct tree tree;

    tree_open(&tree, "kinds.host");
    assert_int_equal(tree.swaps.count, 2);
    const struct swap *swaps = tree.swaps.items;
    assert_string_equal(swaps[0].path, "/dev/sdb");
    assert_int_equal(swaps[0].devno, tree.nodes ? makedev(8, 16) : 0);
    assert_int_equal(swaps[0].priority, -2);
    assert_int_equal(swaps[0].size_bytes, 1020 * 1024);
    assert_int_equal(swaps[0].used_bytes, 4096);
    assert_string_equal(swaps[1].path, "/var/swap file");
    assert_int_equal(swaps[1].devno, 0);
    tree_close(&tree);
}

static void no_swap_in_the_kernel(void **state __attribute__((unused)))
{
    struct tree tree;

    tree_open(&tree, "virtio.host");
    assert_int_equal(tree.swaps.count, 0);
    tree_close(&tree);
}

static void broken_mount_table_is_an_error(void **state __attribute__((unused)))
{
    struct tree tree;
    struct mount_list mounts = {0};
    struct error error = ERROR_INIT;

    tree_open(&tree, "virtio.host");
    AUTO_FREE char *path = text_format("%s/proc/self/mountinfo", tree.path);
    FILE *file = fopen(path, "a");
    fputs("28 27 252:16 / /srv rw\n29 27 252:32 / /opt rw - ext4 /dev/vdc rw\n", file);
    fclose(file);
    assert_true(mounts_read(&mounts, &error) < 0);
    assert_non_null(strstr(error_message(&error), "mountinfo"));
    assert_null(mounts.items);
    error_clear(&error);
    tree_close(&tree);
}

static void no_sysfs_is_an_error(void **state __attribute__((unused)))
{
    struct error error = ERROR_INIT;
    struct disk_list disks = {0};

    disks_root = "/nonexistent";
    int r = disks_read(&(struct mount_list){0}, &(struct swap_list){0}, &disks, &error);
    disks_root = "";
    assert_true(r < 0);
    assert_non_null(strstr(error_message(&error), "sysfs"));
    error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_partition),
        cmocka_unit_test(on_partition_of_a_late_disk),
        cmocka_unit_test(on_lvm_crypt_and_mirror),
        cmocka_unit_test(on_btrfs_of_two_devices),
        cmocka_unit_test(in_container_without_nodes),
        cmocka_unit_test(on_overlay),
        cmocka_unit_test(boot_on_zfs),
        cmocka_unit_test(btrfs_mounts),
        cmocka_unit_test(mount_table),
        cmocka_unit_test(swap_table),
        cmocka_unit_test(no_swap_in_the_kernel),
        cmocka_unit_test(broken_mount_table_is_an_error),
        cmocka_unit_test(no_sysfs_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

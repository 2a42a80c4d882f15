/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disks_resolve: what an inventory says, and the device it leads to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cleanup.h"
#include "disk/disk.h"
#include "disks_tree.h"
#include "text.h"

static struct tree tree;

static int close_tree(void **state __attribute__((unused)))
{
    tree_close(&tree);
    return 0;
}

static int open_tree(void **state)
{
    tree_open(&tree, *state);
    return 0;
}

#define IDENTITY(...) ((struct disk_identity){__VA_ARGS__})

/* data-0 on proxmox where the test says nothing else. */
static struct disk_identity with_defaults(struct disk_identity identity)
{
    identity.name = identity.name ? identity.name : "data-0";
    identity.provider = identity.provider ? identity.provider : "proxmox";
    return identity;
}

static void assert_found(struct disk_identity given, const char *kernel_name, const char *found_by)
{
    struct disk_identity identity = with_defaults(given);
    const struct disk *disk = NULL;
    AUTO_FREE char *by = NULL;

    if (disks_resolve(&tree.disks, &identity, &disk, &by, &tree.error) < 0)
        fail_msg("%s", error_message(&tree.error));
    assert_string_equal(disk->name, kernel_name);
    assert_string_equal(by, found_by);
}

/* Not found: `id` is the refusal's, NULL for other errors; the message has each of the words. */
static void assert_not_found(struct disk_identity given, int code, const char *id,
                             const char *const *words)
{
    struct disk_identity identity = with_defaults(given);
    const struct disk *disk = NULL;
    char *by = NULL;

    error_clear(&tree.error);
    assert_int_equal(disks_resolve(&tree.disks, &identity, &disk, &by, &tree.error), code);
    assert_null(disk);
    assert_null(by);
    if (id && tree.error.id)
        assert_string_equal(tree.error.id, id);
    else
        assert_ptr_equal(tree.error.id, id);
    assert_non_null(strstr(error_message(&tree.error), identity.name));
    for (; *words; words++)
        if (!strstr(error_message(&tree.error), *words))
            fail_msg("\"%s\" isn't in: %s", *words, error_message(&tree.error));
}

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void proxmox_slots_in_another_order(void **state __attribute__((unused)))
{
    assert_found(IDENTITY(), "sdb", "proxmox drive-scsi1");
    assert_found(IDENTITY(.name = "data-1"), "sda", "proxmox drive-scsi2");
    assert_found(IDENTITY(.name = "data-10"), "sdd", "proxmox drive-scsi11");
}

static void proxmox_slot_that_is_missing(void **state __attribute__((unused)))
{
    assert_not_found(IDENTITY(.name = "data-2"), -ENODEV, "disk-not-found",
                     WORDS("drive-scsi3", "/dev/sda (designator drive-scsi2, 20.0 GiB)",
                           "/dev/sdb (serial D0S1, wwn naa.5000c50015ea71aa,", "/dev/vda"));
    assert_null(strstr(error_message(&tree.error), "/dev/sdc"));
    const json_t *candidates = json_object_get(tree.error.details, "candidates");
    assert_int_equal(json_array_size(candidates), 5);
    const json_t *second = json_array_get(candidates, 1);
    assert_string_equal(json_string_value(json_object_get(second, "path")), "/dev/sdb");
    assert_string_equal(json_string_value(json_object_get(second, "serial")), "D0S1");
}

static void candidates_with_their_use(void **state __attribute__((unused)))
{
    struct disk *disk = tree_disk(&tree, "sda");

    assert_not_found(IDENTITY(.name = "data-2"), -ENODEV, "disk-not-found",
                     WORDS("20.0 GiB); /dev/sdb"));
    disk->content.kind = CONTENT_BLANK;
    disk->swap_active = true;
    string_list_add(&disk->mounts, "/srv");
    assert_not_found(IDENTITY(.name = "data-2"), -ENODEV, "disk-not-found",
                     WORDS("20.0 GiB) with nothing mounted at /srv in use as swap; /dev/sdb"));
}

static void proxmox_names(void **state __attribute__((unused)))
{
    static const char *const names[] = {"hot",     "data-",     "data-01", "data-1x",
                                        "data--1", "data-1000", "data- 1", "Data-1"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_not_found(IDENTITY(.name = names[i]), -EPERM, "disk-name", WORDS("data-0"));
    assert_not_found(IDENTITY(.name = "data-100"), -ENODEV, "disk-not-found",
                     WORDS("drive-scsi101"));
    assert_found(IDENTITY(.name = "hot", .serial = "D0S1"), "sdb", "serial");
}

static void slot_of_the_system(void **state __attribute__((unused)))
{
    struct disk *disk = tree_disk(&tree, "sdb");

    disk->os = true;
    assert_not_found(IDENTITY(), -EPERM, "os-disk", WORDS("/dev/sdb", "named os"));
    disk->os = false;
}

static void slot_that_is_read_only(void **state __attribute__((unused)))
{
    assert_not_found(IDENTITY(.name = "data-4"), -EPERM, "read-only-device",
                     WORDS("/dev/sde", "writable"));
}

static void other_providers(void **state __attribute__((unused)))
{
    static const char *const providers[] = {"aws", "gcp", "oci"};

    for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
        assert_not_found(IDENTITY(.provider = providers[i]), -ENODEV, "disk-not-found",
                         WORDS("(yet)"));
        assert_found(IDENTITY(.provider = providers[i], .serial = "D0S1"), "sdb", "serial");
    }
    assert_not_found(IDENTITY(.provider = "generic"), -ENOENT, NULL, WORDS("no identity"));
}

static void serial_and_wwn_agree(void **state __attribute__((unused)))
{
    assert_found(IDENTITY(.serial = "D0S1", .wwn = "0x5000C50015EA71AA"), "sdb", "serial, wwn");
    assert_not_found(IDENTITY(.serial = "d0s1"), -ENODEV, "disk-not-found", WORDS("serial d0s1"));
    assert_not_found(IDENTITY(.serial = "D0S1", .wwn = "0x5000c50015ea71ab"), -ENODEV,
                     "disk-not-found", WORDS("serial D0S1 and wwn 0x5000c50015ea71ab"));
    assert_not_found(IDENTITY(.serial = "D0S"), -ENODEV, "disk-not-found", WORDS("serial D0S"));
}

static void empty_identity(void **state __attribute__((unused)))
{
    assert_not_found(IDENTITY(.serial = ""), -EPERM, "identity-empty", WORDS("serial"));
    assert_not_found(IDENTITY(.wwn = " \t"), -EPERM, "identity-empty", WORDS("wwn"));
    assert_not_found(IDENTITY(.device = ""), -EPERM, "identity-empty", WORDS("device"));
    assert_not_found(IDENTITY(.wwn = "naa."), -ENODEV, "disk-not-found", WORDS("naa."));
    assert_not_found(IDENTITY(.wwn = "0x"), -ENODEV, "disk-not-found", WORDS("0x"));
}

static void need_nodes(void)
{
    if (!tree.nodes) {
        print_message("skipped: device nodes can't be made without CAP_MKNOD\n");
        skip();
    }
}

static void devices(void **state __attribute__((unused)))
{
    need_nodes();
    assert_found(IDENTITY(.device = "/dev/sda"), "sda", "device");
    assert_found(IDENTITY(.device = "/dev/data"), "sdd", "device");
    assert_found(IDENTITY(.device = "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi2"), "sda",
                 "device");
    assert_found(IDENTITY(.device = "/dev/../dev/sdb", .serial = "D0S1"), "sdb", "device, serial");
    assert_found(IDENTITY(.device = "/dev/vda", .provider = "aws"), "vda", "device");
    assert_not_found(IDENTITY(.device = "/dev/sdc"), -EPERM, "os-disk", WORDS("/dev/sdc"));
    assert_not_found(IDENTITY(.device = "/dev/sdc1"), -EPERM, "os-disk", WORDS("/dev/sdc1"));
}

static void device_with_another_serial(void **state __attribute__((unused)))
{
    need_nodes();
    assert_not_found(IDENTITY(.device = "/dev/sda", .serial = "D0S1"), -EPERM, "identity-disagrees",
                     WORDS("/dev/sda", "serial D0S1"));
    assert_not_found(IDENTITY(.device = "/dev/sdc1", .serial = "X"), -EPERM, "identity-disagrees",
                     WORDS("by device alone"));
}

static void things_that_are_no_device(void **state __attribute__((unused)))
{
    AUTO_FREE char *pipe = text_format("%s/dev/pipe", tree.path);

    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_not_found(IDENTITY(.device = "/dev"), -EPERM, "not-a-block-device",
                     WORDS("a directory"));
    assert_not_found(IDENTITY(.device = "/proc/swaps"), -EPERM, "not-a-block-device",
                     WORDS("a regular file"));
    assert_not_found(IDENTITY(.device = "/dev/pipe"), -EPERM, "not-a-block-device",
                     WORDS("a pipe"));
    assert_not_found(IDENTITY(.device = "dev/sda"), -EPERM, "device-not-absolute",
                     WORDS("dev/sda"));
    assert_not_found(IDENTITY(.device = "/dev/sdz"), -ENODEV, "disk-not-found",
                     WORDS("/dev/sdz", "(yet)", "/dev/sda"));
    assert_not_found(IDENTITY(.device = "/proc/swaps/x"), -ENODEV, "disk-not-found",
                     WORDS("(yet)"));
}

static void devices_that_never_fit(void **state __attribute__((unused)))
{
    need_nodes();
    assert_not_found(IDENTITY(.device = "/dev/zram0"), -EPERM, "unsuitable-device",
                     WORDS("/dev/zram0"));
    assert_not_found(IDENTITY(.device = "/dev/loop1"), -ENODEV, "disk-not-found",
                     WORDS("nothing is attached"));
}

/* Attached since the disks were listed: looked for again, not refused for good. */
static void a_device_that_has_just_come(void **state __attribute__((unused)))
{
    need_nodes();
    for (size_t i = 0; i < tree.disks.count; i++)
        tree.disks.items[i].devno += 1U << 20;
    assert_not_found(IDENTITY(.device = "/dev/sda"), -ENODEV, "disk-not-found",
                     WORDS("nothing is attached", "(yet)"));
}

static void virtio_without_serial(void **state __attribute__((unused)))
{
    assert_not_found(IDENTITY(), -EPERM, "virtio-blk-unidentified",
                     WORDS("/dev/vdc", "serial=", "Proxmox"));
    assert_found(IDENTITY(.serial = "cdb-1-hot-0000000001"), "vdb", "serial");
    tree_disk(&tree, "vdc")->os = true;
    assert_not_found(IDENTITY(), -EPERM, "virtio-blk-unidentified",
                     WORDS("/dev/vdb", "cdb-1-hot-0000000001", "inventory"));
    tree_disk(&tree, "vdb")->os = true;
    assert_not_found(IDENTITY(), -ENODEV, "disk-not-found", WORDS("/dev/sda (1.0 MiB)"));
    tree_disk(&tree, "sda")->os = true;
    assert_not_found(IDENTITY(), -ENODEV, "disk-not-found", WORDS("no disk besides"));
}

static void several_paths(void **state __attribute__((unused)))
{
    assert_found(IDENTITY(.serial = "LUN7"), "dm-0", "serial");
    assert_found(IDENTITY(.wwn = "6001405AABBCCDDEEFF001122334455F"), "dm-0", "wwn");
    assert_not_found(IDENTITY(.wwn = "0x5000c500a1b2c3d4"), -EPERM, "identity-ambiguous",
                     WORDS("/dev/sdc", "/dev/sdd", "multipath"));
    assert_not_found(IDENTITY(.serial = "TWIN"), -EPERM, "identity-ambiguous",
                     WORDS("/dev/sdc", "/dev/sdd"));
    assert_not_found(IDENTITY(.serial = "S4EVNX0"), -EPERM, "identity-ambiguous",
                     WORDS("/dev/nvme0n1", "/dev/nvme0n2"));
    assert_found(IDENTITY(.serial = "S4EVNX0", .wwn = "0025388B710116A9"), "nvme0n1",
                 "serial, wwn");
}

static void one_path_by_device(void **state __attribute__((unused)))
{
    need_nodes();
    assert_found(IDENTITY(.device = "/dev/dm-0", .serial = "LUN7"), "dm-0", "device, serial");
    assert_found(IDENTITY(.device = "/dev/nvme0n2"), "nvme0n2", "device");
    assert_not_found(IDENTITY(.device = "/dev/sda"), -EPERM, "multipath-member",
                     WORDS("/dev/sda", "/dev/dm-0"));
    assert_not_found(IDENTITY(.device = "/dev/sda1"), -EPERM, "multipath-member",
                     WORDS("/dev/sda1", "/dev/dm-0"));
    assert_not_found(IDENTITY(.device = "/dev/sdc"), -EPERM, "identity-ambiguous",
                     WORDS("/dev/sdc", "/dev/sdd"));
}

static void identifiers_of_two_disks(void **state __attribute__((unused)))
{
    assert_not_found(IDENTITY(.serial = "LUN7", .wwn = "6001405aabbccddeff00000000000001"), -EPERM,
                     "identity-disagrees", WORDS("/dev/dm-0", "/dev/sde"));
}

static void half_a_wwn(void **state __attribute__((unused)))
{
    assert_not_found(IDENTITY(.wwn = "0x6001405aabbccdde"), -EPERM, "wwn-incomplete",
                     WORDS("6001405aabbccddeeff001122334455f", "32 digits"));
    assert_not_found(IDENTITY(.wwn = "0x6001405aabbccdd"), -ENODEV, "disk-not-found",
                     WORDS("(yet)"));
}

static void volume_ids(void **state __attribute__((unused)))
{
    assert_found(IDENTITY(.serial = "vol-0abc123def4567890"), "nvme1n1", "serial");
    assert_found(IDENTITY(.serial = " vol0abc123def4567890\n"), "nvme1n1", "serial");
}

static void serials(void **state __attribute__((unused)))
{
    assert_true(serial_equal("vol-0ab", "vol0ab"));
    assert_true(serial_equal("vol-0ab", "vol-0ab"));
    assert_true(serial_equal(" X 1 ", "X 1"));
    assert_false(serial_equal("VOL-0ab", "vol0ab"));
    assert_false(serial_equal("vol-zz", "volzz"));
    assert_false(serial_equal("vol-", "vol"));
    assert_false(serial_equal("a", "A"));
    assert_false(serial_equal("a", "ab"));
    assert_false(serial_equal("", ""));
    assert_false(serial_equal(NULL, NULL));
    assert_false(serial_equal("a", NULL));
}

static void wwns(void **state __attribute__((unused)))
{
    static const char *const same[] = {"naa.5000c500a1b2c3d4", "0x5000c500a1b2c3d4",
                                       "5000C500A1B2C3D4",     "NAA.5000c500A1b2c3d4",
                                       "eui.5000c500a1b2c3d4", " wwn-0x5000c500a1b2c3d4\n"};

    for (size_t i = 0; i < ARRAY_SIZE(same); i++)
        for (size_t j = 0; j < ARRAY_SIZE(same); j++)
            assert_int_equal(wwn_compare(same[i], same[j]), WWN_SAME);
    assert_int_equal(wwn_compare("nvme.1d0f-76-41-01", "NVME.1d0f-76-41-01"), WWN_SAME);
    assert_int_equal(wwn_compare("5000c500a1b2c3d4", "naa.5000c500a1b2c3d5"), WWN_DIFFERENT);
    assert_int_equal(wwn_compare("5000c500a1b2c3d4", "naa.5000c500a1b2c3d40011223344556677"),
                     WWN_FIRST_HALF);
    assert_int_equal(wwn_compare("5000c500a1b2c3d40011223344556677", "naa.5000c500a1b2c3d4"),
                     WWN_DIFFERENT);
    assert_int_equal(wwn_compare("t10.ATA     X", "t10.ATA     Y"), WWN_DIFFERENT);
    assert_int_equal(wwn_compare("", ""), WWN_DIFFERENT);
    assert_int_equal(wwn_compare(NULL, NULL), WWN_DIFFERENT);
}

#define ON(file, test) cmocka_unit_test_prestate_setup_teardown(test, open_tree, close_tree, file)

int main(void)
{
    static char proxmox[] = "proxmox.host", virtio[] = "virtio.host", paths[] = "paths.host",
                kinds[] = "kinds.host";
    const struct CMUnitTest tests[] = {
        ON(proxmox, proxmox_slots_in_another_order),
        ON(proxmox, proxmox_slot_that_is_missing),
        ON(proxmox, candidates_with_their_use),
        ON(proxmox, proxmox_names),
        ON(proxmox, slot_of_the_system),
        ON(proxmox, slot_that_is_read_only),
        ON(proxmox, other_providers),
        ON(proxmox, serial_and_wwn_agree),
        ON(proxmox, empty_identity),
        ON(proxmox, devices),
        ON(proxmox, device_with_another_serial),
        ON(proxmox, things_that_are_no_device),
        ON(kinds, devices_that_never_fit),
        ON(kinds, a_device_that_has_just_come),
        ON(virtio, virtio_without_serial),
        ON(paths, several_paths),
        ON(paths, one_path_by_device),
        ON(paths, identifiers_of_two_disks),
        ON(paths, half_a_wwn),
        ON(paths, volume_ids),
        cmocka_unit_test(serials),
        cmocka_unit_test(wwns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

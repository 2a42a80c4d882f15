/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of filesystem types: each row is whole, and the programs of this machine take what it
 * says. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "content/content.h"
#include "file.h"
#include "filesystems.h"
#include "process.h"
#include "spec.h"
#include "text.h"

#define UUID "7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11"
#define MIB (1024LL * 1024)

static void expect_made(const struct filesystem *row)
{
    assert_non_null(row->mkfs);
    assert_non_null(row->letters_own);
    assert_non_null(row->letters_alone);
    assert_non_null(row->package);
    assert_non_null(row->new_uuid);
    assert_true(row->smallest_mib > 0 && row->grow_step_mib > 0);
    assert_non_null(filesystem_grow_program(row));
    assert_int_equal(!row->joined, !row->joined_own);
    for (const struct size_option *size = row->sizes; size && size->option; size++)
        assert_int_equal(size->option[0], '-');
}

static void each_choice_is_a_whole_row(void **state)
{
    const struct param *disks = param_find(storage_tier_params, "disks");
    const struct param *params[] = {param_find(storage_tier_params, "fstype"),
                                    param_find(disks->options, "fstype")};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
        assert_non_null(params[i]->choices[0]);
        for (const char *const *choice = params[i]->choices; *choice; choice++) {
            const struct filesystem *row = filesystem_find(*choice);

            assert_non_null(row);
            expect_made(row);
            assert_non_null(row->grow);
            assert_non_null(row->negations);
            assert_non_null(row->mount_only);
            for (int tier = 0; tier < TIER_COUNT; tier++)
                assert_int_equal(tier_takes(*choice, (enum tier)tier), tier != TIER_SWAP);
        }
    }
}

static void each_type_stands_once_and_for_something(void **state)
{
    size_t swaps = 0;

    (void)state;
    for (const char *const *type = filesystem_types; *type; type++) {
        const struct filesystem *row = filesystem_find(*type);

        for (const char *const *other = filesystem_types; other < type; other++)
            assert_string_not_equal(*other, *type);
        assert_true(tier_can_adopt(*type, row->use == FILESYSTEM_FOR_SWAP ? TIER_SWAP : TIER_HOT));
        assert_false(tier_can_adopt(*type, row->use == FILESYSTEM_FOR_SWAP ? TIER_HOT : TIER_SWAP));
        if (row->use == FILESYSTEM_ADOPTED)
            assert_null(row->mkfs);
        else
            expect_made(row);
        if (row->use == FILESYSTEM_FOR_SWAP)
            assert_non_null(row->label);
        swaps += row->use == FILESYSTEM_FOR_SWAP;
    }
    assert_int_equal(swaps, 1);
    assert_null(filesystem_find("vfat"));
    assert_false(tier_can_adopt("vfat", TIER_HOT));
}

static void expect_program(const char *list, const char *const *program)
{
    AUTO_FREE char *line = program ? text_format("/%s\n", program[0]) : NULL;

    if (line && !strstr(list, line))
        fail_msg("the package has no %s", program[0]);
}

/* By the list that dpkg keeps of a package's files, where the package is installed. */
static void programs_are_in_their_packages(void **state)
{
    size_t looked_at = 0;

    (void)state;
    for (const char *const *type = filesystem_types; *type; type++) {
        const struct filesystem *row = filesystem_find(*type);
        struct error error = ERROR_INIT;
        AUTO_FREE char *list = NULL;

        if (!row->package)
            continue;
        AUTO_FREE char *path = text_format("/var/lib/dpkg/info/%s.list", row->package);
        if (file_read(path, 1 << 20, &list, &error) < 0) {
            error_clear(&error);
            continue;
        }
        expect_program(list, row->mkfs);
        expect_program(list, row->grow);
        expect_program(list, row->label);
        expect_program(list, row->check);
        looked_at++;
    }
    if (looked_at == 0)
        skip();
}

static void run(const struct filesystem *row, const char *const *program, const char *path)
{
    struct filesystem_values values = {.device = path, .uuid = UUID, .label = "tier-hot"};
    struct string_list argv = filesystem_arguments(row, program, &values);
    struct error error = ERROR_INIT;

    if (program_run((const char *const *)argv.items, NULL, 0, NULL, &error) < 0)
        fail_msg("%s: %s", row->type, error_message(&error));
    string_list_release(&argv);
}

/* The smallest that the row allows, made in a sparse file. */
static void make_smallest(const struct filesystem *row)
{
    char path[] = "/tmp/filesystems_test.XXXXXX";
    AUTO_CLOSE int fd = mkostemp(path, O_CLOEXEC);
    struct content content = {0};
    struct error error = ERROR_INIT;

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, row->smallest_mib * MIB), 0);
    run(row, row->mkfs, path);
    if (row->check)
        run(row, row->check, path);
    assert_int_equal(content_read_signatures(fd, NULL, &content, &error), 0);
    unlink(path);
    assert_int_equal(content.kind, CONTENT_FILESYSTEM);
    assert_string_equal(content.signatures.items[0].type, row->type);
    assert_string_equal(content.signatures.items[0].uuid, UUID);
    assert_string_equal(content.signatures.items[0].label, "tier-hot");
    fields_release(&content_fields, &content);
}

static void each_program_makes_what_its_row_says(void **state)
{
    size_t made = 0;

    (void)state;
    for (const char *const *type = filesystem_types; *type; type++) {
        const struct filesystem *row = filesystem_find(*type);
        AUTO_FREE char *program = row->mkfs ? program_find(row->mkfs[0]) : NULL;

        if (!program)
            continue;
        make_smallest(row);
        made++;
    }
    if (made == 0)
        skip();
}

static void a_superblock_that_is_not_finished(void **state)
{
    char head[4096] = "XFSB";

    (void)state;
    assert_null(filesystem_in_progress(head));
    head[126] = 1;
    assert_string_equal(filesystem_in_progress(head)->type, "xfs");
    head[0] = 'x';
    assert_null(filesystem_in_progress(head));
}

static void expect_growing(const char *type, uint64_t now, uint64_t device, bool expected)
{
    assert_int_equal(filesystem_is_worth_growing(filesystem_find(type), now * MIB, device * MIB),
                     expected);
}

static void what_is_worth_growing(void **state)
{
    (void)state;
    expect_growing("ext4", 100, 115, false);
    expect_growing("ext4", 100, 116, true);
    expect_growing("swap", 100, 100, false);
    expect_growing("swap", 100, 101, true);
    expect_growing("btrfs", 120, 255, false);
    expect_growing("btrfs", 120, 256, true);
}

static void expect_arguments(const char *type, const char *const *program, const char *expected)
{
    const struct filesystem_values values = {
        .device = "/dev/{path}", .path = "/srv/{uuid}", .label = "tier-hot", .number = 3};
    struct string_list argv = filesystem_arguments(filesystem_find(type), program, &values);

    assert_null(argv.items[--argv.count]);
    AUTO_FREE char *line = string_list_join(&argv, " ");
    assert_string_equal(line, expected);
    string_list_release(&argv);
}

/* What is put in is not looked into once more. */
static void arguments_of_programs(void **state)
{
    (void)state;
    expect_arguments("ext4", filesystem_find("ext4")->grow, "resize2fs /dev/{path}");
    expect_arguments("xfs", filesystem_find("xfs")->grow, "xfs_growfs -d /srv/{uuid}");
    expect_arguments("btrfs", filesystem_find("btrfs")->grow,
                     "btrfs filesystem resize 3:max /srv/{uuid}");
    expect_arguments("ext4", filesystem_find("ext4")->label, "tune2fs -L tier-hot /dev/{path}");
    expect_arguments("swap", filesystem_find("swap")->label, "swaplabel -L tier-hot /dev/{path}");
    expect_arguments("xfs", filesystem_find("xfs")->check, "xfs_repair -n /dev/{path}");
}

/* What is wrong with the options, given as words; NULL: nothing. */
static const char *problem(const char *type, const char *words, bool grow)
{
    struct disk_request disk = {.name = (char *)"data-0", .fstype = (char *)type};
    AUTO_FREE char *copy = strdup(words);
    struct error error = ERROR_INIT;
    const char *found = NULL;

    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        string_list_add(&disk.mkfs_options, word);
    if (filesystem_check_options(&disk, grow, &error) < 0)
        found = strstr(error_message(&error), "own and can't") ? "own"
                : strstr(error_message(&error), "a size")      ? "size"
                                                               : "no option";
    error_clear(&error);
    string_list_release(&disk.mkfs_options);
    return found;
}

static void options_of_mkfs(void **state)
{
    static const struct {
        const char *type, *words;
        bool grow;
        const char *problem;
    } cases[] = {
        {"ext4", "-m 0 -E stride=4 -c -T small", true, NULL},
        {"ext4", "-b 4096", true, NULL},
        {"ext4", "-E discard", true, "own"},
        {"ext4", "-Estride=4,discard", true, "own"},
        {"ext4", "-E nodiscard", true, NULL},
        {"ext4", "-cF", true, "own"},
        {"ext4", "-c 4096", true, "no option"},
        {"ext4", "-m0 4096", true, "no option"},
        {"ext4", "-O journal_dev -J device=/dev/sdb", true, "no option"},
        {"xfs", "-m crc=0,uuid=1", true, "own"},
        {"xfs", "-f", true, "own"},
        {"xfs", "-Ediscard", true, NULL},
        {"xfs", "-d agcount=4 -b size=4096", true, NULL},
        {"xfs", "-d agcount=4,size=1g", true, "size"},
        {"xfs", "-dsize=1g", true, "size"},
        {"xfs", "-d size=1g", false, NULL},
        {"btrfs", "--byte-count 5", true, "size"},
        {"btrfs", "--byte-count=5", true, "size"},
        {"btrfs", "-b5", false, NULL},
        {"btrfs", "--csum xxhash", true, NULL},
        {"btrfs", "--csum=xxhash x", true, "no option"},
        {"btrfs", "--lab=x", true, "own"},
        {"btrfs", "--forc", true, "own"},
        {"swap", "-p 4096", true, NULL},
        {"swap", "-c", true, "own"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *found = problem(cases[i].type, cases[i].words, cases[i].grow);

        if (!text_equal(found, cases[i].problem))
            fail_msg("mkfs of %s with %s: %s", cases[i].type, cases[i].words,
                     found ? found : "nothing is wrong");
    }
}

static void refusals_name_each_program(void **state)
{
    AUTO_FREE char *grow = filesystem_grow_programs(), *new_uuid = filesystem_uuid_commands(false),
                   *first_uuid = filesystem_uuid_commands(true);

    (void)state;
    assert_string_equal(filesystem_grow_program(filesystem_find("xfs")), "xfs_growfs");
    assert_string_equal(filesystem_grow_program(filesystem_find("swap")), "mkswap");
    assert_null(filesystem_grow_program(filesystem_find("ext2")));
    assert_string_equal(grow, "resize2fs, xfs_growfs, btrfs");
    assert_string_equal(new_uuid, "tune2fs -U random, xfs_admin -U generate, btrfstune -u");
    assert_string_equal(first_uuid, "tune2fs -U random, swaplabel -U");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_choice_is_a_whole_row),
        cmocka_unit_test(each_type_stands_once_and_for_something),
        cmocka_unit_test(programs_are_in_their_packages),
        cmocka_unit_test(each_program_makes_what_its_row_says),
        cmocka_unit_test(a_superblock_that_is_not_finished),
        cmocka_unit_test(what_is_worth_growing),
        cmocka_unit_test(arguments_of_programs),
        cmocka_unit_test(options_of_mkfs),
        cmocka_unit_test(refusals_name_each_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

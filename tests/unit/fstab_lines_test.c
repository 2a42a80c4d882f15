/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Editing fstab's bytes: whatever the file holds, only the one line changes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "mode.h"
#include "plan/plan.h"

static void expect_edit(const char *text, const char *old_line, const char *new_line,
                        const char *expected)
{
    AUTO_FREE char *edited = fstab_text_edit(text, old_line, new_line);

    assert_non_null(edited);
    assert_string_equal(edited, expected);
}

static void appends(void **state)
{
    (void)state;
    expect_edit("", NULL, "OURS", "OURS\n");
    expect_edit("# a\n", NULL, "OURS", "# a\nOURS\n");
    expect_edit("# a", NULL, "OURS", "# a\nOURS\n");
    expect_edit("a\r\n\t \n", NULL, "OURS", "a\r\n\t \nOURS\n");
}

static void replaces(void **state)
{
    (void)state;
    expect_edit("a\nold\nb", "old", "new", "a\nnew\nb");
    expect_edit("old", "old", "new", "new");
    expect_edit("older\nold\nold\n", "old", "new", "older\nnew\nold\n");
    expect_edit("a\r\nold\r\nb\r\n", "old\r", "new", "a\r\nnew\nb\r\n");
}

static void does_not_guess(void **state)
{
    (void)state;
    errno = 0;
    assert_null(fstab_text_edit("a\n old\n", "old", "new"));
    assert_int_equal(errno, ENOENT);
}

static void compares_fields(void **state)
{
    (void)state;
    assert_true(fstab_same_fields("a b\tc", "  a  b c \r"));
    assert_false(fstab_same_fields("a b c", "a b c d"));
    assert_false(fstab_same_fields("a b", "a bc"));
    assert_true(fstab_same_fields("", " "));
}

static void expect_line(enum tier tier, int priority, bool network, const char *options,
                        const char *fstype, const char *uuid, const char *expected)
{
    struct request request = {.root = (char *)"/srv", .swap_priority = priority};
    struct disk_request want = {.tier = tier, .mount_options = (char *)options};
    struct disk disk = {.network = network};
    AUTO_FREE char *line = fstab_line_text(&request, &want, &disk, uuid, fstype);

    assert_string_equal(line, expected);
}

static void lines(void **state)
{
    (void)state;
    expect_line(TIER_SWAP, -1, true, "ro", "swap", "1",
                "UUID=1 none swap sw,nofail,x-systemd.device-timeout=10s,x-storage-tier=swap 0 0");
    expect_line(TIER_SWAP, 0, false, "ro", "swap", NULL,
                "UUID=<new> none swap "
                "sw,nofail,x-systemd.device-timeout=10s,pri=0,x-storage-tier=swap 0 0");
    expect_line(TIER_HOT, 5, false, "noatime", "ext4", "1",
                "UUID=1 /srv/hot ext4 noatime,x-storage-tier=hot 0 2");
    expect_line(TIER_COLD, -1, true, "noatime", "xfs", NULL,
                "UUID=<new> /srv/cold xfs noatime,_netdev,x-storage-tier=cold 0 0");
    expect_line(TIER_WARM, -1, true, "a,_netdev,b", "btrfs", "1",
                "UUID=1 /srv/warm btrfs a,_netdev,b,x-storage-tier=warm 0 0");
}

#define UUID "7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11"
#define OLD_UUID "0a0a8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11"

/* The line, in an fstab with one before it that concerns nobody, checked for tier hot (or swap);
 * its refusal, NULL: none. */
static const char *refusal_of(enum tier tier, bool os, struct fstab_line line)
{
    struct fstab_line lines[] = {{.number = 1, .source = (char *)"proc", .target = (char *)"/proc"},
                                 line};
    struct fstab fstab = {.lines = {lines, 2}};
    struct disk_request want = {.name = (char *)"data-0", .tier = tier, .os = os};
    struct signature there = {.uuid = (char *)OLD_UUID, .label = (char *)"photos"};
    struct disk part = {.path = (char *)"/dev/sdb1", .devno = 2065};
    struct found found = {.parts = {&part, 1},
                          .disk = {.path = (char *)"/dev/sdb",
                                   .devno = 2064,
                                   .by_id = (char *)"/dev/disk/by-id/x",
                                   .content.signatures = {&there, 1}}};
    struct error error = ERROR_INIT;

    lines[1].number = 2;
    lines[1].text = (char *)"TEXT";
    const struct surroundings around = {.target = "/var/storage/hot", .fstab = &fstab};
    int r = fstab_check(&want, &found, &around, os ? NULL : UUID, &error);
    assert_int_equal(r == 0, error.id == NULL);
    if (r < 0)
        assert_int_equal(line.cloud_init, strstr(error_message(&error), "cloud-init") != NULL);
    const char *id = error.id;
    error_clear(&error);
    return id;
}

static void expect_answer(const char *expected, enum tier tier, bool os, struct fstab_line line)
{
    const char *id = refusal_of(tier, os, line);

    if (id && expected)
        assert_string_equal(id, expected);
    else
        assert_ptr_equal(id, expected);
}

#define LINE(...) ((struct fstab_line){__VA_ARGS__})
#define OTHERS "fstab-foreign-line"

static void lines_in_the_way(void **state)
{
    static char hot[] = "hot", cold[] = "cold", none[] = "photos", at[] = "/var/storage/hot";
    static char slashes[] = "/var/storage/hot//", longer[] = "/var/storage/hot2", uuid[] = UUID;

    (void)state;
    expect_answer(NULL, TIER_HOT, false, LINE(.tier = hot, .target = at, .uuid = uuid));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.target = at));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.target = slashes));
    expect_answer(NULL, TIER_HOT, false, LINE(.target = longer));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.tier = cold, .target = at));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.tier = hot, .target = at, .cloud_init = true));
    expect_answer(NULL, TIER_SWAP, false, LINE(.target = at));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.uuid = uuid));
    expect_answer(NULL, TIER_HOT, false, LINE(.tier = cold, .uuid = uuid));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.tier = cold, .uuid = uuid, .cloud_init = true));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.tier = none, .uuid = uuid));
    expect_answer(OTHERS, TIER_SWAP, false, LINE(.source = (char *)"/dev/disk/by-uuid/" UUID));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = (char *)"/dev/disk/by-label/" UUID));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = (char *)"/dev/disk/by-uuid/other"));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = (char *)"/dev/sdb"));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = (char *)"/dev/disk/by-id/x"));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = (char *)"/dev/sdb1"));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = (char *)"/dev/sdb2"));
    expect_answer(NULL, TIER_HOT, true, LINE(.source = (char *)"/dev/sdb"));
    expect_answer(OTHERS, TIER_HOT, true, LINE(.target = at));
}

static void other_spellings_of_the_path(void **state)
{
    static const char *const same[] = {"/var/storage//hot", "/var/./storage/hot/.",
                                       "/var/../var/storage/hot", "/../var/storage/cold/../hot",
                                       "//var/storage/hot/"};
    static const char *const others[] = {
        "/var/storage/..hot", "/var/storage/hot/..",   "none",           "/",
        "/var/storage/.hot",  "/var/storage/cold/hot", "var/storage/hot"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(same); i++)
        expect_answer(OTHERS, TIER_HOT, false, LINE(.target = (char *)same[i]));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        expect_answer(NULL, TIER_HOT, false, LINE(.target = (char *)others[i]));
}

/* By another name, or by what a wipe will take away. */
static void other_names_of_the_device(void **state)
{
    static char old[] = OLD_UUID, upper[] = "7F7C8BB5-3C8B-4A6C-8F86-2F8F6F0D4E11";
    static char photos[] = "photos", link[] = "/dev/photos", tag[] = "LABEL=photos";

    (void)state;
    expect_answer(OTHERS, TIER_HOT, false, LINE(.uuid = old));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.uuid = upper));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = tag, .label = photos));
    expect_answer(OTHERS, TIER_SWAP, false, LINE(.label = photos, .devno = 2064));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = tag, .label = photos, .devno = 2080));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = tag, .devno = 2064));
    expect_answer(NULL, TIER_HOT, true, LINE(.label = photos));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = link, .devno = 2064));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = link, .devno = 2080));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = (char *)"PARTUUID=1", .devno = 2065));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = (char *)"ID=x", .devno = 2064));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = (char *)"PARTLABEL=x", .devno = 2080));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = (char *)"PARTLABEL=x"));
}

/* That on the disk, and the one it is to get. */
static void names_of_the_label(void **state)
{
    static char hot[] = "tier-hot", swap[] = "tier-swap", cold[] = "cold";
    static char photos_link[] = "/dev/disk/by-label/photos";
    static char hot_link[] = "/dev/disk/by-label/tier-hot";

    (void)state;
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = photos_link));
    expect_answer(NULL, TIER_HOT, false, LINE(.source = photos_link, .devno = 2080));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.source = hot_link));
    expect_answer(OTHERS, TIER_HOT, false, LINE(.label = hot));
    expect_answer(NULL, TIER_HOT, false, LINE(.label = hot, .devno = 2080));
    expect_answer(NULL, TIER_HOT, false, LINE(.label = swap));
    expect_answer(OTHERS, TIER_SWAP, false, LINE(.label = swap));
    expect_answer(NULL, TIER_HOT, true, LINE(.label = hot));
    expect_answer(NULL, TIER_HOT, false, LINE(.label = hot, .tier = cold));
}

static void lines_that_nobody_can_parse(void **state)
{
    static const struct {
        const char *text;
        enum tier tier;
        bool refused;
    } cases[] = {{"3: /var/storage/hot", TIER_HOT, true},
                 {"3: UUID=" UUID, TIER_HOT, true},
                 {"3: UUID=" UUID, TIER_SWAP, true},
                 {"3: /var/storage/hot", TIER_SWAP, false},
                 {"3: /dev/sdz1 /var/storage/hot/ ext4 a b", TIER_HOT, true},
                 {"3: /dev/sdz1 /var/storage/hotel", TIER_HOT, false},
                 {"3: /dev/sdz1 /var/storage/hot-2 /var/storage/hot", TIER_HOT, true},
                 {"3: /dev/sdz1 /var/storage/hot/pg", TIER_HOT, false},
                 {"3: /dev/sdz1 /mnt/var/storage/hot", TIER_HOT, false},
                 {"3: /srv", TIER_HOT, false}};

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        char *broken[] = {(char *)cases[i / 2].text};
        struct fstab fstab = {.broken = {.items = broken, .count = 1}};
        struct disk_request want = {.name = (char *)"data-0", .tier = cases[i / 2].tier};
        struct found found = {.disk = {.path = (char *)"/dev/sdb"}};
        struct error error = ERROR_INIT;
        bool known = i % 2;
        const struct surroundings around = {.target = "/var/storage/hot", .fstab = &fstab};
        int r = fstab_check(&want, &found, &around, known ? UUID : NULL, &error);
        bool refused = cases[i / 2].refused && (known || !strstr(broken[0], UUID));

        assert_int_equal(r < 0, refused);
        if (refused)
            assert_string_equal(error.id, "fstab-broken-line");
        error_clear(&error);
    }
}

static void two_lines_of_ours(void **state)
{
    struct fstab_line lines[] = {{.number = 1, .tier = (char *)"hot"},
                                 {.number = 2, .tier = (char *)"hot", .cloud_init = true},
                                 {.number = 3, .tier = (char *)"hot"}};
    struct fstab fstab = {.lines = {lines, 2}};
    struct disk_request want = {.name = (char *)"data-0", .tier = TIER_HOT};
    struct found found = {.disk = {.path = (char *)"/dev/sdb"}};
    const struct surroundings around = {.target = "/x", .fstab = &fstab};
    struct error error = ERROR_INIT;

    (void)state;
    assert_int_equal(fstab_check(&want, &found, &around, NULL, &error), 0);
    fstab.lines.count = 3;
    assert_int_equal(fstab_check(&want, &found, &around, NULL, &error), -EPERM);
    assert_string_equal(error.id, "fstab-duplicate-lines");
    assert_non_null(strstr(error_message(&error), "(1 and 3)"));
    error_clear(&error);
}

static void expect_mode(const char *text, int before, int expected)
{
    struct error error = ERROR_INIT;
    int mode = -1;
    int r = mode_apply(text, before, &mode, &error);

    if (expected < 0) {
        assert_int_not_equal(r, 0);
    } else {
        assert_int_equal(r, 0);
        assert_int_equal(mode, expected);
    }
    error_clear(&error);
}

static void modes(void **state)
{
    (void)state;
    expect_mode("0750", 0755, 0750);
    expect_mode("1777", 0755, 01777);
    expect_mode("u=rwx,g=rx,o=", 0777, 0750);
    expect_mode("g+s,o-rx", 0755, 02750);
    expect_mode("a+w", 0555, 0777);
    expect_mode("+t", 0755, 01755);
    expect_mode("g=u", 0700, 0770);
    expect_mode("u=rwX,go=", 0, 0700);
    expect_mode("0888", 0755, -1);
    expect_mode("77777", 0755, -1);
    expect_mode("", 0755, -1);
    expect_mode("rwxr-xr-x", 0755, -1);
    expect_mode("u=rwx,", 0755, -1);
    expect_mode("u=z", 0755, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(replaces),
        cmocka_unit_test(does_not_guess),
        cmocka_unit_test(compares_fields),
        cmocka_unit_test(modes),
        cmocka_unit_test(lines_in_the_way),
        cmocka_unit_test(other_spellings_of_the_path),
        cmocka_unit_test(other_names_of_the_device),
        cmocka_unit_test(names_of_the_label),
        cmocka_unit_test(lines_that_nobody_can_parse),
        cmocka_unit_test(two_lines_of_ours),
        cmocka_unit_test(lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of mount options: taken apart, compared, taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "mount_options.h"
#include "text.h"

static void options_that_the_filesystem_sees(void **state)
{
    (void)state;
    assert_true(mount_options_same_for_filesystem("noatime,nofail,x-a=b,_netdev", "defaults"));
    assert_true(mount_options_same_for_filesystem("a,noatime,b", "a,b,"));
    assert_false(mount_options_same_for_filesystem("a,b", "b,a"));
    assert_false(mount_options_same_for_filesystem("a", ""));
    assert_false(mount_options_same_for_filesystem("compress=zstd", "compress=lzo"));
}

static void expect_negation(const char *fstype, const char *before, const char *after,
                            const char *expected)
{
    AUTO_FREE char *negation = mount_options_negation(fstype, before, after);

    assert_string_equal(negation, expected);
}

static void expect_staying(const char *before, const char *after, const char *shown,
                           const char *expected)
{
    AUTO_FREE char *staying = mount_options_staying("ext4", before, after, shown);

    if (expected)
        assert_string_equal(staying, expected);
    else
        assert_null(staying);
}

static void options_that_are_taken_back(void **state)
{
    (void)state;
    expect_negation("ext4", "noatime,discard,commit=7,nofail", "noatime", "nodiscard,commit=0");
    expect_negation("ext4", "discard,commit=7", "commit=9,discard", "");
    expect_negation("ext4", "lazytime,discard_max=1", "", "nolazytime");
    expect_negation("xfs", "discard,commit=7", "defaults", "");
    expect_negation("btrfs", "compress=zstd,commit=7", "compress=lzo", "commit=0");
    expect_negation("btrfs", "compress-force=zstd", "compress=lzo", "");
    expect_negation("btrfs", "compress=zstd", "defaults", "compress=no");
    expect_staying("errors=panic,discard", "defaults", "rw,errors=panic,discard", "errors=panic");
    expect_staying("errors=panic", "errors=continue", "rw,errors=panic", NULL);
    expect_staying("errors=panic", "defaults", "rw", NULL);
    expect_staying("rw,nofail,noatime", "defaults", "rw,errors=panic", NULL);
    expect_staying("discard,commit=7", "defaults", "rw,discard,commit=7", NULL);
}

static void options_for_mount_only(void **state)
{
    static const struct {
        const char *options, *rest;
    } cases[] = {
        {"noatime,data=journal", "noatime"},
        {"logbsize=64k", ""},
        {"a,nouuid,b", "a,b"},
        {"data=journal,noatime", "noatime"},
        {"noatime,nofail,commit=5,database,discard", "noatime,nofail,commit=5,database,discard"},
        {"", ""}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *rest = mount_options_for_remount(cases[i].options);
        assert_string_equal(rest, cases[i].rest);
    }
}

static void options_that_the_kernel_shows(void **state)
{
    static const struct {
        const char *fstype, *wanted, *shown;
        bool missing;
    } cases[] = {{"ext4", "noatime,commit=7", "rw", true},
                 {"ext4", "noatime,commit=7", "rw,commit=7", false},
                 {"ext4", "noatime,commit=7", "rw,commit=70", true},
                 {"ext4", "commit=5", "rw", false},
                 {"ext4", "commit=0", "rw", false},
                 {"ext4", "commit=007", "rw", false},
                 {"ext4", "commit=7s", "rw", false},
                 {"btrfs", "commit=5", "rw,commit=5", false},
                 {"btrfs", "commit=5", "rw", true},
                 {"btrfs", "commit=30", "rw", false},
                 {"xfs", "commit=7,discard", "rw", false},
                 {"btrfs", "discard", "rw,discard=async", false},
                 {"ext4", "discard", "rw", true},
                 {"ext4", "discard,nodiscard", "rw", false},
                 {"ext4", "discard", "rw,discard", false},
                 {"ext4", "defaults,lazytime,errors=remount-ro,user_xattr", "rw", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(
            mount_options_missing(cases[i].fstype, cases[i].wanted, cases[i].shown, true),
            cases[i].missing);
    assert_false(mount_options_missing("ext4", "discard", "rw", false));
    assert_true(mount_options_missing("ext4", "discard,commit=7", "rw", false));
}

/* As the kernel was seen to do it, with mount(8) of util-linux 2.38. */
static void flags_of_a_mount(void **state)
{
    static const struct {
        const char *wanted, *shown;
    } cases[] = {
        {"noatime,strictatime", "rw"},
        {"strictatime,noatime", "rw"},
        {"strictatime,nostrictatime,noatime", "rw,noatime"},
        {"noatime,atime", "rw,relatime"},
        {"atime,noatime", "rw,noatime"},
        {"nodiratime,ro", "ro,nodiratime,relatime"},
        {"ro,rw", "rw,relatime"},
        {"user,dev", "rw,nosuid,noexec,relatime"},
        {"dev,users", "rw,nosuid,nodev,noexec,relatime"},
        {"nouser,user", "rw,nosuid,nodev,noexec,relatime"},
        {"user,nouser", "rw,nosuid,nodev,noexec,relatime"},
        {"owner", "rw,nosuid,nodev,relatime"},
        {"group,exec", "rw,nosuid,nodev,relatime"},
        {"user=me,rode,defaults", "rw,relatime"},
        {"noexec,exec,nosuid,nodev", "rw,nosuid,nodev,relatime"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *other = text_format("%s,noexec,nodiratime", cases[i].shown);

        if (mount_options_flags_differ(cases[i].wanted, cases[i].shown))
            fail_msg("%s is not %s", cases[i].wanted, cases[i].shown);
        assert_true(mount_options_flags_differ(cases[i].wanted, other) ||
                    (strstr(cases[i].shown, "noexec") && strstr(cases[i].shown, "nodiratime")));
    }
}

static void options_of_a_list(void **state)
{
    AUTO_FREE char *priority = mount_options_value("sw,pri,pri=5,pri=6", "pri");
    AUTO_FREE char *quoted = mount_options_value("a,context=\"x,ro\",b", "context");
    AUTO_FREE char *empty = mount_options_value("a=,b", "a");

    (void)state;
    assert_string_equal(priority, "5");
    assert_string_equal(quoted, "\"x,ro\"");
    AUTO_FREE char *open_quote = mount_options_value("a=\"b,=c,commit=5", "commit");
    assert_string_equal(open_quote, "5");
    assert_string_equal(empty, "");
    assert_null(mount_options_value(NULL, "a"));
    assert_null(mount_options_value("ab=1,b", "a"));
    assert_true(mount_options_has("noatime,,ro", "ro"));
    assert_false(mount_options_has("ro=1,error,rot,r", "ro"));
    assert_false(mount_options_has("context=\"x,ro\"", "ro"));
    assert_false(mount_options_has(NULL, "ro"));
    assert_false(mount_options_has("", ""));
}

static void expect_remount(const char *before, const char *after, const char *given,
                           const char *expected)
{
    AUTO_FREE char *options = mount_options_remount("ext4", before, after, given);

    assert_string_equal(options, expected);
}

static void options_of_a_remount(void **state)
{
    (void)state;
    expect_remount(NULL, "defaults", "defaults", "relatime,rw,defaults");
    expect_remount("discard,commit=5", "noatime,ro", "noatime,ro", "nodiscard,commit=0,noatime,ro");
    expect_remount("discard", "discard,data=journal", "strictatime", "rw,strictatime");
    expect_remount("discard", "atime", "atime", "relatime,nodiscard,rw,atime");
}

/* What an error says of the options; NULL: nothing is wrong. */
static void expect_problem(const char *options, const char *says)
{
    const struct disk_request disk = {
        .name = (char *)"data-0", .mount_options = (char *)options, .mode = (char *)"0700"};
    struct error error = ERROR_INIT;
    int r = mount_options_check(&disk, &error);

    if (says ? r == 0 || !strstr(error_message(&error), says) : r < 0)
        fail_msg("%s: %s", options, error_message(&error));
    error_clear(&error);
}

static void options_that_are_refused(void **state)
{
    static const char *const others[] = {"bind", "rbind",  "move",      "remount",
                                         "loop", "offset", "sizelimit", "X-mount.subdir"};

    (void)state;
    expect_problem("noatime,comment=mine,x-systemd.requires=a,binder,errors=remount-ro", NULL);
    expect_problem("", "is empty");
    expect_problem("a b", "white space");
    expect_problem("a#b", "white space, # or backslashes");
    expect_problem("a\\040b", "white space, # or backslashes");
    expect_problem("a,x-storage-tier=hot", "is added by the module itself");
    expect_problem("a,comment=cloudconfig", "comment=cloudconfig marks lines of cloud-init");
    expect_problem("x-systemd.automount,a", "x-systemd.automount is not supported");
    expect_problem("noatime,ro", "read-only mount");
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        AUTO_FREE char *alone = text_format("a,%s", others[i]);
        AUTO_FREE char *with_value = text_format("%s=1,a", others[i]);
        AUTO_FREE char *says = text_format("%s can't be given: the whole of the disk", others[i]);

        expect_problem(alone, says);
        expect_problem(with_value, says);
    }
}

/* What the filesystem never sees. */
static void options_of_others(void **state)
{
    static const char *const others[] = {
        "defaults",    "auto",          "noauto",   "nofail",     "_netdev",  "user",
        "nouser",      "users",         "owner",    "group",      "ro",       "rw",
        "dev",         "nodev",         "suid",     "nosuid",     "exec",     "noexec",
        "atime",       "noatime",       "diratime", "nodiratime", "relatime", "norelatime",
        "strictatime", "nostrictatime", "x-a",      "x-b=c"};
    static const char *const own[] = {"sync",    "lazytime",    "user=me", "errors=panic",
                                      "discard", "nosymfollow", "r",       "rode"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (!mount_options_same_for_filesystem(others[i], ""))
            fail_msg("%s", others[i]);
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        if (mount_options_same_for_filesystem(own[i], ""))
            fail_msg("%s", own[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_the_filesystem_sees),
        cmocka_unit_test(options_that_are_taken_back),
        cmocka_unit_test(options_for_mount_only),
        cmocka_unit_test(options_that_the_kernel_shows),
        cmocka_unit_test(flags_of_a_mount),
        cmocka_unit_test(options_of_a_list),
        cmocka_unit_test(options_of_a_remount),
        cmocka_unit_test(options_of_others),
        cmocka_unit_test(options_that_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drop-in: written, read back, read after people's edits, shown without secrets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "host/drop_in.h"
#include "text.h"

static void expect_list(const struct string_list *list, const char *wanted)
{
    AUTO_FREE char *joined = string_list_join(list, " ");

    assert_string_equal(joined, wanted);
}

static void read_text(const char *text, struct registration *registration)
{
    struct error error = ERROR_INIT;

    if (registration_read(text, registration, &error) < 0)
        fail_msg("%s", error_message(&error));
}

static void test_written_and_read_back(void **state)
{
    AUTO_WANTED struct wanted wanted = {
        json_pack("{s:s, s:s, s:s}", "z", "", "ecoma.io/role", "sts", "a.b/c", "1"),
        json_pack("[{s:s, s:s}, {s:s, s:s, s:s}]", "key", "z", "effect", "NoExecute", "key", "a",
                  "value", "b", "effect", "NoSchedule")};
    AUTO_REGISTRATION struct registration made = registration_make("sts-1", &wanted), found = {0};

    (void)state;
    AUTO_FREE char *text = drop_in_text(&made);
    assert_string_equal(
        text, "# Written by the Ansible module k3s_role. Changes made by hand are replaced.\n"
              "node-name: \"sts-1\"\n"
              "node-label+:\n  - \"a.b/c=1\"\n  - \"ecoma.io/role=sts\"\n  - \"z=\"\n"
              "node-taint+:\n  - \"a=b:NoSchedule\"\n  - \"z:NoExecute\"\n");
    read_text(text, &found);
    assert_string_equal(found.node_name, "sts-1");
    expect_list(&found.labels, "a.b/c=1 ecoma.io/role=sts z=");
    expect_list(&found.taints, "a=b:NoSchedule z:NoExecute");
    expect_list(&found.others, "");
}

static void test_edited_by_hand(void **state)
{
    AUTO_REGISTRATION struct registration found = {0};

    (void)state;
    read_text("{node-label: b=1, 'node-label+': [a=2, {c: d}], node-taint: [], node-name: [x],\n"
              " token: x, flannel-iface: eth0}",
              &found);
    assert_null(found.node_name);
    expect_list(&found.labels, "a=2 b=1");
    expect_list(&found.taints, "");
    expect_list(&found.others, "node-label node-taint node-name token flannel-iface");
}

static void test_names_given_twice(void **state)
{
    AUTO_REGISTRATION struct registration found = {0};

    (void)state;
    read_text("node-name: a\nnode-name: b\n", &found);
    assert_string_equal(found.node_name, "a");
}

static void test_nothing(void **state)
{
    static const char *const texts[] = {"", "# only a comment\n", "---\n", "{}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_REGISTRATION struct registration found = {0};
        read_text(texts[i], &found);
        assert_null(found.node_name);
        assert_int_equal(found.labels.count, 0);
    }
}

static void test_no_mapping(void **state)
{
    static const char *const texts[] = {"- a\n",   "a",    "a: [b",   "\tx: y",
                                        "a: b: c", "%bad", "\xff\xff"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct registration found = {0};
        struct error error = ERROR_INIT;

        if (registration_read(texts[i], &found, &error) != -EINVAL)
            fail_msg("understood: %s", texts[i]);
        error_clear(&error);
    }
}

#define OURS                                                                                       \
    "# Written by the Ansible module k3s_role. Changes made by hand are replaced.\n"               \
    "node-name: \"a\"\nnode-label+:\n  - \"b=c\"\nnode-taint+:\n  - \"d=e:NoSchedule\"\n"
#define IN_FILE(lines)                                                                             \
    "# comments, layout and other values aren't shown; lines in the file: " #lines "\n"

static void expect_shown(const char *text, const char *wanted)
{
    AUTO_FREE char *shown = drop_in_shown(text);

    assert_string_equal(shown, wanted);
}

static void test_shown(void **state)
{
    (void)state;
    expect_shown("", "");
    expect_shown(OURS, OURS);
    expect_shown(OURS "flannel-iface: eth0\n", OURS "flannel-iface: ********\n" IN_FILE(7));
    expect_shown(OURS "# more\n", OURS IN_FILE(7));
    expect_shown("{node-label: [x=y, {z: S}, 'S'], node-taint: 'k:NoExecute', node-name: b}",
                 "node-label:\n  - \"x=y\"\n  - ********\n  - ********\n"
                 "node-taint: \"k:NoExecute\"\nnode-name: \"b\"\n" IN_FILE(1));
    expect_shown("- a\n- b\n", "# 2 lines that aren't shown: no YAML mapping\n");
    expect_shown("[", "# 1 line that isn't shown: no YAML mapping\n");
    expect_shown("# a\n", IN_FILE(1));
}

/* However somebody writes it. SECRET stands for what nobody may see. */
static void test_secrets_are_not_shown(void **state)
{
    static const char *const texts[] = {
        "token: SECRET",
        "token: |\n  x\n\n  SECRET",
        "token:\n\n  SECRET",
        "token: \"a\n  b\nSECRET\"",
        "token: \"a\n  b\n  SECRET\"",
        "token: >-\n\tSECRET",
        "token: >-\n  SECRET",
        "{node-name: x, token: SECRET}",
        "{node-name: x, SECRET}",
        "{node-name: x, secret}",
        "# token: SECRET",
        "token\n: SECRET",
        "? token\n: SECRET",
        "? SECRET",
        "? [SECRET]\n: x",
        "\"to\\x6ben\": SECRET",
        "a: &x SECRET\ntoken: *x",
        "token: &x secret\nnode-name: *x",
        "token: &x secret=x\nnode-label: [*x]",
        "a: [&x secret]\nnode-name: *x",
        "token: &SECRET x",
        "token: !SECRET x",
        "kubelet-arg:\n- \"token=SECRET\"",
        "agent-token: SECRET\nnode-name: a",
        "datastore-endpoint: postgres://u:SECRET@h/d",
        "node-label: {token: SECRET}",
        "node-label:\n- |\n  token SECRET",
        "node-taint:\n- token=SECRET",
        "node-name: a\n---\ntoken: SECRET",
        "node-name: a\n...\nSECRET",
        "node-name: a # SECRET",
        "token:SECRET",
        "node-name: a\ntoken:SECRET\n",
        "node-name: a\nSECRET:\n",
        "SECRET: x",
        "token: SECRET\n\tx: y",
        "- SECRET",
        "SECRET",
        "token: SECRET\n\xff",
        "%SECRET\n--- a",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_FREE char *file = text_format("%s%s", OURS, texts[i]);
        AUTO_FREE char *alone = drop_in_shown(texts[i]), *beside = drop_in_shown(file);

        if (strcasestr(alone, "secret"))
            fail_msg("%s is shown as %s", texts[i], alone);
        if (strcasestr(beside, "secret"))
            fail_msg("%s is shown as %s", file, beside);
        assert_string_not_equal(beside, OURS);
    }
}

/* Not even as the name of a setting, of which k3s_role_info gives all. */
static void test_keys_that_are_none(void **state)
{
    AUTO_REGISTRATION struct registration found = {0};

    (void)state;
    read_text("{token: x, SECRET: x, secret, [x]: y, snapshotter: native}", &found);
    expect_list(&found.others, "token ******** ******** ******** snapshotter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read_back),
        cmocka_unit_test(test_edited_by_hand),
        cmocka_unit_test(test_names_given_twice),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_no_mapping),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_secrets_are_not_shown),
        cmocka_unit_test(test_keys_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The drop-in: written, read back, read after people's edits, shown without secrets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "drop_in.h"

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
    AUTO_REGISTRATION struct registration made = {0}, found = {0};
    struct error error = ERROR_INIT;

    (void)state;
    assert_int_equal(registration_make("sts-1", &wanted, &made, &error), 0);
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
    expect_list(&found.others, "node-name token flannel-iface");
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

static void expect_shown(const char *text, const char *wanted)
{
    AUTO_FREE char *shown = drop_in_shown(text);

    assert_string_equal(shown, wanted);
}

static void test_secrets_are_not_shown(void **state)
{
    (void)state;
    expect_shown("node-name: a\ntoken: hunter2\nnode-label+:\n  - \"a=b\"\n",
                 "node-name: a\ntoken: ********\nnode-label+:\n  - \"a=b\"\n");
    expect_shown("agent-token: |\n  hunter2\n  more\nx: y", "agent-token: ********\nx: y");
    expect_shown("datastore-endpoint: postgres://u:p@h/d\n", "datastore-endpoint: ********\n");
    expect_shown("kube-secret:\n- a\n- b\nz: 1\n", "kube-secret: ********\nz: 1\n");
    expect_shown("# token is elsewhere\nno colon with token\n\n",
                 "# token is elsewhere\nno colon with token\n\n");
    expect_shown("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read_back),
        cmocka_unit_test(test_edited_by_hand),
        cmocka_unit_test(test_names_given_twice),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_no_mapping),
        cmocka_unit_test(test_secrets_are_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

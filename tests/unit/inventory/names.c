/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "names.h"
#include "reserved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

static void assert_each(bool (*is)(const char *), const char *const *names, bool expected)
{
    for (; *names; names++)
        if (is(*names) != expected)
            fail_msg("\"%s\" should%s pass", *names, expected ? "" : " not");
}

static void test_host_names(void **state)
{
    static const char *const good[] = {"a",    "A-1",        "1a", "web.example.com",
                                       "a--b", "2024-01-01", NULL};
    static const char *const bad[] = {"",    "-a",  "a-",  "a..b", ".a",       "a.", "a_b",
                                      "a b", "a/b", "a:1", "ü",    "a[1:2].b", NULL};
    char name[256];

    (void)state;
    assert_each(name_is_host, good, true);
    assert_each(name_is_host, bad, false);
    for (size_t length = 1; length < sizeof(name); length++) {
        for (size_t i = 0; i < length; i++)
            name[i] = i % 64 == 63 ? '.' : 'x';
        name[length] = '\0';
        assert_int_equal(name_is_host(name), length <= 253 && length % 64 != 0);
    }
    for (size_t i = 0; i < 64; i++)
        name[i] = 'x';
    name[64] = '\0';
    assert_false(name_is_host(name));
}

static void test_addresses(void **state)
{
    static const char *const good[] = {
        "1.2.3.4",        "::1",          "2001:db8::1", "fe80::1%eth0",
        "::ffff:1.2.3.4", "host.example", "1e5",         NULL};
    static const char *const bad[] = {
        "",        "1",       "1.2.3", "1.2.3.400", "1.2.3.4/24", "[::1]",    "::1%",
        "::1%a/b", "1::2::3", ":::",   "a_b.de",    "-oProxy=",   "1.2.3.4 ", NULL};

    (void)state;
    assert_each(name_is_address, good, true);
    assert_each(name_is_address, bad, false);
}

static void test_data_disks(void **state)
{
    static const char *const good[] = {"data-0", "data-3", "data-10", NULL};
    static const char *const bad[] = {"data-", "data-01", "data-x", "data0", "os", "Data-0", NULL};

    (void)state;
    assert_each(name_is_data_disk, good, true);
    assert_each(name_is_data_disk, bad, false);
}

static void test_variables(void **state)
{
    static const char *const good[] = {"a", "_a", "a1", "A_b", NULL};
    static const char *const bad[] = {"", "1a", "a-b", "a.b", "a b", "ü", NULL};

    (void)state;
    assert_each(name_is_variable, good, true);
    assert_each(name_is_variable, bad, false);
}

/* Byte by byte: what is plain is written down here once more. */
static void test_plain_strings(void **state)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                " _.,:/@%+-";

    (void)state;
    assert_true(name_is_plain(""));
    for (int byte = 1; byte < 256; byte++) {
        const char string[] = {'a', (char)byte, 'z', '\0'};
        bool expected = strchr(plain, byte);
        assert_int_equal(name_is_plain(string), expected);
        assert_int_equal(name_is_plain(string + 1), expected);
        assert_int_equal(name_is_data_key(string), expected || byte >= 0x80);
    }
}

static void test_reserved_names(void **state)
{
    static const char *const reserved[] = {"ansible_connection",
                                           "ansible_",
                                           "_ansible_x",
                                           "k3s_role_kubectl",
                                           "storage_disks",
                                           "k3s_labels",
                                           "disks",
                                           "hostvars",
                                           "vars",
                                           "environment",
                                           "become",
                                           "connection",
                                           "lookup",
                                           "omit",
                                           NULL};
    static const char *const free_names[] = {"zone",      "tags",    "name",      "k3s_version",
                                             "ansible",   "storage", "terraform", "",
                                             "_hostvars", "Vars",    "x_disks",   NULL};

    (void)state;
    assert_each(name_is_reserved, reserved, true);
    assert_each(name_is_reserved, free_names, false);
}

static void assert_quoted(const char *value, const char *expected)
{
    AUTO_FREE char *quoted = name_quoted(value);

    assert_string_equal(quoted, expected);
}

static void test_quoting(void **state)
{
    (void)state;
    assert_quoted("hott", "\"hott\"");
    assert_quoted("", "\"\"");
    assert_quoted("a\x1b[1m\n\x7f", "\"a\\x1b[1m\\x0a\\x7f\"");
    assert_quoted("\xc2\x9b\xc2\xa0ü", "\"\\x9b\xc2\xa0ü\"");
    assert_quoted("0123456789012345678901234567890123456789012345678901234567890",
                  "\"012345678901234567890123456789012345678901234567890123456789…\"");
    assert_quoted("x0123456789012345678901234567890123456789012345678901234567üüü",
                  "\"x0123456789012345678901234567890123456789012345678901234567…\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_names),    cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_data_disks),    cmocka_unit_test(test_variables),
        cmocka_unit_test(test_plain_strings), cmocka_unit_test(test_reserved_names),
        cmocka_unit_test(test_quoting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

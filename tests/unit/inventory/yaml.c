/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cleanup.h"
#include "yaml_text.h"

static void assert_yaml(const char *json, const char *expected)
{
    AUTO_JSON json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    struct error error = ERROR_INIT;
    AUTO_FREE char *text = NULL;

    assert_non_null(value);
    assert_int_equal(yaml_from_json(value, &text, &error), 0);
    assert_string_equal(text, expected);
}

static void test_sequences_are_indented(void **state)
{
    (void)state;
    assert_yaml("{\"a\":[\"x\",{\"b\":[1,2],\"c\":3},4],\"d\":{\"e\":[5]},\"f\":6}", "a:\n"
                                                                                     "  - \"x\"\n"
                                                                                     "  - b:\n"
                                                                                     "      - 1\n"
                                                                                     "      - 2\n"
                                                                                     "    c: 3\n"
                                                                                     "  - 4\n"
                                                                                     "d:\n"
                                                                                     "  e:\n"
                                                                                     "    - 5\n"
                                                                                     "f: 6\n");
    assert_yaml("{\"a\":[[1,[2]],[]],\"b\":[],\"c\":{}}", "a:\n"
                                                          "  - [1, [2]]\n"
                                                          "  - []\n"
                                                          "b: []\n"
                                                          "c: {}\n");
    assert_yaml("[[{\"a\":[{\"b\":1}]}]]", "  - [{a: [{b: 1}]}]\n");
}

static void test_strings(void **state)
{
    (void)state;
    assert_yaml("{\"provider\":\"aws\",\"ansible_host\":\"10.0.0.1\",\"other\":\"aws\"}",
                "provider: aws\nansible_host: 10.0.0.1\nother: \"aws\"\n");
    assert_yaml("{\"ansible_host\":\"::1\",\"no\":\"- x\\n\",\"1e5\":\"ü😀\"}",
                "ansible_host: \"::1\"\n\"no\": \"- x\\n\"\n\"1e5\": \"ü\\U0001F600\"\n");
    assert_yaml("{\"a\":\"{{ x }}\",\"b\":\"~/.ssh\",\"c\":[\"#\"]}",
                "a: \"{{ x }}\"\nb: \"~/.ssh\"\nc:\n  - \"#\"\n");
}

static void test_marked_strings(void **state)
{
    (void)state;
    assert_yaml("{\"provider\":{\"__ansible_unsafe\":\"a\"},\"b\":[{\"__ansible_unsafe\":\"#\"},"
                "[{\"__ansible_unsafe\":\"{{\\n \\\"\"}]],\"c\":{\"__ansible_unsafe\":\"\"}}",
                "provider: !unsafe \"a\"\nb:\n  - !unsafe \"#\"\n  - [!unsafe \"{{\\n \\\"\"]\n"
                "c: !unsafe \"\"\n");
    assert_yaml("{\"a\":{\"__ansible_unsafe\":\"~\"},\"b\":{\"__ansible_unsafe\":\"<<\"},"
                "\"c\":{\"__ansible_unsafe\":\"~~\"}}",
                "a: \"~\"\nb: \"<<\"\nc: !unsafe \"~~\"\n");
    assert_yaml(
        "{\"a\":{\"__ansible_unsafe\":\"5\\n\"},\"b\":{\"__ansible_unsafe\":\"True\\n\"},"
        "\"c\":{\"__ansible_unsafe\":\"2020-01-02\\t03:04:05\"},"
        "\"d\":{\"__ansible_unsafe\":\"\\n\"},\"e\":{\"__ansible_unsafe\":\"=\\n\"},"
        "\"f\":{\"__ansible_unsafe\":\"abc\\n\"},\"g\":{\"__ansible_unsafe\":\"5\\n6\"}}",
        "a: \"5\\n\"\nb: \"True\\n\"\nc: \"2020-01-02\\t03:04:05\"\nd: \"\\n\"\ne: \"=\\n\"\n"
        "f: !unsafe \"abc\\n\"\ng: !unsafe \"5\\n6\"\n");
}

static void test_numbers(void **state)
{
    (void)state;
    assert_yaml("[null,true,false,-9223372036854775808,0.5,1e22,-0.0,1e-7]",
                "  - null\n  - true\n  - false\n  - -9223372036854775808\n  - 0.5\n  - 1.0e+22\n"
                "  - -0.0\n  - 9.9999999999999995e-08\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences_are_indented),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_marked_strings),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

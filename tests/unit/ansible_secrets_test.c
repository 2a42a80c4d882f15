/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The result, without secrets and with valid strings only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "secrets.h"
#include "text.h"

static void scrubs(const char *value, const char *secrets, const char *expected)
{
    AUTO_JSON json_t *from = json_loads(value, JSON_DECODE_ANY, NULL);
    AUTO_JSON json_t *no_log = json_loads(secrets, 0, NULL);
    AUTO_JSON json_t *to = result_scrub(from, no_log);
    AUTO_FREE char *line = result_line(to);

    assert_non_null(line);
    text_trim(line);
    assert_string_equal(line, expected);
}

static void test_scrub(void **state)
{
    (void)state;
    scrubs(
        "{\"a\": [\"pass\", \"my passport\"], \"pass\": true}", "{\"pass\": null}",
        "{\"a\": [\"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER\", \"my ********port\"], \"pass\": true}");
    scrubs("[\"abcdef\", \"xabcdefabcx\"]", "{\"abc\": null, \"abcdef\": null}",
           "[\"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER\", \"x****************x\"]");
    scrubs("[4711, 47110, 1.5, 7, null, true]", "{\"4711\": null, \"1.5\": null, \"True\": null}",
           "[\"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER\", \"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER\", "
           "\"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER\", 7, null, true]");
    scrubs("{\"x\": {\"__ansible_type\": \"evil\", \"y\": 1}}", "{}", "{\"x\": {\"y\": 1}}");
}

static void test_bytes(void **state)
{
    AUTO_JSON json_t *text = result_text("caf\u00e9 \xe9\xff");
    AUTO_FREE char *line = result_line(text);

    (void)state;
    assert_string_equal(json_string_value(text), "caf\u00e9 \\xe9\\xff");
    assert_string_equal(line, "\n\"caf\\u00e9 \\\\xe9\\\\xff\"\n");
}

static const struct param PARAMS[] = {
    {.name = "url"},
    {.name = "token", .no_log = true, .aliases = STRINGS("key")},
    {.name = "disks",
     .type = PARAM_DICT,
     .options = (const struct param[]){{.name = "os", .type = PARAM_BOOL}, {0}}},
    {0},
};

/* Secrets in keys, but for the names of options and aliases. */
static void test_invocation(void **state)
{
    AUTO_JSON json_t *params =
        json_loads("{\"url\": {\"my url\": [{\"url\": \"url\"}]}, \"key\": 1, "
                   "\"disks\": {\"os\": true}, \"os\": 1}",
                   0, NULL);
    AUTO_JSON json_t *no_log = json_loads("{\"url\": null, \"os\": null, \"key\": null}", 0, NULL);
    AUTO_JSON json_t *none = json_object();
    struct validation v = {.params = params, .no_log = none};
    AUTO_JSON json_t *same = invocation_args(PARAMS, &v);

    (void)state;
    assert_ptr_equal(same, params);
    v.no_log = no_log;
    AUTO_JSON json_t *hidden = invocation_args(PARAMS, &v);
    AUTO_FREE char *line = result_line(hidden);
    assert_string_equal(line,
                        "\n{\"url\": {\"my ********\": [{\"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER\": "
                        "\"url\"}]}, \"key\": 1, \"disks\": {\"os\": true}, "
                        "\"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER\": 1}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrub),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_invocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "problems.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "cleanup.h"
#include "input.h"

static void assert_place(const struct place *place, const char *expected)
{
    AUTO_FREE char *text = place_text(place);

    assert_string_equal(text, expected);
}

static void test_places(void **state)
{
    const struct place *node = PLACE_ITEM(PLACE_KEY(PLACE_KEY(NULL, "vms"), "wkr"), 0);

    (void)state;
    assert_place(NULL, "");
    assert_place(PLACE_KEY(NULL, "vms"), "vms");
    assert_place(node, "vms.wkr[0]");
    assert_place(PLACE_KEY(PLACE_ITEM(PLACE_KEY(node, "disks"), 12), "tier"),
                 "vms.wkr[0].disks[12].tier");
    assert_place(PLACE_KEY(PLACE_KEY(node, "a b\n"), "c"), "vms.wkr[0][\"a b\\x0a\"].c");
}

static void test_lines(void **state)
{
    struct problems problems = {0};

    (void)state;
    problem_error(&problems, PLACE_KEY(NULL, "vms"), "is %s", "missing");
    problem_warning(&problems, PLACE_KEY(NULL, "x"), "unknown key");
    assert_string_equal(problems.lines.data, "error: vms: is missing\nwarning: x: unknown key\n");
    assert_int_equal(problems.errors, 1);
    assert_int_equal(problems.warnings, 1);
    problems_release(&problems);
}

/* Whatever type a value has, the check ends and finds something. */
static void test_every_type_everywhere(void **state)
{
    static const char *const templates[] = {
        "{\"username\":\"u\",\"password\":\"p\",\"vms\":%s}",
        "{\"username\":\"u\",\"password\":\"p\",\"vms\":{\"wkr\":%s}}",
        "{\"username\":\"u\",\"password\":\"p\",\"vms\":{\"wkr\":[%s]}}",
        "{\"username\":\"u\",\"password\":\"p\",\"vms\":{\"wkr\":[{\"disks\":%s}]}}",
        "{\"username\":\"u\",\"password\":\"p\",\"vms\":{\"wkr\":[{\"disks\":[%s]}]}}",
        "{\"username\":\"u\",\"password\":\"p\",\"vms\":{\"wkr\":[{\"disks\":[{\"name\":%s}]}]}}",
        "{\"username\":%s,\"vms\":{}}",
    };
    static const char *const values[] = {"null", "true", "0", "1.5", "\"x\"", "[1]", "{\"a\":1}"};

    (void)state;
    for (size_t t = 0; t < ARRAY_SIZE(templates); t++)
        for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
            const char *hole = strstr(templates[t], "%s");
            AUTO_FREE char *text = text_format("%.*s%s%s", (int)(hole - templates[t]), templates[t],
                                               values[v], hole + 2);
            struct problems problems = {0};
            struct error error = ERROR_INIT;
            AUTO_JSON json_t *outputs = NULL;

            assert_int_equal(input_parse("x", text, strlen(text), &outputs, &error), 0);
            check_outputs(outputs, &problems);
            assert_true(problems.errors > 0);
            problems_release(&problems);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_every_type_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of Nodes taken apart, and kubectl's answers to a write. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "cluster/cluster.h"

static int collect(void *data, json_t *object, struct error *error)
{
    return json_array_append((json_t *)data, object) < 0 ? error_set(error, -EPERM, "no array") : 0;
}

static int read_page(const char *text, json_t *taken, char **ret_token)
{
    struct error error = ERROR_INIT;
    /* A copy of just this length: a sanitizer sees a read past its end. */
    size_t length = strlen(text);
    AUTO_FREE char *copy = malloc(length ? length : 1);

    memcpy(copy, text, length);
    int r = page_read(copy, length, &(struct page_taker){collect, taken}, ret_token, &error);
    error_clear(&error);
    return r;
}

static void expect(const char *text, const char *items, const char *token)
{
    AUTO_JSON json_t *taken = json_array(), *wanted = json_loads(items, 0, NULL);
    AUTO_FREE char *found = NULL;

    assert_int_equal(read_page(text, taken, &found), 0);
    assert_true(json_equal(taken, wanted));
    if (token)
        assert_string_equal(found, token);
    else
        assert_null(found);
}

static void test_pages(void **state)
{
    (void)state;
    expect("{\"items\":[]}", "[]", NULL);
    expect("{\"items\":null,\"metadata\":{}}", "[]", NULL);
    expect("{\"kind\":\"NodeList\",\"metadata\":{\"continue\":\"a+b\",\"remainingItemCount\":7},"
           "\"items\":[{\"a\":1},{\"b\":[{},\"}]\\\"{\"]}]}\n",
           "[{\"a\":1},{\"b\":[{},\"}]\\\"{\"]}]", "a+b");
    expect(
        " { \"items\" : [ {\"a\" : \"\\\\\"} , { } ] , \"metadata\" : { \"continue\" : \"\" } } ",
        "[{\"a\":\"\\\\\"},{}]", NULL);
    expect("{\"x\":-1.5e3,\"y\":true,\"items\":[{\"deep\":[[[{\"a\":{}}]]]}],\"z\":\"last\"}",
           "[{\"deep\":[[[{\"a\":{}}]]]}]", NULL);
}

/* At these places only. */
static void test_what_nobody_needs_is_left_out(void **state)
{
    (void)state;
    expect("{\"items\":[{\"status\":{\"a\":[1]},\"metadata\":{\"managedFields\":[{}],\"x\":"
           "{\"managedFields\":1},\"status\":2},\"spec\":{\"status\":3,\"metadata\":"
           "{\"managedFields\":4}},\"managedFields\":5}, {\"status\":1}]}",
           "[{\"metadata\":{\"x\":{\"managedFields\":1},\"status\":2},\"spec\":{\"status\":3,"
           "\"metadata\":{\"managedFields\":4}},\"managedFields\":5},{}]",
           NULL);
}

static void test_no_pages(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "{}",
                                        "[]",
                                        "null",
                                        "{\"items\"",
                                        "{\"items\":",
                                        "{\"items\":[",
                                        "{\"items\":[{",
                                        "{\"items\":[{}",
                                        "{\"items\":[{}]",
                                        "{\"items\":[{}}",
                                        "{\"items\":[1]}",
                                        "{\"items\":[{},]}",
                                        "{\"items\":{}}",
                                        "{\"items\":[{\"a\":}]}",
                                        "{\"items\":[{\"a\\\"]}",
                                        "{\"metadata\":{}}",
                                        "{\"metadata\":{},}",
                                        "{items:[]}",
                                        "{\"items\":[\"{\\\"}\"]}",
                                        "{\"items\":[]]",
                                        "{\"a\":\"\\",
                                        "{\"a\":\"\\\\",
                                        "{\"a\":}",
                                        "{\"items\":nope",
                                        "error: you must be logged in"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_JSON json_t *taken = json_array();
        char *token = NULL;

        if (read_page(texts[i], taken, &token) != -EINVAL)
            fail_msg("taken for a list: %s", texts[i]);
        assert_null(token);
    }
}

/* Every beginning of a page is refused, whatever it ends with. */
static void test_pages_cut_short(void **state)
{
    static const char whole[] =
        "{\"kind\":\"NodeList\",\"metadata\":{\"continue\":\"x\"},\"items\":"
        "[{\"a\":\"\\u0041\\\"\"},{\"b\":[1,2,{\"c\":null}]}]}";

    (void)state;
    for (size_t length = 0; length < sizeof(whole) - 1; length++) {
        AUTO_FREE char *part = strndup(whole, length);
        AUTO_JSON json_t *taken = json_array();
        char *token = NULL;

        assert_int_equal(read_page(part, taken, &token), -EINVAL);
    }
}

static void test_a_taker_that_fails_ends_it(void **state)
{
    struct error error = ERROR_INIT;
    AUTO_JSON json_t *no_array = json_object();
    char *token = NULL;
    const char *text = "{\"items\":[{}]}";

    (void)state;
    const struct page_taker taker = {collect, no_array};
    assert_int_equal(page_read(text, strlen(text), &taker, &token, &error), -EPERM);
    error_clear(&error);
}

static void test_written(void **state)
{
    static const char output[] = "node/wkr-1 replaced\nnode/wkr-11 replaced (server dry run)\n";

    (void)state;
    assert_true(reply_has_written(output, "wkr-1"));
    assert_true(reply_has_written(output, "wkr-11"));
    assert_false(reply_has_written(output, "wkr"));
    assert_false(reply_has_written(output, "kr-1"));
    assert_false(reply_has_written("", "wkr-1"));
}

static void expect_error(const char *errors, const char *name, const char *wanted)
{
    AUTO_FREE char *line = reply_error_of(errors, name);

    if (wanted)
        assert_string_equal(line, wanted);
    else
        assert_null(line);
}

#define CONFLICT                                                                                   \
    "Error from server (Conflict): error when replacing \"STDIN\": Operation cannot be fulfilled " \
    "on nodes \"wkr-1\": the object has been modified"
#define INVALID                                                                                    \
    "The Node \"wkr-2\" is invalid: spec.taints[0]: Invalid value: \"blue\": taint nodes alike"

static void test_errors(void **state)
{
    static const char errors[] = CONFLICT "\n" INVALID "\n";

    (void)state;
    expect_error(errors, "wkr-1", CONFLICT);
    expect_error(errors, "wkr-2", INVALID);
    expect_error(errors, "blue", NULL);
    expect_error(errors, "wkr", NULL);
    expect_error("", "wkr", NULL);
    assert_true(reply_is_conflict(CONFLICT));
    assert_false(reply_is_conflict(INVALID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_what_nobody_needs_is_left_out),
        cmocka_unit_test(test_no_pages),
        cmocka_unit_test(test_pages_cut_short),
        cmocka_unit_test(test_a_taker_that_fails_ends_it),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

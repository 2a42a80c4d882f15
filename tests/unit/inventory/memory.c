/* Every allocation of jansson's made to fail in turn: an error each time, never a crash or a leak.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "cleanup.h"
#include "fleet.h"
#include "input.h"
#include "inventory.h"

static const char outputs_text[] =
    "{\"ansible_inventory\":{\"type\":\"string\",\"value\":\"{\\\"username\\\":\\\"{{u}}\\\","
    "\\\"password\\\":\\\"p\\\",\\\"x\\\":[{}],\\\"vms\\\":{\\\"sts\\\":[],\\\"wkr\\\":[{"
    "\\\"hostname\\\":\\\"w-1\\\",\\\"ip\\\":\\\"::1\\\",\\\"provider\\\":\\\"aws\\\","
    "\\\"disks\\\":[{\\\"name\\\":\\\"os\\\",\\\"tier\\\":\\\"hot\\\"},{\\\"name\\\":"
    "\\\"data-0\\\",\\\"tier\\\":\\\"hot\\\",\\\"iops\\\":1}],\\\"zone\\\":\\\"{\\\","
    "\\\"k3s_taints\\\":[\\\"a=b:c\\\"]}]}}\"}}";

static long allocations_left;

static void *limited_malloc(size_t size)
{
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

typedef json_t *make_value(const json_t *outputs);

static const struct connection connection = {"/key", "/python"};

static json_t *make_outputs(const json_t *outputs)
{
    struct error error = ERROR_INIT;
    json_t *parsed = NULL;

    (void)outputs;
    if (input_parse("x", outputs_text, strlen(outputs_text), &parsed, &error) < 0)
        assert_int_not_equal(error.code, 0); /* jansson calls some of them bad syntax */
    error_clear(&error);
    return parsed;
}

static json_t *make_check(const json_t *outputs)
{
    struct problems problems = {0};

    check_outputs(outputs, &problems);
    bool whole = !problems.lines.failed;
    if (whole) {
        assert_int_equal(problems.errors, 0);
        assert_int_equal(problems.warnings, 6);
    }
    problems_release(&problems);
    return whole ? json_null() : NULL;
}

static json_t *make_file(const json_t *outputs)
{
    return inventory_file(outputs, &connection, true);
}

static json_t *make_list(const json_t *outputs)
{
    return inventory_list(outputs, &connection);
}

static json_t *make_host(const json_t *outputs)
{
    return inventory_host(outputs, fleet_find(outputs, "w-1"));
}

static void assert_survives(make_value *make, const json_t *outputs)
{
    AUTO_FREE char *expected = NULL;
    json_t *made = make(outputs);

    expected = json_dumps(made, JSON_ENCODE_ANY);
    json_decref(made);
    json_set_alloc_funcs(limited_malloc, free);
    for (long limit = 0;; limit++) {
        allocations_left = limit;
        made = make(outputs);
        if (made)
            break;
    }
    json_set_alloc_funcs(malloc, free);
    AUTO_FREE char *text = json_dumps(made, JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    json_decref(made);
}

static void test_out_of_memory(void **state)
{
    AUTO_JSON json_t *outputs = make_outputs(NULL);

    (void)state;
    assert_survives(make_outputs, NULL);
    assert_survives(make_check, outputs);
    assert_survives(make_file, outputs);
    assert_survives(make_list, outputs);
    assert_survives(make_host, outputs);
    assert_survives(inventory_data, outputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_out_of_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan on facts from data files: see tests/cases/storage_tier/README.md. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "plan/plan.h"
#include "request.h"
#include "spec.h"
#include "text.h"
#include "validate.h"

#define CASES CASES_DIR "/storage_tier"

enum { MAX_CASES = 256 };

static json_t *base;

static json_t *load(const char *name)
{
    char path[512];
    json_error_t error;

    snprintf(path, sizeof(path), CASES "/%s", name);
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return json;
}

static json_t *laid_over(const json_t *below, const json_t *above)
{
    json_t *copy = json_deep_copy(below);

    assert_int_equal(json_object_update_recursive(copy, (json_t *)above), 0);
    return copy;
}

static void build_facts(const json_t *test, struct facts *facts)
{
    json_t *given = json_object_get(test, "facts");
    AUTO_JSON json_t *json = laid_over(json_object_get(base, "facts"), given);
    AUTO_JSON json_t *found = json_array();
    struct error error = ERROR_INIT;
    json_t *item;
    size_t i;

    json_array_foreach (json_object_get(given, "found"), i, item) {
        const char *name = json_string_value(json_object_get(item, "template"));
        json_t *full = laid_over(json_object_get(json_object_get(base, "templates"), name), item);
        json_object_del(full, "template");
        json_array_append_new(found, full);
    }
    json_object_set(json, "found", found);
    if (fields_from_json(&facts_fields, json, facts, &error) < 0)
        fail_msg("facts: %s", error_message(&error));
}

static void expect_text(const char *haystack, const char *needle)
{
    if (!strstr(haystack, needle))
        fail_msg("\"%s\" is not in: %s", needle, haystack);
}

static void check_refusal(const json_t *test, struct error *error)
{
    json_t *says;
    size_t i;

    assert_non_null(error->id);
    assert_string_equal(error->id, json_string_value(json_object_get(test, "refused")));
    json_array_foreach (json_object_get(test, "says"), i, says)
        expect_text(error_message(error), json_string_value(says));
}

static void check_actions(const json_t *test, const struct plan *plan)
{
    json_t *expected = json_object_get(test, "actions");

    for (size_t i = 0; i < plan->count; i++) {
        json_t *shown = plan->actions[i].shown;
        const char *tier = json_string_value(json_object_get(shown, "tier"));
        AUTO_FREE char *text =
            text_format("%s %s %s", json_string_value(json_object_get(shown, "op")),
                        tier ? tier : "-", json_string_value(json_object_get(shown, "detail")));
        const char *wanted = json_string_value(json_array_get(expected, i));

        assert_non_null(text);
        if (!wanted || strcmp(text, wanted) != 0)
            fail_msg("action %zu is \"%s\", expected \"%s\"", i, text, wanted ? wanted : "none");
    }
    assert_int_equal(plan->count, json_array_size(expected));
}

static void check_warnings(const json_t *test, const struct plan *plan)
{
    AUTO_FREE char *all = json_dumps(plan->warnings, JSON_COMPACT);
    json_t *text;
    size_t i;

    assert_int_equal(json_array_size(plan->warnings),
                     json_array_size(json_object_get(test, "warns")));
    json_array_foreach (json_object_get(test, "warns"), i, text)
        expect_text(all, json_string_value(text));
}

static void plan_case(const json_t *test, const struct request *request)
{
    struct facts *facts = calloc(1, sizeof(*facts));
    struct error error = ERROR_INIT;
    struct plan plan;

    assert_non_null(facts);
    build_facts(test, facts);
    plan_init(&plan);
    int r = storage_plan(request, facts, &plan, &error);
    if (json_object_get(test, "refused")) {
        assert_int_not_equal(r, 0);
        check_refusal(test, &error);
    } else {
        if (r < 0)
            fail_msg("refused: %s", error_message(&error));
        check_actions(test, &plan);
        check_warnings(test, &plan);
    }
    error_clear(&error);
    plan_release(&plan);
    facts_free(facts);
}

static void run_case(void **state)
{
    AUTO_JSON json_t *test = load(*state);
    struct validation validation = {0};
    struct error error = ERROR_INIT;
    void *request = NULL;

    const struct argument_spec spec = {storage_tier_params, &storage_tier_rules,
                                       core_version("2.19.0"), "storage_tier"};
    int r = validate(&spec, json_object_get(test, "params"), &validation, &error);
    assert_int_equal(r, 0);
    const char *message = json_string_value(json_array_get(validation.errors, 0));
    if (!message && request_parse(validation.params, &request, &error) < 0)
        message = error_message(&error), assert_string_equal(error.id, "parameters");
    const char *invalid = json_string_value(json_object_get(test, "invalid"));
    if (invalid) {
        assert_non_null(message);
        expect_text(message, invalid);
    } else {
        if (message)
            fail_msg("invalid: %s", message);
        plan_case(test, request);
    }
    request_free(request);
    error_clear(&error);
    validation_release(&validation);
}

int main(void)
{
    static struct CMUnitTest tests[MAX_CASES];
    struct dirent **names = NULL;
    size_t count = 0;
    int n = scandir(CASES, &names, NULL, alphasort);

    base = load("base.json");
    for (int i = 0; i < n; i++)
        if (text_ends_with(names[i]->d_name, ".json") &&
            strcmp(names[i]->d_name, "base.json") != 0 && count < MAX_CASES) {
            tests[count].name = names[i]->d_name;
            tests[count].initial_state = names[i]->d_name;
            tests[count++].test_func = run_case;
        }
    if (count == 0)
        return 1;
    int failed = _cmocka_run_group_tests("storage_plan", tests, count, NULL, NULL);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    json_decref(base);
    return failed;
}

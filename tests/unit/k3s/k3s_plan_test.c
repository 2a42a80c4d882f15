/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of roles on facts from data files: see tests/cases/k3s_role/README.md. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "cluster/cluster.h"
#include "facts.h"
#include "k3s_role.h"
#include "kubernetes.h"
#include "request.h"
#include "spec.h"
#include "text.h"
#include "validate.h"

#define CASES CASES_DIR "/k3s_role"

enum { MAX_CASES = 256 };

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

static void expect_text(const char *haystack, const char *needle)
{
    if (!strstr(haystack, needle))
        fail_msg("\"%s\" is not in: %s", needle, haystack);
}

/* The request, or NULL and a message, owned by the caller. */
static void *parse(const json_t *params, char **ret_message)
{
    struct validation validation = {0};
    struct error error = ERROR_INIT;
    void *request = NULL;

    const struct argument_spec spec = {k3s_role_params, &k3s_role_rules, core_version("2.19.0"),
                                       "k3s_role"};
    assert_int_equal(validate(&spec, (json_t *)params, &validation, &error), 0);
    const char *message = json_string_value(json_array_get(validation.errors, 0));
    if (!message && request_parse(validation.params, &request, &error) < 0)
        message = error_message(&error);
    *ret_message = message ? strdup(message) : NULL;
    error_clear(&error);
    validation_release(&validation);
    return request;
}

static json_t *make_node(const json_t *given)
{
    json_t *node =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:O*, s:O*}, s:{s:s, s:O*}}", "apiVersion", "v1", "kind",
                  "Node", "metadata", "name", json_string_value(json_object_get(given, "name")),
                  "resourceVersion", "7", "labels", json_object_get(given, "labels"), "annotations",
                  json_object_get(given, "annotations"), "spec", "podCIDR", "10.42.0.0/24",
                  "taints", json_object_get(given, "taints"));

    assert_non_null(node);
    return node;
}

static struct facts *make_facts(const json_t *test)
{
    struct facts *facts = calloc(1, sizeof(*facts));
    AUTO_JSON json_t *given = json_deep_copy(json_object_get(test, "facts"));
    struct error error = ERROR_INIT;
    json_t *item;
    size_t i;

    assert_non_null(facts);
    facts->nodes = json_object();
    json_array_foreach (json_object_get(given, "nodes"), i, item)
        json_object_set_new(facts->nodes, json_string_value(json_object_get(item, "name")),
                            make_node(item));
    json_object_del(given, "nodes");
    if (given && fields_from_json(&facts_fields, given, facts, &error) < 0)
        fail_msg("facts: %s", error_message(&error));
    return facts;
}

static const char *shown_text(const json_t *action, const char *key)
{
    const json_t *value = json_object_get(action, key);

    return json_is_null(value) ? "-" : json_string_value(value);
}

static void check_actions(const json_t *test, const struct plan *plan)
{
    json_t *expected = json_object_get(test, "actions");

    for (size_t i = 0; i < plan->count; i++) {
        const json_t *shown = plan->actions[i].shown;
        const char *op = shown_text(shown, "op"), *wanted;
        AUTO_FREE char *text =
            text_equal(op, "file")
                ? text_format("%s file %s", shown_text(shown, "node"), shown_text(shown, "key"))
                : text_format("%s %s %s: %s -> %s", shown_text(shown, "node"), op,
                              shown_text(shown, "key"), shown_text(shown, "before"),
                              shown_text(shown, "after"));

        wanted = json_string_value(json_array_get(expected, i));
        if (!text_equal(text, wanted))
            fail_msg("action %zu is\n%s\nexpected\n%s", i, text, wanted ? wanted : "none");
    }
    assert_int_equal(plan->count, json_array_size(expected));
}

static void check_list(const json_t *found, const json_t *wanted)
{
    AUTO_JSON json_t *none = json_array();
    json_t *item;
    size_t i;

    wanted = wanted ? wanted : none;
    json_array_foreach (wanted, i, item) {
        const char *text = json_string_value(json_array_get(found, i));
        if (!text || !text_starts_with(text, json_string_value(item)))
            fail_msg("\"%s\" doesn't begin with \"%s\"", text ? text : "none",
                     json_string_value(item));
    }
    assert_int_equal(json_array_size(found), json_array_size(wanted));
}

/* What is at a path of a JSON patch; its last part goes to `ret_last`. */
static json_t *parent_of(json_t *node, const char *path, char *ret_last, size_t size)
{
    for (json_t *parent = node;;) {
        size_t length = strcspn(path + 1, "/"), used = 0;

        for (size_t i = 0; i < length && used < size - 1; i++, used++) {
            bool escaped = path[1 + i] == '~';
            i += escaped;
            ret_last[used] = !escaped ? path[1 + i] : path[1 + i] == '1' ? '/' : '~';
        }
        ret_last[used] = '\0';
        path += 1 + length;
        if (!*path)
            return parent;
        parent = json_object_get(parent, ret_last);
        assert_non_null(parent);
    }
}

static void patch_array(json_t *array, const char *op, const char *last, json_t *value)
{
    size_t i = strcmp(last, "-") == 0 ? json_array_size(array) : (size_t)atoi(last);

    if (strcmp(op, "test") == 0)
        assert_true(json_equal(json_array_get(array, i), value));
    else if (strcmp(op, "add") == 0)
        assert_int_equal(json_array_insert(array, i, value), 0);
    else if (strcmp(op, "replace") == 0)
        assert_int_equal(json_array_set(array, i, value), 0);
    else
        assert_int_equal(json_array_remove(array, i), 0);
}

static void patch_object(json_t *object, const char *op, const char *last, json_t *value)
{
    json_t *live = json_object_get(object, last);

    if (strcmp(op, "test") == 0)
        assert_true(live ? json_equal(live, value) : json_is_null(value));
    else if (strcmp(op, "add") == 0)
        assert_int_equal(json_object_set(object, last, value), 0);
    else
        assert_int_equal(strcmp(op, "remove") == 0 ? json_object_del(object, last) : -1, 0);
}

/* A change as a patch makes of the Node the same as the change does. */
static void expect_same_by_patch(const struct node_change *change, const json_t *node,
                                 const json_t *wanted, const char *prefix)
{
    AUTO_JSON json_t *patch = node_patch_make(change, node, prefix),
                     *patched = json_deep_copy(node);
    json_t *operation, *metadata = json_object_get(patched, "metadata");
    size_t i;

    assert_non_null(patch);
    json_array_foreach (patch, i, operation) {
        const char *op = json_string_value(json_object_get(operation, "op"));
        json_t *value = json_object_get(operation, "value");
        char last[512];
        json_t *parent =
            parent_of(patched, json_string_value(json_object_get(operation, "path")), last, 512);

        if (json_is_array(parent))
            patch_array(parent, op, last, value);
        else
            patch_object(parent, op, last, value);
    }
    if (json_array_size(node_taints(patched)) == 0)
        json_object_del(json_object_get(patched, "spec"), "taints");
    if (!node_labels(patched))
        json_object_set_new(metadata, "labels", json_object());
    if (!node_annotations(patched))
        json_object_set_new(metadata, "annotations", json_object());
    assert_true(json_equal(patched, wanted));
}

/* The Nodes as they are to be, in place of those that were found. */
static void carry_out(const struct request *request, struct facts *facts)
{
    for (size_t i = 0; i < request->nodes.count; i++) {
        const struct node_request *want = &request->nodes.items[i];
        const json_t *node = json_object_get(facts->nodes, want->name);

        if (!node)
            continue;
        AUTO_NODE_CHANGE struct node_change change = node_change_make(request, want, node);
        AUTO_JSON json_t *after = node_change_apply(&change, node, request->prefix);
        expect_same_by_patch(&change, node, after, request->prefix);
        json_object_set(facts->nodes, want->name, after);
    }
}

static void expect_nothing_to_do(const struct request *request, const struct facts *facts)
{
    struct error error = ERROR_INIT;
    struct plan plan;

    plan_init(&plan);
    assert_int_equal(role_plan(request, facts, &plan, &error), 0);
    assert_int_equal(plan.count, 0);
    plan_release(&plan);
}

static bool is_named(const struct plan *plan, const char *node, const char *op, const char *key)
{
    for (size_t i = 0; i < plan->count; i++) {
        const json_t *shown = plan->actions[i].shown;
        if (text_equal(shown_text(shown, "node"), node) &&
            text_equal(shown_text(shown, "op"), op) && text_equal(shown_text(shown, "key"), key))
            return true;
    }
    return false;
}

/* Keys of an object of either side that no action names are equal on both. */
static void expect_others_kept(const struct plan *plan, const char *name, const char *op,
                               json_t *before, json_t *after)
{
    const char *key;
    json_t *value;

    json_object_foreach (before, key, value) {
        if (!is_named(plan, name, op, key))
            assert_true(json_equal(value, json_object_get(after, key)));
    }
    json_object_foreach (after, key, value) {
        if (!is_named(plan, name, op, key))
            assert_true(json_equal(value, json_object_get(before, key)));
    }
}

static void expect_taints_kept(const struct plan *plan, const char *name, const json_t *before,
                               const json_t *after)
{
    json_t *taint;
    size_t i, j = 0;

    /* In the same order, others' between them left out. */
    json_array_foreach (before, i, taint) {
        if (is_named(plan, name, "taint", json_string_value(json_object_get(taint, "key"))))
            continue;
        while (j < json_array_size(after) && !json_equal(taint, json_array_get(after, j)))
            j++;
        assert_true(j < json_array_size(after));
    }
}

static void check_carried_out(const struct request *request, struct facts *facts,
                              const struct plan *plan)
{
    AUTO_JSON json_t *before = json_deep_copy(facts->nodes);
    const char *name;
    json_t *node;

    carry_out(request, facts);
    expect_nothing_to_do(request, facts);
    json_object_foreach (before, name, node) {
        const json_t *after = json_object_get(facts->nodes, name);
        expect_others_kept(plan, name, "label", node_labels(node), node_labels(after));
        expect_others_kept(plan, name, "annotate", node_annotations(node), node_annotations(after));
        expect_taints_kept(plan, name, node_taints(node), node_taints(after));
        assert_string_equal(json_string_value(json_object_get(json_object_get(after, "metadata"),
                                                              "resourceVersion")),
                            "7");
    }
}

static void plan_case(const json_t *test, const struct request *request)
{
    struct facts *facts = make_facts(test);
    const char *refused = json_string_value(json_object_get(test, "refused"));
    struct error error = ERROR_INIT;
    struct plan plan;
    json_t *says;
    size_t i;

    plan_init(&plan);
    int r = role_plan(request, facts, &plan, &error);
    if (refused) {
        assert_true(r < 0);
        assert_string_equal(error.id, refused);
        json_array_foreach (json_object_get(test, "says"), i, says)
            expect_text(error_message(&error), json_string_value(says));
    } else {
        if (r < 0)
            fail_msg("refused: %s", error_message(&error));
        check_actions(test, &plan);
        check_list(json_object_get(plan.result, "pending"), json_object_get(test, "pending"));
        check_list(json_object_get(plan.consequences, "restart_reasons"),
                   json_object_get(test, "reasons"));
        if (request->cluster)
            check_carried_out(request, facts, &plan);
        json_t *nodes = json_object_get(test, "result");
        if (nodes && !json_equal(nodes, json_object_get(plan.result, "nodes")))
            fail_msg("nodes: %s", json_dumps(json_object_get(plan.result, "nodes"), 0));
    }
    error_clear(&error);
    plan_release(&plan);
    facts_free(facts);
}

static void run_case(void **state)
{
    AUTO_JSON json_t *test = load(*state);
    AUTO_FREE char *message = NULL;
    void *request = parse(json_object_get(test, "params"), &message);
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
}

static void give_role(struct facts *facts, const char *role)
{
    AUTO_JSON json_t *params =
        json_pack("{s:[{s:s, s:s, s:[s], s:{s:s}}]}", "nodes", "name", "n", "role", role,
                  "storage_tiers", text_equal(role, "ops") ? "warm" : "hot", "labels", role, "x");
    AUTO_FREE char *message = NULL;
    struct request *request = parse(params, &message);

    assert_non_null(request);
    carry_out(request, facts);
    expect_nothing_to_do(request, facts);
    request_free(request);
}

/* A Node that has had every role is the same as before, and as if it had had none. */
static void test_roles_come_and_go(void **state)
{
    static const char *const roles[] = {"sts", "ops", "cpl", "wkr"};
    struct facts *facts = calloc(1, sizeof(*facts));
    AUTO_JSON json_t *given = json_loads(
        "{\"name\": \"n\", \"labels\": {\"kubernetes.io/os\": \"linux\"}, \"annotations\": {\"a\": "
        "\"b\"}, \"taints\": [{\"key\": \"k\", \"effect\": \"NoExecute\", \"timeAdded\": "
        "\"2026-01-01T00:00:00Z\"}]}",
        0, NULL);
    AUTO_JSON json_t *absent =
        json_loads("{\"nodes\": [{\"name\": \"n\"}], \"state\": \"absent\"}", 0, NULL);
    AUTO_FREE char *message = NULL;

    (void)state;
    facts->nodes = json_pack("{s:o}", "n", make_node(given));
    AUTO_JSON json_t *untouched = json_deep_copy(facts->nodes);
    give_role(facts, "wkr");
    AUTO_JSON json_t *first = json_deep_copy(facts->nodes);
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        give_role(facts, roles[i]);
        assert_int_equal(json_equal(facts->nodes, first), i == ARRAY_SIZE(roles) - 1);
    }
    struct request *request = parse(absent, &message);
    carry_out(request, facts);
    assert_true(json_equal(facts->nodes, untouched));
    request_free(request);
    facts_free(facts);
}

int main(void)
{
    static struct CMUnitTest tests[MAX_CASES];
    struct dirent **names = NULL;
    size_t count = 0;
    int n = scandir(CASES, &names, NULL, alphasort);

    for (int i = 0; i < n; i++)
        if (text_ends_with(names[i]->d_name, ".json") && count < MAX_CASES - 1) {
            tests[count].name = names[i]->d_name;
            tests[count].initial_state = names[i]->d_name;
            tests[count++].test_func = run_case;
        }
    if (count == 0)
        return 1;
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_roles_come_and_go);
    int failed = _cmocka_run_group_tests("k3s_plan", tests, count, NULL, NULL);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return failed;
}

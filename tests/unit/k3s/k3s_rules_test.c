/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kubernetes' rules for keys, values, names and taints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "kubernetes.h"
#include "text.h"

#define SIXTY_THREE "a23456789012345678901234567890123456789012345678901234567890123"

typedef const char *rule_of(const char *text);

static void check(rule_of *rule, const char *const *good, const char *const *bad)
{
    for (; *good; good++)
        if (rule(*good))
            fail_msg("\"%s\" must be fine, but: %s", *good, rule(*good));
    for (; *bad; bad++)
        if (!rule(*bad))
            fail_msg("\"%s\" must be refused", *bad);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_keys(void **state)
{
    (void)state;
    check(kubernetes_key_rule,
          LIST("a", "A", "0", "a-b_c.d", SIXTY_THREE, "example.org/x", "a/b", "x-y.z/" SIXTY_THREE,
               "0a/b"),
          LIST("", "-a", "a-", ".a", "a.", "_a", "a b", "a/b/c", "/a", "a/", "Example.org/a",
               "a_b/c", "a..b/c", ".a/b", "a./b", "-a/b", "ä", SIXTY_THREE "4", "a\n", "a/\n"));
}

static void test_length_of_a_domain(void **state)
{
    char key[300];

    (void)state;
    memset(key, 'a', sizeof(key));
    memcpy(key + 253, "/b", 3);
    assert_null(kubernetes_key_rule(key));
    memcpy(key + 253, "a/b", 4);
    assert_non_null(kubernetes_key_rule(key));
    key[253] = '\0';
    assert_null(kubernetes_name_rule(key));
    memcpy(key + 253, "a", 2);
    assert_non_null(kubernetes_name_rule(key));
}

static void test_values(void **state)
{
    (void)state;
    check(kubernetes_value_rule, LIST("", "a", "true", "1.2.3", "A_b-C", SIXTY_THREE),
          LIST("-", "a-", "a b", "a/b", "a:b", "a=b", "ü", SIXTY_THREE "4", " "));
}

static void test_names(void **state)
{
    (void)state;
    check(kubernetes_name_rule, LIST("a", "wkr-1", "wkr-1.example.org", "1", "a.b-c.d"),
          LIST("", "Wkr", "a_b", "a.", ".a", "a..b", "-a", "a-", "a-.b", "a b", "a/b"));
}

static void expect_taint(const char *text, const char *json)
{
    AUTO_JSON json_t *taint = NULL, *wanted = json_loads(json, 0, NULL);
    struct error error = ERROR_INIT;

    if (kubernetes_taint_parse(text, &taint, &error) < 0)
        fail_msg("%s: %s", text, error_message(&error));
    assert_true(json_equal(taint, wanted));
}

static void test_taints(void **state)
{
    (void)state;
    expect_taint("a=b:NoSchedule",
                 "{\"key\": \"a\", \"value\": \"b\", \"effect\": \"NoSchedule\"}");
    expect_taint("x.org/a:NoExecute", "{\"key\": \"x.org/a\", \"effect\": \"NoExecute\"}");
    expect_taint("a=:PreferNoSchedule", "{\"key\": \"a\", \"effect\": \"PreferNoSchedule\"}");
}

/* Each message names what is wrong, and the rule. */
static void test_taints_refused(void **state)
{
    static const char *const cases[][2] = {
        {"", "the key \"\" must"},
        {"a", "the effect \"\" must be NoSchedule"},
        {"a=b", "the effect \"\" must"},
        {"a=b:noschedule", "the effect \"noschedule\" must"},
        {"a=b:NoSchedule:NoExecute", "the value \"b:NoSchedule\" must"},
        {"a=b=c:NoSchedule", "the value \"b=c\" must"},
        {"=b:NoSchedule", "the key \"\" must"},
        {":NoSchedule", "the key \"\" must"},
        {"-a=b:NoSchedule", "the key \"-a\" must"},
        {"A/b=c:NoSchedule", "the key \"A/b\" must have a DNS name"},
        {"a=b :NoSchedule", "the value \"b \" must"},
        {"a=b:NoSchedule-", "the effect \"NoSchedule-\" must"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error error = ERROR_INIT;
        json_t *taint = NULL;

        assert_true(kubernetes_taint_parse(cases[i][0], &taint, &error) < 0);
        assert_null(taint);
        if (!strstr(error_message(&error), cases[i][1]))
            fail_msg("%s: %s", cases[i][0], error_message(&error));
        error_clear(&error);
    }
}

static void test_what_a_kubelet_may_set(void **state)
{
    static const char *const may[] = {"a",
                                      "example.org/x",
                                      "node.kubernetes.io/x",
                                      "x.node.kubernetes.io/y",
                                      "kubelet.kubernetes.io/x",
                                      "topology.kubernetes.io/zone",
                                      "notkubernetes.io/x",
                                      "k3s.io/x"};
    static const char *const must_not[] = {"kubernetes.io/x",
                                           "node-role.kubernetes.io/wkr",
                                           "node-restriction.kubernetes.io/x",
                                           "k8s.io/x",
                                           "a.k8s.io/x",
                                           "topology.kubernetes.io/rack",
                                           "xnode.kubernetes.io/x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(may); i++)
        assert_true(kubernetes_kubelet_may_set(may[i]));
    for (size_t i = 0; i < ARRAY_SIZE(must_not); i++)
        assert_false(kubernetes_kubelet_may_set(must_not[i]));
    assert_true(kubernetes_key_is_reserved("node.k3s.io/x"));
    assert_false(kubernetes_key_is_reserved("k3s.io"));
}

static void test_taints_that_are_the_systems(void **state)
{
    static const char *const are[] = {
        "node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master",
        "node-role.kubernetes.io/etcd", "node.kubernetes.io/unschedulable", "node.kubernetes.io/x"};
    static const char *const are_not[] = {"node-role.kubernetes.io/sts", "example.org/etcd", "a",
                                          "x.node.kubernetes.io/y",
                                          "node-role.kubernetes.io/etcd2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(are); i++)
        assert_true(kubernetes_taint_is_systems(are[i]));
    for (size_t i = 0; i < ARRAY_SIZE(are_not); i++)
        assert_false(kubernetes_taint_is_systems(are_not[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_length_of_a_domain),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_taints),
        cmocka_unit_test(test_taints_refused),
        cmocka_unit_test(test_what_a_kubelet_may_set),
        cmocka_unit_test(test_taints_that_are_the_systems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table against arguments: what is right comes out, of what is wrong the first is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "python.h"
#include "validate.h"

static const struct param DISK[] = {
    {.name = "tier", .required = true, .choices = STRINGS("hot", "warm")},
    {.name = "size", .type = PARAM_INT, .default_json = "7"},
    {.name = "key", .no_log = true, .aliases = STRINGS("secret_key")},
    {0},
};

static const struct param_rules DISK_RULES = {
    .required_by = (const struct param_required_by[]){{"key", STRINGS("size")}, {0}},
    .mutually_exclusive =
        (const char *const *const[]){(const char *const[]){"key", "size", NULL}, NULL},
};

static const struct param TABLE[] = {
    {.name = "disks",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_DICT,
     .options = DISK,
     .rules = &DISK_RULES},
    {.name = "state",
     .default_json = "\"present\"",
     .choices = STRINGS("present", "absent"),
     .aliases = STRINGS("ensure"),
     .deprecated_aliases = (const struct param_deprecation[]){{"ensure", "2.0", NULL, "a.b"}, {0}}},
    {.name = "force", .type = PARAM_BOOL, .fallback_env = STRINGS("ECOMA_NONE", "ECOMA_FORCE")},
    {.name = "token", .type = PARAM_INT, .no_log = true},
    {.name = "mount", .type = PARAM_DICT, .options = DISK, .apply_defaults = true},
    {.name = "mode", .type = PARAM_RAW, .choices = STRINGS("1", "\"x\"")},
    {0},
};

static const struct param_rules RULES = {
    .required_if =
        (const struct param_required_if[]){{"state", "\"absent\"", STRINGS("force", "token"), true},
                                           {0}},
    .required_together =
        (const char *const *const[]){(const char *const[]){"token", "mode", NULL}, NULL},
};

/* The validated parameters and the messages, as one text. */
static char *outcome(const char *arguments, int core)
{
    AUTO_JSON json_t *object = json_loads(arguments, 0, NULL);
    AUTO_TEXT struct text text = {0};
    struct error error = ERROR_INIT;
    struct validation v;

    assert_non_null(object);
    assert_int_equal(
        validate(&(struct argument_spec){TABLE, &RULES, core, "storage"}, object, &v, &error), 0);
    python_json(&text, json_array_size(v.errors) > 0 ? json_array_get(v.errors, 0) : v.params);
    text_add(&text, json_array_size(v.warnings) > 0 ? " warnings: " : "");
    if (json_array_size(v.warnings) > 0)
        python_json(&text, v.warnings);
    validation_release(&v);
    return text_take(&text);
}

static void gives(const char *arguments, const char *expected)
{
    AUTO_FREE char *text = outcome(arguments, CORE_DEFAULT);

    assert_string_equal(text, expected);
}

#define MOUNT "\"mount\": {\"tier\": \"hot\"}"
#define REST                                                                                       \
    "\"state\": \"present\", \"disks\": null, \"force\": null, \"token\": null, \"mode\": null"

static void test_defaults(void **state)
{
    (void)state;
    gives("{" MOUNT ", \"_ansible_future\": {}}",
          "{\"mount\": {\"tier\": \"hot\", \"size\": 7, \"key\": null}, " REST "}");
    gives("{" MOUNT ", \"mode\": \"True\", \"token\": 5}",
          "{\"mount\": {\"tier\": \"hot\", \"size\": 7, \"key\": null}, \"mode\": 1, \"token\": 5, "
          "\"state\": \"present\", \"disks\": null, \"force\": null}");
    gives("{\"mount\": \"tier=warm size=' 9 '\"}",
          "{\"mount\": {\"tier\": \"warm\", \"size\": 9, \"key\": null}, " REST "}");
}

static void test_messages(void **state)
{
    (void)state;
    gives("{}", "\"missing required arguments: tier found in mount\"");
    gives(
        "{" MOUNT ", \"dsks\": 1}",
        "\"Unsupported parameters for (storage) module: dsks. Supported parameters include: disks, "
        "force, mode, mount, state, token (ensure).\"");
    gives(
        "{" MOUNT ", \"disks\": [{\"tier\": \"hot\", \"tire\": 1}]}",
        "\"Unsupported parameters for (storage) module: disks.tire. Supported parameters include: "
        "key, size, tier (secret_key).\"");
    gives("{" MOUNT ", \"disks\": [{\"tier\": \"hott\"}]}",
          "\"value of tier must be one of: hot, warm, got: hott found in disks\"");
    gives(
        "{" MOUNT ", \"disks\": [{\"tier\": \"hot\", \"size\": \"big\"}]}",
        "\"argument 'size' is of type str found in 'disks'. and we were unable to convert to int: "
        "\\\"'big'\\\" cannot be converted to an int\"");
    gives("{" MOUNT ", \"disks\": 7}",
          "\"Value '7' in the sub parameter field 'disks' must be a list, not 'int'\"");
    gives(
        "{" MOUNT ", \"force\": \"perhaps\"}",
        "\"argument 'force' is of type str and we were unable to convert to bool: The value "
        "'perhaps' is not a valid boolean. Valid booleans include: 'y', 'yes', 'on', '1', 'true', "
        "'t', 1, 'n', 'no', 'off', '0', 'false', 'f', 0\"");
    gives("{" MOUNT ", \"mode\": 2}", "\"value of mode must be one of: 1, x, got: 2\"");
}

static void test_rules(void **state)
{
    (void)state;
    gives("{" MOUNT ", \"state\": \"absent\"}",
          "\"state is absent but any of the following are missing: force, token\"");
    gives("{" MOUNT ", \"token\": 5}", "\"parameters are required together: token, mode\"");
    gives("{" MOUNT ", \"disks\": [{\"tier\": \"hot\", \"key\": \"k\", \"size\": 1}]}",
          "\"parameters are mutually exclusive: key|size found in disks\"");
}

static void test_aliases(void **state)
{
    (void)state;
    gives("{\"mount\": {\"tier\": \"hot\", \"key\": \"a\", \"secret_key\": \"b\"}, \"ensure\": "
          "\"absent\", \"state\": \"present\", \"force\": 1}",
          "{\"mount\": {\"tier\": \"hot\", \"key\": \"b\", \"secret_key\": \"b\", \"size\": 7}, "
          "\"ensure\": \"absent\", \"state\": \"absent\", \"force\": true, \"disks\": null, "
          "\"token\": null, \"mode\": null} warnings: [\"Both option mount.key and its alias "
          "mount.secret_key are set.\", \"Both option state and its alias ensure are set.\"]");
}

static void test_fallback(void **state)
{
    (void)state;
    setenv("ECOMA_FORCE", "yes", 1);
    gives("{" MOUNT "}",
          "{\"mount\": {\"tier\": \"hot\", \"size\": 7, \"key\": null}, \"force\": "
          "true, \"state\": \"present\", \"disks\": null, \"token\": null, \"mode\": "
          "null}");
    unsetenv("ECOMA_FORCE");
}

static void test_secrets_and_deprecations(void **state)
{
    AUTO_JSON json_t *object = json_loads(
        "{\"token\": 4711, \"mode\": 1, \"ensure\": \"present\", \"mount\": {\"tier\": \"hot\", "
        "\"key\": \"k1\"}, \"disks\": [{\"secret_key\": \"k2\", \"tier\": \"hot\"}, "
        "\"{'tier': 'hot', 'key': 'k3'}\"]}",
        0, NULL);
    struct error error = ERROR_INIT;
    AUTO_TEXT struct text text = {0};
    struct validation v;

    (void)state;
    assert_int_equal(
        validate(&(struct argument_spec){TABLE, NULL, CORE_DEFAULT, NULL}, object, &v, &error), 0);
    assert_int_equal(json_array_size(v.errors), 0);
    python_json(&text, v.no_log);
    assert_string_equal(text.data, "{\"k3\": null, \"4711\": null, \"k1\": null, \"k2\": null}");
    text_release(&text);
    python_json(&text, v.deprecations);
    assert_string_equal(text.data,
                        "[{\"msg\": \"Alias 'ensure' is deprecated. See the module docs for more "
                        "information\", \"version\": \"2.0\", \"date\": null, \"collection_name\": "
                        "\"a.b\"}]");
    validation_release(&v);
}

static const struct param SECRETS[] = {
    {.name = "opts", .type = PARAM_DICT, .no_log = true},
    {.name = "words", .type = PARAM_LIST, .no_log = true},
    {.name = "file", .type = PARAM_PATH, .no_log = true},
    {.name = "text", .no_log = true},
    {.name = "disks",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_DICT,
     .options = (const struct param[]){{.name = "pin", .type = PARAM_INT, .no_log = true}, {0}}},
    {0},
};

/* ansible-core's own set, and all that is hidden. */
static void hides(const char *arguments, const char *secrets, const char *no_log)
{
    AUTO_JSON json_t *object = json_loads(arguments, 0, NULL);
    AUTO_JSON json_t *known = json_loads(secrets, 0, NULL), *all = json_loads(no_log, 0, NULL);
    struct error error = ERROR_INIT;
    struct validation v;

    assert_int_equal(
        validate(&(struct argument_spec){SECRETS, NULL, CORE_DEFAULT, NULL}, object, &v, &error),
        0);
    assert_true(json_equal(v.secrets, known));
    assert_true(json_equal(v.no_log, all));
    validation_release(&v);
}

static void test_hidden(void **state)
{
    (void)state;
    hides("{\"opts\": \"pw=hunter2\"}", "{\"pw=hunter2\": null}",
          "{\"pw=hunter2\": null, \"hunter2\": null}");
    hides("{\"words\": \"hunter2,b\"}", "{\"hunter2,b\": null}",
          "{\"hunter2,b\": null, \"hunter2\": null, \"b\": null}");
    setenv("ECOMA_SECRET", "swordfish", 1);
    hides("{\"file\": \"/$ECOMA_SECRET\"}", "{\"/$ECOMA_SECRET\": null}",
          "{\"/$ECOMA_SECRET\": null, \"/swordfish\": null}");
    hides("{\"text\": \"hun\\nter\"}", "{\"hun\\nter\": null}",
          "{\"hun\\nter\": null, \"hun\\\\nter\": null}");
    hides("{\"text\": \"it's \\u00e9\\\"\"}", "{\"it's \\u00e9\\\"\": null}",
          "{\"it's \\u00e9\\\"\": null, \"it\\\\'s \\u00e9\\\"\": null,"
          " \"it's \\u00e9\\\\\\\"\": null, \"it's \\\\u00e9\\\\\\\"\": null}");
    hides("{\"disks\": [{\"pin\": \"007\"}], \"words\": [true, null]}", "{\"007\": null}",
          "{\"007\": null, \"7\": null}");
}

static const struct param AUTHORS_ERRORS[] = {
    {.name = "a", .has_elements = true, .elements = PARAM_INT},
    {.name = "b", .type = PARAM_DICT, .has_elements = true},
    {.name = "c", .type = PARAM_INT, .has_elements = true},
    {.name = "d", .type = PARAM_RAW, .has_elements = true},
    {.name = "",
     .type = PARAM_DICT,
     .options =
         (const struct param[]){
             {.name = "e", .aliases = STRINGS("f")},
             {.name = "f", .type = PARAM_DICT, .options = (const struct param[]){{0}}},
             {0}}},
    {.name = "g", .choices = STRINGS("5", "null"), .choices_are_json = true},
    {0},
};

static void reports(const struct param *table, int core, const char *arguments,
                    const char *expected)
{
    AUTO_JSON json_t *object = json_loads(arguments, 0, NULL);
    AUTO_TEXT struct text text = {0};
    struct error error = ERROR_INIT;
    struct validation v;

    assert_int_equal(validate(&(struct argument_spec){table, NULL, core, NULL}, object, &v, &error),
                     0);
    python_json(&text, v.errors);
    assert_string_equal(text.data, expected);
    validation_release(&v);
}

static const struct param BOTH[] = {
    {.name = "a", .required = true, .default_json = "1", .aliases = STRINGS("b")}, {0}};

/* "True" may be YAML's for a word, where only one choice can be meant. */
static const struct param MEANT[] = {
    {.name = "one",
     .choices = STRINGS("null", "[]", "{}", "0", "\"on\""),
     .choices_are_json = true},
    {.name = "same", .choices = STRINGS("true", "1", "1.0"), .choices_are_json = true},
    {.name = "two", .choices = STRINGS("true", "\"yes\""), .choices_are_json = true},
    {.name = "none", .choices = STRINGS("false", "0"), .choices_are_json = true},
    {0},
};

static void test_meant_choices(void **state)
{
    AUTO_JSON json_t *object = json_pack("{s:s, s:s}", "one", "True", "same", "True");
    struct error error = ERROR_INIT;
    struct validation v;

    (void)state;
    assert_int_equal(
        validate(&(struct argument_spec){MEANT, NULL, CORE_DEFAULT, NULL}, object, &v, &error), 0);
    assert_int_equal(json_array_size(v.errors), 0);
    assert_string_equal(json_string_value(json_object_get(v.params, "one")), "on");
    assert_true(json_is_true(json_object_get(v.params, "same")));
    validation_release(&v);
    reports(MEANT, 19, "{\"two\": \"True\", \"none\": \"True\"}",
            "[\"value of two must be one of: True, yes, got: True\", "
            "\"value of none must be one of: False, 0, got: True\"]");
}

#define ONLY_LISTS ", elements value check is supported only with 'list' type\""

static void test_authors_errors(void **state)
{

    (void)state;
    reports(AUTHORS_ERRORS, 19, "{\"a\": \"12\"}",
            "[\"Invalid type str for option '12'" ONLY_LISTS "]");
    reports(AUTHORS_ERRORS, 19, "{\"b\": {\"x\": 1}}",
            "[\"Invalid type dict for option '{'x': 1}'" ONLY_LISTS "]");
    reports(AUTHORS_ERRORS, 19, "{\"c\": \"5\"}",
            "[\"Invalid type int for option '5'" ONLY_LISTS
            ", \"argument 'c' is of type str and we were unable to convert to int: 'int' object is "
            "not iterable\"]");
    reports(AUTHORS_ERRORS, 19, "{\"d\": [1]}", "[]");
    reports(AUTHORS_ERRORS, 18, "{\"d\": [1]}",
            "[\"Invalid type raw for option '[1]'" ONLY_LISTS "]");
    reports(AUTHORS_ERRORS, 19, "{\"\": {\"x\": 1, \"f\": {\"y\": 1}}}",
            "[\".f.y, .x. Supported parameters include: .\"]");
    reports(AUTHORS_ERRORS, 19, "{\"\": {\"x\": 1}}",
            "[\".x. Supported parameters include: e (f).\"]");
    reports(AUTHORS_ERRORS, 19, "{\"g\": 5}", "[\"value of g must be one of: 5, None, got: 5\"]");
    reports(AUTHORS_ERRORS, 19, "{\"g\": null}", "[]");
    reports(BOTH, 19, "{\"b\": 1}",
            "[\"internal error: required and default are mutually exclusive for a\"]");
}

static void test_versions(void **state)
{
    AUTO_FREE char *old = outcome("{" MOUNT ", \"token\": []}", 14);
    AUTO_FREE char *new = outcome("{" MOUNT ", \"token\": []}", 19);

    (void)state;
    assert_string_equal(old, "\"argument 'token' is of type <class 'list'> and we were unable to "
                             "convert to int: <class 'list'> cannot be converted to an int\"");
    assert_string_equal(new, "\"argument 'token' is of type list and we were unable to convert to "
                             "int: \\\"[]\\\" cannot be converted to an int\"");
    assert_int_equal(core_version("2.14.18"), 14);
    assert_int_equal(core_version("2.19.0rc1"), 19);
    assert_int_equal(core_version("3.0"), CORE_DEFAULT);
    assert_int_equal(core_version(NULL), CORE_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_messages),
        cmocka_unit_test(test_rules),          cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_fallback),       cmocka_unit_test(test_secrets_and_deprecations),
        cmocka_unit_test(test_versions),       cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_authors_errors), cmocka_unit_test(test_meant_choices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

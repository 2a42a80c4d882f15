/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What surrounds a module's work: its arguments, the line in the log, the documentation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "protocol.h"
#include "text.h"
#include "validate.h"

static const struct param PARAMS[] = {
    {.name = "url", .description = STRINGS("Where.", "Really: \"there\".")},
    {.name = "token", .no_log = true, .aliases = STRINGS("key")},
    {.name = "admin_password"},
    {.name = "passenger"},
    {.name = "sizes",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_INT,
     .choices = STRINGS("1", "2"),
     .version_added = "0.2.0"},
    {.name = "paths", .type = PARAM_LIST, .choices = STRINGS("/a", "/b")},
    {.name = "disks",
     .type = PARAM_DICT,
     .options = (const struct param[]){{.name = "os",
                                        .type = PARAM_BOOL,
                                        .default_json = "true",
                                        .required = false,
                                        .choices = NULL},
                                       {0}}},
    {0},
};

static void logs(const char *arguments, const char *expected)
{
    AUTO_JSON json_t *object = json_loads(arguments, 0, NULL);
    struct error error = ERROR_INIT;
    struct validation v;

    assert_int_equal(
        validate(&(struct argument_spec){PARAMS, NULL, CORE_DEFAULT, NULL}, object, &v, &error), 0);
    json_object_del(v.params, "disks");
    json_object_del(v.params, "paths");
    AUTO_FREE char *text = log_text(PARAMS, &v, NULL);
    assert_string_equal(text, expected);
    validation_release(&v);
}

static void test_log(void **state)
{
    (void)state;
    logs("{\"url\": \"http://me:pw@host/\", \"token\": \"s3\", \"admin_password\": \"x\", "
         "\"passenger\": \"has s3\", \"sizes\": [1]}",
         "Invoked with url=http://me:********@host/ token=NOT_LOGGING_PARAMETER "
         "admin_password=NOT_LOGGING_PASSWORD passenger=has ******** sizes=[1]");
    logs("{\"url\": \"user@host\", \"key\": 5, \"passenger\": null, \"sizes\": [], "
         "\"admin_password\": null}",
         "Invoked with url=user@host key=NOT_LOGGING_PARAMETER passenger=None sizes=[] "
         "admin_password=NOT_LOGGING_PASSWORD token=NOT_LOGGING_PARAMETER");
}

static void logs_url(const char *url, const char *expected)
{
    AUTO_JSON json_t *params = json_pack("{s:s}", "url", url);
    const struct validation v = {.params = params};
    AUTO_FREE char *text = log_text(PARAMS, &v, NULL);

    assert_string_equal(text + strlen("Invoked with url="), expected);
}

static void test_log_urls(void **state)
{
    (void)state;
    logs_url("http://u:p@ss@host/x", "http://u:********@host/x");
    logs_url("http://a:b@c ftp://d:e@f@g x", "http://a:********@c ftp://d:********@g x");
    logs_url("http://a:b@c http://d@e", "http://a:********@e");
    logs_url("mailto:me@host", "mailto:********@host");
    logs_url("me:pw@host", "me:********@host");
    logs_url("://x@", ":********@");
    logs_url("a@b:c", "a@b:c");
    logs_url("a:@", "a:********@");
    logs_url("@", "@");
    logs_url("", "");
}

static void test_logged(void **state)
{
    static const struct param table[] = {{.name = "password_file", .logged = true}, {0}};
    AUTO_JSON json_t *params = json_pack("{s:s}", "password_file", "/x");
    const struct validation v = {.params = params};
    AUTO_FREE char *text = log_text(table, &v, NULL);

    (void)state;
    assert_string_equal(text, "Invoked with password_file=/x");
}

/* As the regular expression PASSWORD_MATCH of ansible-core has it. */
static void test_password_names(void **state)
{
    static const char *const password[] = {
        "pass",        "password",  "PassWord",     "db_pass",         "db-password",
        "pass_phrase", "passwrd",   "passwd",       "pass_x",          "pass-",
        "pass_",       "pass__",    "password-old", "pass_wordx",      "x_pass",
        "by_pass",     "pass_pass", "compass_pass", "passphrase_file", "my_pass_word_2"};
    static const char *const other[] = {"password_", "passwordx", "passenger",
                                        "_pass",     "bypass",    "compass_rose",
                                        "xpass_y",   "passwd_",   "passport"};
    AUTO_JSON json_t *params = json_object();
    const struct validation v = {.params = params};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(password); i++)
        json_object_set_new(params, password[i], json_string("shown"));
    AUTO_FREE char *hidden = log_text(&(const struct param){0}, &v, NULL);
    assert_null(strstr(hidden, "shown"));
    json_object_clear(params);
    for (size_t i = 0; i < ARRAY_SIZE(other); i++)
        json_object_set_new(params, other[i], json_string("shown"));
    AUTO_FREE char *shown = log_text(&(const struct param){0}, &v, NULL);
    assert_null(strstr(shown, "NOT_LOGGING"));
    json_object_clear(params);
    AUTO_FREE char *nothing = log_text(&(const struct param){0}, &v, NULL);
    assert_string_equal(nothing, "Invoked");
}

static void test_least_doc(void **state)
{
    const struct module module = {
        .name = "least",
        .short_description = "Little",
        .params = &(const struct param){0},
        .notes = STRINGS(NULL),
        .seealso = STRINGS(NULL),
        .changes_nothing = true,
    };
    AUTO_FREE char *text = doc_text(&module);

    (void)state;
    assert_non_null(strstr(text, "  options: {}\n"));
    assert_non_null(strstr(text, "    diff_mode:\n      description: \"Returns what differs, as "
                                 "texts before and after.\"\n      support: \"none\"\n"));
    assert_null(strstr(text, "notes"));
    assert_null(strstr(text, "EXAMPLES"));
}

static void test_doc(void **state)
{
    const struct module module = {
        .name = "sample",
        .short_description = "A: sample",
        .description = STRINGS("It does."),
        .version_added = "0.1.0",
        .params = PARAMS,
        .examples = "- name: a\n\n  sample:\n",
        .returns = "path:\n  type: str\n",
    };
    AUTO_FREE char *text = doc_text(&module);
    static const char *const pieces[] = {
        "  short_description: \"A: sample\"\n",
        "      description:\n        - \"Where.\"\n        - \"Really: \\\"there\\\".\"\n",
        "      elements: \"int\"\n      choices: [1, 2]\n      version_added: \"0.2.0\"\n",
        "      suboptions:\n        os:\n",
        "          default: true\n",
        "EXAMPLES: |\n  - name: a\n\n    sample:\nRETURN:\n  path:\n    type: str\n",
        "    check_mode:\n      description: ",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
        if (!strstr(text, pieces[i]))
            fail_msg("not found: %s", pieces[i]);
}

static void refuses(const char *text, const char *expected)
{
    json_t *arguments;
    struct error error = ERROR_INIT;

    assert_int_equal(arguments_parse(text, strlen(text), "args", &arguments, &error), -EINVAL);
    assert_string_equal(error_message(&error), expected);
    error_clear(&error);
}

static void test_arguments(void **state)
{
    AUTO_JSON json_t *arguments = NULL;
    struct error error = ERROR_INIT;

    (void)state;
    refuses(" ", "args is empty: there are no arguments in it");
    refuses("[]", "the arguments in args are a list, not a JSON object");
    refuses("5", "the arguments in args are a single value, not a JSON object");
    refuses(" \"x\"", "the arguments in args are a single value, not a JSON object");
    refuses(
        "{\"a\": [{\"b\\\"c\": 1}, {\"d\": -Infinity}]}",
        "the arguments in args can't be used: NaN and Infinity are no values for parameters, at "
        "byte 27 (a[1].d)");
    refuses("{\"a\": {\"b\": [1, 2, 18446744073709551616]}}",
            "the arguments in args can't be used: a number that doesn't fit into 64 bits, at byte "
            "39 (a.b[2])");
    refuses("{\"a\": 1",
            "the arguments in args can't be used: they end in the middle, at byte 7 (a)");
    refuses("{\"", "the arguments in args can't be used: they end in the middle, at byte 2");
    refuses("{\"a\\", "the arguments in args can't be used: no valid JSON, at byte 4 (a\\)");
    refuses("{\"a\\u0000\": 1}",
            "the arguments in args can't be used: the character \\u0000, at byte 10 (a\\u0000)");
    assert_int_equal(arguments_parse("{\"a\": 1, \"a\": 2}", 16, "args", &arguments, &error), 0);
    assert_int_equal(json_integer_value(json_object_get(arguments, "a")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log),       cmocka_unit_test(test_log_urls),
        cmocka_unit_test(test_logged),    cmocka_unit_test(test_doc),
        cmocka_unit_test(test_least_doc), cmocka_unit_test(test_password_names),
        cmocka_unit_test(test_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Values as Python reads and writes them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "coerce.h"
#include "python_text.h"

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    return value;
}

static void repr_is(const char *json, const char *expected)
{
    AUTO_JSON json_t *value = parse(json);
    AUTO_TEXT struct text text = {0};

    python_repr(&text, value);
    assert_string_equal(text.data, expected);
}

static void test_repr(void **state)
{
    (void)state;
    repr_is("[1, true, null, \"x\", {\"a\": 1.5}]", "[1, True, None, 'x', {'a': 1.5}]");
    repr_is("\"it's\"", "\"it's\"");
    repr_is("\"'\\\"\"", "'\\'\"'");
    repr_is("\"a\\\\b\\n\\u007f\\u00e9\\u200b\\u00a0\"", "'a\\\\b\\n\\x7f\u00e9\\u200b\\xa0'");
    repr_is("1e16", "1e+16");
    repr_is("1e15", "1000000000000000.0");
    repr_is("0.0001", "0.0001");
    repr_is("0.00001", "1e-05");
    repr_is("-0.0", "-0.0");
    repr_is("0.1", "0.1");
    repr_is("5e-324", "5e-324");
    repr_is("1.7976931348623157e308", "1.7976931348623157e+308");
    repr_is("123456789.125", "123456789.125");
}

static void test_json(void **state)
{
    AUTO_TEXT struct text text = {0};
    static const char bytes[] = "a\"\\\n\x01\x7f\u00e9\U0001f642\xff\xc0\x80";

    (void)state;
    python_json_string(&text, bytes, sizeof(bytes) - 1);
    assert_string_equal(text.data,
                        "\"a\\\"\\\\\\n\\u0001\\u007f\\u00e9\\ud83d\\ude42\\\\xff\\\\xc0\\\\x80\"");
}

static void test_equality(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"1", "true", true},
        {"1", "1.0", true},
        {"0", "false", true},
        {"\"1\"", "1", false},
        {"null", "false", false},
        {"[1, \"a\"]", "[1.0, \"a\"]", true},
        {"[1]", "[1, 2]", false},
        {"{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", true},
        {"{\"a\": 1}", "{\"b\": 1}", false},
        {"9223372036854775807", "9223372036854775808.0", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_JSON json_t *a = parse(cases[i].a), *b = parse(cases[i].b);
        assert_int_equal(python_equal(a, b), cases[i].equal);
    }
}

struct conversion {
    enum param_type type;
    int core;
    const char *from, *to; /* JSON texts; NULL: refused */
};

static void converts(const struct conversion *c)
{
    AUTO_JSON json_t *from = parse(c->from), *to = NULL;
    struct error error = ERROR_INIT;
    AUTO_TEXT struct text text = {0};
    int r = coerce(c->type, from, c->core, &to, &error);

    if (!c->to) {
        assert_int_equal(r, -EINVAL);
        assert_non_null(error.message);
        error_clear(&error);
        return;
    }
    if (r < 0)
        fail_msg("%s: %s", c->from, error_message(&error));
    python_json(&text, to);
    assert_string_equal(text.data, c->to);
}

static void test_scalars(void **state)
{
    static const struct conversion cases[] = {
        {PARAM_STR, 19, "null", "\"\""},
        {PARAM_STR, 14, "null", "\"None\""},
        {PARAM_STR, 19, "true", "\"True\""},
        {PARAM_STR, 19, "{\"a\": [1]}", "\"{'a': [1]}\""},
        {PARAM_BOOL, 19, "\" Yes \"", "true"},
        {PARAM_BOOL, 19, "\"oFF\"", "false"},
        {PARAM_BOOL, 19, "1.0", "true"},
        {PARAM_BOOL, 19, "2", NULL},
        {PARAM_BOOL, 19, "[]", NULL},
        {PARAM_INT, 19, "\"1.0\"", "1"},
        {PARAM_INT, 14, "\"1.0\"", NULL},
        {PARAM_INT, 19, "1.0", "1"},
        {PARAM_INT, 17, "1.0", NULL},
        {PARAM_INT, 19, "1.5", NULL},
        {PARAM_INT, 19, "true", "true"},
        {PARAM_INT, 19, "\"1_000\"", "1000"},
        {PARAM_INT, 14, "\"1__0\"", NULL},
        {PARAM_INT, 19, "\"1__0\"", "10"},
        {PARAM_INT, 19, "\"-9223372036854775808\"", "-9223372036854775808"},
        {PARAM_INT, 19, "\"9223372036854775808\"", NULL},
        {PARAM_INT, 19, "\"18446744073709551616\"", NULL},
        {PARAM_INT, 14, "\"9223372036854775808\"", NULL},
        {PARAM_INT, 19, "1e30", NULL},
        {PARAM_INT, 19, "\"1e999999999\"", NULL},
        {PARAM_INT, 19, "\"10e-1\"", "1"},
        {PARAM_INT, 19, "\"\u0663\"", "3"},
        {PARAM_INT, 19, "null", NULL},
        {PARAM_FLOAT, 19, "\" 1_0.5 \"", "10.5"},
        {PARAM_FLOAT, 19, "3", "3.0"},
        {PARAM_FLOAT, 19, "true", "1.0"},
        {PARAM_FLOAT, 19, "\"nan\"", NULL},
        {PARAM_FLOAT, 19, "\"1e999\"", NULL},
        {PARAM_FLOAT, 19, "\"0x1p3\"", NULL},
        {PARAM_RAW, 19, "[null]", "[null]"},
        {PARAM_JSONARG, 19, "{\"a\": [1.0, \"\u00e9\"]}",
         "\"{\\\"a\\\": [1.0, \\\"\\\\u00e9\\\"]}\""},
        {PARAM_JSONARG, 19, "\" x \"", "\"x\""},
        {PARAM_JSONARG, 19, "1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        converts(&cases[i]);
}

static void test_sizes(void **state)
{
    static const struct conversion cases[] = {
        {PARAM_BYTES, 19, "\"10M\"", "10485760"}, {PARAM_BYTES, 19, "\"1.5 kilobyte\"", "1536"},
        {PARAM_BYTES, 19, "\"1MB\"", "1048576"},  {PARAM_BYTES, 19, "\"1Mb\"", NULL},
        {PARAM_BYTES, 19, "\"1MBx\"", NULL},      {PARAM_BYTES, 14, "\"1MBx\"", "1048576"},
        {PARAM_BYTES, 19, "\" 1M\"", NULL},       {PARAM_BYTES, 14, "\" 1M\"", "1048576"},
        {PARAM_BYTES, 19, "\"1X\"", NULL},        {PARAM_BYTES, 19, "\"\"", NULL},
        {PARAM_BYTES, 19, "\"2.5\"", "2"},        {PARAM_BYTES, 19, "\"3.5\"", "4"},
        {PARAM_BYTES, 19, "\"99Y\"", NULL},       {PARAM_BYTES, 19, "7", "7"},
        {PARAM_BITS, 19, "\"1Mb\"", "1048576"},   {PARAM_BITS, 19, "\"1MB\"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        converts(&cases[i]);
}

static void test_containers(void **state)
{
    static const struct conversion cases[] = {
        {PARAM_LIST, 19, "\"a, b\"", "[\"a\", \" b\"]"},
        {PARAM_LIST, 19, "\"\"", "[\"\"]"},
        {PARAM_LIST, 19, "1.0", "[\"1.0\"]"},
        {PARAM_LIST, 19, "true", "[\"True\"]"},
        {PARAM_LIST, 19, "{}", NULL},
        {PARAM_LIST, 19, "null", NULL},
        {PARAM_DICT, 19, "\"{\\\"a\\\": 1}\"", "{\"a\": 1}"},
        {PARAM_DICT, 19, "\"{'a': (1, 2.5), 'b': 0x10,}\"", "{\"a\": [1, 2.5], \"b\": 16}"},
        {PARAM_DICT, 19, "\"{'a': 'x' \\\"y\\\" # c\\n}\"", "{\"a\": \"xy\"}"},
        {PARAM_DICT, 19, "\"{'a': r'\\\\n', 'b': '\\\\x41\\\\n\\\\101'}\"",
         "{\"a\": \"\\\\n\", \"b\": \"A\\nA\"}"},
        {PARAM_DICT, 19, "\"{1: None, 'b': -+-2}\"", "{\"1\": null, \"b\": 2}"},
        {PARAM_DICT, 19, "\"{'a': '\\\\x00'}\"", NULL},
        {PARAM_DICT, 19, "\"{'a': open('x')}\"", NULL},
        {PARAM_DICT, 19, "\"{'a': 1} x\"", NULL},
        {PARAM_DICT, 19, "\"{'a': 99999999999999999999}\"", NULL},
        {PARAM_DICT, 19, "\"{1, 2}\"", NULL},
        {PARAM_DICT, 19, "\"{'a\"", NULL},
        {PARAM_DICT, 14, "\"{'a': os.path('x')}\"", "\"{'a': os.path('x')}\""},
        {PARAM_DICT, 19, "\"a=1 b='2 3',c=\\\\'\"", "{\"a\": \"1\", \"b\": \"2 3\", \"c\": \"'\"}"},
        {PARAM_DICT, 19, "\"a=1 b\"", NULL},
        {PARAM_DICT, 19, "\"a\"", NULL},
        {PARAM_DICT, 19, "7", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        converts(&cases[i]);
}

static void test_deep_literal(void **state)
{
    enum { DEPTH = 100000 };
    AUTO_FREE char *deep = malloc(DEPTH + 1);
    struct error error = ERROR_INIT;
    json_t *value;

    (void)state;
    memset(deep, '[', DEPTH);
    deep[DEPTH] = '\0';
    assert_int_equal(python_literal(deep, &value, &error), -EINVAL);
    error_clear(&error);
}

static void test_paths(void **state)
{
    static const struct conversion cases[] = {
        {PARAM_PATH, 19, "\"~/x\"", "\"/home/of me/x\""},
        {PARAM_PATH, 19, "\"~\"", "\"/home/of me\""},
        {PARAM_PATH, 19, "\"~root\"", "\"/root\""},
        {PARAM_PATH, 19, "\"~nobody_such/x\"", "\"~nobody_such/x\""},
        {PARAM_PATH, 19, "\"$ECOMA_X/${ECOMA_X}y$\"", "\"v/vy$\""},
        {PARAM_PATH, 19, "\"$ECOMA_NONE/${ECOMA_NONE}${\"", "\"$ECOMA_NONE/${ECOMA_NONE}${\""},
        {PARAM_PATH, 19, "5", "\"5\""},
    };

    (void)state;
    setenv("HOME", "/home/of me//", 1);
    setenv("ECOMA_X", "v", 1);
    unsetenv("ECOMA_NONE");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        converts(&cases[i]);
    setenv("HOME", "/", 1);
    converts(&(struct conversion){PARAM_PATH, 19, "\"~\"", "\"/\""});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repr),         cmocka_unit_test(test_json),
        cmocka_unit_test(test_equality),     cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_deep_literal), cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

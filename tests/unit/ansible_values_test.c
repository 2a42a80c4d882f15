/* SPDX-License-Identifier: GPL-3.0-or-later */
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
#include "python.h"

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
    repr_is("\"\\udb40\\udc01\"", "'\\U000e0001'");
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
        {"{\"a\": 1}", "{\"a\": 2}", false},
        {"{\"a\": 1}", "{}", false},
        {"[1, [2]]", "[1, [3]]", false},
        {"[]", "{}", false},
        {"null", "null", true},
        {"\"a\"", "\"b\"", false},
        {"9223372036854775807", "9223372036854775808.0", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_JSON json_t *a = parse(cases[i].a), *b = parse(cases[i].b);
        assert_int_equal(python_equal(a, b), cases[i].equal);
    }
}

static void test_truth(void **state)
{
    static const char *const truths[] = {"1", "-1", "0.5", "true", "\"x\"", "[null]", "{\"a\": 0}"};
    static const char *const lies[] = {"0", "0.0", "false", "\"\"", "[]", "{}", "null"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(truths); i++) {
        AUTO_JSON json_t *truth = parse(truths[i]), *lie = parse(lies[i]);
        assert_true(python_true(truth));
        assert_false(python_true(lie));
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
        {PARAM_STR, 15, "null", NULL},
        {PARAM_PATH, 18, "null", NULL},
        {PARAM_JSON, 19, "[1]", "\"[1]\""},
        {PARAM_INT, 17, "\"\\u001c1\"", NULL},
        {PARAM_INT, 17, "\"\\u2003\\u00851\"", "1"},
        {PARAM_INT, 18, "\"\\u001c1\\u001f\"", "1"},
        {PARAM_FLOAT, 19, "\"1\\u001f\"", NULL},
        {PARAM_BYTES, 19, "\"1\\u2003MB\\u001c\"", "1048576"},
        {PARAM_BYTES, 19, "\"1MB\\u2003x\"", NULL},
        {PARAM_BYTES, 17, "\"1\\u212a\"", NULL},
        {PARAM_BYTES, 17, "\"1\\u017f\"", NULL},
        {PARAM_BYTES, 17, "\"1bytes\\u0131\"", "1"},
        {PARAM_BYTES, 17, "\"1K\\u00e9\"", "1024"},
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
        {PARAM_FLOAT, 19, "[]", NULL},
        {PARAM_FLOAT, 19, "\"1._5\"", NULL},
        {PARAM_FLOAT, 19, "\"-1.5e+3\"", "-1500.0"},
        {PARAM_FLOAT, 19, "\"1e\"", NULL},
        {PARAM_FLOAT, 19, "\".\"", NULL},
        {PARAM_INT, 14, "\"-12\"", "-12"},
        {PARAM_INT, 14, "\"- 1\"", NULL},
        {PARAM_INT, 14, "\"\"", NULL},
        {PARAM_INT, 14, "\"--1\"", NULL},
        {PARAM_INT, 19, "\"0e99999\"", "0"},
        {PARAM_INT, 19, "\"-0.00\"", "0"},
        {PARAM_INT, 19, "\"1.5\"", NULL},
        {PARAM_INT, 19, "\"1e-1\"", NULL},
        {PARAM_INT, 19, "\"1e-999999\"", NULL},
        {PARAM_INT, 19, "\"92233720368547758079\"", NULL},
        {PARAM_INT, 19, "-1e30", NULL},
        {PARAM_INT, 19, "{}", NULL},
        {PARAM_BOOL, 19, "0.0", "false"},
        {PARAM_BOOL, 14, "\"2\"", NULL},
        {PARAM_STR, 19, "[1, \"a'b\"]", "\"[1, \\\"a'b\\\"]\""},
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
        {PARAM_BYTES, 19, "\"10M\"", "10485760"},
        {PARAM_BYTES, 19, "\"1.5 kilobyte\"", "1536"},
        {PARAM_BYTES, 19, "\"1MB\"", "1048576"},
        {PARAM_BYTES, 19, "\"1Mb\"", NULL},
        {PARAM_BYTES, 19, "\"1MBx\"", NULL},
        {PARAM_BYTES, 14, "\"1MBx\"", "1048576"},
        {PARAM_BYTES, 19, "\" 1M\"", NULL},
        {PARAM_BYTES, 14, "\" 1M\"", "1048576"},
        {PARAM_BYTES, 19, "\"1X\"", NULL},
        {PARAM_BYTES, 19, "\"\"", NULL},
        {PARAM_BYTES, 19, "\"2.5\"", "2"},
        {PARAM_BYTES, 19, "\"3.5\"", "4"},
        {PARAM_BYTES, 19, "\"99Y\"", NULL},
        {PARAM_BYTES, 19, "7", "7"},
        {PARAM_BYTES, 19, "\"1.\"", NULL},
        {PARAM_BYTES, 14, "\"1.\"", "1"},
        {PARAM_BYTES, 19, "\".\"", NULL},
        {PARAM_BYTES, 19, "\".5K\"", "512"},
        {PARAM_BYTES, 19, "\"4K \"", "4096"},
        {PARAM_BYTES, 19, "\"4 K\"", "4096"},
        {PARAM_BYTES, 19, "\"4K x\"", NULL},
        {PARAM_BYTES, 19, "\"1B\"", "1"},
        {PARAM_BYTES, 19, "\"1b\"", "1"},
        {PARAM_BYTES, 19, "\"1byte\"", "1"},
        {PARAM_BYTES, 14, "\"1BB\"", "1"},
        {PARAM_BYTES, 14, "\"1Kb\"", NULL},
        {PARAM_BYTES, 14, "\"1Kxbyte\"", "1024"},
        {PARAM_BYTES, 14, "\"1X\"", NULL},
        {PARAM_BYTES, 19, "9007199254740993", "9007199254740992"},
        {PARAM_BITS, 14, "\"1Mb\"", "1048576"},
        {PARAM_BITS, 19, "\"1Mb\"", "1048576"},
        {PARAM_BITS, 19, "\"1MB\"", NULL},
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
        {PARAM_DICT, 19, "\"{1: None, 'b': +2}\"", "{\"1\": null, \"b\": 2}"},
        {PARAM_DICT, 19, "\"{'a': '\\\\x00'}\"", NULL},
        {PARAM_DICT, 19, "\"{'a': open('x')}\"", NULL},
        {PARAM_DICT, 19, "\"{'a': 1} x\"", NULL},
        {PARAM_DICT, 19, "\"{'a': 99999999999999999999}\"", NULL},
        {PARAM_DICT, 19, "\"{1, 2}\"", NULL},
        {PARAM_DICT, 19, "\"{'a\"", NULL},
        {PARAM_DICT, 14, "\"{'a': os.path('x')}\"", "\"{'a': os.path('x')}\""},
        {PARAM_DICT, 19, "\"a=1 b='2 3',c=\\\\'\"", "{\"a\": \"1\", \"b\": \"2 3\", \"c\": \"'\"}"},
        {PARAM_DICT, 14, "\"{'a': x.y.z}\"", NULL},
        {PARAM_DICT, 14, "\"{'import os': 1}\"", "\"{'import os': 1}\""},
        {PARAM_DICT, 14, "\"{'import ': 1}\"", "{\"import \": 1}"},
        {PARAM_DICT, 14, "\"{'a': .5, 'b': 1.5}\"", "{\"a\": 0.5, \"b\": 1.5}"},
        {PARAM_DICT, 14, "\"a=1 b\"", NULL},
        {PARAM_DICT, 19, "\" a=1 \"", "{\"a\": \"1\"}"},
        {PARAM_DICT, 19, "\"a=1 b\"", NULL},
        {PARAM_DICT, 19, "\"a\"", NULL},
        {PARAM_DICT, 19, "7", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        converts(&cases[i]);
}

/* The literal as a dict; `to` is NULL where Python refuses it, or where JSON has nothing like it.
 */
static void literal_is(const char *from, const char *to)
{
    AUTO_JSON json_t *value = NULL;
    struct error error = ERROR_INIT;
    AUTO_TEXT struct text text = {0};
    int r = python_literal(from, &value, &error);

    error_clear(&error);
    if (!to && r < 0)
        return;
    if (!to || r < 0)
        fail_msg("%s: %s", from, to ? "refused" : "taken");
    python_json(&text, value);
    assert_string_equal(text.data, to);
}

static void test_literals(void **state)
{
    static const struct {
        const char *from, *to;
    } right[] = {
        {"{}", "{}"},
        {"{ }", "{}"},
        {"{'a': [ ], 'b': (), 'c': (1,), 'd': (1), 'e': (1, 2,)}",
         "{\"a\": [], \"b\": [], \"c\": [1], \"d\": 1, \"e\": [1, 2]}"},
        {"{'a': [1, # one\n 2]} # end", "{\"a\": [1, 2]}"},
        {"{'a': \\\n 1}", "{\"a\": 1}"},
        {"{'''a\nb''': \"\"\"c\"d\"\"\"}", "{\"a\\nb\": \"c\\\"d\"}"},
        {"{'\\\n\\'\\a\\b\\f\\v\\7\\q': 1}", "{\"'\\u0007\\b\\f\\u000b\\u0007\\\\q\": 1}"},
        {"{'\\x41\\u00e9\\U0001F642': U'x'}", "{\"A\\u00e9\\ud83d\\ude42\": \"x\"}"},
        {"{R'\\n\\'': u'y'}", "{\"\\\\n\\\\'\": \"y\"}"},
        {"{1: 1, 2.5: 2, True: 3, None: 4, -1: 5}",
         "{\"1\": 1, \"2.5\": 2, \"true\": 3, \"null\": 4, \"-1\": 5}"},
        {"{'a': [0, 00, 0_0, 0xFf, 0X1, 0o17, 0O7, 0b11, 0B1, 1_000]}",
         "{\"a\": [0, 0, 0, 255, 1, 15, 7, 3, 1, 1000]}"},
        {"{'a': [1., .5, 1e3, 1E+2, 1e-2, 1_0.5, -.5, + 1, - ( (1))]}",
         "{\"a\": [1.0, 0.5, 1000.0, 100.0, 0.01, 10.5, -0.5, 1, -1]}"},
        {"{'a': [9223372036854775807, -9223372036854775808]}",
         "{\"a\": [9223372036854775807, -9223372036854775808]}"},
        {"{'a': 'x\\\r\ny', 'b': r'x\\\ry',\r\n'c': '''\r\n'''}\r",
         "{\"a\": \"xy\", \"b\": \"x\\\\\\ny\", \"c\": \"\\n\"}"},
        {"{'a': 0x_1F, 'b': 1_0}\\\n ", "{\"a\": 31, \"b\": 10}"},
        {"{'a': [True, False, None]}", "{\"a\": [true, false, null]}"},
    };
    static const char *const wrong[] = {"{",
                                        "{'a'",
                                        "{'a':",
                                        "{'a': }",
                                        "{'a': 1 'b': 2}",
                                        "{'a' 1}",
                                        "{'a': [1 2]}",
                                        "{'a': [1",
                                        "{'a': [,]}",
                                        "{[1]: 2}",
                                        "{{}: 2}",
                                        "{'a\n': 1}",
                                        "{'a': 'b",
                                        "{'a': r'\\",
                                        "{'a': '\\",
                                        "{'a': '\\x4'}",
                                        "{'a': '\\xg0'}",
                                        "{'a': '\\u12'}",
                                        "{'a': '\\ud800'}",
                                        "{'a': '\\U00110000'}",
                                        "{'a': '\\N{DASH}'}",
                                        "{'a': '\\0'}",
                                        "{'a': b'x'}",
                                        "{'a': rx}",
                                        "{'a': 01}",
                                        "{'a': 0x}",
                                        "{'a': 0xg}",
                                        "{'a': 0b2}",
                                        "{'a': 1__0}",
                                        "{'a': 1_}",
                                        "{'a': 1e}",
                                        "{'a': 1.5.5}",
                                        "{'a': 0x1.5}",
                                        "{'a': 1e999}",
                                        "{'a': 9223372036854775808}",
                                        "{'a': -9223372036854775809}",
                                        "{'a': 99999999999999999999999}",
                                        "{'a': -}",
                                        "{'a': .}",
                                        "{'a': Truest}",
                                        "{'a': None_}",
                                        "{'a': Falsch}",
                                        "{'a': 1 + 2}",
                                        "{'a': x}",
                                        "{'a': 1}, {}",
                                        "{'a': True\u00e9}",
                                        "{'a': - -1}",
                                        "{'a': +-1}",
                                        "{'a': -(-1)}",
                                        "{'a': -(1}",
                                        "{'a': -(1,)}",
                                        "{'a': -'x'}",
                                        "{'a': 1_000_}",
                                        "{'a': 0b_2}",
                                        "{'a': 1}\\\n",
                                        "{'a': 'x\ry'}",
                                        "{'a': 1-2}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(right); i++)
        literal_is(right[i].from, right[i].to);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        literal_is(wrong[i], NULL);
}

static void test_utf8(void **state)
{
    static const struct {
        const char *bytes;
        size_t length; /* 0: no UTF-8 */
        unsigned code;
    } cases[] = {
        {"a", 1, 'a'},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
        {"\x80", 0, 0},
        {"\xc1\xbf", 0, 0},
        {"\xc2", 0, 0},
        {"\xc2x", 0, 0},
        {"\xe0\x9f\xbf", 0, 0},
        {"\xed\xa0\x80", 0, 0},
        {"\xed\xbf\xbf", 0, 0},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xf0\x8f\xbf\xbf", 0, 0},
        {"\xf4\x90\x80\x80", 0, 0},
        {"\xf5\x80\x80\x80", 0, 0},
        {"\xf0\x90\x80", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *bytes = cases[i].bytes;
        AUTO_TEXT struct text text = {0};
        unsigned code = 0;

        assert_int_equal(utf8_decode(bytes, bytes + strlen(bytes), &code), cases[i].length);
        assert_int_equal(code, cases[i].code);
        if (cases[i].length == 0)
            continue;
        utf8_add(&text, code);
        assert_string_equal(text.data, bytes);
    }
}

static void test_strip(void **state)
{
    static const char *const cases[][2] = {{" a ", "a"},
                                           {"", ""},
                                           {" \t\r\n\v\f", ""},
                                           {"\x1c\x1f"
                                            "a b\x20",
                                            "a b"},
                                           {"\xc2\x85\u00a0x\u1680\u2000\u200a", "x"},
                                           {"\u2028\u2029\u202f\u205f\u3000y", "y"},
                                           {"\u200bz\u200b", "\u200bz\u200b"},
                                           {" \xff ", "\xff"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *start;
        size_t length;

        python_strip(cases[i][0], &start, &length);
        assert_int_equal(length, strlen(cases[i][1]));
        assert_memory_equal(start, cases[i][1], length);
    }
}

static void test_no_text(void **state)
{
    struct error error = ERROR_INIT;
    long long number;
    double real;

    (void)state;
    assert_false(python_int("1\xff", &number));
    assert_false(python_decimal("1\xff", &number));
    assert_false(python_float("1\xff", &real));
    assert_int_equal(human_to_bytes("1\xff", false, 17, &number, &error), -EINVAL);
    error_clear(&error);
}

/* Python takes 200 brackets in each other. */
static bool takes_depth(size_t depth, char opening, char closing)
{
    AUTO_TEXT struct text text = {0};
    AUTO_JSON json_t *value = NULL;
    struct error error = ERROR_INIT;

    text_add(&text, opening == '(' ? "{'a': -" : "{'a': ");
    for (size_t i = 1; i < depth; i++)
        text_add_bytes(&text, &opening, 1);
    text_add(&text, opening == '(' ? "1" : "");
    for (size_t i = 1; i < depth; i++)
        text_add_bytes(&text, &closing, 1);
    text_add(&text, "}");
    int r = python_literal(text.data, &value, &error);
    error_clear(&error);
    return r == 0;
}

static void test_depth(void **state)
{
    (void)state;
    assert_true(takes_depth(200, '[', ']'));
    assert_false(takes_depth(201, '[', ']'));
    assert_true(takes_depth(200, '(', ')'));
    assert_false(takes_depth(201, '(', ')'));
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
        {PARAM_PATH, 19, "\"/$ECOMA_BYTES\"", NULL},
    };

    (void)state;
    setenv("HOME", "/home/of me//", 1);
    setenv("ECOMA_X", "v", 1);
    setenv("ECOMA_BYTES", "\xff", 1);
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
        cmocka_unit_test(test_equality),     cmocka_unit_test(test_truth),
        cmocka_unit_test(test_scalars),      cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_containers),   cmocka_unit_test(test_literals),
        cmocka_unit_test(test_utf8),         cmocka_unit_test(test_strip),
        cmocka_unit_test(test_deep_literal), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_paths),        cmocka_unit_test(test_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

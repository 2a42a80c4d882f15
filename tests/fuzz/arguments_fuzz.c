/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What arrives, all its way through the library: from bytes to the printed line. Input is an
 * arguments file or, after a `=`, the text of one value that all parameters get. Every line
 * has to be valid, and without the secrets that came in.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "protocol.h"
#include "secrets.h"
#include "text.h"
#include "validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct param LEAVES[] = {
    {.name = "tier", .choices = STRINGS("hot", "yes", "off", "1"), .aliases = STRINGS("t")},
    {.name = "size", .type = PARAM_BYTES, .default_json = "\"1K\""},
    {.name = "key", .no_log = true, .aliases = STRINGS("k")},
    {0},
};

static const struct param NODES[] = {
    {.name = "leaves",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_DICT,
     .options = LEAVES},
    {.name = "leaf", .type = PARAM_DICT, .options = LEAVES, .apply_defaults = true},
    {.name = "count", .type = PARAM_INT, .choices = STRINGS("1", "2")},
    {0},
};

static const struct param TABLE[] = {
    {.name = "str", .fallback_env = STRINGS("HOME"), .default_json = "\"d\""},
    {.name = "bool", .type = PARAM_BOOL},
    {.name = "int", .type = PARAM_INT, .no_log = true},
    {.name = "float", .type = PARAM_FLOAT},
    {.name = "list", .type = PARAM_LIST, .choices = STRINGS("a", "b")},
    {.name = "ints", .type = PARAM_LIST, .has_elements = true, .elements = PARAM_INT},
    {.name = "dict",
     .type = PARAM_DICT,
     .no_log = true,
     .aliases = STRINGS("d", "map"),
     .deprecated_aliases = (const struct param_deprecation[]){{"d", "2.0", NULL, "a.b"}, {0}}},
    {.name = "path", .type = PARAM_PATH},
    {.name = "raw", .type = PARAM_RAW, .choices = STRINGS("1", "\"x\"", "[true]")},
    {.name = "jsonarg", .type = PARAM_JSONARG},
    {.name = "bytes", .type = PARAM_BYTES},
    {.name = "bits", .type = PARAM_BITS, .removed = &(const struct param_deprecation){0}},
    {.name = "node", .type = PARAM_DICT, .options = NODES},
    {.name = "password", .no_log = true, .default_json = "\"hunter2\""},
    {0},
};

static const struct param_rules RULES = {
    .mutually_exclusive =
        (const char *const *const[]){STRINGS("bytes", "bits"), STRINGS("int", "ints"), NULL},
    .required_together = (const char *const *const[]){STRINGS("float", "bool"), NULL},
    .required_one_of = (const char *const *const[]){STRINGS("str", "raw"), NULL},
    .required_if =
        (const struct param_required_if[]){{"bool", "true", STRINGS("path", "raw"), true}, {0}},
    .required_by = (const struct param_required_by[]){{"jsonarg", STRINGS("list")}, {0}},
};

static void require(bool truth)
{
    if (!truth)
        abort();
}

static bool holds_secret(const json_t *value, const json_t *no_log)
{
    const char *text = json_string_value(value), *secret, *key;
    json_t *item;
    size_t i;

    json_object_foreach ((json_t *)no_log, secret, item)
        /* What replaces secrets can look like a part of one. */
        if (text && !strpbrk(secret, "*_") && strlen(secret) > 3 && strstr(text, secret) &&
            !strstr(text, "VALUE_SPECIFIED") && !strchr(text, '*'))
            return true;
    json_array_foreach (value, i, item)
        if (holds_secret(item, no_log))
            return true;
    json_object_foreach ((json_t *)value, key, item)
        if (holds_secret(item, no_log))
            return true;
    return false;
}

/* The line as main() prints it, read again. */
static void print(const json_t *value, const json_t *no_log)
{
    AUTO_JSON json_t *scrubbed = result_scrub(value, no_log);
    AUTO_FREE char *line = result_line(scrubbed);

    for (const char *p = line; *p; p++)
        require((*p >= ' ' && *p < 0x7f) || *p == '\n');
    require(strchr(line + 1, '\n') == line + strlen(line) - 1);
    AUTO_JSON json_t *again = json_loads(line, JSON_DECODE_ANY, NULL);
    require(again && !holds_secret(again, no_log));
}

static void take(json_t *arguments)
{
    const char *version = json_string_value(json_object_get(arguments, "_ansible_version"));
    struct error error = ERROR_INIT;
    struct validation v;

    const struct argument_spec spec = {TABLE, &RULES, core_version(version), "fuzz"};
    require(validate(&spec, arguments, &v, &error) == 0);
    free(log_text(TABLE, &v, NULL));
    print(v.params, v.no_log);
    print(v.errors, v.no_log);
    print(v.warnings, v.no_log);
    print(v.deprecations, v.no_log);
    validation_release(&v);
}

static void take_document(const char *text, size_t length)
{
    AUTO_JSON json_t *arguments = NULL;
    struct error error = ERROR_INIT;
    int r = arguments_parse(text, length, "fuzz", &arguments, &error);

    require(r == 0 || r == -EINVAL);
    if (r == 0)
        take(arguments);
    AUTO_JSON json_t *message = r < 0 ? result_text(error_message(&error)) : NULL;
    if (message)
        print(message, NULL);
    error_clear(&error);
}

static void take_value(const char *text)
{
    static const char *const versions[] = {"2.14.0", "2.17.0", "2.19.0"};

    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        AUTO_JSON json_t *arguments = json_pack("{s:s}", "_ansible_version", versions[i]);
        for (const struct param *param = TABLE; param->name; param++)
            json_object_set_new(arguments, param->name, result_text(text));
        take(arguments);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *text = alloc_bytes(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    if (*text == '=')
        take_value(text + 1);
    else
        take_document(text, size);
    return 0;
}

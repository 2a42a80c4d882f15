/* SPDX-License-Identifier: BSD-2-Clause */
#include "secrets.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "coerce.h"
#include "python.h"
#include "text.h"

void secrets_add(json_t *set, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach (value, i, item)
        secrets_add(set, item);
    json_object_foreach ((json_t *)value, key, item)
        secrets_add(set, item);
    if (!json_is_string(value) && !json_is_number(value))
        return;
    AUTO_FREE char *text = python_str_new(value);
    if (*text)
        json_object_set_new(set, text, json_null());
}

static bool secrets_below(const struct spec *spec, const struct param *param, json_t *value);

/* False: sub-options of the wrong shape, which is an error message and ends the search. */
static bool secrets_of(const struct spec *spec, const struct param *table, const json_t *values)
{
    bool right = true;

    for (const struct param *param = table; right && param->name; param++) {
        json_t *value = NULL;

        if (param->no_log || param->options)
            value = json_object_get(values, param->name);
        if (!value || json_is_null(value))
            continue;
        if (param->no_log && python_true(value))
            secrets_add(spec->out->secrets, value);
        if (!param_has_suboptions(param))
            continue;
        if (!json_is_array(value)) {
            right = secrets_below(spec, param, value);
            continue;
        }
        size_t i;
        json_t *item;
        json_array_foreach (value, i, item)
            right = right && secrets_below(spec, param, item);
    }
    return right;
}

static bool secrets_below(const struct spec *spec, const struct param *param, json_t *value)
{
    AUTO_JSON json_t *parsed = NULL;
    struct error refusal = ERROR_INIT;

    if (json_is_string(value)) {
        if (coerce_dict_text(json_string_value(value), spec->core, &parsed, &refusal) < 0) {
            spec_message(spec, alloc_string(error_message(&refusal)));
            error_clear(&refusal);
            return false;
        }
        value = parsed;
    }
    if (json_is_object(value))
        return secrets_of(spec, param->options, value);
    AUTO_FREE char *shown = python_str_new(value);
    spec_message(spec,
                 text_format("Value '%s' in the sub parameter field '%s' must %s a %s, not '%s'",
                             shown, param->name, spec->core >= 17 ? "be" : "by",
                             param_type_name(param->type), python_type_name(value)));
    return false;
}

void secrets_collect(const struct spec *spec)
{
    secrets_of(spec, spec->table, spec->values);
}

/* The values as the types have made them: the elements of "a,b", a path without its variables. */
static void secrets_add_converted(json_t *set, const struct param *table, const json_t *values)
{
    for (const struct param *param = table; param->name; param++) {
        const json_t *value = NULL;
        json_t *item;
        size_t i;

        if (param->no_log || param->options)
            value = json_object_get(values, param->name);
        if (!value)
            continue;
        if (param->no_log)
            secrets_add(set, value);
        if (!param->options)
            continue;
        secrets_add_converted(set, param->options, value);
        json_array_foreach (value, i, item)
            secrets_add_converted(set, param->options, item);
    }
}

/* Takes over what is in `text`. */
static void secrets_add_text(json_t *set, struct text *text)
{
    AUTO_FREE char *string = text_take(text);

    json_object_set_new(set, string, json_null());
}

/* A secret as it is, and as repr() and JSON write it between their quotes. */
static void secrets_add_spellings(json_t *set, const char *secret)
{
    AUTO_TEXT struct text text = {0};

    for (const char *quote = "'\""; *quote; quote++) {
        python_repr_string(&text, secret, *quote);
        secrets_add_text(set, &text);
    }
    python_json_string(&text, secret, strlen(secret));
    AUTO_FREE char *quoted = text_take(&text);
    text_add_bytes(&text, quoted + 1, strlen(quoted) - 2);
    secrets_add_text(set, &text);
    json_object_set_new(set, secret, json_null());
}

void secrets_hide(const struct spec *spec)
{
    AUTO_JSON json_t *plain = json_copy(spec->out->secrets);
    const char *secret;
    json_t *ignored;

    secrets_add_converted(plain, spec->table, spec->values);
    json_object_foreach (plain, secret, ignored)
        secrets_add_spellings(spec->out->no_log, secret);
}

static const char HIDDEN[] = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";
/* The controller takes an object with this key for one of its own types. */
static const char FOREIGN_KEY[] = "__ansible_type";

/* The secrets, longest first: a part of one must not uncover the rest of it. */
static int compare_secrets(const void *a, const void *b)
{
    size_t x = strlen(*(const char *const *)a), y = strlen(*(const char *const *)b);

    return x > y ? -1 : x < y;
}

static const char **sorted_secrets(const json_t *no_log)
{
    const char **secrets = alloc_zeroed(json_object_size(no_log) + 1, sizeof(*secrets));
    const char *secret;
    json_t *ignored;
    size_t count = 0;

    json_object_foreach ((json_t *)no_log, secret, ignored)
        secrets[count++] = secret;
    qsort(secrets, count, sizeof(*secrets), compare_secrets);
    return secrets;
}

static char *scrub_replace(const char *text, const char *secret)
{
    AUTO_TEXT struct text out = {0};
    const char *hit;

    for (; (hit = strstr(text, secret)); text = hit + strlen(secret)) {
        text_add_bytes(&out, text, (size_t)(hit - text));
        text_add(&out, "********");
    }
    text_add(&out, text);
    return text_take(&out);
}

static char *scrub_text(const char *text, const char *const *secrets)
{
    for (const char *const *secret = secrets; *secret; secret++)
        if (strcmp(*secret, text) == 0)
            return alloc_string(HIDDEN);
    char *scrubbed = alloc_string(text);
    for (; *secrets; secrets++) {
        char *next = scrub_replace(scrubbed, *secrets);
        free(scrubbed);
        scrubbed = next;
    }
    return scrubbed;
}

char *result_scrub_text(const char *text, const json_t *no_log)
{
    AUTO_FREE const char **secrets = sorted_secrets(no_log);

    return scrub_text(text, secrets);
}

static json_t *scrub_number(const json_t *value, const char *const *secrets)
{
    AUTO_FREE char *text = python_str_new(value);

    for (; *secrets; secrets++)
        if (strstr(text, *secrets))
            return json_string(HIDDEN);
    return json_copy((json_t *)value);
}

static json_t *scrub(const json_t *value, const char *const *secrets);

static json_t *scrub_container(const json_t *value, const char *const *secrets)
{
    json_t *copy = json_is_array(value) ? json_array() : json_object();
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach (value, i, item)
        json_array_append_new(copy, scrub(item, secrets));
    json_object_foreach ((json_t *)value, key, item)
        json_object_set_new_nocheck(copy, key, scrub(item, secrets));
    return copy;
}

static json_t *scrub(const json_t *value, const char *const *secrets)
{
    if (json_is_array(value) || json_is_object(value))
        return scrub_container(value, secrets);
    if (json_is_number(value))
        return scrub_number(value, secrets);
    if (!json_is_string(value))
        return json_incref((json_t *)value);
    AUTO_FREE char *text = scrub_text(json_string_value(value), secrets);
    return json_string_nocheck(text);
}

json_t *result_scrub(const json_t *value, const json_t *no_log)
{
    AUTO_FREE const char **secrets = sorted_secrets(no_log);

    return *secrets ? scrub(value, secrets) : json_incref((json_t *)value);
}

static void result_drop_foreign_keys(json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    json_object_del(value, FOREIGN_KEY);
    json_array_foreach (value, i, item)
        result_drop_foreign_keys(item);
    json_object_foreach (value, key, item)
        result_drop_foreign_keys(item);
}

static char *result_json(const json_t *result)
{
    AUTO_TEXT struct text line = {0};

    text_add(&line, "\n");
    python_json(&line, result);
    text_add(&line, "\n");
    return text_take(&line);
}

char *result_line(const json_t *result)
{
    AUTO_FREE char *line = result_json(result);

    if (!strstr(line, FOREIGN_KEY))
        return TAKE_PTR(line);
    AUTO_JSON json_t *copy = json_deep_copy(result);
    result_drop_foreign_keys(copy);
    return result_json(copy);
}

json_t *result_text(const char *bytes)
{
    const char *end = bytes + strlen(bytes);
    AUTO_TEXT struct text text = {0};
    unsigned code;
    size_t n;

    for (const char *p = bytes; p < end; p += n) {
        n = utf8_decode(p, end, &code);
        if (n > 0) {
            text_add_bytes(&text, p, n);
        } else {
            text_addf(&text, "\\x%02x", (unsigned)(unsigned char)*p);
            n = 1;
        }
    }
    AUTO_FREE char *string = text_take(&text);
    return json_string(string);
}

static json_t *hide_keys(const struct param *table, const json_t *value, const json_t *no_log);

static json_t *hide_in_array(const struct param *table, const json_t *list, const json_t *no_log)
{
    json_t *copy = json_array(), *item;
    size_t i;

    json_array_foreach (list, i, item)
        json_array_append_new(copy, hide_keys(table, item, no_log));
    return copy;
}

static json_t *hide_in_object(const struct param *table, const json_t *object, const json_t *no_log)
{
    json_t *copy = json_object(), *item;
    const char *key;

    json_object_foreach ((json_t *)object, key, item) {
        const struct param *param = table ? param_find(table, key) : NULL;
        AUTO_FREE char *hidden = param ? NULL : result_scrub_text(key, no_log);
        json_t *value = hide_keys(param ? param->options : NULL, item, no_log);

        json_object_set_new_nocheck(copy, param ? key : hidden, value);
    }
    return copy;
}

static json_t *hide_keys(const struct param *table, const json_t *value, const json_t *no_log)
{
    if (json_is_array(value))
        return hide_in_array(table, value, no_log);
    if (json_is_object(value))
        return hide_in_object(table, value, no_log);
    return json_incref((json_t *)value);
}

json_t *invocation_args(const struct param *table, const struct validation *validation)
{
    if (json_object_size(validation->no_log) == 0)
        return json_incref(validation->params);
    return hide_keys(table, validation->params, validation->no_log);
}

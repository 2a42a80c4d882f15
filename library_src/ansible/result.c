#include "result.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "python.h"

static const char HIDDEN[] = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";
/* The controller takes an object with this key for one of its own types. */
static const char FOREIGN_KEY[] = "__ansible_type";

/* The secrets, longest first: a part of one must not uncover the rest of it. */
static int compare_lengths(const void *a, const void *b)
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
    qsort(secrets, count, sizeof(*secrets), compare_lengths);
    return secrets;
}

static char *replace(const char *text, const char *secret)
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
        char *next = replace(scrubbed, *secrets);
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

static void drop_foreign_keys(json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    json_object_del(value, FOREIGN_KEY);
    json_array_foreach (value, i, item)
        drop_foreign_keys(item);
    json_object_foreach (value, key, item)
        drop_foreign_keys(item);
}

static char *line_of(const json_t *result)
{
    AUTO_TEXT struct text line = {0};

    text_add(&line, "\n");
    python_json(&line, result);
    text_add(&line, "\n");
    return text_take(&line);
}

char *result_line(const json_t *result)
{
    AUTO_FREE char *line = line_of(result);

    if (!strstr(line, FOREIGN_KEY))
        return TAKE_PTR(line);
    AUTO_JSON json_t *copy = json_deep_copy(result);
    drop_foreign_keys(copy);
    return line_of(copy);
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

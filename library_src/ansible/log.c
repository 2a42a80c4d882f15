/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol.h"

#define SYSLOG_NAMES
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "alloc.h"
#include "cleanup.h"
#include "python.h"
#include "secrets.h"

/* ^(?:.+[-_\s])?pass(?:[-_\s]?(?:word|phrase|wrd|wd)?)(?:[-_\s].+)?$ without regard to case, as
 * ansible-core has it. */
static bool names_a_password(const char *name)
{
    static const char *const endings[] = {"", "word", "phrase", "wrd", "wd"};
    static const char separators[] = "-_ \t";

    for (const char *p = name; (p = strcasestr(p, "pass")); p++) {
        if (p > name && (p == name + 1 || !strchr(separators, p[-1])))
            continue;
        const char *rest = p + 4 + (p[4] != '\0' && strchr(separators, p[4]) != NULL);
        for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
            size_t length = strlen(endings[i]);
            if (strncasecmp(rest, endings[i], length) == 0 &&
                (!rest[length] || (strchr(separators, rest[length]) && rest[length + 1])))
                return true;
        }
        if (rest > p + 4 && *rest)
            return true;
    }
    return false;
}

/* The last `what` that ends before `end`, or NULL. */
static const char *last_of(const char *text, const char *what, const char *end)
{
    size_t length = strlen(what);

    for (const char *p = end; (size_t)(p - text) >= length; p--)
        if (memcmp(p - length, what, length) == 0)
            return p - length;
    return NULL;
}

/* The colon before the password that ends at `at`; *ret_begin is where user and password begin. */
static const char *find_password(const char *text, const char *at, const char **ret_begin)
{
    const char *begin = at, *from, *colon;

    do {
        begin = last_of(text, "://", begin);
        from = begin ? begin + 3 : text;
        colon = from < at ? memchr(from, ':', (size_t)(at - from)) : NULL;
    } while (!colon && begin);
    *ret_begin = begin ? begin : text;
    return colon;
}

static char *without_passwords(const char *text, const size_t *ends)
{
    AUTO_TEXT struct text out = {0};
    const char *start = text;

    for (const char *p = text; *p; p++) {
        if (!ends[p - text])
            continue;
        text_add_bytes(&out, start, (size_t)(p + 1 - start));
        text_add(&out, "********");
        start = text + ends[p - text];
        p = start - 1;
    }
    text_add(&out, start);
    return text_take(&out);
}

/* Hides the password of user:password@host and of scheme://user:password@host, from the end on, as
 * heuristic_log_sanitize() does. That one doesn't see a user whose name is shorter than three. */
static char *hide_url_passwords(const char *text)
{
    const char *at = strrchr(text, '@'), *begin, *colon;

    if (!at)
        return alloc_string(text);
    /* Of passwords, by their colon. */
    AUTO_FREE size_t *ends = alloc_zeroed(strlen(text), sizeof(*ends));
    for (; at && (colon = find_password(text, at, &begin)); at = last_of(text, "@", begin))
        ends[colon - text] = (size_t)(at - text);
    return without_passwords(text, ends);
}

static void log_add_value(struct text *text, const json_t *value, const json_t *no_log)
{
    AUTO_FREE char *plain = python_str_new(value);
    AUTO_FREE char *hidden = hide_url_passwords(plain);
    AUTO_FREE char *scrubbed = result_scrub_text(hidden, no_log);

    text_add(text, scrubbed);
}

/* What stands in the value's place: NULL, so the value itself may be shown. Options can share a
 * name, as alias of the one or the other: each of them is asked. */
static const char *log_placeholder(const struct param *table, const char *name)
{
    bool logged = false;

    for (const struct param *param; (param = param_find(table, name)); table = param + 1) {
        if (param->no_log)
            return "NOT_LOGGING_PARAMETER";
        logged = logged || param->logged;
    }
    return !logged && names_a_password(name) ? "NOT_LOGGING_PASSWORD" : NULL;
}

char *log_text(const struct param *table, const struct validation *validation, const char *prefix)
{
    AUTO_TEXT struct text text = {0};
    const char *name;
    json_t *value;

    if (prefix)
        text_addf(&text, "%s ", prefix);
    text_add(&text, json_object_size(validation->params) > 0 ? "Invoked with" : "Invoked");
    json_object_foreach (validation->params, name, value) {
        const char *instead = log_placeholder(table, name);

        text_addf(&text, " %s=", name);
        if (instead)
            text_add(&text, instead);
        else
            log_add_value(&text, value, validation->no_log);
    }
    AUTO_FREE char *line = text_take(&text);
    return result_scrub_text(line, validation->no_log);
}

static int log_facility(const char *name)
{
    if (!name || strncmp(name, "LOG_", 4) != 0)
        return LOG_USER;
    for (const CODE *code = facilitynames; code->c_name; code++)
        if (strcasecmp(code->c_name, name + 4) == 0)
            return code->c_val;
    return LOG_USER;
}

void log_invocation(const char *name, const char *facility, const char *text)
{
    AUTO_FREE char *identifier = text_format("ansible-%s", name);

    openlog(identifier, 0, log_facility(facility));
    syslog(LOG_INFO, "%s", text);
    closelog();
}

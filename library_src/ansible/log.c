#include "log.h"

#define SYSLOG_NAMES
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "cleanup.h"
#include "python_text.h"
#include "result.h"

static const struct param *find_param(const struct param *table, const char *name)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return table;
        for (const char *const *alias = table->aliases; alias && *alias; alias++)
            if (strcmp(*alias, name) == 0)
                return table;
    }
    return NULL;
}

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

/* Hides the password of user:password@host and of scheme://user:password@host. */
static char *hide_url_passwords(const char *text)
{
    AUTO_TEXT struct text out = {0};
    const char *at;

    while ((at = strchr(text, '@'))) {
        const char *colon = NULL, *from = text;
        for (const char *p = text; p + 2 < at; p++)
            if (strncmp(p, "://", 3) == 0)
                from = p + 3;
        for (const char *p = from; p < at && !colon; p++)
            if (*p == ':')
                colon = p;
        if (colon) {
            text_add_bytes(&out, text, (size_t)(colon + 1 - text));
            text_add(&out, "********@");
        } else {
            text_add_bytes(&out, text, (size_t)(at + 1 - text));
        }
        text = at + 1;
    }
    text_add(&out, text);
    return text_take(&out);
}

static int add_value(struct text *text, const json_t *value, const json_t *no_log)
{
    AUTO_FREE char *plain = python_str_new(value);
    AUTO_FREE char *hidden = plain ? hide_url_passwords(plain) : NULL;
    AUTO_FREE char *scrubbed = hidden ? result_scrub_text(hidden, no_log) : NULL;

    if (!scrubbed)
        return -1;
    text_add(text, scrubbed);
    return 0;
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
        const struct param *param = find_param(table, name);

        text_addf(&text, " %s=", name);
        if (param && param->no_log)
            text_add(&text, "NOT_LOGGING_PARAMETER");
        else if (names_a_password(name))
            text_add(&text, "NOT_LOGGING_PASSWORD");
        else if (add_value(&text, value, validation->no_log) < 0)
            return NULL;
    }
    AUTO_FREE char *line = text_take(&text);
    return line ? result_scrub_text(line, validation->no_log) : NULL;
}

static int facility_number(const char *name)
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

    if (!identifier)
        return;
    openlog(identifier, 0, facility_number(facility));
    syslog(LOG_INFO, "%s", text);
    closelog();
}

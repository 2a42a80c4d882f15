#include "drop_in.h"

#include <string.h>

#include "cleanup.h"
#include "kubernetes.h"
#include "objects.h"
#include "text.h"

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_labels(const json_t *labels, struct string_list *list, struct error *error)
{
    AUTO_JSON json_t *keys = sorted_keys(labels);
    json_t *item;
    size_t i;

    if (!keys)
        return error_oom(error);
    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        AUTO_FREE char *text =
            text_format("%s=%s", key, json_string_value(json_object_get(labels, key)));
        if (!text || string_list_add(list, text) < 0)
            return error_oom(error);
    }
    return 0;
}

static int add_taints(const json_t *taints, struct string_list *list, struct error *error)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint) {
        AUTO_FREE char *text = kubernetes_taint_text(taint);
        if (!text || string_list_add(list, text) < 0)
            return error_oom(error);
    }
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare);
    return 0;
}

int registration_make(const char *node_name, const struct wanted *wanted,
                      struct registration *ret_registration, struct error *error)
{
    AUTO_REGISTRATION struct registration registration = {.node_name = strdup(node_name)};
    int r = registration.node_name ? 0 : error_oom(error);

    if (r == 0)
        r = add_labels(wanted->labels, &registration.labels, error);
    if (r == 0)
        r = add_taints(wanted->taints, &registration.taints, error);
    if (r < 0)
        return r;
    *ret_registration = registration;
    registration = (struct registration){0};
    return 0;
}

void registration_release(struct registration *registration)
{
    free(registration->node_name);
    string_list_release(&registration->labels);
    string_list_release(&registration->taints);
    string_list_release(&registration->others);
    *registration = (struct registration){0};
}

/* Names, keys and values were checked: none has a character that means something to YAML inside
 * quotes. */
static void add_list(struct text *text, const char *key, const struct string_list *list)
{
    if (list->count)
        text_addf(text, "%s:\n", key);
    for (size_t i = 0; i < list->count; i++)
        text_addf(text, "  - \"%s\"\n", list->items[i]);
}

char *drop_in_text(const struct registration *registration)
{
    AUTO_TEXT struct text text = {0};

    text_add(&text,
             "# Written by the Ansible module k3s_role. Changes made by hand are replaced.\n");
    text_addf(&text, "node-name: \"%s\"\n", registration->node_name);
    add_list(&text, "node-label+", &registration->labels);
    add_list(&text, "node-taint+", &registration->taints);
    return text_take(&text);
}

/* Length of the key when the line begins a value that nobody should see; 0: it doesn't. */
static size_t secret_key(const char *line, size_t length)
{
    static const char *const words[] = {"token",      "secret",   "password",
                                        "access-key", "endpoint", "auth"};
    AUTO_FREE char *key = strndup(line, length);

    if (!key)
        return 0;
    key[strcspn(key, ":")] = '\0';
    if (strlen(key) == length || *key == '#')
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strstr(key, words[i]))
            return strlen(key);
    return 0;
}

char *drop_in_shown(const char *text)
{
    AUTO_TEXT struct text shown = {0};
    bool hidden = false;

    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        size_t key = secret_key(line, length);
        bool goes_on = hidden && (*line == ' ' || *line == '-');

        hidden = key > 0 || goes_on;
        if (key > 0)
            text_addf(&shown, "%.*s: ********\n", (int)key, line);
        else if (!goes_on)
            text_addf(&shown, "%.*s%s", (int)length, line, line[length] ? "\n" : "");
        line += length + (line[length] == '\n');
    }
    return text_take(&shown);
}

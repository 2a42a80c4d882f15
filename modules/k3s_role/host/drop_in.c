#include "drop_in.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "kubernetes.h"
#include "objects.h"
#include "text.h"

const char drop_in_heading[] =
    "# Written by the Ansible module k3s_role. Changes made by hand are replaced.\n";

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_labels(const json_t *labels, struct string_list *list)
{
    AUTO_JSON json_t *keys = sorted_keys(labels);
    json_t *item;
    size_t i;

    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        AUTO_FREE char *text =
            text_format("%s=%s", key, json_string_value(json_object_get(labels, key)));
        string_list_add(list, text);
    }
}

static void add_taints(const json_t *taints, struct string_list *list)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint) {
        AUTO_FREE char *text = kubernetes_taint_text(taint);
        string_list_add(list, text);
    }
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare);
}

struct registration registration_make(const char *node_name, const struct wanted *wanted)
{
    struct registration registration = {.node_name = alloc_string(node_name)};

    add_labels(wanted->labels, &registration.labels);
    add_taints(wanted->taints, &registration.taints);
    return registration;
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

    text_add(&text, drop_in_heading);
    text_addf(&text, "node-name: \"%s\"\n", registration->node_name);
    add_list(&text, "node-label+", &registration->labels);
    add_list(&text, "node-taint+", &registration->taints);
    return text_take(&text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/drop_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "alloc.h"
#include "cleanup.h"
#include "kubernetes.h"
#include "text.h"

enum { LONGEST_SETTING = 63 };

static const char HEADING[] =
    "# Written by the Ansible module k3s_role. Changes made by hand are replaced.\n";

static int compare_items(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_list(struct string_list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare_items);
}

static void list_labels(const json_t *labels, struct string_list *list)
{
    AUTO_JSON json_t *keys = kubernetes_keys(labels);
    json_t *item;
    size_t i;

    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        AUTO_FREE char *text =
            text_format("%s=%s", key, json_string_value(json_object_get(labels, key)));
        string_list_add(list, text);
    }
}

static void list_taints(const json_t *taints, struct string_list *list)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint) {
        AUTO_FREE char *text = kubernetes_taint_text(taint);
        string_list_add(list, text);
    }
    sort_list(list);
}

struct registration registration_make(const char *node_name, const struct wanted *wanted)
{
    struct registration registration = {.node_name = alloc_string(node_name)};

    list_labels(wanted->labels, &registration.labels);
    list_taints(wanted->taints, &registration.taints);
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

    text_add(&text, HEADING);
    text_addf(&text, "node-name: \"%s\"\n", registration->node_name);
    add_list(&text, "node-label+", &registration->labels);
    add_list(&text, "node-taint+", &registration->taints);
    return text_take(&text);
}

/* Shown in place of what nobody should see. */
static const char HIDDEN[] = "********";

/* A scalar's text, borrowed; NULL when it is none. */
static const char *yaml_text(const yaml_node_t *node)
{
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static bool is_setting(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return length > 0 && length <= LONGEST_SETTING &&
           (!name[length] || text_equal(name + length, "+"));
}

/* A key as people may see it. What can't be the name of a setting, or has no value, may be a secret
 * that stands in the wrong place. */
static const char *shown_key(const yaml_node_t *key, const yaml_node_t *value)
{
    const char *name = yaml_text(key), *text = yaml_text(value);

    return name && is_setting(name) && !(text && !*text) ? name : HIDDEN;
}

static int take_root(yaml_document_t *document, yaml_node_t **ret_root, struct error *error)
{
    yaml_node_t *root = yaml_document_get_root_node(document);
    const char *text = yaml_text(root);

    if (!root || (text && !*text)) {
        *ret_root = NULL;
        return 0;
    }
    if (root->type != YAML_MAPPING_NODE)
        return error_set(error, -EINVAL, "it is no mapping of keys to values");
    *ret_root = root;
    return 0;
}

static int parse_document(yaml_parser_t *parser, yaml_document_t *document, yaml_node_t **ret_root,
                          struct error *error)
{
    if (!yaml_parser_load(parser, document)) {
        if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
            alloc_failed();
        return error_set(error, -EINVAL, "line %zu: %s", parser->problem_mark.line + 1,
                         parser->problem);
    }
    int r = take_root(document, ret_root, error);
    if (r < 0)
        yaml_document_delete(document);
    return r;
}

/* *ret_document is to be deleted by the caller. -EINVAL says what is wrong: the text isn't YAML, or
 * no mapping. *ret_root is NULL where there is nothing in it. */
static int yaml_load(const char *text, yaml_document_t *ret_document, yaml_node_t **ret_root,
                     struct error *error)
{
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        alloc_failed();
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    int r = parse_document(&parser, ret_document, ret_root, error);
    yaml_parser_delete(&parser);
    return r;
}

/* K3s takes one text for a list of one. */
static void read_values(yaml_document_t *document, yaml_node_t *value, struct string_list *list)
{
    if (yaml_text(value))
        string_list_add(list, yaml_text(value));
    if (value->type != YAML_SEQUENCE_NODE)
        return;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        const char *text = yaml_text(yaml_document_get_node(document, *item));
        if (text)
            string_list_add(list, text);
    }
}

static void read_setting(yaml_document_t *document, const yaml_node_t *name, yaml_node_t *value,
                         struct registration *registration)
{
    const char *key = yaml_text(name);

    /* Without + they hide those of K3s' other files, which is something else. */
    if (text_equal(key, "node-label") || text_equal(key, "node-taint"))
        string_list_add(&registration->others, key);
    if (text_equal(key, "node-label") || text_equal(key, "node-label+"))
        read_values(document, value, &registration->labels);
    else if (text_equal(key, "node-taint") || text_equal(key, "node-taint+"))
        read_values(document, value, &registration->taints);
    else if (text_equal(key, "node-name") && yaml_text(value) && !registration->node_name)
        registration->node_name = alloc_string(yaml_text(value));
    else
        string_list_add(&registration->others, shown_key(name, value));
}

static void read_settings(yaml_document_t *document, const yaml_node_t *root,
                          struct registration *registration)
{
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top; pair++)
        read_setting(document, yaml_document_get_node(document, pair->key),
                     yaml_document_get_node(document, pair->value), registration);
    sort_list(&registration->labels);
    sort_list(&registration->taints);
}

int registration_read(const char *text, struct registration *ret_registration, struct error *error)
{
    struct registration registration = {0};
    yaml_document_t document;
    yaml_node_t *root;
    int r = yaml_load(text, &document, &root, error);

    if (r < 0)
        return r;
    if (root)
        read_settings(&document, root, &registration);
    yaml_document_delete(&document);
    *ret_registration = registration;
    return 0;
}

typedef bool rule(const char *text);

static bool fits_name(const char *text)
{
    return !kubernetes_name_rule(text);
}

static bool fits_label(const char *text)
{
    const char *equals = strchr(text, '=');
    AUTO_FREE char *key = equals ? alloc_string_part(text, (size_t)(equals - text)) : NULL;

    return key && !kubernetes_key_rule(key) && !kubernetes_value_rule(equals + 1);
}

static bool fits_taint(const char *text)
{
    AUTO_JSON json_t *taint = NULL;
    struct error ignored = ERROR_INIT;
    int r = kubernetes_taint_parse(text, &taint, &ignored);

    error_clear(&ignored);
    return r == 0;
}

/* Our keys, and what their values look like. */
static const struct {
    const char *key;
    rule *rule;
} ours[] = {
    {"node-name", fits_name},   {"node-label", fits_label},  {"node-label+", fits_label},
    {"node-taint", fits_taint}, {"node-taint+", fits_taint},
};

static rule *rule_of(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
        if (text_equal(key, ours[i].key))
            return ours[i].rule;
    return NULL;
}

struct view {
    yaml_document_t *document;
    size_t *uses; /* of each node; an alias may be of another setting's value */
    struct text text;
};

static void count_uses(struct view *view)
{
    const yaml_document_t *document = view->document;

    for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
        if (node->type == YAML_SEQUENCE_NODE)
            for (yaml_node_item_t *item = node->data.sequence.items.start;
                 item < node->data.sequence.items.top; item++)
                view->uses[*item]++;
        if (node->type == YAML_MAPPING_NODE)
            for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
                 pair < node->data.mapping.pairs.top; pair++)
                view->uses[pair->value]++, view->uses[pair->key]++;
    }
}

static void show_value(struct view *view, int index, rule *fits)
{
    const char *value = yaml_text(yaml_document_get_node(view->document, index));

    if (value && fits(value) && view->uses[index] == 1)
        text_addf(&view->text, "\"%s\"\n", value);
    else
        text_addf(&view->text, "%s\n", HIDDEN);
}

static void show_ours(struct view *view, const char *key, int index, rule *fits)
{
    const yaml_node_t *value = yaml_document_get_node(view->document, index);

    text_addf(&view->text, "%s:", key);
    if (value->type != YAML_SEQUENCE_NODE) {
        text_add(&view->text, " ");
        show_value(view, index, fits);
        return;
    }
    text_add(&view->text, "\n");
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        text_add(&view->text, "  - ");
        show_value(view, *item, fits);
    }
}

static void show_setting(struct view *view, const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(view->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(view->document, pair->value);
    rule *fits = rule_of(yaml_text(key));

    if (fits)
        show_ours(view, yaml_text(key), pair->value, fits);
    else
        text_addf(&view->text, "%s: %s\n", shown_key(key, value), HIDDEN);
}

static char *settings_shown(yaml_document_t *document, const yaml_node_t *root, const char *heading)
{
    AUTO_FREE size_t *uses =
        alloc_zeroed((size_t)(document->nodes.top - document->nodes.start) + 1, sizeof(*uses));
    struct view view = {document, uses, {0}};

    text_add(&view.text, heading);
    count_uses(&view);
    if (root)
        for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
             pair < root->data.mapping.pairs.top; pair++)
            show_setting(&view, pair);
    return text_take(&view.text);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        lines++;
    return lines;
}

static char *nothing_shown(const char *text)
{
    size_t lines = count_lines(text);

    return text_format("# %zu line%s that %s shown: no YAML mapping\n", lines,
                       lines == 1 ? "" : "s", lines == 1 ? "isn't" : "aren't");
}

char *drop_in_shown(const char *text)
{
    struct error error = ERROR_INIT;
    yaml_document_t document;
    yaml_node_t *root;
    int r = yaml_load(text, &document, &root, &error);

    error_clear(&error);
    if (r < 0)
        return nothing_shown(text);
    AUTO_FREE char *settings =
        settings_shown(&document, root, text_starts_with(text, HEADING) ? HEADING : "");
    yaml_document_delete(&document);
    if (text_equal(settings, text))
        return TAKE_PTR(settings);
    return text_format(
        "%s# comments, layout and other values aren't shown; lines in the file: %zu\n", settings,
        count_lines(text));
}

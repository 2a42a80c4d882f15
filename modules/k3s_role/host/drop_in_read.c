#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "drop_in.h"
#include "drop_in_yaml.h"
#include "text.h"

/* K3s takes one text for a list of one. */
static void add_values(yaml_document_t *document, yaml_node_t *value, struct string_list *list)
{
    if (drop_in_scalar(value))
        string_list_add(list, drop_in_scalar(value));
    if (value->type != YAML_SEQUENCE_NODE)
        return;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        const char *text = drop_in_scalar(yaml_document_get_node(document, *item));
        if (text)
            string_list_add(list, text);
    }
}

static void add_setting(yaml_document_t *document, const yaml_node_t *name, yaml_node_t *value,
                        struct registration *registration)
{
    const char *key = drop_in_scalar(name);

    /* Without + they hide those of K3s' other files, which is something else. */
    if (text_equal(key, "node-label") || text_equal(key, "node-taint"))
        string_list_add(&registration->others, key);
    if (text_equal(key, "node-label") || text_equal(key, "node-label+"))
        add_values(document, value, &registration->labels);
    else if (text_equal(key, "node-taint") || text_equal(key, "node-taint+"))
        add_values(document, value, &registration->taints);
    else if (text_equal(key, "node-name") && drop_in_scalar(value) && !registration->node_name)
        registration->node_name = alloc_string(drop_in_scalar(value));
    else
        string_list_add(&registration->others, drop_in_key(name, value));
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct string_list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare);
}

static void read_settings(yaml_document_t *document, const yaml_node_t *root,
                          struct registration *registration)
{
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top; pair++)
        add_setting(document, yaml_document_get_node(document, pair->key),
                    yaml_document_get_node(document, pair->value), registration);
    sort(&registration->labels);
    sort(&registration->taints);
}

int registration_read(const char *text, struct registration *ret_registration, struct error *error)
{
    struct registration registration = {0};
    yaml_document_t document;
    yaml_node_t *root;
    int r = drop_in_load(text, &document, &root, error);

    if (r < 0)
        return r;
    if (root)
        read_settings(&document, root, &registration);
    yaml_document_delete(&document);
    *ret_registration = registration;
    return 0;
}

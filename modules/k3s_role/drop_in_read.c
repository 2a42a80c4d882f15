#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "drop_in.h"
#include "drop_in_yaml.h"
#include "text.h"

/* K3s takes one text for a list of one. */
static int add_values(yaml_document_t *document, yaml_node_t *value, struct string_list *list,
                      struct error *error)
{
    if (drop_in_scalar(value))
        return string_list_add(list, drop_in_scalar(value)) < 0 ? error_oom(error) : 0;
    if (value->type != YAML_SEQUENCE_NODE)
        return 0;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        const char *text = drop_in_scalar(yaml_document_get_node(document, *item));
        if (text && string_list_add(list, text) < 0)
            return error_oom(error);
    }
    return 0;
}

static int add_setting(yaml_document_t *document, const yaml_node_t *name, yaml_node_t *value,
                       struct registration *registration, struct error *error)
{
    const char *key = drop_in_scalar(name);

    /* Without + they hide those of K3s' other files, which is something else. */
    if ((text_equal(key, "node-label") || text_equal(key, "node-taint")) &&
        string_list_add(&registration->others, key) < 0)
        return error_oom(error);
    if (text_equal(key, "node-label") || text_equal(key, "node-label+"))
        return add_values(document, value, &registration->labels, error);
    if (text_equal(key, "node-taint") || text_equal(key, "node-taint+"))
        return add_values(document, value, &registration->taints, error);
    if (text_equal(key, "node-name") && drop_in_scalar(value) && !registration->node_name) {
        registration->node_name = strdup(drop_in_scalar(value));
        return registration->node_name ? 0 : error_oom(error);
    }
    return string_list_add(&registration->others, drop_in_key(name, value)) < 0 ? error_oom(error)
                                                                                : 0;
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

static int read_settings(yaml_document_t *document, const yaml_node_t *root,
                         struct registration *registration, struct error *error)
{
    int r = 0;

    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top && r == 0; pair++)
        r = add_setting(document, yaml_document_get_node(document, pair->key),
                        yaml_document_get_node(document, pair->value), registration, error);
    sort(&registration->labels);
    sort(&registration->taints);
    return r;
}

int registration_read(const char *text, struct registration *ret_registration, struct error *error)
{
    AUTO_REGISTRATION struct registration registration = {0};
    yaml_document_t document;
    yaml_node_t *root;
    int r = drop_in_load(text, &document, &root, error);

    if (r < 0)
        return r;
    if (root)
        r = read_settings(&document, root, &registration, error);
    yaml_document_delete(&document);
    if (r < 0)
        return r;
    *ret_registration = registration;
    registration = (struct registration){0};
    return 0;
}

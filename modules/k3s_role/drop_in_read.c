#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "cleanup.h"
#include "drop_in.h"
#include "text.h"

static const char *scalar(const yaml_node_t *node)
{
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* K3s takes one text for a list of one. */
static int add_values(yaml_document_t *document, yaml_node_t *value, struct string_list *list,
                      struct error *error)
{
    if (scalar(value))
        return string_list_add(list, scalar(value)) < 0 ? error_oom(error) : 0;
    if (value->type != YAML_SEQUENCE_NODE)
        return 0;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        const char *text = scalar(yaml_document_get_node(document, *item));
        if (text && string_list_add(list, text) < 0)
            return error_oom(error);
    }
    return 0;
}

static int add_setting(yaml_document_t *document, const char *key, yaml_node_t *value,
                       struct registration *registration, struct error *error)
{
    if (text_equal(key, "node-label") || text_equal(key, "node-label+"))
        return add_values(document, value, &registration->labels, error);
    if (text_equal(key, "node-taint") || text_equal(key, "node-taint+"))
        return add_values(document, value, &registration->taints, error);
    if (text_equal(key, "node-name") && scalar(value) && !registration->node_name) {
        registration->node_name = strdup(scalar(value));
        return registration->node_name ? 0 : error_oom(error);
    }
    return string_list_add(&registration->others, key) < 0 ? error_oom(error) : 0;
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

static int read_document(yaml_document_t *document, struct registration *registration,
                         struct error *error)
{
    yaml_node_t *root = yaml_document_get_root_node(document);
    int r = 0;

    if (!root || (scalar(root) && !*scalar(root)))
        return 0;
    if (root->type != YAML_MAPPING_NODE)
        return error_set(error, -EINVAL, "it is no mapping of keys to values");
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top && r == 0; pair++) {
        const char *key = scalar(yaml_document_get_node(document, pair->key));
        yaml_node_t *value = yaml_document_get_node(document, pair->value);
        if (key && value)
            r = add_setting(document, key, value, registration, error);
    }
    sort(&registration->labels);
    sort(&registration->taints);
    return r;
}

int registration_read(const char *text, struct registration *ret_registration, struct error *error)
{
    AUTO_REGISTRATION struct registration registration = {0};
    yaml_document_t document;
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        return error_oom(error);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    int r = 0;
    if (yaml_parser_load(&parser, &document)) {
        r = read_document(&document, &registration, error);
        yaml_document_delete(&document);
    } else {
        r = parser.error == YAML_MEMORY_ERROR || !parser.problem
                ? error_oom(error)
                : error_set(error, -EINVAL, "line %zu: %s", parser.problem_mark.line + 1,
                            parser.problem);
    }
    yaml_parser_delete(&parser);
    if (r < 0)
        return r;
    *ret_registration = registration;
    registration = (struct registration){0};
    return 0;
}

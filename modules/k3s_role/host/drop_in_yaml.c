#include "drop_in_yaml.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "text.h"

enum { LONGEST_SETTING = 63 };

const char drop_in_hidden[] = "********";

const char *drop_in_scalar(const yaml_node_t *node)
{
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static bool is_setting(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return length > 0 && length <= LONGEST_SETTING &&
           (!name[length] || text_equal(name + length, "+"));
}

const char *drop_in_key(const yaml_node_t *key, const yaml_node_t *value)
{
    const char *name = drop_in_scalar(key), *text = drop_in_scalar(value);

    return name && is_setting(name) && !(text && !*text) ? name : drop_in_hidden;
}

static int take_root(yaml_document_t *document, yaml_node_t **ret_root, struct error *error)
{
    yaml_node_t *root = yaml_document_get_root_node(document);
    const char *text = drop_in_scalar(root);

    if (!root || (text && !*text)) {
        *ret_root = NULL;
        return 0;
    }
    if (root->type != YAML_MAPPING_NODE)
        return error_set(error, -EINVAL, "it is no mapping of keys to values");
    *ret_root = root;
    return 0;
}

static int load(yaml_parser_t *parser, yaml_document_t *document, yaml_node_t **ret_root,
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

int drop_in_load(const char *text, yaml_document_t *ret_document, yaml_node_t **ret_root,
                 struct error *error)
{
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        alloc_failed();
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    int r = load(&parser, ret_document, ret_root, error);
    yaml_parser_delete(&parser);
    return r;
}

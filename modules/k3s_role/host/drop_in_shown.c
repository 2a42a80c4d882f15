#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "drop_in.h"
#include "drop_in_yaml.h"
#include "kubernetes.h"
#include "text.h"

typedef bool rule(const char *text);

static bool is_name(const char *text)
{
    return !kubernetes_name_rule(text);
}

static bool is_label(const char *text)
{
    const char *equals = strchr(text, '=');
    AUTO_FREE char *key = equals ? alloc_string_part(text, (size_t)(equals - text)) : NULL;

    return key && !kubernetes_key_rule(key) && !kubernetes_value_rule(equals + 1);
}

static bool is_taint(const char *text)
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
    {"node-name", is_name},   {"node-label", is_label},  {"node-label+", is_label},
    {"node-taint", is_taint}, {"node-taint+", is_taint},
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

static void add_value(struct view *view, int index, rule *fits)
{
    const char *value = drop_in_scalar(yaml_document_get_node(view->document, index));

    if (value && fits(value) && view->uses[index] == 1)
        text_addf(&view->text, "\"%s\"\n", value);
    else
        text_addf(&view->text, "%s\n", drop_in_hidden);
}

static void add_ours(struct view *view, const char *key, int index, rule *fits)
{
    const yaml_node_t *value = yaml_document_get_node(view->document, index);

    text_addf(&view->text, "%s:", key);
    if (value->type != YAML_SEQUENCE_NODE) {
        text_add(&view->text, " ");
        add_value(view, index, fits);
        return;
    }
    text_add(&view->text, "\n");
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        text_add(&view->text, "  - ");
        add_value(view, *item, fits);
    }
}

static void add_setting(struct view *view, const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(view->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(view->document, pair->value);
    rule *fits = rule_of(drop_in_scalar(key));

    if (fits)
        add_ours(view, drop_in_scalar(key), pair->value, fits);
    else
        text_addf(&view->text, "%s: %s\n", drop_in_key(key, value), drop_in_hidden);
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
            add_setting(&view, pair);
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
    int r = drop_in_load(text, &document, &root, &error);

    error_clear(&error);
    if (r < 0)
        return nothing_shown(text);
    AUTO_FREE char *settings = settings_shown(
        &document, root, text_starts_with(text, drop_in_heading) ? drop_in_heading : "");
    yaml_document_delete(&document);
    if (text_equal(settings, text))
        return TAKE_PTR(settings);
    return text_format(
        "%s# comments, layout and other values aren't shown; lines in the file: %zu\n", settings,
        count_lines(text));
}

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "kubernetes.h"
#include "owned.h"
#include "request_parts.h"
#include "text.h"

int request_parse_name(const char *name, const char *where, char **ret_name, struct error *error)
{
    AUTO_FREE char *lower = alloc_string(name);

    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    const char *rule = kubernetes_name_rule(lower);
    if (rule)
        return error_set(error, -EINVAL, "%s: a Node's name must %s; this one is \"%s\"", where,
                         rule, name);
    *ret_name = TAKE_PTR(lower);
    return 0;
}

static bool list_has(const struct string_list *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], string) == 0)
            return true;
    return false;
}

/* Their names were checked by the table of parameters. */
static int parse_tiers(const json_t *list, const char *where, struct node_request *node,
                       struct error *error)
{
    json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        const char *tier = json_string_value(item);
        if (text_equal(tier, "auto"))
            node->tiers_auto = true;
        else if (!list_has(&node->tiers, tier))
            string_list_add(&node->tiers, tier);
    }
    if (node->tiers_auto && json_array_size(list) > 1)
        return error_set(error, -EINVAL, "%s: storage_tiers: auto stands alone", where);
    return 0;
}

/* A label's value is text; of other values only those are taken whose text is beyond doubt: NULL
 * for the rest. */
static char *value_text(const json_t *value)
{
    if (json_is_integer(value))
        return text_format("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_boolean(value))
        return alloc_string(json_is_true(value) ? "true" : "false");
    return alloc_string(json_string_value(value));
}

static int check_label(const char *where, const char *prefix, const char *key, const char *value,
                       struct error *error)
{
    const char *rule = kubernetes_key_rule(key);

    if (rule)
        return error_set(error, -EINVAL, "%s: label %s=%s: the key \"%s\" must %s", where, key,
                         value, key, rule);
    if ((rule = kubernetes_value_rule(value)))
        return error_set(error, -EINVAL, "%s: label %s=%s: the value \"%s\" must %s", where, key,
                         value, value, rule);
    if (owned_key(prefix, key))
        return error_set(error, -EINVAL,
                         "%s: label %s=%s: the key is one of those that follow from role and "
                         "storage_tiers, and must not be given",
                         where, key, value);
    if (kubernetes_label_is_systems(key))
        return error_set(error, -EINVAL,
                         "%s: label %s=%s: the key is set by the kubelet or K3s itself, and must "
                         "not be given",
                         where, key, value);
    return 0;
}

static int parse_labels(const json_t *labels, const char *where, const char *prefix,
                        struct node_request *node, struct error *error)
{
    const char *key;
    json_t *json;

    node->labels = json_object();
    json_object_foreach ((json_t *)labels, key, json) {
        AUTO_FREE char *value = value_text(json);
        if (!value)
            return error_set(error, -EINVAL, "%s: label %s: the value must be a text: quote it",
                             where, key);
        int r = check_label(where, prefix, key, value, error);
        if (r < 0)
            return r;
        json_object_set_new(node->labels, key, json_string(value));
    }
    return 0;
}

static int check_repeated(const json_t *taints, const json_t *taint, const char *where,
                          struct error *error)
{
    json_t *other;
    size_t i;

    json_array_foreach (taints, i, other) {
        AUTO_FREE char *a = kubernetes_taint_text(other), *b = kubernetes_taint_text(taint);
        if (kubernetes_taint_same(other, taint))
            return error_set(error, -EINVAL,
                             "%s: the taints %s and %s have the same key and effect, and a Node "
                             "must have one of these only",
                             where, a, b);
    }
    return 0;
}

static int check_systems(const json_t *taint, const char *where, struct error *error)
{
    AUTO_FREE char *text = kubernetes_taint_text(taint);

    if (!kubernetes_taint_is_systems(json_string_value(json_object_get(taint, "key"))))
        return 0;
    return error_set(error, -EINVAL,
                     "%s: taint %s: the key is set and removed by Kubernetes or K3s itself, and "
                     "must not be given",
                     where, text);
}

static int parse_taints(const json_t *list, const char *where, struct node_request *node,
                        struct error *error)
{
    json_t *item;
    size_t i;

    if (!json_is_array(list))
        return 0;
    node->taints = json_array();
    json_array_foreach (list, i, item) {
        AUTO_JSON json_t *taint = NULL;
        int r = kubernetes_taint_parse(json_string_value(item), &taint, error);
        if (r < 0)
            return error_wrap(error, "%s", where);
        r = check_systems(taint, where, error);
        if (r == 0)
            r = check_repeated(node->taints, taint, where, error);
        if (r < 0)
            return r;
        json_array_append(node->taints, taint);
    }
    return 0;
}

int request_parse_node(const json_t *params, const char *where, const char *prefix,
                       struct node_request *node, struct error *error)
{
    node->role = role_of_name(json_string_value(json_object_get(params, "role")));
    int r = parse_tiers(json_object_get(params, "storage_tiers"), where, node, error);
    if (r == 0)
        r = parse_labels(json_object_get(params, "labels"), where, prefix, node, error);
    if (r == 0)
        r = parse_taints(json_object_get(params, "taints"), where, node, error);
    return r;
}

void node_request_release(struct node_request *node)
{
    free(node->name);
    string_list_release(&node->tiers);
    json_decref(node->labels);
    json_decref(node->taints);
    *node = (struct node_request){0};
}

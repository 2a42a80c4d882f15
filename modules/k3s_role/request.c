/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "kubernetes.h"
#include "text.h"

enum { LONGEST_TIMEOUT = 24 * 3600 };

/* NULL for null. */
static char *copy(const json_t *params, const char *key)
{
    return alloc_string(json_string_value(json_object_get(params, key)));
}

/* Of what has a default: null takes its place with some versions of ansible-core. */
static int copy_given(const json_t *params, const char *key, char **ret_copy, struct error *error)
{
    char *value = copy(params, key);

    if (!value)
        return error_set(error, -EINVAL, "%s: must be a text, not null", key);
    *ret_copy = value;
    return 0;
}

static int check_prefix(const char *prefix, struct error *error)
{
    AUTO_FREE char *key = text_format("%s/role", prefix);
    const char *rule = kubernetes_name_rule(prefix);

    if (rule)
        return error_set(error, -EINVAL, "prefix: the domain \"%s\" must %s", prefix, rule);
    if (kubernetes_key_is_reserved(key))
        return error_set(error, -EINVAL,
                         "prefix: the domain \"%s\" must not be Kubernetes' or K3s' own", prefix);
    return 0;
}

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
        else if (!string_list_has(&node->tiers, tier))
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
    if (role_owns_key(prefix, key))
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

static int parse_node(const json_t *params, const char *where, const char *prefix,
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

static void node_request_release(struct node_request *node)
{
    free(node->name);
    string_list_release(&node->tiers);
    json_decref(node->labels);
    json_decref(node->taints);
    *node = (struct node_request){0};
}

static struct node_request *append_node(struct node_request_list *nodes)
{
    nodes->items = alloc_array(nodes->items, nodes->count + 1, sizeof(*nodes->items));
    nodes->items[nodes->count] = (struct node_request){0};
    return &nodes->items[nodes->count++];
}

static int parse_listed(const json_t *json, struct request *request, struct error *error)
{
    struct node_request *node = append_node(&request->nodes);
    const char *name = json_string_value(json_object_get(json, "name"));
    AUTO_FREE char *where = text_format("nodes: %s", name ? name : "");

    if (!name)
        return error_set(error, -EINVAL, "nodes: name: must be a text, not null");
    int r = request_parse_name(name, where, &node->name, error);
    if (r == 0)
        r = parse_node(json, where, request->prefix, node, error);
    if (r < 0)
        return r;
    if (node->role == ROLE_NONE && !request->absent)
        return error_set(error, -EINVAL, "%s: the role is missing", where);
    return 0;
}

static int parse_nodes(const json_t *list, struct request *request, struct error *error)
{
    AUTO_JSON json_t *seen = json_object();
    json_t *json;
    size_t i;

    json_array_foreach (list, i, json) {
        int r = parse_listed(json, request, error);
        if (r < 0)
            return r;
        const char *name = request->nodes.items[i].name;
        if (json_object_get(seen, name))
            return error_set(error, -EINVAL, "nodes: %s is declared twice", name);
        json_object_set_new(seen, name, json_true());
    }
    return 0;
}

int request_parse_common(const json_t *params, struct request *request, struct error *error)
{
    int r = copy_given(params, "prefix", &request->prefix, error);

    if (r == 0)
        r = check_prefix(request->prefix, error);
    if (r == 0)
        r = copy_given(params, "config_file", &request->config_file, error);
    if (r < 0)
        return r;
    request->kubeconfig = copy(params, "kubeconfig");
    request->context = copy(params, "context");
    request->kubectl = copy(params, "kubectl");
    return parse_nodes(json_object_get(params, "nodes"), request, error);
}

/* What belongs to a host's own role has no meaning beside `nodes`, where each node has its own. */
static int check_beside_nodes(const json_t *params, struct error *error)
{
    static const char *const lists[] = {"storage_tiers", "labels", NULL};
    const char *wrong = NULL;

    for (const char *const *name = lists; *name; name++) {
        const json_t *value = json_object_get(params, *name);
        if (json_array_size(value) > 0 || json_object_size(value) > 0)
            wrong = *name;
    }
    if (json_is_array(json_object_get(params, "taints")))
        wrong = "taints";
    if (json_is_string(json_object_get(params, "node_name")))
        wrong = "node_name";
    if (!wrong)
        return 0;
    return error_set(error, -EINVAL,
                     "%s is about this host and can't stand beside nodes; there, each node has "
                     "its own",
                     wrong);
}

static int check_kubelets_labels(const struct node_request *host, struct error *error)
{
    const char *key;
    json_t *value;

    json_object_foreach (host->labels, key, value) {
        if (!kubernetes_kubelet_may_set(key))
            return error_refuse(
                error, "kubelet-label",
                "labels: label %s=%s: a kubelet must not set the key \"%s\" on its own Node, and "
                "K3s would end at start; give it in nodes, which is for an administrator",
                key, json_string_value(value), key);
    }
    return 0;
}

static int check_config_file(const char *path, struct error *error)
{
    const char *name = strrchr(path, '/');

    if (path[0] != '/')
        return error_set(error, -EINVAL, "config_file: %s is no absolute path", path);
    if (!name[1] || text_equal(name, "/.") || text_equal(name, "/.."))
        return error_set(error, -EINVAL, "config_file: %s is a directory's path, not a file's",
                         path);
    return 0;
}

static int parse_host(const json_t *params, struct request *request, struct error *error)
{
    const char *name = json_string_value(json_object_get(params, "node_name"));
    int r = name ? request_parse_name(name, "node_name", &request->host.name, error) : 0;

    if (r == 0)
        r = check_config_file(request->config_file, error);
    if (r == 0)
        r = parse_node(params, "this host", request->prefix, &request->host, error);
    if (r == 0 && request->host.role == ROLE_NONE && !request->absent)
        r = error_set(error, -EINVAL, "role or nodes must be given, and be more than null");
    return r < 0 ? r : check_kubelets_labels(&request->host, error);
}

int request_parse(const json_t *params, void **ret_request, struct error *error)
{
    struct request *request = alloc_zeroed(1, sizeof(*request));
    json_int_t timeout = json_integer_value(json_object_get(params, "timeout"));

    request->cluster = json_is_array(json_object_get(params, "nodes"));
    request->absent = text_equal(json_string_value(json_object_get(params, "state")), "absent");
    request->ignore_missing =
        text_equal(json_string_value(json_object_get(params, "missing")), "ignore");
    request->server_dry_run = json_is_true(json_object_get(params, "server_dry_run"));
    request->timeout = (int)timeout;
    int r = 0;
    if (timeout < 0 || timeout > LONGEST_TIMEOUT)
        r = error_set(error, -EINVAL, "timeout: must be between 0 and %d seconds", LONGEST_TIMEOUT);
    if (r == 0)
        r = request_parse_common(params, request, error);
    if (r == 0)
        r = request->cluster ? check_beside_nodes(params, error)
                             : parse_host(params, request, error);
    if (r < 0) {
        request_free(request);
        return r;
    }
    *ret_request = request;
    return 0;
}

void request_free(void *data)
{
    struct request *request = data;

    if (!request)
        return;
    for (size_t i = 0; i < request->nodes.count; i++)
        node_request_release(&request->nodes.items[i]);
    free(request->nodes.items);
    node_request_release(&request->host);
    free(request->prefix);
    free(request->config_file);
    free(request->kubeconfig);
    free(request->context);
    free(request->kubectl);
    free(request);
}

#include "request.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "kubernetes.h"
#include "owned.h"
#include "request_parts.h"
#include "text.h"

enum { LONGEST_TIMEOUT = 24 * 3600 };

const char *const role_names[ROLE_COUNT + 1] = {"", "cdb", "cpl", "ops", "sts", "wkr", NULL};

enum role role_of_name(const char *name)
{
    for (int role = ROLE_CDB; role < ROLE_COUNT; role++)
        if (text_equal(name, role_names[role]))
            return (enum role)role;
    return ROLE_NONE;
}

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
        r = request_parse_node(json, where, request->prefix, node, error);
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
        r = request_parse_node(params, "this host", request->prefix, &request->host, error);
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

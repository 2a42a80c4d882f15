/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "info.h"

#include <errno.h>

#include "alloc.h"
#include "cleanup.h"
#include "cluster/cluster.h"
#include "host/drop_in.h"
#include "kubernetes.h"

enum { REQUEST_SECONDS = 30 };

int info_parse(const json_t *params, void **ret_request, struct error *error)
{
    struct request *request = alloc_zeroed(1, sizeof(*request));

    request->cluster = json_is_true(json_object_get(params, "cluster"));
    request->every_node = true;
    request->ignore_missing = true;
    request->timeout = REQUEST_SECONDS;
    int r = request_parse_common(params, request, error);
    if (r == 0 && request->nodes.count > 0 && !request->cluster)
        r = error_set(error, -EINVAL,
                      "nodes is about the cluster, which isn't asked with cluster: false");
    if (r < 0) {
        request_free(request);
        return r;
    }
    *ret_request = request;
    return 0;
}

int info_probe(const void *request_, const void *before, void **ret_facts, struct error *error)
{
    const struct request *request = request_;
    struct facts *facts = alloc_zeroed(1, sizeof(*facts));

    (void)before;
    int r = probe_drop_in(request, facts, error);
    if (r == 0 && request->cluster)
        r = probe_cluster(request, facts, error);
    if (r < 0) {
        facts_free(facts);
        return r;
    }
    *ret_facts = facts;
    return 0;
}

static int add_node(const struct request *request, const char *name, const json_t *node,
                    json_t *nodes, struct error *error)
{
    AUTO_JSON json_t *labels = json_object();

    if (node_labels(node) && json_object_update(labels, node_labels(node)) < 0)
        return error_set(error, -EINVAL,
                         "the API server lists the Node %s with labels that are no object", name);
    json_t *entry =
        describe_node(role_names[node_role(node, request->prefix)], labels, node_taints(node));
    json_object_set_new(entry, "storage_tiers", node_tiers(node, request->prefix));
    json_object_set_new(entry, "foreign", report_foreign(request, node));
    json_object_set_new(nodes, name, entry);
    return 0;
}

static json_t *texts(const struct string_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_text(list->items[i]));
    return array;
}

static void add_host(const struct request *request, const struct facts *facts, struct plan *plan)
{
    AUTO_REGISTRATION struct registration registration = {0};
    struct error problem = ERROR_INIT;
    int r = facts->drop_in ? registration_read(facts->drop_in, &registration, &problem) : 0;

    json_t *host = json_pack(
        "{s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "config_file", json_text(request->config_file),
        "exists", facts->drop_in != NULL, "node_name", json_text(registration.node_name), "labels",
        texts(&registration.labels), "taints", texts(&registration.taints), "other_keys",
        texts(&registration.others), "problem", json_text(r < 0 ? error_message(&problem) : NULL));
    error_clear(&problem);
    json_object_set_new(plan->result, "host", host);
}

/* What k3s_role would do, and for which Nodes it would wait. */
static int add_changes(const struct request *request, const struct facts *facts, struct plan *plan,
                       struct error *error)
{
    struct plan would;

    plan_init(&would);
    int r = plan_cluster(request, facts, &would, error);
    if (r == 0) {
        json_object_set_new(plan->result, "actions", plan_actions_json(&would, would.count));
        json_object_set(plan->result, "pending", json_object_get(would.result, "pending"));
    }
    plan_release(&would);
    return r;
}

int info_plan(const void *request_, const void *facts_, struct plan *plan, struct error *error)
{
    const struct request *request = request_;
    const struct facts *facts = facts_;
    json_t *nodes = json_object(), *node;
    const char *name;
    int r = 0;

    add_host(request, facts, plan);
    json_object_set_new(plan->result, "nodes", nodes);
    json_object_foreach (facts->nodes, name, node) {
        if (r == 0)
            r = add_node(request, name, node, nodes, error);
    }
    return r < 0 ? r : add_changes(request, facts, plan, error);
}

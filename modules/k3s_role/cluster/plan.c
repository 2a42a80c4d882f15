#include "cleanup.h"
#include "node.h"
#include "node_change.h"
#include "plan_parts.h"
#include "report.h"

static void plan_node(const struct request *request, size_t i, const json_t *node,
                      struct plan *plan)
{
    const struct node_request *want = &request->nodes.items[i];

    if (node_is_summary(node)) { /* nothing is to be changed */
        report_node(request, want, node, plan);
        return;
    }
    AUTO_NODE_CHANGE struct node_change change = node_change_make(request, want, node);
    AUTO_JSON json_t *after = node_change_apply(&change, node, request->prefix);
    node_change_plan(&change, node, request->prefix, i, plan);
    if (!node_change_is_empty(&change))
        report_diff(request->prefix, node, after, plan);
    report_node(request, want, after, plan);
}

static int refuse_missing(const struct request *request, const struct string_list *missing,
                          struct error *error)
{
    AUTO_FREE char *names = string_list_join(missing, ", ");

    return error_refuse(error, "node-missing",
                        "declared and not in the cluster after %d seconds: %s; start K3s there, "
                        "correct the name, or set missing: ignore",
                        request->timeout, names);
}

static void add_pending(const struct string_list *missing, struct plan *plan)
{
    json_t *pending = json_object_get(plan->result, "pending");

    for (size_t i = 0; i < missing->count; i++)
        json_array_append_new(pending, json_string(missing->items[i]));
}

int plan_cluster(const struct request *request, const struct facts *facts, struct plan *plan,
                 struct error *error)
{
    struct string_list missing = {0};
    int r = 0;

    json_object_set_new(plan->result, "nodes", json_object());
    json_object_set_new(plan->result, "pending", json_array());
    for (size_t i = 0; i < request->nodes.count; i++) {
        const char *name = request->nodes.items[i].name;
        const json_t *node = json_object_get(facts->nodes, name);

        if (node)
            plan_node(request, i, node, plan);
        else if (!request->absent)
            string_list_add(&missing, name);
    }
    if (request->ignore_missing)
        add_pending(&missing, plan);
    else if (missing.count)
        r = refuse_missing(request, &missing, error);
    string_list_release(&missing);
    return r;
}

#include "cleanup.h"
#include "node.h"
#include "node_change.h"
#include "plan_parts.h"
#include "report.h"

static int plan_node(const struct request *request, size_t i, const json_t *node, struct plan *plan,
                     struct error *error)
{
    const struct node_request *want = &request->nodes.items[i];
    AUTO_NODE_CHANGE struct node_change change = {0};

    if (node_is_summary(node)) /* nothing is to be changed */
        return report_node(request, want, node, plan, error);
    int r = node_change_make(request, want, node, &change, error);
    if (r == 0)
        r = node_change_plan(&change, node, request->prefix, i, plan, error);
    AUTO_JSON json_t *after = r == 0 ? node_change_apply(&change, node, request->prefix) : NULL;
    if (r < 0)
        return r;
    if (!after)
        return error_oom(error);
    if (!node_change_is_empty(&change))
        r = report_diff(request->prefix, node, after, plan, error);
    return r < 0 ? r : report_node(request, want, after, plan, error);
}

static int refuse_missing(const struct request *request, const struct string_list *missing,
                          struct error *error)
{
    AUTO_FREE char *names = string_list_join(missing, ", ");

    if (!names)
        return error_oom(error);
    return error_refuse(error, "node-missing",
                        "declared and not in the cluster after %d seconds: %s; start K3s there, "
                        "correct the name, or set missing: ignore",
                        request->timeout, names);
}

static int add_pending(const struct string_list *missing, struct plan *plan, struct error *error)
{
    json_t *pending = json_object_get(plan->result, "pending");

    for (size_t i = 0; i < missing->count; i++)
        if (json_array_append_new(pending, json_string(missing->items[i])) < 0)
            return error_oom(error);
    return 0;
}

int plan_cluster(const struct request *request, const struct facts *facts, struct plan *plan,
                 struct error *error)
{
    struct string_list missing = {0};
    int r = json_object_set_new(plan->result, "nodes", json_object()) < 0 ||
                    json_object_set_new(plan->result, "pending", json_array()) < 0
                ? error_oom(error)
                : 0;

    for (size_t i = 0; i < request->nodes.count && r == 0; i++) {
        const char *name = request->nodes.items[i].name;
        const json_t *node = json_object_get(facts->nodes, name);

        if (node)
            r = plan_node(request, i, node, plan, error);
        else if (!request->absent && string_list_add(&missing, name) < 0)
            r = error_oom(error);
    }
    if (r == 0 && missing.count)
        r = request->ignore_missing ? add_pending(&missing, plan, error)
                                    : refuse_missing(request, &missing, error);
    string_list_release(&missing);
    return r;
}

#include "plan.h"

#include "cleanup.h"
#include "kubernetes.h"
#include "plan_parts.h"

json_t *describe_node(const char *role, const json_t *labels, const json_t *taints)
{
    json_t *texts = json_array(), *taint;
    size_t i;

    json_array_foreach (taints, i, taint) {
        AUTO_FREE char *text = kubernetes_taint_text(taint);
        json_array_append_new(texts, json_string(text));
    }
    return json_pack("{s:s?, s:O, s:o}", "role", *role ? role : NULL, "labels", labels, "taints",
                     texts);
}

int role_plan(const void *request_, const void *facts_, struct plan *plan, struct error *error)
{
    const struct request *request = request_;
    const struct facts *facts = facts_;

    json_object_set_new(plan->result, "nodes", json_object());
    json_object_set_new(plan->consequences, "restart_needed", json_false());
    json_object_set_new(plan->consequences, "restart_reasons", json_array());
    json_object_set_new(plan->result, "pending", json_array());
    return request->cluster ? plan_cluster(request, facts, plan, error)
                            : plan_host(request, facts, plan, error);
}

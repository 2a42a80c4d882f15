#include "plan.h"

#include "cleanup.h"
#include "kubernetes.h"
#include "plan_parts.h"

json_t *describe_node(const char *role, const json_t *labels, const json_t *taints)
{
    AUTO_JSON json_t *texts = json_array();
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint) {
        AUTO_FREE char *text = kubernetes_taint_text(taint);
        if (!text || json_array_append_new(texts, json_string(text)) < 0)
            return NULL;
    }
    return json_pack("{s:s?, s:O, s:O}", "role", *role ? role : NULL, "labels", labels, "taints",
                     texts);
}

int role_plan(const void *request_, const void *facts_, struct plan *plan, struct error *error)
{
    const struct request *request = request_;
    const struct facts *facts = facts_;

    if (json_object_set_new(plan->result, "nodes", json_object()) < 0 ||
        json_object_set_new(plan->consequences, "restart_needed", json_false()) < 0 ||
        json_object_set_new(plan->consequences, "restart_reasons", json_array()) < 0 ||
        json_object_set_new(plan->result, "pending", json_array()) < 0)
        return error_oom(error);
    return request->cluster ? plan_cluster(request, facts, plan, error)
                            : plan_host(request, facts, plan, error);
}

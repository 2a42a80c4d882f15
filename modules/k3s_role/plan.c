/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/cluster.h"
#include "host/drop_in.h"
#include "k3s_role.h"

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

#include "doc.h"
#include "facts.h"
#include "info.h"
#include "module.h"
#include "request.h"
#include "spec_info.h"

static const struct module k3s_role_info = {
    .name = "k3s_role_info",
    .short_description = "Show the roles, tiers, labels and taints of K3s nodes",
    .description = STRINGS("Lists every Node of the cluster with its role and what of it isn't "
                           "k3s_role's, what k3s_role would change for a given O(nodes), and what "
                           "this host registers with. Changes nothing."),
    .version_added = "0.1.0",
    .params = k3s_role_info_params,
    .examples = k3s_role_info_examples,
    .returns = k3s_role_info_returns,
    .requirements = STRINGS("kubectl, or K3s, and a kubeconfig that may read Nodes"),
    .seealso = STRINGS("k3s_role"),
    .changes_nothing = true,
    .parse = info_parse,
    .probe = info_probe,
    .plan = info_plan,
    .request_free = request_free,
    .facts_free = facts_free,
};

int main(int argc, char **argv)
{
    return module_main(&k3s_role_info, argc, argv);
}

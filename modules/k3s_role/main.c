/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "facts.h"
#include "k3s_role.h"
#include "module.h"
#include "request.h"
#include "spec.h"

static const struct module k3s_role = {
    .name = "k3s_role",
    .short_description = "Give K3s nodes their roles, and leave nothing of earlier ones behind",
    .description = STRINGS(
        "With O(role), on a host: writes the part of K3s' configuration that its Node registers "
        "with, labels and taints.",
        "With O(nodes), once, on a control-plane host: brings the labels and taints of the live "
        "Nodes in line, and removes what an earlier role left. Only Nodes that differ are written, "
        "in one go; what isn't this module's stays as it is."),
    .version_added = "0.1.0",
    .params = k3s_role_params,
    .rules = &k3s_role_rules,
    .examples = k3s_role_examples,
    .returns = k3s_role_returns,
    .requirements = STRINGS("kubectl, or K3s, and an administrator's kubeconfig, for O(nodes)"),
    .seealso = STRINGS("k3s_role_info", "storage_tier"),
    .parse = request_parse,
    .probe = role_probe,
    .plan = role_plan,
    .apply = role_apply,
    .again = role_again,
    .rehearse = role_rehearse,
    .request_free = request_free,
    .facts_free = facts_free,
};

int main(int argc, char **argv)
{
    return module_main(&k3s_role, argc, argv);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "facts.h"
#include "info.h"
#include "module.h"
#include "request.h"
#include "spec.h"

static const struct param k3s_role_info_params[] = {
    {.name = "nodes",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_DICT,
     .options = k3s_role_node_params,
     .description = STRINGS("Nodes as they are to be: what M(k3s_role) would change is returned as "
                            "RV(actions).")},
    {.name = "cluster",
     .type = PARAM_BOOL,
     .default_json = "true",
     .description = STRINGS("Whether the cluster is asked. V(false) shows this host only.")},
    {.name = "config_file",
     .type = PARAM_PATH,
     .default_json = "\"/etc/rancher/k3s/config.yaml.d/50-k3s-role.yaml\"",
     .description = STRINGS("The drop-in of this host.")},
    {.name = "prefix",
     .default_json = "\"ecoma.io\"",
     .description = STRINGS("Domain of k3s_role's own label keys.")},
    {.name = "kubeconfig",
     .type = PARAM_PATH,
     .description = STRINGS("By default what the environment's C(KUBECONFIG) names, then K3s' own, "
                            "C(/etc/rancher/k3s/k3s.yaml), where it is there, then "
                            "C(~/.kube/config).")},
    {.name = "context",
     .description = STRINGS("Context of the kubeconfig; its current one by default.")},
    {.name = "kubectl",
     .type = PARAM_PATH,
     .description = STRINGS("The program to talk to the cluster with. C(k3s kubectl) by default "
                            "where k3s is installed, otherwise kubectl.")},
    {0},
};

static const char k3s_role_info_examples[] =
    "- name: Which Node has which role\n"
    "  k3s_role_info:\n"
    "  become: true\n"
    "  register: roles\n"
    "\n"
    "- name: What k3s_role would change\n"
    "  k3s_role_info:\n"
    "    nodes:\n"
    "      - {name: sts-1, role: sts, storage_tiers: [hot]}\n"
    "  become: true\n"
    "\n"
    "- name: What this host registers with\n"
    "  k3s_role_info:\n"
    "    cluster: false\n"
    "  become: true\n";

static const char k3s_role_info_returns[] =
    "nodes:\n"
    "  description: Every Node of the cluster by its name, as it is.\n"
    "  returned: always\n"
    "  type: dict\n"
    "  sample: {sts-1: {role: sts, storage_tiers: [hot], labels: {ecoma.io/role: sts},\n"
    "    taints: [\"ecoma.io/role=sts:NoSchedule\"], foreign: {labels: {}, taints: []}}}\n"
    "actions:\n"
    "  description: What M(k3s_role) would do for O(nodes), as it would return it.\n"
    "  returned: always\n"
    "  type: list\n"
    "  elements: dict\n"
    "pending:\n"
    "  description: Nodes of O(nodes) that aren't in the cluster.\n"
    "  returned: always\n"
    "  type: list\n"
    "  elements: str\n"
    "host:\n"
    "  description: This host's drop-in.\n"
    "  returned: always\n"
    "  type: dict\n"
    "  contains:\n"
    "    config_file:\n"
    "      description: Its path.\n"
    "      type: str\n"
    "    exists:\n"
    "      description: Whether it is there.\n"
    "      type: bool\n"
    "    node_name:\n"
    "      description: The name to register with, null where it says none.\n"
    "      type: str\n"
    "    labels:\n"
    "      description: The labels to register with, as C(key=value).\n"
    "      type: list\n"
    "      elements: str\n"
    "    taints:\n"
    "      description: The taints to register with.\n"
    "      type: list\n"
    "      elements: str\n"
    "    other_keys:\n"
    "      description: Keys in it that M(k3s_role) doesn't write.\n"
    "      type: list\n"
    "      elements: str\n"
    "    problem:\n"
    "      description: Why it can't be understood, null where it can.\n"
    "      type: str\n"
    "error_id:\n"
    "  description: The name of the refusal, for programs.\n"
    "  returned: when the module refuses\n"
    "  type: str\n"
    "  sample: kube-unreachable\n";

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

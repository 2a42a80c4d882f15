/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec.h"

#define NODE_ROLES STRINGS("cpl", "ops", "sts", "wkr")

const struct param k3s_role_node_params[] = {
    {.name = "name",
     .required = true,
     .description = STRINGS("Name of the Node, made lower case as K3s does.")},
    {.name = "role",
     .choices = NODE_ROLES,
     .description = STRINGS("Its role. Required, except for O(state=absent).")},
    {.name = "storage_tiers",
     .type = PARAM_LIST,
     .has_elements = true,
     .choices = STRINGS("swap", "hot", "warm", "cold"),
     .default_json = "[]",
     .description = STRINGS("Its storage tiers, by name. V(auto) is for O(role) only: what a host "
                            "has is not known here.")},
    {.name = "labels",
     .type = PARAM_DICT,
     .default_json = "{}",
     .description = STRINGS("Further labels, beside the role's.")},
    {.name = "taints",
     .type = PARAM_LIST,
     .has_elements = true,
     .description = STRINGS("Its taints, in place of the role's. V([]) for none.")},
    {0},
};

const struct param k3s_role_params[] = {
    {.name = "role",
     .choices = STRINGS("cdb", "cpl", "ops", "sts", "wkr"),
     .description =
         STRINGS("This host's role. Its K3s configuration gets a drop-in that the node registers "
                 "with: labels of O(prefix), and taints.",
                 "V(cdb) is no member of the cluster: nothing is written, and K3s' configuration, "
                 "data or units on this host, and whatever stands at O(config_file), are an error "
                 "that says what was found.")},
    {.name = "storage_tiers",
     .type = PARAM_LIST,
     .has_elements = true,
     .choices = STRINGS("auto", "swap", "hot", "warm", "cold"),
     .default_json = "[]",
     .description =
         STRINGS("This host's storage tiers, by name. The single value V(auto) takes what "
                 "M(storage_tier) left: the tiers of its lines in fstab, and as the OS disk's what "
                 "is a plain directory in C(/var/storage).")},
    {.name = "labels",
     .type = PARAM_DICT,
     .default_json = "{}",
     .description = STRINGS("Further labels, beside the role's: those that a kubelet may set.")},
    {.name = "taints",
     .type = PARAM_LIST,
     .has_elements = true,
     .description =
         STRINGS("Taints, in place of the role's: C(key=value:Effect) or C(key:Effect). V([]) for "
                 "none.",
                 "The role's are C(CriticalAddonsOnly=true:NoExecute) for V(cpl), "
                 "C(PREFIX/role=ROLE:NoSchedule) for V(ops) and V(sts), and none for V(wkr).",
                 "K3s uses the drop-in's taints only when the Node is registered for the first "
                 "time; those of a registered Node are changed by O(nodes).")},
    {.name = "node_name",
     .description = STRINGS("Name to register with. The host's name by default; made lower case, "
                            "as K3s does.")},
    {.name = "config_file",
     .type = PARAM_PATH,
     .default_json = "\"/etc/rancher/k3s/config.yaml.d/50-k3s-role.yaml\"",
     .description = STRINGS("The drop-in. It is this module's alone and is replaced as a whole.")},
    {.name = "prefix",
     .default_json = "\"ecoma.io\"",
     .description = STRINGS("Domain of this module's own label keys.")},
    {.name = "state",
     .default_json = "\"present\"",
     .choices = STRINGS("present", "absent"),
     .description =
         STRINGS("V(absent) leaves things as if no role had ever been given: the drop-in "
                 "goes, or, with O(nodes), these Nodes' labels, taints and annotation "
                 "of this module.")},
    {.name = "nodes",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_DICT,
     .options = k3s_role_node_params,
     .description =
         STRINGS("Nodes of the cluster, as they are to be. To be given once, on a host with an "
                 "administrator's kubeconfig. Nodes that aren't listed are left alone.")},
    {.name = "kubeconfig",
     .type = PARAM_PATH,
     .description = STRINGS("For O(nodes). By default what the environment's C(KUBECONFIG) names, "
                            "then K3s' own, C(/etc/rancher/k3s/k3s.yaml), where it is there, then "
                            "C(~/.kube/config).")},
    {.name = "context",
     .description = STRINGS("Context of the kubeconfig; its current one by default.")},
    {.name = "kubectl",
     .type = PARAM_PATH,
     .description = STRINGS("The program to talk to the cluster with. C(k3s kubectl) by default "
                            "where k3s is installed, otherwise kubectl. A path to k3s is fine "
                            "too.")},
    {.name = "missing",
     .default_json = "\"fail\"",
     .choices = STRINGS("fail", "ignore"),
     .description = STRINGS("What becomes of a Node in O(nodes) that isn't in the cluster. V(fail) "
                            "waits O(timeout) seconds for it and then fails, V(ignore) doesn't "
                            "wait and returns its name in RV(pending).")},
    {.name = "timeout",
     .type = PARAM_INT,
     .default_json = "300",
     .description = STRINGS("Seconds to wait for missing Nodes, and for conflicts with other "
                            "writers to end, before a write or right after it.")},
    {.name = "server_dry_run",
     .type = PARAM_BOOL,
     .default_json = "false",
     .description = STRINGS("In check mode, also send the Nodes to the server as a dry run, whose "
                            "refusals are then errors.")},
    {0},
};

const struct param_rules k3s_role_rules = {
    .mutually_exclusive = (const char *const *const[]){STRINGS("role", "nodes"), NULL},
    .required_if =
        (const struct param_required_if[]){
            {"state", "\"present\"", STRINGS("role", "nodes"), true},
            {0},
        },
};

const char k3s_role_examples[] =
    "- name: This host's role, before its agent starts\n"
    "  k3s_role:\n"
    "    role: sts\n"
    "    storage_tiers: auto\n"
    "  become: true\n"
    "  register: node_role\n"
    "\n"
    "- name: A worker with a label of its own, and a taint in place of the role's\n"
    "  k3s_role:\n"
    "    role: wkr\n"
    "    storage_tiers: [hot, cold]\n"
    "    labels:\n"
    "      example.org/team: blue\n"
    "    taints: [\"example.org/dedicated=blue:NoSchedule\"]\n"
    "  become: true\n"
    "\n"
    "- name: A database host has no K3s\n"
    "  k3s_role:\n"
    "    role: cdb\n"
    "  become: true\n"
    "\n"
    "- name: All nodes, once, on a control-plane host\n"
    "  k3s_role:\n"
    "    nodes:\n"
    "      - {name: cpl-1, role: cpl}\n"
    "      - {name: ops-1, role: ops, storage_tiers: [warm]}\n"
    "      - {name: sts-1, role: sts, storage_tiers: [hot, cold]}\n"
    "      - name: wkr-1\n"
    "        role: wkr\n"
    "        labels: {example.org/team: blue}\n"
    "  become: true\n"
    "  run_once: true\n";

const char k3s_role_returns[] =
    "actions:\n"
    "  description: What was done; in check mode what would be done.\n"
    "  returned: always\n"
    "  type: list\n"
    "  elements: dict\n"
    "  contains:\n"
    "    node:\n"
    "      description: Name of the Node.\n"
    "      type: str\n"
    "    op:\n"
    "      description: One of file, label, taint, annotate.\n"
    "      type: str\n"
    "    key:\n"
    "      description: Path of the file, or key of the label, taint or annotation.\n"
    "      type: str\n"
    "    before:\n"
    "      description: Text of the file, value of the label or annotation, or the taint as a\n"
    "        text; null for nothing. Of a file that was edited by hand it has the labels, taints\n"
    "        and name, and of other settings only the names.\n"
    "      type: str\n"
    "    after:\n"
    "      description: The same afterwards; null where it goes.\n"
    "      type: str\n"
    "  sample: [{node: sts-1, op: label, key: ecoma.io/role, before: wkr, after: sts}]\n"
    "nodes:\n"
    "  description: For each Node by its name role, labels and taints of this module, as they are\n"
    "    (in check mode, as they would be), and for O(nodes) under C(foreign) the labels and\n"
    "    taints that are somebody else's and stay. Labels in Kubernetes' and K3s' own domains are\n"
    "    left out there.\n"
    "  returned: success\n"
    "  type: dict\n"
    "  sample: {sts-1: {role: sts, labels: {ecoma.io/role: sts},\n"
    "    taints: [\"ecoma.io/role=sts:NoSchedule\"]}}\n"
    "pending:\n"
    "  description: Declared Nodes that aren't in the cluster, with O(missing=ignore).\n"
    "  returned: success\n"
    "  type: list\n"
    "  elements: str\n"
    "restart_needed:\n"
    "  description: Whether K3s on this host must be restarted to see the change.\n"
    "  returned: success\n"
    "  type: bool\n"
    "restart_reasons:\n"
    "  description: Why.\n"
    "  returned: success\n"
    "  type: list\n"
    "  elements: str\n"
    "actions_done:\n"
    "  description: The actions that were completed.\n"
    "  returned: when a run failed halfway\n"
    "  type: list\n"
    "  elements: dict\n"
    "actions_left:\n"
    "  description: The actions that others made necessary again.\n"
    "  returned: when others kept changing what was written\n"
    "  type: list\n"
    "  elements: dict\n"
    "nodes_failed:\n"
    "  description: For each Node that could not be written by its name why.\n"
    "  returned: when the server refused Nodes\n"
    "  type: dict\n"
    "error_id:\n"
    "  description: The name of the refusal, for programs.\n"
    "  returned: when the module refuses\n"
    "  type: str\n"
    "  sample: node-missing\n";

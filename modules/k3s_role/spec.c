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

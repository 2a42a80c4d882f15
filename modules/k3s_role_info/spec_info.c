#include "spec_info.h"

#include "spec.h"

const struct param k3s_role_info_params[] = {
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

/* A role to labels and taints. Pure. */
#pragma once

#include "request.h"

struct wanted {
    json_t *labels; /* object of strings */
    json_t *taints; /* array, as in a Node's spec */
};

/* What a live Node has; nothing for ROLE_NONE. */
struct wanted wanted_live(const struct node_request *node, const char *prefix);
/* What the host's K3s registers with: the same without node-role.kubernetes.io/…, which a kubelet
 * must not set. `tiers` are the host's. */
struct wanted wanted_registered(const struct node_request *node, const struct string_list *tiers,
                                const char *prefix);
void wanted_release(struct wanted *wanted);
#define AUTO_WANTED __attribute__((cleanup(wanted_release)))

/* What the result tells about Nodes. Pure. */
#pragma once

#include "actions.h"
#include "request.h"

/* An entry of `nodes` for a declared Node as it is or will be: role, labels and taints of ours, and
 * under `foreign` what isn't. */
void report_node(const struct request *request, const struct node_request *want, const json_t *node,
                 struct plan *plan);

/* The Node's text for the diff: ours, and all its taints. */
void report_diff(const char *prefix, const json_t *before, const json_t *after, struct plan *plan);

/* {labels, taints} of a Node that aren't ours; labels in the domains of Kubernetes and K3s are left
 * out. A new object. */
json_t *report_foreign(const struct request *request, const json_t *node);

/* A Node as the API server gives it: what this module looks at. Pure. */
#pragma once

#include "request.h"

/* All borrowed; NULL where the Node has none. */
const char *node_name(const json_t *node);
json_t *node_labels(const json_t *node);
json_t *node_annotations(const json_t *node);
json_t *node_taints(const json_t *node);

/* Whether somebody applies a manifest of it: kubectl keeps that in an annotation, which kubectl
 * replace would write anew with the whole Node. What isn't in the manifest would go when it is
 * applied the next time. */
bool node_is_applied(const json_t *node);

/* Takes out what a write doesn't need and a large Node mostly consists of: its status, which only
 * the status subresource changes, and managedFields, which the server keeps by itself. */
void node_strip(json_t *node);

/* A new Node with only name, labels, taints and our annotation; NULL when it has no name. */
json_t *node_summary(const json_t *node, const char *prefix);
bool node_is_summary(const json_t *node);

/* The role that its labels tell, ours first, then node-role.kubernetes.io/…; ROLE_NONE: none. */
enum role node_role(const json_t *node, const char *prefix);
/* The tiers that its labels tell, sorted: a new array. */
json_t *node_tiers(const json_t *node, const char *prefix);

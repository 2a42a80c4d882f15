/* What has to change on one Node. Pure. */
#pragma once

#include "actions.h"
#include "request.h"

struct node_change {
    json_t *labels; /* object: text to set, null to remove */
    json_t *taints; /* the list as it is to be; NULL: stays */
    json_t *record; /* the annotation: text to set, null to remove; NULL: stays */
};

/*
 * From a Node as it is to what the request wants. Foreign labels, annotations and taints (with
 * their timeAdded) don't appear in it, but for taints in the list, as they are.
 */
struct node_change node_change_make(const struct request *request, const struct node_request *want,
                                    const json_t *node);
bool node_change_is_empty(const struct node_change *change);
void node_change_release(struct node_change *change);
#define AUTO_NODE_CHANGE __attribute__((cleanup(node_change_release)))

/* Adds an action for each label, taint and annotation that changes, about node number `subject`. */
void node_change_plan(const struct node_change *change, const json_t *node, const char *prefix,
                      size_t subject, struct plan *plan);

/* A new Node as it will be, to be sent with the version that was read. Owned by the caller. */
json_t *node_change_apply(const struct node_change *change, const json_t *node, const char *prefix);

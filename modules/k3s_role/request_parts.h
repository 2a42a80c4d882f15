/* Parts of request.c. */
#pragma once

#include "request.h"

/* One node's role, storage_tiers, labels and taints; `where` begins the messages. */
int request_parse_node(const json_t *params, const char *where, const char *prefix,
                       struct node_request *ret_node, struct error *error);
int request_parse_name(const char *name, const char *where, char **ret_name, struct error *error);
void node_request_release(struct node_request *node);

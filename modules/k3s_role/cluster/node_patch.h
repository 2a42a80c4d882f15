/*
 * A change of a Node as a JSON patch (RFC 6902). It names no version: what it relies upon is tested
 * by the patch itself, and is our keys and the taints that it replaces or removes. So somebody
 * else's write in between doesn't refuse it, nor is it lost. Pure.
 */
#pragma once

#include "node_change.h"

/* An array of operations, for the Node as it was read. Owned by the caller. */
json_t *node_patch_make(const struct node_change *change, const json_t *node, const char *prefix);

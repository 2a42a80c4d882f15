/*
 * What of a Node is this module's: the keys <prefix>/role, <prefix>/storage-* and
 * node-role.kubernetes.io/<ops|sts|wkr>, and what an earlier run recorded in the annotation
 * <prefix>/k3s-role. Everything else is somebody else's. Pure.
 */
#pragma once

#include "request.h"

/* Whether a label's or taint's key is ours by itself. */
bool owned_key(const char *prefix, const char *key);

/* What makes labels and taints of one Node ours. */
struct ownership {
    const char *prefix; /* borrowed */
    json_t *record; /* of an earlier run: {role, labels: [key], taints: ["key:Effect"]}, or NULL */
    bool was_cpl;   /* its label says that it is a control-plane node of ours */
};

/* Reads it from a Node; a record that can't be understood counts as none. */
struct ownership ownership_read(const char *prefix, const json_t *node);
void ownership_release(struct ownership *ownership);

bool ownership_of_label(const struct ownership *ownership, const char *key);
bool ownership_of_taint(const struct ownership *ownership, const json_t *taint);

/* The annotation's key, and its text for these labels and taints. Owned by the caller. */
char *record_key(const char *prefix);
char *record_text(enum role role, const json_t *labels, const json_t *taints);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The five roles, and what each gives: labels and taints. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "fields.h"

enum role { ROLE_NONE, ROLE_CDB, ROLE_CPL, ROLE_OPS, ROLE_STS, ROLE_WKR, ROLE_COUNT };

extern const char *const role_names[ROLE_COUNT + 1]; /* NULL-ended; ROLE_NONE is "" */

/* ROLE_NONE when it is no role's name (or NULL). */
enum role role_of_name(const char *name);

/* Whether a label's or taint's key is one that only roles and tiers give: <prefix>/role,
 * <prefix>/storage-* and node-role.kubernetes.io/<ops|sts|wkr>. */
bool role_owns_key(const char *prefix, const char *key);

/* What the user asks for one node. */
struct node_request {
    char *name; /* lower case; NULL: the host's name */
    enum role role;
    struct string_list tiers; /* without repetitions */
    bool tiers_auto;          /* the tiers are those in fstab */
    json_t *labels;           /* object of strings */
    json_t *taints;           /* array as in a Node's spec; NULL: the role's */
};

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

/* An entry of the result's `nodes`: a new object. Borrows labels and taints. */
json_t *describe_node(const char *role, const json_t *labels, const json_t *taints);

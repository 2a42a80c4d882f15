/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kubernetes' own rules for names, labels and taints (k8s.io/apimachinery's validation, the
 * kubelet's and NodeRestriction's list of labels). Pure.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "error.h"

/* The rule that is broken, as a static text that continues "… must "; NULL: none is. */
const char *kubernetes_key_rule(const char *key);     /* of a label or taint: [domain/]name */
const char *kubernetes_value_rule(const char *value); /* of a label or taint */
const char *kubernetes_name_rule(const char *name);   /* of a Node, or a key's domain */

/* Labels that a kubelet sets by itself, or K3s does: nobody else can own them. */
bool kubernetes_label_is_systems(const char *key);

/* Taints that Kubernetes or K3s sets and removes by itself: nobody else can own them. */
bool kubernetes_taint_is_systems(const char *key);

/* Whether a kubelet may set the label on its own Node; others get 403, and K3s ends at start. */
bool kubernetes_kubelet_may_set(const char *key);

/* Whether the key's domain is Kubernetes' or K3s' own (kubernetes.io, k8s.io, k3s.io or below). */
bool kubernetes_key_is_reserved(const char *key);

/*
 * "key=value:Effect" or "key:Effect" to a taint as it stands in a Node: {key, effect}, and value
 * where it isn't empty. *ret_taint is owned by the caller. -EINVAL names key, value and rule.
 */
int kubernetes_taint_parse(const char *text, json_t **ret_taint, struct error *error);

/* The reverse. Owned by the caller. */
char *kubernetes_taint_text(const json_t *taint);

/* Kubernetes holds two taints for one when key and effect are equal. */
bool kubernetes_taint_same(const json_t *a, const json_t *b);
/* The taint of the array that is the same as `like`, borrowed; NULL: none is. */
json_t *kubernetes_find_taint(const json_t *taints, const json_t *like);

/* The keys of labels (an object), ascending, as a new array of strings. */
json_t *kubernetes_keys(const json_t *labels);

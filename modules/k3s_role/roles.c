/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "roles.h"

#include <string.h>

#include "cleanup.h"
#include "kubernetes.h"
#include "text.h"

static const char ROLE_DOMAIN[] = "node-role.kubernetes.io/";

const char *const role_names[ROLE_COUNT + 1] = {"", "cdb", "cpl", "ops", "sts", "wkr", NULL};

enum role role_of_name(const char *name)
{
    for (int role = ROLE_CDB; role < ROLE_COUNT; role++)
        if (text_equal(name, role_names[role]))
            return (enum role)role;
    return ROLE_NONE;
}

bool role_owns_key(const char *prefix, const char *key)
{
    size_t length = strlen(prefix);

    if (text_starts_with(key, ROLE_DOMAIN)) {
        enum role role = role_of_name(key + strlen(ROLE_DOMAIN));
        return role == ROLE_OPS || role == ROLE_STS || role == ROLE_WKR;
    }
    if (strncmp(key, prefix, length) != 0 || key[length] != '/')
        return false;
    return strcmp(key + length + 1, "role") == 0 || text_starts_with(key + length + 1, "storage-");
}

/* Steals the key. */
static void set_label(json_t *labels, char *key, const char *value)
{
    AUTO_FREE char *owned = key;

    json_object_set_new(labels, owned, json_string(value));
}

static json_t *make_labels(const struct node_request *node, const struct string_list *tiers,
                           const char *prefix)
{
    json_t *labels = json_object();

    set_label(labels, text_format("%s/role", prefix), role_names[node->role]);
    for (size_t i = 0; i < tiers->count; i++)
        set_label(labels, text_format("%s/storage-%s", prefix, tiers->items[i]), "true");
    if (node->labels)
        json_object_update(labels, node->labels);
    return labels;
}

/* Add-ons that come with K3s tolerate CriticalAddonsOnly with any effect. */
static json_t *role_taints(enum role role, const char *prefix)
{
    if (role == ROLE_CPL)
        return json_pack("[{s:s, s:s, s:s}]", "key", "CriticalAddonsOnly", "value", "true",
                         "effect", "NoExecute");
    if (role != ROLE_OPS && role != ROLE_STS)
        return json_array();
    return json_pack("[{s:s+, s:s, s:s}]", "key", prefix, "/role", "value", role_names[role],
                     "effect", "NoSchedule");
}

struct wanted wanted_registered(const struct node_request *node, const struct string_list *tiers,
                                const char *prefix)
{
    return (struct wanted){
        .labels = make_labels(node, tiers, prefix),
        .taints = node->taints ? json_incref(node->taints) : role_taints(node->role, prefix),
    };
}

struct wanted wanted_live(const struct node_request *node, const char *prefix)
{
    enum role role = node->role;

    if (role == ROLE_NONE)
        return (struct wanted){json_object(), json_array()};
    struct wanted wanted = wanted_registered(node, &node->tiers, prefix);
    if (role == ROLE_OPS || role == ROLE_STS || role == ROLE_WKR)
        set_label(wanted.labels, text_format("node-role.kubernetes.io/%s", role_names[role]),
                  "true");
    return wanted;
}

void wanted_release(struct wanted *wanted)
{
    json_decref(wanted->labels);
    json_decref(wanted->taints);
    *wanted = (struct wanted){0};
}

json_t *describe_node(const char *role, const json_t *labels, const json_t *taints)
{
    json_t *texts = json_array(), *taint;
    size_t i;

    json_array_foreach (taints, i, taint) {
        AUTO_FREE char *text = kubernetes_taint_text(taint);
        json_array_append_new(texts, json_string(text));
    }
    return json_pack("{s:s?, s:O, s:o}", "role", *role ? role : NULL, "labels", labels, "taints",
                     texts);
}

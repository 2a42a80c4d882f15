#include "roles.h"

#include "cleanup.h"
#include "kubernetes.h"
#include "text.h"

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

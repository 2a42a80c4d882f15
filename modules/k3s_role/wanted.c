#include "wanted.h"

#include "cleanup.h"
#include "kubernetes.h"
#include "text.h"

static int set_label(json_t *labels, char *key, const char *value, struct error *error)
{
    AUTO_FREE char *owned = key;

    return owned && json_object_set_new(labels, owned, json_string(value)) == 0 ? 0
                                                                                : error_oom(error);
}

static int add_labels(const struct node_request *node, const struct string_list *tiers,
                      const char *prefix, json_t *labels, struct error *error)
{
    int r = set_label(labels, text_format("%s/role", prefix), role_names[node->role], error);

    for (size_t i = 0; r == 0 && i < tiers->count; i++)
        r = set_label(labels, text_format("%s/storage-%s", prefix, tiers->items[i]), "true", error);
    if (r == 0 && node->labels && json_object_update(labels, node->labels) < 0)
        r = error_oom(error);
    return r;
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

int wanted_registered(const struct node_request *node, const struct string_list *tiers,
                      const char *prefix, struct wanted *ret_wanted, struct error *error)
{
    AUTO_WANTED struct wanted wanted = {json_object(), NULL};

    wanted.taints = node->taints ? json_incref(node->taints) : role_taints(node->role, prefix);
    if (!wanted.labels || !wanted.taints)
        return error_oom(error);
    int r = add_labels(node, tiers, prefix, wanted.labels, error);
    if (r < 0)
        return r;
    *ret_wanted = wanted;
    wanted = (struct wanted){0};
    return 0;
}

int wanted_live(const struct node_request *node, const char *prefix, struct wanted *ret_wanted,
                struct error *error)
{
    AUTO_WANTED struct wanted wanted = {0};
    enum role role = node->role;
    int r = 0;

    if (role == ROLE_NONE) {
        wanted = (struct wanted){json_object(), json_array()};
        r = wanted.labels && wanted.taints ? 0 : error_oom(error);
    } else {
        r = wanted_registered(node, &node->tiers, prefix, &wanted, error);
    }
    if (r == 0 && (role == ROLE_OPS || role == ROLE_STS || role == ROLE_WKR))
        r = set_label(wanted.labels, text_format("node-role.kubernetes.io/%s", role_names[role]),
                      "true", error);
    if (r < 0)
        return r;
    *ret_wanted = wanted;
    wanted = (struct wanted){0};
    return 0;
}

void wanted_release(struct wanted *wanted)
{
    json_decref(wanted->labels);
    json_decref(wanted->taints);
    *wanted = (struct wanted){0};
}

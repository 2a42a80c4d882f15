#include "node.h"

#include <string.h>

#include "cleanup.h"
#include "objects.h"
#include "owned.h"
#include "text.h"

static json_t *metadata(const json_t *node)
{
    return json_object_get(node, "metadata");
}

const char *node_name(const json_t *node)
{
    return json_string_value(json_object_get(metadata(node), "name"));
}

json_t *node_labels(const json_t *node)
{
    return json_object_get(metadata(node), "labels");
}

json_t *node_annotations(const json_t *node)
{
    return json_object_get(metadata(node), "annotations");
}

json_t *node_taints(const json_t *node)
{
    return json_object_get(json_object_get(node, "spec"), "taints");
}

bool node_is_applied(const json_t *node)
{
    static const char key[] = "kubectl.kubernetes.io/last-applied-configuration";

    return json_object_get(node_annotations(node), key);
}

void node_strip(json_t *node)
{
    json_object_del(node, "status");
    json_object_del(metadata(node), "managedFields");
}

json_t *node_summary(const json_t *node, const char *prefix)
{
    AUTO_FREE char *key = record_key(prefix);
    AUTO_JSON json_t *annotations = json_object();
    json_t *record = json_object_get(node_annotations(node), key);

    if (record)
        json_object_set(annotations, key, record);
    return json_pack("{s:b, s:{s:s, s:O*, s:O}, s:{s:O*}}", "summary", true, "metadata", "name",
                     node_name(node), "labels", node_labels(node), "annotations", annotations,
                     "spec", "taints", node_taints(node));
}

bool node_is_summary(const json_t *node)
{
    return json_is_true(json_object_get(node, "summary"));
}

enum role node_role(const json_t *node, const char *prefix)
{
    static const struct {
        const char *key;
        enum role role;
    } others[] = {
        {"node-role.kubernetes.io/ops", ROLE_OPS},
        {"node-role.kubernetes.io/sts", ROLE_STS},
        {"node-role.kubernetes.io/wkr", ROLE_WKR},
        {"node-role.kubernetes.io/control-plane", ROLE_CPL},
        {"node-role.kubernetes.io/master", ROLE_CPL},
    };
    const json_t *labels = node_labels(node);
    AUTO_FREE char *key = text_format("%s/role", prefix);
    enum role role = role_of_name(json_string_value(json_object_get(labels, key)));

    for (size_t i = 0; role == ROLE_NONE && i < ARRAY_SIZE(others); i++)
        if (json_object_get(labels, others[i].key))
            role = others[i].role;
    return role;
}

json_t *node_tiers(const json_t *node, const char *prefix)
{
    AUTO_FREE char *start = text_format("%s/storage-", prefix);
    AUTO_JSON json_t *keys = sorted_keys(node_labels(node));
    json_t *tiers = json_array(), *key;
    size_t i;

    json_array_foreach (keys, i, key) {
        const char *text = json_string_value(key);
        if (text_starts_with(text, start))
            json_array_append_new(tiers, json_string(text + strlen(start)));
    }
    return tiers;
}

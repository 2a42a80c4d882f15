/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cleanup.h"
#include "cluster/cluster.h"
#include "kubernetes.h"
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
    AUTO_JSON json_t *keys = kubernetes_keys(node_labels(node));
    json_t *tiers = json_array(), *key;
    size_t i;

    json_array_foreach (keys, i, key) {
        const char *text = json_string_value(key);
        if (text_starts_with(text, start))
            json_array_append_new(tiers, json_string(text + strlen(start)));
    }
    return tiers;
}

char *record_key(const char *prefix)
{
    return text_format("%s/k3s-role", prefix);
}

struct ownership ownership_read(const char *prefix, const json_t *node)
{
    AUTO_FREE char *key = record_key(prefix), *role_key = text_format("%s/role", prefix);
    const char *text = json_string_value(json_object_get(node_annotations(node), key));
    const char *role = json_string_value(json_object_get(node_labels(node), role_key));
    struct ownership ownership = {
        .prefix = prefix,
        .was_cpl = text_equal(role, role_names[ROLE_CPL]),
    };

    if (text)
        ownership.record = json_loads(text, 0, NULL);
    return ownership;
}

void ownership_release(struct ownership *ownership)
{
    json_decref(ownership->record);
    *ownership = (struct ownership){0};
}

static bool is_recorded(const struct ownership *ownership, const char *list, const char *text)
{
    json_t *item;
    size_t i;

    json_array_foreach (json_object_get(ownership->record, list), i, item)
        if (text_equal(json_string_value(item), text))
            return true;
    return false;
}

bool ownership_of_label(const struct ownership *ownership, const char *key)
{
    return role_owns_key(ownership->prefix, key) ||
           (is_recorded(ownership, "labels", key) && !kubernetes_label_is_systems(key));
}

bool ownership_of_taint(const struct ownership *ownership, const json_t *taint)
{
    const char *key = json_string_value(json_object_get(taint, "key"));
    const char *effect = json_string_value(json_object_get(taint, "effect"));
    char text[512];

    if (!key || !effect)
        return false;
    snprintf(text, sizeof(text), "%s:%s", key, effect);
    if (kubernetes_taint_is_systems(key))
        return false;
    if (role_owns_key(ownership->prefix, key) || is_recorded(ownership, "taints", text))
        return true;
    return ownership->was_cpl && !ownership->record &&
           strcmp(text, "CriticalAddonsOnly:NoExecute") == 0;
}

/* Keys and effects were checked: none has a character that means something inside quotes. */
char *record_text(enum role role, const json_t *labels, const json_t *taints)
{
    AUTO_JSON json_t *keys = kubernetes_keys(labels);
    AUTO_TEXT struct text text = {0};
    json_t *item;
    size_t i;

    text_add(&text, "{\"labels\":[");
    json_array_foreach (keys, i, item)
        text_addf(&text, "%s\"%s\"", i ? "," : "", json_string_value(item));
    text_addf(&text, "],\"role\":\"%s\",\"taints\":[", role_names[role]);
    json_array_foreach (taints, i, item)
        text_addf(&text, "%s\"%s:%s\"", i ? "," : "",
                  json_string_value(json_object_get(item, "key")),
                  json_string_value(json_object_get(item, "effect")));
    text_add(&text, "]}");
    return text_take(&text);
}

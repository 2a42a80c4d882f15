#include "owned.h"

#include <string.h>

#include "cleanup.h"
#include "kubernetes.h"
#include "node.h"
#include "objects.h"
#include "text.h"

static const char ROLE_DOMAIN[] = "node-role.kubernetes.io/";

bool owned_key(const char *prefix, const char *key)
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

char *record_key(const char *prefix)
{
    return text_format("%s/k3s-role", prefix);
}

int ownership_read(const char *prefix, const json_t *node, struct ownership *ret_ownership,
                   struct error *error)
{
    AUTO_FREE char *key = record_key(prefix), *role_key = text_format("%s/role", prefix);
    json_error_t problem;

    if (!key || !role_key)
        return error_oom(error);
    const char *text = json_string_value(json_object_get(node_annotations(node), key));
    const char *role = json_string_value(json_object_get(node_labels(node), role_key));
    /* jansson doesn't always tell nonsense from a lack of memory; what is nonsense is so twice. */
    json_t *record = text ? json_loads(text, 0, NULL) : NULL;
    if (text && !record)
        record = json_loads(text, 0, &problem);
    if (text && !record && lacked_memory(&problem))
        return error_oom(error);
    *ret_ownership = (struct ownership){
        .prefix = prefix,
        .record = record,
        .was_cpl = text_equal(role, role_names[ROLE_CPL]),
    };
    return 0;
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
    return owned_key(ownership->prefix, key) ||
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
    if (owned_key(ownership->prefix, key) || is_recorded(ownership, "taints", text))
        return true;
    return ownership->was_cpl && !ownership->record &&
           strcmp(text, "CriticalAddonsOnly:NoExecute") == 0;
}

static int add_taint(json_t *list, const json_t *taint)
{
    return json_array_append_new(
        list, json_sprintf("%s:%s", json_string_value(json_object_get(taint, "key")),
                           json_string_value(json_object_get(taint, "effect"))));
}

char *record_text(enum role role, const json_t *labels, const json_t *taints)
{
    AUTO_JSON json_t *keys = sorted_keys(labels), *listed = json_array();
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        if (!listed || add_taint(listed, taint) < 0)
            return NULL;
    AUTO_JSON json_t *record =
        json_pack("{s:s, s:O, s:O}", "role", role_names[role], "labels", keys, "taints", listed);
    return record ? json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

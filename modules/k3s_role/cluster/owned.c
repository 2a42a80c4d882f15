#include "owned.h"

#include <string.h>

#include "cleanup.h"
#include "json_text.h"
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

struct ownership ownership_read(const char *prefix, const json_t *node)
{
    AUTO_FREE char *key = record_key(prefix), *role_key = text_format("%s/role", prefix);
    const char *text = json_string_value(json_object_get(node_annotations(node), key));
    const char *role = json_string_value(json_object_get(node_labels(node), role_key));
    struct ownership ownership = {
        .prefix = prefix,
        .was_cpl = text_equal(role, role_names[ROLE_CPL]),
    };
    struct error ignored = ERROR_INIT;

    if (text)
        json_text_parse(text, strlen(text), 0, &ownership.record, NULL, &ignored);
    error_clear(&ignored);
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
    if (kubernetes_taint_is_systems(key))
        return false;
    if (owned_key(ownership->prefix, key) || is_recorded(ownership, "taints", text))
        return true;
    return ownership->was_cpl && !ownership->record &&
           strcmp(text, "CriticalAddonsOnly:NoExecute") == 0;
}

/* Keys and effects were checked: none has a character that means something inside quotes. */
char *record_text(enum role role, const json_t *labels, const json_t *taints)
{
    AUTO_JSON json_t *keys = sorted_keys(labels);
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

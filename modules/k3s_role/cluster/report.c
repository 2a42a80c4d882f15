#include "report.h"

#include "cleanup.h"
#include "kubernetes.h"
#include "node.h"
#include "objects.h"
#include "owned.h"
#include "plan_parts.h"
#include "text.h"

/* Sorts a Node's labels and taints into ours and others'. */
struct parts {
    json_t *labels, *taints, *foreign_labels, *foreign_taints;
};

static void parts_release(struct parts *parts)
{
    json_decref(parts->labels);
    json_decref(parts->taints);
    json_decref(parts->foreign_labels);
    json_decref(parts->foreign_taints);
}
#define AUTO_PARTS __attribute__((cleanup(parts_release)))

static void split_labels(const struct ownership *ownership, const json_t *node, struct parts *parts)
{
    AUTO_JSON json_t *keys = sorted_keys(node_labels(node));
    json_t *item;
    size_t i;

    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        bool ours = ownership_of_label(ownership, key);
        json_t *value = json_object_get(node_labels(node), key);
        if (!ours && kubernetes_key_is_reserved(key) &&
            !text_starts_with(key, "node-role.kubernetes.io/"))
            continue;
        json_object_set(ours ? parts->labels : parts->foreign_labels, key, value);
    }
}

static struct parts split(const char *prefix, const json_t *node)
{
    struct parts parts = {json_object(), json_array(), json_object(), json_array()};
    struct ownership ownership = ownership_read(prefix, node);
    json_t *taint;
    size_t i;

    split_labels(&ownership, node, &parts);
    json_array_foreach (node_taints(node), i, taint)
        json_array_append(
            ownership_of_taint(&ownership, taint) ? parts.taints : parts.foreign_taints, taint);
    ownership_release(&ownership);
    return parts;
}

static json_t *foreign_json(const struct parts *parts)
{
    json_t *foreign = describe_node("", parts->foreign_labels, parts->foreign_taints);

    json_object_del(foreign, "role");
    return foreign;
}

json_t *report_foreign(const struct request *request, const json_t *node)
{
    AUTO_PARTS struct parts parts = split(request->prefix, node);

    return foreign_json(&parts);
}

void report_node(const struct request *request, const struct node_request *want, const json_t *node,
                 struct plan *plan)
{
    AUTO_PARTS struct parts parts = split(request->prefix, node);
    json_t *entry =
        describe_node(request->absent ? "" : role_names[want->role], parts.labels, parts.taints);

    json_object_set_new(entry, "foreign", foreign_json(&parts));
    json_object_set_new(json_object_get(plan->result, "nodes"), want->name, entry);
}

static char *node_text(const char *prefix, const json_t *node)
{
    AUTO_FREE char *record = record_key(prefix);
    AUTO_PARTS struct parts parts = split(prefix, node);
    AUTO_TEXT struct text text = {0};
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach (parts.labels, key, value)
        text_addf(&text, "label %s=%s\n", key, json_string_value(value));
    json_array_foreach (node_taints(node), i, value) {
        AUTO_FREE char *taint = kubernetes_taint_text(value);
        text_addf(&text, "taint %s\n", taint);
    }
    value = json_object_get(node_annotations(node), record);
    if (value)
        text_addf(&text, "annotation %s=%s\n", record, json_string_value(value));
    return text_take(&text);
}

void report_diff(const char *prefix, const json_t *before, const json_t *after, struct plan *plan)
{
    AUTO_FREE char *from = node_text(prefix, before), *to = node_text(prefix, after);

    plan_diff(plan, node_name(before), from, to);
}

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

static int split_labels(const struct ownership *ownership, const json_t *node, struct parts *parts,
                        struct error *error)
{
    AUTO_JSON json_t *keys = sorted_keys(node_labels(node));
    json_t *item;
    size_t i;

    if (!keys)
        return error_oom(error);
    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        bool ours = ownership_of_label(ownership, key);
        json_t *value = json_object_get(node_labels(node), key);
        if (!ours && kubernetes_key_is_reserved(key) &&
            !text_starts_with(key, "node-role.kubernetes.io/"))
            continue;
        if (json_object_set(ours ? parts->labels : parts->foreign_labels, key, value) < 0)
            return error_oom(error);
    }
    return 0;
}

static int split(const char *prefix, const json_t *node, struct parts *parts, struct error *error)
{
    struct ownership ownership = {0};
    json_t *taint;
    size_t i;

    *parts = (struct parts){json_object(), json_array(), json_object(), json_array()};
    int r = ownership_read(prefix, node, &ownership, error);
    if (r == 0)
        r = split_labels(&ownership, node, parts, error);
    json_array_foreach (node_taints(node), i, taint)
        if (r == 0 &&
            json_array_append(ownership_of_taint(&ownership, taint) ? parts->taints
                                                                    : parts->foreign_taints,
                              taint) < 0)
            r = error_oom(error);
    ownership_release(&ownership);
    return r;
}

static json_t *foreign_json(const struct parts *parts)
{
    json_t *foreign = describe_node("", parts->foreign_labels, parts->foreign_taints);

    json_object_del(foreign, "role");
    return foreign;
}

json_t *report_foreign(const struct request *request, const json_t *node, struct error *error)
{
    AUTO_PARTS struct parts parts = {0};

    return split(request->prefix, node, &parts, error) == 0 ? foreign_json(&parts) : NULL;
}

int report_node(const struct request *request, const struct node_request *want, const json_t *node,
                struct plan *plan, struct error *error)
{
    AUTO_PARTS struct parts parts = {0};
    int r = split(request->prefix, node, &parts, error);

    if (r < 0)
        return r;
    AUTO_JSON json_t *entry =
        describe_node(request->absent ? "" : role_names[want->role], parts.labels, parts.taints);
    if (json_object_set_new(entry, "foreign", foreign_json(&parts)) < 0 ||
        json_object_set(json_object_get(plan->result, "nodes"), want->name, entry) < 0)
        return error_oom(error);
    return 0;
}

static int node_text(const char *prefix, const json_t *node, char **ret_text, struct error *error)
{
    AUTO_FREE char *record = record_key(prefix);
    AUTO_PARTS struct parts parts = {0};
    AUTO_TEXT struct text text = {0};
    const char *key;
    json_t *value;
    size_t i;

    if (!record)
        return error_oom(error);
    int r = split(prefix, node, &parts, error);
    if (r < 0)
        return r;
    json_object_foreach (parts.labels, key, value)
        text_addf(&text, "label %s=%s\n", key, json_string_value(value));
    json_array_foreach (node_taints(node), i, value) {
        AUTO_FREE char *taint = kubernetes_taint_text(value);
        if (!taint)
            return error_oom(error);
        text_addf(&text, "taint %s\n", taint);
    }
    value = json_object_get(node_annotations(node), record);
    if (value)
        text_addf(&text, "annotation %s=%s\n", record, json_string_value(value));
    *ret_text = text_take(&text);
    return *ret_text ? 0 : error_oom(error);
}

int report_diff(const char *prefix, const json_t *before, const json_t *after, struct plan *plan,
                struct error *error)
{
    AUTO_FREE char *from = NULL, *to = NULL;
    int r = node_text(prefix, before, &from, error);

    if (r == 0)
        r = node_text(prefix, after, &to, error);
    return r < 0 ? r : plan_diff(plan, node_name(before), from, to, error);
}

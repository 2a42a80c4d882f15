/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cleanup.h"
#include "cluster/cluster.h"
#include "kubernetes.h"
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
    AUTO_JSON json_t *keys = kubernetes_keys(node_labels(node));
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

static struct parts split_node(const char *prefix, const json_t *node)
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
    AUTO_PARTS struct parts parts = split_node(request->prefix, node);

    return foreign_json(&parts);
}

/* The entry of `nodes` for a declared Node as it is or will be: role, labels and taints of ours,
 * and under `foreign` what isn't. */
static void report_node(const struct request *request, const struct node_request *want,
                        const json_t *node, struct plan *plan)
{
    AUTO_PARTS struct parts parts = split_node(request->prefix, node);
    json_t *entry =
        describe_node(request->absent ? "" : role_names[want->role], parts.labels, parts.taints);

    json_object_set_new(entry, "foreign", foreign_json(&parts));
    json_object_set_new(json_object_get(plan->result, "nodes"), want->name, entry);
}

static char *node_text(const char *prefix, const json_t *node)
{
    AUTO_FREE char *record = record_key(prefix);
    AUTO_PARTS struct parts parts = split_node(prefix, node);
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

/* The Node's text for the diff: ours, and all its taints. */
static void report_diff(const char *prefix, const json_t *before, const json_t *after,
                        struct plan *plan)
{
    AUTO_FREE char *from = node_text(prefix, before), *to = node_text(prefix, after);

    plan_diff(plan, node_name(before), from, to);
}

static void plan_node(const struct request *request, size_t i, const json_t *node,
                      struct plan *plan)
{
    const struct node_request *want = &request->nodes.items[i];

    if (node_is_summary(node)) { /* nothing is to be changed */
        report_node(request, want, node, plan);
        return;
    }
    AUTO_NODE_CHANGE struct node_change change = node_change_make(request, want, node);
    AUTO_JSON json_t *after = node_change_apply(&change, node, request->prefix);
    node_change_plan(&change, node, request->prefix, i, plan);
    if (!node_change_is_empty(&change))
        report_diff(request->prefix, node, after, plan);
    report_node(request, want, after, plan);
}

static int refuse_missing(const struct request *request, const struct string_list *missing,
                          struct error *error)
{
    AUTO_FREE char *names = string_list_join(missing, ", ");

    return error_refuse(error, "node-missing",
                        "declared and not in the cluster after %d seconds: %s; start K3s there, "
                        "correct the name, or set missing: ignore",
                        request->timeout, names);
}

static void add_pending(const struct string_list *missing, struct plan *plan)
{
    json_t *pending = json_object_get(plan->result, "pending");

    for (size_t i = 0; i < missing->count; i++)
        json_array_append_new(pending, json_string(missing->items[i]));
}

int plan_cluster(const struct request *request, const struct facts *facts, struct plan *plan,
                 struct error *error)
{
    struct string_list missing = {0};
    int r = 0;

    json_object_set_new(plan->result, "nodes", json_object());
    json_object_set_new(plan->result, "pending", json_array());
    for (size_t i = 0; i < request->nodes.count; i++) {
        const char *name = request->nodes.items[i].name;
        const json_t *node = json_object_get(facts->nodes, name);

        if (node)
            plan_node(request, i, node, plan);
        else if (!request->absent)
            string_list_add(&missing, name);
    }
    if (request->ignore_missing)
        add_pending(&missing, plan);
    else if (missing.count)
        r = refuse_missing(request, &missing, error);
    string_list_release(&missing);
    return r;
}

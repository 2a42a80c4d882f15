#include "cleanup.h"
#include "kubernetes.h"
#include "node.h"
#include "node_change.h"
#include "objects.h"
#include "owned.h"

struct target {
    const char *name;
    size_t subject;
    struct plan *plan;
};

/* Steals `before` and `after`, which may be NULL for nothing. */
static void add(const struct target *target, const char *op, const char *key, json_t *before,
                json_t *after)
{
    json_t *shown = json_pack("{s:s, s:s, s:s?, s:o?, s:o?}", "node", target->name, "op", op, "key",
                              key, "before", before, "after", after);

    plan_add(target->plan, shown)->subject = target->subject;
}

static void plan_labels(const struct target *target, const json_t *changes, const json_t *live)
{
    AUTO_JSON json_t *keys = sorted_keys(changes);
    json_t *item;
    size_t i;

    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        add(target, "label", key, json_incref(json_object_get(live, key)),
            json_incref(json_object_get(changes, key)));
    }
}

static json_t *taint_like(const json_t *taints, const json_t *like)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        if (kubernetes_taint_same(taint, like))
            return taint;
    return NULL;
}

/* A text, or NULL for no taint. */
static json_t *taint_json(const json_t *taint)
{
    AUTO_FREE char *text = taint ? kubernetes_taint_text(taint) : NULL;

    return text ? json_string(text) : NULL;
}

static void plan_taint(const struct target *target, const json_t *before, const json_t *after)
{
    AUTO_JSON json_t *from = taint_json(before), *to = taint_json(after);

    if (!from || !to || !json_equal(from, to))
        add(target, "taint", json_string_value(json_object_get(before ? before : after, "key")),
            json_incref(from), json_incref(to));
}

/* What comes, before what goes. */
static void plan_taints(const struct target *target, const json_t *live, const json_t *taints)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        plan_taint(target, taint_like(live, taint), taint);
    json_array_foreach (live, i, taint)
        if (!taint_like(taints, taint))
            plan_taint(target, taint, NULL);
}

void node_change_plan(const struct node_change *change, const json_t *node, const char *prefix,
                      size_t subject, struct plan *plan)
{
    const struct target target = {node_name(node), subject, plan};
    AUTO_FREE char *record = record_key(prefix);

    plan_labels(&target, change->labels, node_labels(node));
    if (change->taints)
        plan_taints(&target, node_taints(node), change->taints);
    if (change->record)
        add(&target, "annotate", record,
            json_incref(json_object_get(node_annotations(node), record)),
            json_incref(change->record));
}

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
static int add(const struct target *target, const char *op, const char *key, json_t *before,
               json_t *after, struct error *error)
{
    struct action *action = NULL;
    int r = plan_add(target->plan,
                     json_pack("{s:s, s:s, s:s, s:o?, s:o?}", "node", target->name, "op", op, "key",
                               key, "before", before, "after", after),
                     &action, error);

    if (r == 0)
        action->subject = target->subject;
    return r;
}

static int plan_labels(const struct target *target, const json_t *changes, const json_t *live,
                       struct error *error)
{
    AUTO_JSON json_t *keys = sorted_keys(changes);
    int r = keys ? 0 : error_oom(error);
    json_t *item;
    size_t i;

    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        if (r == 0)
            r = add(target, "label", key, json_incref(json_object_get(live, key)),
                    json_incref(json_object_get(changes, key)), error);
    }
    return r;
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
static int taint_json(const json_t *taint, json_t **ret_json, struct error *error)
{
    AUTO_FREE char *text = taint ? kubernetes_taint_text(taint) : NULL;

    *ret_json = NULL;
    if (!taint)
        return 0;
    *ret_json = text ? json_string(text) : NULL;
    return *ret_json ? 0 : error_oom(error);
}

static int plan_taint(const struct target *target, const json_t *before, const json_t *after,
                      struct error *error)
{
    AUTO_JSON json_t *from = NULL, *to = NULL;
    int r = taint_json(before, &from, error);

    if (r == 0)
        r = taint_json(after, &to, error);
    if (r < 0 || (from && to && json_equal(from, to)))
        return r;
    return add(target, "taint", json_string_value(json_object_get(before ? before : after, "key")),
               json_incref(from), json_incref(to), error);
}

/* What comes, before what goes. */
static int plan_taints(const struct target *target, const json_t *live, const json_t *taints,
                       struct error *error)
{
    int r = 0;
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        if (r == 0)
            r = plan_taint(target, taint_like(live, taint), taint, error);
    json_array_foreach (live, i, taint)
        if (r == 0 && !taint_like(taints, taint))
            r = plan_taint(target, taint, NULL, error);
    return r;
}

int node_change_plan(const struct node_change *change, const json_t *node, const char *prefix,
                     size_t subject, struct plan *plan, struct error *error)
{
    const struct target target = {node_name(node), subject, plan};
    AUTO_FREE char *record = record_key(prefix);
    int r = record ? 0 : error_oom(error);

    if (r == 0)
        r = plan_labels(&target, change->labels, node_labels(node), error);
    if (r == 0 && change->taints)
        r = plan_taints(&target, node_taints(node), change->taints, error);
    if (r == 0 && change->record)
        r = add(&target, "annotate", record,
                json_incref(json_object_get(node_annotations(node), record)),
                json_incref(change->record), error);
    return r;
}

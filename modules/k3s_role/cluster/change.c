#include "node_change.h"

#include "cleanup.h"
#include "kubernetes.h"
#include "node.h"
#include "owned.h"
#include "text.h"
#include "roles.h"

static json_t *change_labels(const struct ownership *ownership, const struct wanted *wanted,
                             const json_t *node)
{
    json_t *changes = json_object(), *live = node_labels(node), *value;
    const char *key;

    json_object_foreach (wanted->labels, key, value) {
        if (!json_equal(value, json_object_get(live, key)))
            json_object_set(changes, key, value);
    }
    json_object_foreach (live, key, value) {
        if (!json_object_get(wanted->labels, key) && ownership_of_label(ownership, key))
            json_object_set_new(changes, key, json_null());
    }
    return changes;
}

static json_t *find_taint(const json_t *taints, const json_t *like)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        if (kubernetes_taint_same(taint, like))
            return taint;
    return NULL;
}

static bool same_value(const json_t *a, const json_t *b)
{
    const char *x = json_string_value(json_object_get(a, "value"));
    const char *y = json_string_value(json_object_get(b, "value"));

    return text_equal(x ? x : "", y ? y : "");
}

/* A taint that stays, stays as it is and where it is. */
static json_t *change_taints(const struct ownership *ownership, const struct wanted *wanted,
                             const json_t *node)
{
    AUTO_JSON json_t *taints = json_array();
    const json_t *live = node_taints(node);
    json_t *taint;
    size_t i;

    json_array_foreach (live, i, taint) {
        json_t *like = find_taint(wanted->taints, taint);
        json_t *kept = like && !same_value(like, taint) ? like : taint;
        if (!like && ownership_of_taint(ownership, taint))
            continue;
        json_array_append(taints, kept);
    }
    json_array_foreach (wanted->taints, i, taint)
        if (!find_taint(live, taint))
            json_array_append(taints, taint);
    bool changes =
        json_array_size(live) == 0 ? json_array_size(taints) > 0 : !json_equal(taints, live);
    return changes ? TAKE_PTR(taints) : NULL;
}

static json_t *change_record(const struct request *request, const struct node_request *want,
                             const struct wanted *wanted, const json_t *node)
{
    AUTO_FREE char *key = record_key(request->prefix);
    AUTO_FREE char *text = record_text(want->role, wanted->labels, wanted->taints);
    const json_t *live = json_object_get(node_annotations(node), key);

    if (want->role == ROLE_NONE)
        return live ? json_null() : NULL;
    return text_equal(json_string_value(live), text) ? NULL : json_string(text);
}

struct node_change node_change_make(const struct request *request, const struct node_request *want,
                                    const json_t *node)
{
    const struct node_request nothing = {.name = want->name};

    if (request->absent)
        want = &nothing;
    struct ownership ownership = ownership_read(request->prefix, node);
    AUTO_WANTED struct wanted wanted = wanted_live(want, request->prefix);
    struct node_change change = {
        .labels = change_labels(&ownership, &wanted, node),
        .taints = change_taints(&ownership, &wanted, node),
        .record = change_record(request, want, &wanted, node),
    };
    ownership_release(&ownership);
    return change;
}

bool node_change_is_empty(const struct node_change *change)
{
    return json_object_size(change->labels) == 0 && !change->taints && !change->record;
}

void node_change_release(struct node_change *change)
{
    json_decref(change->labels);
    json_decref(change->taints);
    json_decref(change->record);
    *change = (struct node_change){0};
}

static void set_text(json_t *object, const char *key, json_t *value)
{
    if (json_is_null(value))
        json_object_del(object, key);
    else
        json_object_set(object, key, value);
}

/* The object `key` of `parent`, made when it isn't there. */
static json_t *member(json_t *parent, const char *key)
{
    json_t *object = json_object_get(parent, key);

    if (!json_is_object(object))
        json_object_set_new(parent, key, json_object());
    return json_object_get(parent, key);
}

json_t *node_change_apply(const struct node_change *change, const json_t *node, const char *prefix)
{
    AUTO_FREE char *record = record_key(prefix);
    json_t *changed = json_deep_copy(node);
    json_t *metadata = member(changed, "metadata"), *spec = member(changed, "spec"), *value;
    json_t *labels = member(metadata, "labels"), *annotations = member(metadata, "annotations");
    const char *key;

    /* A list's items come without them. */
    json_object_set_new(changed, "apiVersion", json_string("v1"));
    json_object_set_new(changed, "kind", json_string("Node"));
    json_object_foreach (change->labels, key, value)
        set_text(labels, key, value);
    if (change->record)
        set_text(annotations, record, change->record);
    if (change->taints && json_array_size(change->taints) == 0)
        json_object_del(spec, "taints");
    else if (change->taints)
        json_object_set(spec, "taints", change->taints);
    return changed;
}

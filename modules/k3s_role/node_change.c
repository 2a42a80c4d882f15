#include "node_change.h"

#include "cleanup.h"
#include "kubernetes.h"
#include "node.h"
#include "owned.h"
#include "text.h"
#include "wanted.h"

static int change_labels(const struct ownership *ownership, const struct wanted *wanted,
                         const json_t *node, json_t *changes, struct error *error)
{
    json_t *live = node_labels(node), *value;
    const char *key;

    json_object_foreach (wanted->labels, key, value) {
        if (!json_equal(value, json_object_get(live, key)) &&
            json_object_set(changes, key, value) < 0)
            return error_oom(error);
    }
    json_object_foreach (live, key, value) {
        if (!json_object_get(wanted->labels, key) && ownership_of_label(ownership, key) &&
            json_object_set_new(changes, key, json_null()) < 0)
            return error_oom(error);
    }
    return 0;
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
static int change_taints(const struct ownership *ownership, const struct wanted *wanted,
                         const json_t *node, json_t **ret_taints, struct error *error)
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
        if (json_array_append(taints, kept) < 0)
            return error_oom(error);
    }
    json_array_foreach (wanted->taints, i, taint)
        if (!find_taint(live, taint) && json_array_append(taints, taint) < 0)
            return error_oom(error);
    if (!taints)
        return error_oom(error);
    if (json_array_size(live) == 0 ? json_array_size(taints) > 0 : !json_equal(taints, live))
        *ret_taints = TAKE_PTR(taints);
    return 0;
}

static int change_record(const struct request *request, const struct node_request *want,
                         const struct wanted *wanted, const json_t *node, json_t **ret_record,
                         struct error *error)
{
    AUTO_FREE char *key = record_key(request->prefix);
    AUTO_FREE char *text = record_text(want->role, wanted->labels, wanted->taints);

    if (!key || !text)
        return error_oom(error);
    const json_t *live = json_object_get(node_annotations(node), key);
    if (want->role == ROLE_NONE)
        *ret_record = live ? json_null() : NULL;
    else if (!text_equal(json_string_value(live), text) && !(*ret_record = json_string(text)))
        return error_oom(error);
    return 0;
}

int node_change_make(const struct request *request, const struct node_request *want,
                     const json_t *node, struct node_change *ret_change, struct error *error)
{
    const struct node_request nothing = {.name = want->name};
    AUTO_NODE_CHANGE struct node_change change = {.labels = json_object()};
    struct ownership ownership = {0};
    AUTO_WANTED struct wanted wanted = {0};

    if (request->absent)
        want = &nothing;
    int r = change.labels ? 0 : error_oom(error);
    if (r == 0)
        r = ownership_read(request->prefix, node, &ownership, error);
    if (r == 0)
        r = wanted_live(want, request->prefix, &wanted, error);
    if (r == 0)
        r = change_labels(&ownership, &wanted, node, change.labels, error);
    if (r == 0)
        r = change_taints(&ownership, &wanted, node, &change.taints, error);
    if (r == 0)
        r = change_record(request, want, &wanted, node, &change.record, error);
    ownership_release(&ownership);
    if (r < 0)
        return r;
    *ret_change = change;
    change = (struct node_change){0};
    return 0;
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

static int set_text(json_t *object, const char *key, const json_t *value)
{
    return json_is_null(value) ? (json_object_del(object, key), 0)
                               : json_object_set(object, key, (json_t *)value);
}

/* The object `key` of `parent`, made when it isn't there. */
static json_t *member(json_t *parent, const char *key)
{
    json_t *object = json_object_get(parent, key);

    if (!json_is_object(object) && json_object_set_new(parent, key, json_object()) < 0)
        return NULL;
    return json_object_get(parent, key);
}

json_t *node_change_apply(const struct node_change *change, const json_t *node, const char *prefix)
{
    AUTO_JSON json_t *changed = json_deep_copy(node);
    AUTO_FREE char *record = record_key(prefix);
    json_t *metadata = member(changed, "metadata"), *spec = member(changed, "spec"), *value;
    json_t *labels = member(metadata, "labels"), *annotations = member(metadata, "annotations");
    const char *key;

    if (!record || !spec || !labels || !annotations)
        return NULL;
    /* A list's items come without them. */
    if (json_object_set_new(changed, "apiVersion", json_string("v1")) < 0 ||
        json_object_set_new(changed, "kind", json_string("Node")) < 0)
        return NULL;
    json_object_foreach (change->labels, key, value) {
        if (set_text(labels, key, value) < 0)
            return NULL;
    }
    if (change->record && set_text(annotations, record, change->record) < 0)
        return NULL;
    if (change->taints && json_array_size(change->taints) == 0)
        json_object_del(spec, "taints");
    else if (change->taints && json_object_set(spec, "taints", change->taints) < 0)
        return NULL;
    return TAKE_PTR(changed);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "cluster/cluster.h"
#include "kubernetes.h"
#include "text.h"

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
        json_t *like = kubernetes_find_taint(wanted->taints, taint);
        json_t *kept = like && !same_value(like, taint) ? like : taint;
        if (!like && ownership_of_taint(ownership, taint))
            continue;
        json_array_append(taints, kept);
    }
    json_array_foreach (wanted->taints, i, taint)
        if (!kubernetes_find_taint(live, taint))
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
static json_t *get_or_make(json_t *parent, const char *key)
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
    json_t *metadata = get_or_make(changed, "metadata"), *spec = get_or_make(changed, "spec"),
           *value;
    json_t *labels = get_or_make(metadata, "labels"),
           *annotations = get_or_make(metadata, "annotations");
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

struct target {
    const char *name;
    size_t subject;
    struct plan *plan;
};

/* Steals `before` and `after`, which may be NULL for nothing. */
static void show_change(const struct target *target, const char *op, const char *key,
                        json_t *before, json_t *after)
{
    json_t *shown = json_pack("{s:s, s:s, s:s?, s:o?, s:o?}", "node", target->name, "op", op, "key",
                              key, "before", before, "after", after);

    plan_add(target->plan, shown)->subject = target->subject;
}

static void show_labels(const struct target *target, const json_t *changes, const json_t *live)
{
    AUTO_JSON json_t *keys = kubernetes_keys(changes);
    json_t *item;
    size_t i;

    json_array_foreach (keys, i, item) {
        const char *key = json_string_value(item);
        show_change(target, "label", key, json_incref(json_object_get(live, key)),
                    json_incref(json_object_get(changes, key)));
    }
}

/* A text, or NULL for no taint. */
static json_t *taint_json(const json_t *taint)
{
    AUTO_FREE char *text = taint ? kubernetes_taint_text(taint) : NULL;

    return text ? json_string(text) : NULL;
}

static void show_taint(const struct target *target, const json_t *before, const json_t *after)
{
    AUTO_JSON json_t *from = taint_json(before), *to = taint_json(after);

    if (!from || !to || !json_equal(from, to))
        show_change(target, "taint",
                    json_string_value(json_object_get(before ? before : after, "key")),
                    json_incref(from), json_incref(to));
}

/* What comes, before what goes. */
static void show_taints(const struct target *target, const json_t *live, const json_t *taints)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        show_taint(target, kubernetes_find_taint(live, taint), taint);
    json_array_foreach (live, i, taint)
        if (!kubernetes_find_taint(taints, taint))
            show_taint(target, taint, NULL);
}

void node_change_plan(const struct node_change *change, const json_t *node, const char *prefix,
                      size_t subject, struct plan *plan)
{
    const struct target target = {node_name(node), subject, plan};
    AUTO_FREE char *record = record_key(prefix);

    show_labels(&target, change->labels, node_labels(node));
    if (change->taints)
        show_taints(&target, node_taints(node), change->taints);
    if (change->record)
        show_change(&target, "annotate", record,
                    json_incref(json_object_get(node_annotations(node), record)),
                    json_incref(change->record));
}

struct operations {
    json_t *tests, *changes; /* all tests come first: they are about the Node as it was read */
};

/* Steals path and value. */
static void add_operation(struct operations *operations, const char *op, char *path, json_t *value)
{
    AUTO_FREE char *owned = path;
    json_t *list = strcmp(op, "test") == 0 ? operations->tests : operations->changes;

    json_array_append_new(list,
                          json_pack("{s:s, s:s, s:o*}", "op", op, "path", owned, "value", value));
}

/* "/" and "~" mean something in a path. */
static char *path_of(const char *parent, const char *key)
{
    AUTO_TEXT struct text path = {0};

    text_addf(&path, "%s/", parent);
    for (; *key; key++)
        if (*key == '~' || *key == '/')
            text_add(&path, *key == '~' ? "~0" : "~1");
        else
            text_add_bytes(&path, key, 1);
    return text_take(&path);
}

/* A test for null holds where there is nothing. */
static void add_test(struct operations *operations, char *path, const json_t *live)
{
    add_operation(operations, "test", path, live ? json_incref((json_t *)live) : json_null());
}

static void make_parent(struct operations *operations, const char *parent)
{
    add_test(operations, alloc_string(parent), NULL);
    add_operation(operations, "add", alloc_string(parent), json_object());
}

static void patch_text(struct operations *operations, const char *parent, const json_t *object,
                       const char *key, const json_t *value)
{
    const json_t *live = json_object_get(object, key);

    if (object)
        add_test(operations, path_of(parent, key), live);
    if (!json_is_null(value))
        add_operation(operations, "add", path_of(parent, key), json_incref((json_t *)value));
    else if (live)
        add_operation(operations, "remove", path_of(parent, key), NULL);
}

static void patch_labels(struct operations *operations, const struct node_change *change,
                         const json_t *node)
{
    const json_t *labels = node_labels(node);
    const char *key;
    json_t *value;

    if (!labels && json_object_size(change->labels))
        make_parent(operations, "/metadata/labels");
    json_object_foreach (change->labels, key, value)
        patch_text(operations, "/metadata/labels", labels, key, value);
}

/* What is ours was decided by the annotation, so it is tested also where it stays. */
static void patch_record(struct operations *operations, const struct node_change *change,
                         const json_t *node, const char *key)
{
    static const char parent[] = "/metadata/annotations";
    const json_t *annotations = node_annotations(node);

    if (!annotations && change->record)
        make_parent(operations, parent);
    if (change->record)
        patch_text(operations, parent, annotations, key, change->record);
    else if (annotations)
        add_test(operations, path_of(parent, key), json_object_get(annotations, key));
}

/* From the last to the first, so that a removal moves none that is still to come. */
static void patch_present_taints(struct operations *operations, const json_t *live,
                                 const json_t *wanted)
{
    for (size_t i = json_array_size(live); i-- > 0;) {
        const json_t *taint = json_array_get(live, i),
                     *after = kubernetes_find_taint(wanted, taint);

        if (after && json_equal(after, taint))
            continue;
        add_test(operations, text_format("/spec/taints/%zu", i), taint);
        add_operation(operations, after ? "replace" : "remove", text_format("/spec/taints/%zu", i),
                      json_incref((json_t *)after));
    }
}

/* The server refuses a second taint of one key and effect. */
static void patch_taints(struct operations *operations, const json_t *live, const json_t *wanted)
{
    json_t *taint;
    size_t i;

    if (json_array_size(live) == 0) {
        add_test(operations, alloc_string("/spec/taints"), NULL);
        add_operation(operations, "add", alloc_string("/spec/taints"),
                      json_incref((json_t *)wanted));
        return;
    }
    patch_present_taints(operations, live, wanted);
    json_array_foreach (wanted, i, taint)
        if (!kubernetes_find_taint(live, taint))
            add_operation(operations, "add", alloc_string("/spec/taints/-"), json_incref(taint));
}

json_t *node_patch_make(const struct node_change *change, const json_t *node, const char *prefix)
{
    AUTO_JSON json_t *changes = json_array();
    AUTO_FREE char *key = record_key(prefix);
    struct operations operations = {json_array(), changes};

    patch_record(&operations, change, node, key);
    patch_labels(&operations, change, node);
    if (change->taints)
        patch_taints(&operations, node_taints(node), change->taints);
    json_array_extend(operations.tests, changes);
    return operations.tests;
}

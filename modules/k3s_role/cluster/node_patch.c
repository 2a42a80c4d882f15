#include "node_patch.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "kubernetes.h"
#include "node.h"
#include "owned.h"
#include "text.h"

struct operations {
    json_t *tests, *changes; /* all tests come first: they are about the Node as it was read */
};

/* Steals path and value. */
static void add(struct operations *operations, const char *op, char *path, json_t *value)
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
    add(operations, "test", path, live ? json_incref((json_t *)live) : json_null());
}

static void make_parent(struct operations *operations, const char *parent)
{
    add_test(operations, alloc_string(parent), NULL);
    add(operations, "add", alloc_string(parent), json_object());
}

static void change_text(struct operations *operations, const char *parent, const json_t *object,
                        const char *key, const json_t *value)
{
    const json_t *live = json_object_get(object, key);

    if (object)
        add_test(operations, path_of(parent, key), live);
    if (!json_is_null(value))
        add(operations, "add", path_of(parent, key), json_incref((json_t *)value));
    else if (live)
        add(operations, "remove", path_of(parent, key), NULL);
}

static void change_labels(struct operations *operations, const struct node_change *change,
                          const json_t *node)
{
    const json_t *labels = node_labels(node);
    const char *key;
    json_t *value;

    if (!labels && json_object_size(change->labels))
        make_parent(operations, "/metadata/labels");
    json_object_foreach (change->labels, key, value)
        change_text(operations, "/metadata/labels", labels, key, value);
}

/* What is ours was decided by the annotation, so it is tested also where it stays. */
static void change_record(struct operations *operations, const struct node_change *change,
                          const json_t *node, const char *key)
{
    static const char parent[] = "/metadata/annotations";
    const json_t *annotations = node_annotations(node);

    if (!annotations && change->record)
        make_parent(operations, parent);
    if (change->record)
        change_text(operations, parent, annotations, key, change->record);
    else if (annotations)
        add_test(operations, path_of(parent, key), json_object_get(annotations, key));
}

static const json_t *taint_like(const json_t *taints, const json_t *like)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        if (kubernetes_taint_same(taint, like))
            return taint;
    return NULL;
}

/* From the last to the first, so that a removal moves none that is still to come. */
static void change_present(struct operations *operations, const json_t *live, const json_t *wanted)
{
    for (size_t i = json_array_size(live); i-- > 0;) {
        const json_t *taint = json_array_get(live, i), *after = taint_like(wanted, taint);

        if (after && json_equal(after, taint))
            continue;
        add_test(operations, text_format("/spec/taints/%zu", i), taint);
        add(operations, after ? "replace" : "remove", text_format("/spec/taints/%zu", i),
            json_incref((json_t *)after));
    }
}

/* The server refuses a second taint of one key and effect. */
static void change_taints(struct operations *operations, const json_t *live, const json_t *wanted)
{
    json_t *taint;
    size_t i;

    if (json_array_size(live) == 0) {
        add_test(operations, alloc_string("/spec/taints"), NULL);
        add(operations, "add", alloc_string("/spec/taints"), json_incref((json_t *)wanted));
        return;
    }
    change_present(operations, live, wanted);
    json_array_foreach (wanted, i, taint)
        if (!taint_like(live, taint))
            add(operations, "add", alloc_string("/spec/taints/-"), json_incref(taint));
}

json_t *node_patch_make(const struct node_change *change, const json_t *node, const char *prefix)
{
    AUTO_JSON json_t *changes = json_array();
    AUTO_FREE char *key = record_key(prefix);
    struct operations operations = {json_array(), changes};

    change_record(&operations, change, node, key);
    change_labels(&operations, change, node);
    if (change->taints)
        change_taints(&operations, node_taints(node), change->taints);
    json_array_extend(operations.tests, changes);
    return operations.tests;
}

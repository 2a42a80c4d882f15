/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "cleanup.h"
#include "cluster/cluster.h"

enum { FEW = 4, SHORTEST_WAIT_MS = 500, LONGEST_WAIT_MS = 5000 };

struct collection {
    const struct request *request;
    struct facts *facts;
    json_t *declared; /* object: name to index in the request */
};

/* What a write needs is kept of those that have to change only. */
static void keep_node(const struct collection *collection, const struct node_request *want,
                      json_t *node)
{
    const char *prefix = collection->request->prefix;
    bool changes = false;

    if (want) {
        AUTO_NODE_CHANGE struct node_change change =
            node_change_make(collection->request, want, node);
        changes = !node_change_is_empty(&change);
    }
    node_strip(node);
    AUTO_JSON json_t *kept = changes ? json_incref(node) : node_summary(node, prefix);
    json_object_set(collection->facts->nodes, node_name(node), kept);
}

static int take_node(void *data, json_t *node, struct error *error)
{
    const struct collection *collection = data;

    if (!node) {
        json_object_clear(collection->facts->nodes);
        return 0;
    }
    const char *name = node_name(node);
    if (!name)
        return error_set(error, -EINVAL, "the API server lists a Node without a name");
    const json_t *index = json_object_get(collection->declared, name);
    if (index || collection->request->every_node)
        keep_node(collection,
                  index ? &collection->request->nodes.items[json_integer_value(index)] : NULL,
                  node);
    return 0;
}

static size_t count_missing(const struct collection *collection)
{
    size_t missing = 0;

    for (size_t i = 0; i < collection->request->nodes.count; i++)
        missing +=
            !json_object_get(collection->facts->nodes, collection->request->nodes.items[i].name);
    return missing;
}

/* A few are asked for by name. */
static int read_missing(const struct kubectl *kubectl, struct collection *collection,
                        struct error *error)
{
    if (count_missing(collection) > FEW)
        return api_list(kubectl, &(struct page_taker){take_node, collection}, error);
    for (size_t i = 0; i < collection->request->nodes.count; i++) {
        const char *name = collection->request->nodes.items[i].name;
        AUTO_JSON json_t *node = NULL;

        if (json_object_get(collection->facts->nodes, name))
            continue;
        int r = api_get(kubectl, name, &node, error);
        if (r == 0)
            r = take_node(collection, node, error);
        if (r < 0 && r != -ENOENT)
            return r;
        error_clear(error);
    }
    return 0;
}

static int collect(const struct kubectl *kubectl, struct collection *collection,
                   struct error *error)
{
    const struct request *request = collection->request;
    struct backoff backoff = backoff_begin(request->timeout, SHORTEST_WAIT_MS, LONGEST_WAIT_MS);
    int r = api_list(kubectl, &(struct page_taker){take_node, collection}, error);

    if (request->ignore_missing || request->absent)
        return r;
    while (r == 0 && count_missing(collection) > 0 && backoff_pause(&backoff))
        r = read_missing(kubectl, collection, error);
    return r;
}

int probe_cluster(const struct request *request, struct facts *facts, struct error *error)
{
    __attribute__((cleanup(kubectl_release))) struct kubectl kubectl = {0};
    AUTO_JSON json_t *declared = json_object();
    struct collection collection = {request, facts, declared};

    facts->nodes = json_object();
    for (size_t i = 0; i < request->nodes.count; i++)
        json_object_set_new(declared, request->nodes.items[i].name, json_integer((json_int_t)i));
    int r = api_connect(request, &kubectl, error);
    return r < 0 ? r : collect(&kubectl, &collection, error);
}

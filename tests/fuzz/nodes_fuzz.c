/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an API server, or somebody's editor, gives k3s_role. A page of Nodes taken apart has to hold
 * what a JSON parser finds in it; each Node gets a role, and then needs nothing more; the text is
 * also taken for a drop-in.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "cluster/cluster.h"
#include "host/drop_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static int collect(void *data, json_t *object, struct error *error)
{
    (void)error;
    json_array_append(data, object);
    return 0;
}

/* What page_read() leaves out. */
static void strip_all(json_t *items)
{
    json_t *item;
    size_t i;

    json_array_foreach (items, i, item)
        node_strip(item);
}

static bool is_list(const json_t *whole)
{
    const json_t *items = json_object_get(whole, "items");
    json_t *item;
    size_t i;

    if (!json_is_array(items) && !json_is_null(items))
        return false;
    json_array_foreach (items, i, item) {
        const json_t *metadata = json_object_get(item, "metadata");
        if (!json_is_object(item) || (metadata && !json_is_object(metadata)))
            return false;
    }
    return true;
}

/* Keys that are given twice, or written with escapes, are nothing that a server sends. */
static bool is_plain(const char *text)
{
    return !strchr(text, '\\');
}

static void take_node(json_t *node)
{
    struct node_request want = {.name = (char *)"n", .role = ROLE_STS};
    struct node_request_list nodes = {&want, 1};
    const struct request request = {.cluster = true, .prefix = (char *)"ecoma.io", .nodes = nodes};

    json_decref(node_summary(node, "ecoma.io"));
    AUTO_NODE_CHANGE struct node_change change = node_change_make(&request, &want, node);
    AUTO_JSON json_t *changed = node_change_apply(&change, node, "ecoma.io");
    AUTO_NODE_CHANGE struct node_change again = node_change_make(&request, &want, changed);
    require(node_change_is_empty(&again));
}

static void take_page(const char *text, size_t length)
{
    AUTO_JSON json_t *taken = json_array();
    AUTO_JSON json_t *whole =
        json_loadb(text, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    AUTO_FREE char *token = NULL;
    struct error error = ERROR_INIT;
    json_t *item;
    size_t i;
    int r = page_read(text, length, &(struct page_taker){collect, taken}, &token, &error);

    require(r == 0 || r == -EINVAL);
    error_clear(&error);
    if (whole && is_list(whole) && is_plain(text)) {
        AUTO_JSON json_t *none = json_array();
        json_t *items = json_object_get(whole, "items");
        strip_all(items);
        require(r == 0 && json_equal(taken, json_is_array(items) ? items : none));
    }
    json_array_foreach (taken, i, item)
        take_node(item);
}

static void take_drop_in(const char *text)
{
    AUTO_REGISTRATION struct registration registration = {0};
    struct error error = ERROR_INIT;
    int r = registration_read(text, &registration, &error);
    AUTO_FREE char *shown = drop_in_shown(text);

    require((r == 0 || r == -EINVAL) && shown);
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *text = alloc_bytes(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    take_page(text, size);
    take_drop_in(text);
    reply_has_written(text, "n");
    free(reply_error_of(text, "n"));
    return 0;
}

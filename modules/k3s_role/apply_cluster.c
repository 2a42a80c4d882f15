#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "apply.h"
#include "apply_work.h"
#include "cleanup.h"
#include "cluster.h"
#include "node.h"
#include "node_change.h"
#include "replies.h"
#include "text.h"

enum {
    SHORTEST_WAIT_MS = 20,
    LONGEST_WAIT_MS = 1000,
    FEW = 4,
    NAMED = 5,
    FEWEST_ROUNDS = 3,
    PATCH_AFTER = 4,
    PATCHES = 10
};

static void work_release(struct work *work)
{
    kubectl_release(&work->kubectl);
    json_decref(work->failures);
    free(work->progress);
    free(work->last);
}
#define AUTO_WORK __attribute__((cleanup(work_release)))

const char *work_name(const struct work *work, size_t i)
{
    return work->request->nodes.items[i].name;
}

static size_t count(const struct work *work, enum progress progress)
{
    size_t found = 0;

    for (size_t i = 0; i < work->request->nodes.count; i++)
        found += work->progress[i] == progress;
    return found;
}

/* The open Nodes as they are to be, but for those that can't be written with others: they are
 * written at once. One that needs nothing any more is as good as written. */
static int compose(struct work *work, json_t *nodes, struct error *error)
{
    for (size_t i = 0; i < work->request->nodes.count; i++) {
        const json_t *node = json_object_get(work->facts->nodes, work_name(work, i));

        if (work->progress[i] == FAILED || work->progress[i] == WRITTEN || !node)
            continue;
        AUTO_NODE_CHANGE struct node_change change =
            node_change_make(work->request, &work->request->nodes.items[i], node);
        if (node_change_is_empty(&change)) {
            work->progress[i] = work->progress[i] == OPEN ? WRITTEN : UNTOUCHED;
            continue;
        }
        work->progress[i] = OPEN;
        AUTO_JSON json_t *changed = node_change_apply(&change, node, work->request->prefix);
        if (!node_is_applied(changed)) {
            json_array_append(nodes, changed);
            continue;
        }
        int r = work_put(work, i, changed, error);
        if (r < 0)
            return r;
    }
    return 0;
}

void work_fail(struct work *work, size_t i, const char *why)
{
    AUTO_FREE char *text = kubectl_scrub(&work->kubectl, why);

    work->progress[i] = FAILED;
    json_object_set_new(work->failures, work_name(work, i), json_text(text));
}

int work_take_reply(struct work *work, size_t i, struct reply *reply, bool stays_open,
                    struct error *error)
{
    AUTO_FREE char *line = reply_error_of(reply->errors, work_name(work, i));
    int r = 0;

    if (reply->status == 0)
        work->progress[i] = WRITTEN;
    else if (!stays_open && line)
        work_fail(work, i, line);
    else if (!stays_open)
        r = kubectl_explain(&work->kubectl, reply->errors, error);
    free(work->last);
    work->last = TAKE_PTR(reply->errors);
    return r;
}

/* Node by Node: written, refused, or, after a conflict and where nothing is said, still open. */
static void judge(struct work *work, const struct reply *reply)
{
    for (size_t i = 0; i < work->request->nodes.count; i++) {
        AUTO_FREE char *line = NULL;

        if (work->progress[i] != OPEN)
            continue;
        if (reply_has_written(reply->output, work_name(work, i))) {
            work->progress[i] = WRITTEN;
            continue;
        }
        line = reply_error_of(reply->errors, work_name(work, i));
        if (line && !reply_is_conflict(line))
            work_fail(work, i, line);
    }
}

/* What is said of no Node in particular: no connection, no right. */
static int check_reply(const struct work *work, const struct reply *reply, size_t open,
                       struct error *error)
{
    if (reply->status == 0 || count(work, OPEN) < open || strstr(reply->errors, "(Conflict)"))
        return 0;
    return kubectl_explain(&work->kubectl, reply->errors, error);
}

static int send_nodes(struct work *work, struct error *error)
{
    AUTO_JSON json_t *nodes = json_array();
    AUTO_REPLY struct reply reply = {0};
    int r = compose(work, nodes, error);

    if (r < 0 || json_array_size(nodes) == 0)
        return r;
    size_t open = count(work, OPEN);
    r = cluster_replace(&work->kubectl, nodes, work->rehearses, &reply, error);
    if (r == 0) {
        judge(work, &reply);
        r = check_reply(work, &reply, open, error);
    }
    free(work->last);
    work->last = TAKE_PTR(reply.errors);
    return r;
}

/* After some conflicts some don't wait any more for a moment in which nobody writes: every other
 * round is patches, the next ones each time. */
static int send_open(struct work *work, int rounds, struct error *error)
{
    size_t nodes = work->request->nodes.count, sent = 0;
    int r = 0;

    if (rounds < PATCH_AFTER || rounds % 2 || work->may_not_patch)
        return send_nodes(work, error);
    for (size_t n = 0; n < nodes && r == 0 && sent < PATCHES; n++) {
        size_t i = work->next_patch++ % nodes;
        if (work->progress[i] != OPEN)
            continue;
        r = work_patch(work, i, error);
        sent++;
    }
    return r;
}

/* Keeps the Nodes that are open as they are now. */
static int take_open(void *data, json_t *node, struct error *error)
{
    struct work *work = data;
    const char *name = node ? node_name(node) : NULL;

    (void)error;
    for (size_t i = 0; name && i < work->request->nodes.count; i++) {
        if (work->progress[i] != OPEN || !text_equal(name, work_name(work, i)))
            continue;
        node_strip(node);
        json_object_set(work->facts->nodes, name, node);
        break;
    }
    return 0;
}

static int read_one(struct work *work, size_t i, struct error *error)
{
    AUTO_JSON json_t *node = NULL;
    int r = cluster_get(&work->kubectl, work_name(work, i), &node, error);

    if (r == 0)
        return take_open(work, node, error);
    if (r != -ENOENT)
        return r;
    error_clear(error);
    work_fail(work, i, "the Node was deleted meanwhile");
    return 0;
}

static int read_open(struct work *work, struct error *error)
{
    int r = 0;

    if (count(work, OPEN) > FEW)
        return cluster_list(&work->kubectl, take_open, work, error);
    for (size_t i = 0; i < work->request->nodes.count && r == 0; i++)
        if (work->progress[i] == OPEN)
            r = read_one(work, i, error);
    return r;
}

/* With what kubectl said of this Node when it last wrote. */
static void give_up_node(struct work *work, size_t i)
{
    AUTO_FREE char *line = work->last ? reply_error_of(work->last, work_name(work, i)) : NULL;
    AUTO_FREE char *why =
        text_format("others kept changing it, for %d seconds%s%.500s", work->request->timeout,
                    line ? "; kubectl says: " : "", line ? line : "");

    work_fail(work, i, why);
}

static void give_up(struct work *work)
{
    work->gave_up = true;
    for (size_t i = 0; i < work->request->nodes.count; i++)
        if (work->progress[i] == OPEN)
            give_up_node(work, i);
}

static int write_all(struct work *work, struct error *error)
{
    struct patience patience =
        patience_begin(work->request->timeout, SHORTEST_WAIT_MS, LONGEST_WAIT_MS);
    int r = send_nodes(work, error);

    for (int rounds = 1; r == 0 && count(work, OPEN) > 0; rounds++) {
        if (!patience_pause(&patience)) {
            give_up(work);
            break;
        }
        r = read_open(work, error);
        if (r == 0)
            r = send_open(work, rounds, error);
    }
    return r;
}

static int refuse_failures(const struct work *work, struct error *error)
{
    size_t failed = json_object_size(work->failures), shown = 0;
    AUTO_TEXT struct text text = {0};
    const char *name, *more = failed > NAMED ? "; and others, see nodes_failed" : "";
    json_t *why;

    if (failed == 0)
        return 0;
    json_object_foreach (work->failures, name, why) {
        if (shown++ < NAMED)
            text_addf(&text, "; %s: %s", name, json_string_value(why));
    }
    AUTO_FREE char *list = text_take(&text);
    if (work->gave_up)
        error_refuse(error, "kube-conflict", "%zu of the Nodes could not be written%s%s", failed,
                     list, more);
    else
        error_refuse(error, "kube-refused", "the server %s %zu of the Nodes%s%s",
                     work->rehearses ? "would refuse" : "refused", failed, list, more);
    error_detail(error, "nodes_failed", json_incref(work->failures));
    return error->code;
}

static int begin(struct work *work, struct error *error)
{
    work->progress = alloc_zeroed(work->request->nodes.count, sizeof(*work->progress));
    work->failures = json_object();
    return cluster_connect(work->request, &work->kubectl, error);
}

static void note_done(const struct work *work, const struct plan *plan, json_t *done)
{
    for (size_t i = 0; i < plan->count; i++)
        if (work->progress[plan->actions[i].subject] == WRITTEN)
            json_array_append(done, plan->actions[i].shown);
}

int apply_cluster(const struct request *request, struct facts *facts, const struct plan *plan,
                  json_t *done, struct error *error)
{
    AUTO_WORK struct work work = {.request = request, .facts = facts};
    int r = begin(&work, error);

    if (r == 0)
        r = write_all(&work, error);
    note_done(&work, plan, done);
    if (r == 0)
        return refuse_failures(&work, error);
    if (count(&work, OPEN) > 0) {
        error->code = -EIO; /* whether these were written nobody said */
        r = -EIO;
    }
    return r;
}

int again_cluster(const struct request *request, int rounds, long milliseconds, struct error *error)
{
    struct patience patience = patience_begin(1, SHORTEST_WAIT_MS, LONGEST_WAIT_MS);

    if (rounds >= FEWEST_ROUNDS && milliseconds >= request->timeout * 1000L)
        return error_refuse(error, "kube-conflict",
                            "after each of %d times that Nodes were written, others had changed "
                            "what was written, for %ld seconds; to be done still: see actions_left",
                            rounds, milliseconds / 1000);
    while (--rounds > 0 && patience.pause < patience.longest)
        patience.pause *= 2;
    patience_pause(&patience);
    return 1;
}

int rehearse_cluster(const struct request *request, const struct facts *facts, struct error *error)
{
    AUTO_WORK struct work work = {
        .request = request, .facts = (struct facts *)facts, .rehearses = true};
    int r = begin(&work, error);

    if (r == 0)
        r = send_nodes(&work, error);
    return r < 0 ? r : refuse_failures(&work, error);
}

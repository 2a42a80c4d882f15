/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "cluster/cluster.h"
#include "process.h"
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

/* How far one declared Node has come; from WRITTEN on nothing more is done to it. REPORTED:
 * written, and `progress` was told. */
enum stage { UNTOUCHED, OPEN, WRITTEN, REPORTED, FAILED };

struct work {
    const struct request *request;
    const struct plan *plan;   /* NULL where the server only checks */
    struct progress *progress; /* of `plan` */
    json_t *nodes;             /* object by name: the Nodes as they were last read */
    struct kubectl kubectl;
    enum stage *stages; /* of each declared Node */
    json_t *failures;   /* object: name to why */
    char *last;         /* what kubectl said when it last wrote */
    size_t next_patch;  /* where to go on with patches */
    bool gave_up;       /* the time was over */
    bool may_not_patch; /* the server lets this user replace Nodes only */
};

static void work_release(struct work *work)
{
    kubectl_release(&work->kubectl);
    json_decref(work->nodes);
    json_decref(work->failures);
    free(work->stages);
    free(work->last);
}
#define AUTO_WORK __attribute__((cleanup(work_release)))

static const char *work_name(const struct work *work, size_t i)
{
    return work->request->nodes.items[i].name;
}

static size_t work_count(const struct work *work, enum stage stage)
{
    size_t found = 0;

    for (size_t i = 0; i < work->request->nodes.count; i++)
        found += work->stages[i] == stage;
    return found;
}

/* Tells the progress of the Nodes that were written since the last time. */
static void work_report(struct work *work)
{
    AUTO_JSON json_t *shown = json_array();

    for (size_t i = 0; work->plan && i < work->plan->count; i++)
        if (work->stages[work->plan->actions[i].subject] == WRITTEN)
            json_array_append(shown, work->plan->actions[i].shown);
    if (json_array_size(shown) > 0)
        progress_done_all(work->progress, shown);
    for (size_t i = 0; i < work->request->nodes.count; i++)
        if (work->stages[i] == WRITTEN)
            work->stages[i] = REPORTED;
}

static void work_fail(struct work *work, size_t i, const char *why)
{
    AUTO_FREE char *text = kubectl_scrub(&work->kubectl, why);

    work->stages[i] = FAILED;
    json_object_set_new(work->failures, work_name(work, i), json_text(text));
}

/* What kubectl said of one Node that was sent alone; its errors are taken over. `stays_open`: a
 * failure is one that another round may mend. */
static int take_reply(struct work *work, size_t i, struct reply *reply, bool stays_open,
                      struct error *error)
{
    AUTO_FREE char *line = reply_error_of(reply->errors, work_name(work, i));
    int r = 0;

    if (reply->status == 0)
        work->stages[i] = WRITTEN;
    else if (!stays_open && line)
        work_fail(work, i, line);
    else if (!stays_open)
        r = kubectl_explain(&work->kubectl, reply->errors, error);
    work_report(work);
    free(work->last);
    work->last = TAKE_PTR(reply->errors);
    return r;
}

/* Writes one open Node, given as it is to be, by a request of its own. It stays open after a
 * conflict. */
static int put_node(struct work *work, size_t i, const json_t *node, struct error *error)
{
    AUTO_REPLY struct reply reply = {0};
    int r = api_put(&work->kubectl, work_name(work, i), node, &reply, error);

    return r < 0 ? r : take_reply(work, i, &reply, reply_is_conflict(reply.errors), error);
}

/* Writes one open Node by a patch that names no version. It stays open when what the patch relies
 * upon has changed, or when patches aren't allowed. */
static int patch_node(struct work *work, size_t i, struct error *error)
{
    const struct request *request = work->request;
    const json_t *node = json_object_get(work->nodes, work_name(work, i));
    AUTO_NODE_CHANGE struct node_change change =
        node_change_make(request, &request->nodes.items[i], node);
    AUTO_REPLY struct reply reply = {0};

    if (node_change_is_empty(&change)) {
        work->stages[i] = WRITTEN;
        return 0;
    }
    AUTO_JSON json_t *patch = node_patch_make(&change, node, request->prefix);
    int r = api_patch(&work->kubectl, work_name(work, i), patch, &reply, error);
    if (r < 0)
        return r;
    bool stale = reply_patch_is_stale(reply.errors);
    bool forbidden = reply.status != 0 && !stale && strstr(reply.errors, "(Forbidden)");
    if (forbidden)
        work->may_not_patch = true;
    return take_reply(work, i, &reply, stale || forbidden, error);
}

/* The open Nodes as they are to be, but for those that can't be written with others: they are
 * written at once. One that needs nothing any more is as good as written. */
static int compose(struct work *work, json_t *nodes, struct error *error)
{
    for (size_t i = 0; i < work->request->nodes.count; i++) {
        const json_t *node = json_object_get(work->nodes, work_name(work, i));

        if (work->stages[i] >= WRITTEN || !node)
            continue;
        AUTO_NODE_CHANGE struct node_change change =
            node_change_make(work->request, &work->request->nodes.items[i], node);
        if (node_change_is_empty(&change)) {
            work->stages[i] = work->stages[i] == OPEN ? WRITTEN : UNTOUCHED;
            continue;
        }
        work->stages[i] = OPEN;
        AUTO_JSON json_t *changed = node_change_apply(&change, node, work->request->prefix);
        if (!node_is_applied(changed)) {
            json_array_append(nodes, changed);
            continue;
        }
        int r = put_node(work, i, changed, error);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Node by Node: written, refused, or, after a conflict and where nothing is said, still open. */
static void judge(struct work *work, const struct reply *reply)
{
    for (size_t i = 0; i < work->request->nodes.count; i++) {
        AUTO_FREE char *line = NULL;

        if (work->stages[i] != OPEN)
            continue;
        if (reply_has_written(reply->output, work_name(work, i))) {
            work->stages[i] = WRITTEN;
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
    if (reply->status == 0 || work_count(work, OPEN) < open || strstr(reply->errors, "(Conflict)"))
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
    size_t open = work_count(work, OPEN);
    r = api_replace(&work->kubectl, nodes, &reply, error);
    if (r == 0) {
        judge(work, &reply);
        work_report(work);
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
        if (work->stages[i] != OPEN)
            continue;
        r = patch_node(work, i, error);
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
        if (work->stages[i] != OPEN || !text_equal(name, work_name(work, i)))
            continue;
        node_strip(node);
        json_object_set(work->nodes, name, node);
        break;
    }
    return 0;
}

static int read_one(struct work *work, size_t i, struct error *error)
{
    AUTO_JSON json_t *node = NULL;
    int r = api_get(&work->kubectl, work_name(work, i), &node, error);

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

    if (work_count(work, OPEN) > FEW)
        return api_list(&work->kubectl, &(struct page_taker){take_open, work}, error);
    for (size_t i = 0; i < work->request->nodes.count && r == 0; i++)
        if (work->stages[i] == OPEN)
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
        if (work->stages[i] == OPEN)
            give_up_node(work, i);
}

static int write_all(struct work *work, struct error *error)
{
    struct backoff backoff =
        backoff_begin(work->request->timeout, SHORTEST_WAIT_MS, LONGEST_WAIT_MS);
    int r = send_nodes(work, error);

    for (int rounds = 1; r == 0 && work_count(work, OPEN) > 0; rounds++) {
        if (!backoff_pause(&backoff)) {
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
                     work->kubectl.dry_run ? "would refuse" : "refused", failed, list, more);
    error_detail(error, "nodes_failed", json_incref(work->failures));
    return error->code;
}

static int work_begin(struct work *work, const struct facts *facts, struct error *error)
{
    work->nodes = json_copy(facts->nodes);
    work->stages = alloc_zeroed(work->request->nodes.count, sizeof(*work->stages));
    work->failures = json_object();
    return api_connect(work->request, &work->kubectl, error);
}

/* What the whole became, after write_all() gave `r`. */
static int conclude(struct work *work, int r, struct error *error)
{
    work_report(work);
    if (r == 0)
        r = refuse_failures(work, error);
    else if (work_count(work, OPEN) > 0)
        r = error->code = -EIO; /* whether these were written nobody said */
    if (r == -EPERM && work_count(work, REPORTED) == 0)
        progress_refused(work->progress);
    return r;
}

int apply_cluster(const struct request *request, const struct facts *facts, const struct plan *plan,
                  struct progress *progress, struct error *error)
{
    AUTO_WORK struct work work = {.request = request, .plan = plan, .progress = progress};
    int r = work_begin(&work, facts, error);

    if (r < 0)
        return r;
    progress_begin(progress);
    return conclude(&work, write_all(&work, error), error);
}

int again_cluster(const struct request *request, int rounds, long milliseconds, struct error *error)
{
    struct backoff backoff = backoff_begin(1, SHORTEST_WAIT_MS, LONGEST_WAIT_MS);

    if (rounds >= FEWEST_ROUNDS && milliseconds >= request->timeout * 1000L)
        return error_refuse(error, "kube-conflict",
                            "after each of %d times that Nodes were written, others had changed "
                            "what was written, for %ld seconds; to be done still: see actions_left",
                            rounds, milliseconds / 1000);
    while (--rounds > 0 && backoff.pause < backoff.longest)
        backoff.pause *= 2;
    backoff_pause(&backoff);
    return 1;
}

int rehearse_cluster(const struct request *request, const struct facts *facts, struct error *error)
{
    AUTO_WORK struct work work = {.request = request};
    int r = work_begin(&work, facts, error);

    work.kubectl.dry_run = true;
    if (r == 0)
        r = send_nodes(&work, error);
    return r < 0 ? r : refuse_failures(&work, error);
}

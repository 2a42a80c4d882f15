#include <string.h>

#include "apply_work.h"
#include "cleanup.h"
#include "cluster.h"
#include "node_change.h"
#include "node_patch.h"
#include "replies.h"
#include "text.h"

int work_patch(struct work *work, size_t i, struct error *error)
{
    const struct request *request = work->request;
    const json_t *node = json_object_get(work->facts->nodes, work_name(work, i));
    AUTO_NODE_CHANGE struct node_change change =
        node_change_make(request, &request->nodes.items[i], node);
    AUTO_REPLY struct reply reply = {0};

    if (node_change_is_empty(&change)) {
        work->progress[i] = WRITTEN;
        return 0;
    }
    AUTO_JSON json_t *patch = node_patch_make(&change, node, request->prefix);
    int r = cluster_patch(&work->kubectl, work_name(work, i), patch, &reply, error);
    if (r < 0)
        return r;
    bool stale = reply_patch_is_stale(reply.errors);
    bool forbidden = reply.status != 0 && !stale && strstr(reply.errors, "(Forbidden)");
    if (forbidden)
        work->may_not_patch = true;
    return work_take_reply(work, i, &reply, stale || forbidden, error);
}

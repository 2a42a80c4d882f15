#include "apply_work.h"
#include "cluster.h"
#include "replies.h"

int work_put(struct work *work, size_t i, const json_t *node, struct error *error)
{
    AUTO_REPLY struct reply reply = {0};
    int r = cluster_put(&work->kubectl, work_name(work, i), node, work->rehearses, &reply, error);

    return r < 0 ? r : work_take_reply(work, i, &reply, reply_is_conflict(reply.errors), error);
}

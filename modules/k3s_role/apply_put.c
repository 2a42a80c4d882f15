#include "apply_work.h"
#include "cleanup.h"
#include "cluster.h"
#include "replies.h"

static int judge(struct work *work, size_t i, const struct reply *reply, struct error *error)
{
    if (reply->status == 0) {
        work->progress[i] = WRITTEN;
        return 0;
    }
    if (reply_is_conflict(reply->errors))
        return 0;
    AUTO_FREE char *line = reply_error_of(reply->errors, work_name(work, i));
    return line ? work_fail(work, i, line, error)
                : kubectl_explain(&work->kubectl, reply->errors, error);
}

int work_put(struct work *work, size_t i, const json_t *node, struct error *error)
{
    AUTO_REPLY struct reply reply = {0};
    int r = cluster_put(&work->kubectl, work_name(work, i), node, work->rehearses, &reply, error);

    if (r == 0)
        r = judge(work, i, &reply, error);
    free(work->last);
    work->last = TAKE_PTR(reply.errors);
    return r;
}

/* Parts of apply_cluster.c: how far the Nodes have come. */
#pragma once

#include "facts.h"
#include "kubectl.h"
#include "request.h"

/* How far one declared Node has come. */
enum progress { UNTOUCHED, OPEN, WRITTEN, FAILED };

struct work {
    const struct request *request;
    struct facts *facts;
    struct kubectl kubectl;
    enum progress *progress; /* of each declared Node */
    json_t *failures;        /* object: name to why */
    char *last;              /* what kubectl said when it last wrote */
    size_t next_patch;       /* where to go on with patches */
    bool rehearses;          /* the server only checks */
    bool gave_up;            /* the time was over */
    bool may_not_patch;      /* the server lets this user replace Nodes only */
};

const char *work_name(const struct work *work, size_t i);
void work_fail(struct work *work, size_t i, const char *why);

/* What kubectl said of one Node that was sent alone; its errors are taken over. `stays_open`: a
 * failure is one that another round may mend. */
int work_take_reply(struct work *work, size_t i, struct reply *reply, bool stays_open,
                    struct error *error);

/* Writes one open Node by a patch that names no version. It stays open when what the patch relies
 * upon has changed, or when patches aren't allowed. */
int work_patch(struct work *work, size_t i, struct error *error);

/* Writes one open Node, given as it is to be, by a request of its own. It stays open after a
 * conflict. */
int work_put(struct work *work, size_t i, const json_t *node, struct error *error);

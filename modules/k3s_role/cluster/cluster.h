/* Reading and writing Nodes, through kubectl. */
#pragma once

#include <time.h>

#include "kubectl.h"
#include "page.h"
#include "request.h"

int cluster_connect(const struct request *request, struct kubectl *ret_kubectl,
                    struct error *error);

/* Every Node, page by page, as one state of the cluster. Begins again, a few times, when the server
 * doesn't keep it for long enough. */
int cluster_list(const struct kubectl *kubectl, const struct page_taker *taker,
                 struct error *error);

/* One Node: a new object, or -ENOENT. */
int cluster_get(const struct kubectl *kubectl, const char *name, json_t **ret_node,
                struct error *error);

/* Gives the Nodes (an array of whole ones, each with the version that was read) to the server as
 * one list; with kubectl->dry_run it only checks them. Any exit status is a reply. */
int cluster_replace(const struct kubectl *kubectl, json_t *nodes, struct reply *ret_reply,
                    struct error *error);

/* The same for one Node as it is given, past what kubectl itself would add. */
int cluster_put(const struct kubectl *kubectl, const char *name, const json_t *node,
                struct reply *ret_reply, struct error *error);

/* One Node by a JSON patch, never as a dry run. Any exit status is a reply. */
int cluster_patch(const struct kubectl *kubectl, const char *name, const json_t *patch,
                  struct reply *ret_reply, struct error *error);

/* Waiting with growing pauses, a part of them at random so that two don't keep step. */
struct patience {
    struct timespec end;
    long pause; /* the next one, in milliseconds */
    long longest;
};

struct patience patience_begin(int seconds, long shortest, long longest);
/* Pauses; false, at once, when the time is over. */
bool patience_pause(struct patience *patience);

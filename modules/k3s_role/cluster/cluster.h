/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The live Nodes: what is read of them, what has to change, and how it is written through kubectl.
 * probe.c, apply.c, api.c and kubectl.c reach the cluster; the rest is pure.
 */
#pragma once

#include <time.h>

#include "facts.h"
#include "progress.h"
#include "request.h"

struct reply; /* of kubectl: see process.h */

/* node.c: a Node as the API server gives it, and what of it is this module's: the keys of roles and
 * tiers, and what an earlier run recorded in the annotation <prefix>/k3s-role. Everything else is
 * somebody else's. Pure. */

/* All borrowed; NULL where the Node has none. */
const char *node_name(const json_t *node);
json_t *node_labels(const json_t *node);
json_t *node_annotations(const json_t *node);
json_t *node_taints(const json_t *node);

/* Whether somebody applies a manifest of it: kubectl keeps that in an annotation, which kubectl
 * replace would write anew with the whole Node. What isn't in the manifest would go when it is
 * applied the next time. */
bool node_is_applied(const json_t *node);

/* Takes out what a write doesn't need and a large Node mostly consists of: its status, which only
 * the status subresource changes, and managedFields, which the server keeps by itself. */
void node_strip(json_t *node);

/* A new Node with only name, labels, taints and our annotation; NULL when it has no name. */
json_t *node_summary(const json_t *node, const char *prefix);
bool node_is_summary(const json_t *node);

/* The role that its labels tell, ours first, then node-role.kubernetes.io/…; ROLE_NONE: none. */
enum role node_role(const json_t *node, const char *prefix);
/* The tiers that its labels tell, sorted: a new array. */
json_t *node_tiers(const json_t *node, const char *prefix);

/* What makes labels and taints of one Node ours. */
struct ownership {
    const char *prefix; /* borrowed */
    json_t *record; /* of an earlier run: {role, labels: [key], taints: ["key:Effect"]}, or NULL */
    bool was_cpl;   /* its label says that it is a control-plane node of ours */
};

/* Reads it from a Node; a record that can't be understood counts as none. */
struct ownership ownership_read(const char *prefix, const json_t *node);
void ownership_release(struct ownership *ownership);

bool ownership_of_label(const struct ownership *ownership, const char *key);
bool ownership_of_taint(const struct ownership *ownership, const json_t *taint);

/* The annotation's key, and its text for these labels and taints. Owned by the caller. */
char *record_key(const char *prefix);
char *record_text(enum role role, const json_t *labels, const json_t *taints);

/* change.c: what has to change on one Node. Pure. */

struct node_change {
    json_t *labels; /* object: text to set, null to remove */
    json_t *taints; /* the list as it is to be; NULL: stays */
    json_t *record; /* the annotation: text to set, null to remove; NULL: stays */
};

/*
 * From a Node as it is to what the request wants. Foreign labels, annotations and taints (with
 * their timeAdded) don't appear in it, but for taints in the list, as they are.
 */
struct node_change node_change_make(const struct request *request, const struct node_request *want,
                                    const json_t *node);
bool node_change_is_empty(const struct node_change *change);
void node_change_release(struct node_change *change);
#define AUTO_NODE_CHANGE __attribute__((cleanup(node_change_release)))

/* Adds an action for each label, taint and annotation that changes, about node number `subject`. */
void node_change_plan(const struct node_change *change, const json_t *node, const char *prefix,
                      size_t subject, struct plan *plan);

/* A new Node as it will be, to be sent with the version that was read. Owned by the caller. */
json_t *node_change_apply(const struct node_change *change, const json_t *node, const char *prefix);

/*
 * The change as a JSON patch (RFC 6902), an array of operations for the Node as it was read; owned
 * by the caller. It names no version: what it relies upon is tested by the patch itself, and is our
 * keys and the taints that it replaces or removes. So somebody else's write in between doesn't
 * refuse it, nor is it lost.
 */
json_t *node_patch_make(const struct node_change *change, const json_t *node, const char *prefix);

/* page.c: a page of a list, as the API server gives it, taken apart by its brackets, so that one
 * object at a time becomes a tree, and only what is looked at. Whole, the tree of a page of large
 * Nodes takes ten times the page's memory, and most of the time. Pure. */

/* Who is given the objects of a list. */
struct page_taker {
    /* Takes one object, which it may change or keep a reference of. NULL: the list begins (again),
     * and what was taken of it before counts no more. */
    int (*take)(void *data, json_t *object, struct error *error);
    void *data;
};

/* Gives each element of `items`, without its status and managedFields. *ret_continue is
 * metadata.continue, owned by the caller; NULL on the last page. -EINVAL when it isn't such a list.
 */
int page_read(const char *text, size_t length, const struct page_taker *taker, char **ret_continue,
              struct error *error);

/* kubectl.c: the cluster's API, through kubectl: authentication, TLS and proxies are its job.
 * Nothing that is secret in a kubeconfig gets into a message. */

struct kubectl {
    char *program;              /* full path of kubectl or k3s */
    bool is_k3s;                /* "k3s kubectl" */
    char *kubeconfig;           /* NULL: what kubectl finds */
    char *context;              /* NULL: the current one */
    int request_seconds;        /* for one request */
    bool dry_run;               /* the server only checks what is written */
    struct string_list secrets; /* values that must not be shown */
};

/* What the user gives about it; NULL for what isn't given. */
struct kubectl_options {
    const char *program, *kubeconfig, *context;
    int timeout; /* in seconds; a request is given a part of it */
};

/* An error with the id `kubectl-missing` when there is no kubectl. */
int kubectl_find(const struct kubectl_options *options, struct kubectl *ret_kubectl,
                 struct error *error);
void kubectl_release(struct kubectl *kubectl);

/* One run of kubectl. */
struct kubectl_call {
    const char *const *arguments; /* NULL-ended */
    const char *input;            /* for its standard input; may be NULL */
    size_t input_length;
    int seconds; /* in which the whole must end */
};

/* Any exit status is a reply. After call->seconds it is an error with the id `kube-timeout`. */
int kubectl_run(const struct kubectl *kubectl, const struct kubectl_call *call,
                struct reply *ret_reply, struct error *error);

/* Adds what kubectl_scrub() hides in this kubeconfig: nothing where it can't be read. */
void kubectl_read_secrets(const char *path, struct string_list *secrets);

/* kubectl_errors.c: what kubectl's texts mean. Pure. */

/* `text` without the kubeconfig's secrets. Owned by the caller. */
char *kubectl_scrub(const struct kubectl *kubectl, const char *text);

/* One sentence about a reply that is a failure, what to do, and kubectl's own text. Its id says
 * which kind of failure. Returns a negative errno: -ENOENT where the server doesn't have the
 * object, -ESTALE where it doesn't continue a list, -EPERM otherwise. */
int kubectl_explain(const struct kubectl *kubectl, const char *errors, struct error *error);

/* Whether standard output says that the Node was written. */
bool reply_has_written(const char *output, const char *name);

/* The line of standard error that is about the Node, a new string owned by the caller; NULL where
 * there is none. */
char *reply_error_of(const char *errors, const char *name);

/* Whether such a line says that somebody else has changed the Node meanwhile. */
bool reply_is_conflict(const char *line);

/* Whether standard error says that a patch didn't fit: a test in it failed, or a taint that it adds
 * is there by now. */
bool reply_patch_is_stale(const char *errors);

/* api.c: Nodes read and written. */

int api_connect(const struct request *request, struct kubectl *ret_kubectl, struct error *error);

/* Every Node, page by page, as one state of the cluster. Begins again, a few times, when the server
 * doesn't keep it for long enough. */
int api_list(const struct kubectl *kubectl, const struct page_taker *taker, struct error *error);

/* One Node: a new object, or -ENOENT. */
int api_get(const struct kubectl *kubectl, const char *name, json_t **ret_node,
            struct error *error);

/* Gives the Nodes (an array of whole ones, each with the version that was read) to the server as
 * one list; with kubectl->dry_run it only checks them. Any exit status is a reply. */
int api_replace(const struct kubectl *kubectl, json_t *nodes, struct reply *ret_reply,
                struct error *error);

/* The same for one Node as it is given, past what kubectl itself would add. */
int api_put(const struct kubectl *kubectl, const char *name, const json_t *node,
            struct reply *ret_reply, struct error *error);

/* One Node by a JSON patch, never as a dry run. Any exit status is a reply. */
int api_patch(const struct kubectl *kubectl, const char *name, const json_t *patch,
              struct reply *ret_reply, struct error *error);

/* Waiting with growing pauses, a part of them at random so that two don't keep step. */
struct backoff {
    struct timespec end;
    long pause; /* the next one, in milliseconds */
    long longest;
};

struct backoff backoff_begin(int seconds, long shortest, long longest);
/* Pauses; false, at once, when the time is over. */
bool backoff_pause(struct backoff *backoff);

/* probe.c */

/* Reads the cluster into facts. What was filled is to be released by the caller also on failure. */
int probe_cluster(const struct request *request, struct facts *facts, struct error *error);

/* plan.c. Pure. */

int plan_cluster(const struct request *request, const struct facts *facts, struct plan *plan,
                 struct error *error);
/* {labels, taints} of a Node that aren't ours; labels in the domains of Kubernetes and K3s are left
 * out. A new object. */
json_t *report_foreign(const struct request *request, const json_t *node);

/* apply.c */

/* Writes the Nodes that have to change. The actions of a Node are told as soon as it is known to be
 * written, also when others fail. */
int apply_cluster(const struct request *request, const struct facts *facts, const struct plan *plan,
                  struct progress *progress, struct error *error);
/* Asks the server, which only checks, about the Nodes that would change. */
int rehearse_cluster(const struct request *request, const struct facts *facts, struct error *error);
/* Whether what is to be done still is done as well, as others write Nodes too: 1, or a refusal. */
int again_cluster(const struct request *request, int rounds, long milliseconds,
                  struct error *error);

/*
 * The cluster's API, through kubectl: authentication, TLS and proxies are its job. Nothing that is
 * secret in a kubeconfig gets into a message.
 */
#pragma once

#include <stdbool.h>

#include "fields.h"
#include "kubectl_process.h"

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

/* One sentence about a reply that is a failure, what to do, and kubectl's own text. Its id says
 * which kind of failure. Returns a negative errno: -ENOENT where the server doesn't have the
 * object, -ESTALE where it doesn't continue a list, -EPERM otherwise. */
int kubectl_explain(const struct kubectl *kubectl, const char *errors, struct error *error);

/* `text` without the kubeconfig's secrets. Owned by the caller. */
char *kubectl_scrub(const struct kubectl *kubectl, const char *text);

/* Adds what kubectl_scrub() hides in this kubeconfig: nothing where it can't be read. */
void kubectl_read_secrets(const char *path, struct string_list *secrets);

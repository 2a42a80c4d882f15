/*
 * The cluster's API, through kubectl: authentication, TLS and proxies are its job. Nothing that is
 * secret in a kubeconfig gets into a message.
 */
#pragma once

#include <stdbool.h>

#include "fields.h"
#include "process.h"

struct kubectl {
    char *program;              /* full path of kubectl or k3s */
    bool is_k3s;                /* "k3s kubectl" */
    char *kubeconfig;           /* NULL: what kubectl finds */
    char *context;              /* NULL: the current one */
    int request_seconds;        /* for one request */
    struct string_list secrets; /* values that must not be shown */
};

/* NULL for what isn't given. An error with the id `kubectl-missing` when there is no kubectl. */
int kubectl_find(const char *program, const char *kubeconfig, const char *context, int timeout,
                 struct kubectl *ret_kubectl, struct error *error);
void kubectl_release(struct kubectl *kubectl);

/* Runs kubectl with these arguments (NULL-ended); any exit status is a reply. The whole must end
 * within `seconds`, or it is an error with the id `kube-timeout`. */
int kubectl_run(const struct kubectl *kubectl, const char *const arguments[], const char *input,
                size_t input_length, int seconds, struct reply *ret_reply, struct error *error);

/* One sentence about a reply that is a failure, what to do, and kubectl's own text. Its id says
 * which kind of failure. Returns a negative errno: -ENOENT where the server doesn't have the
 * object, -ESTALE where it doesn't continue a list, -EPERM otherwise. */
int kubectl_explain(const struct kubectl *kubectl, const char *errors, struct error *error);

/* `text` without the kubeconfig's secrets. Owned by the caller. */
char *kubectl_scrub(const struct kubectl *kubectl, const char *text);

/* Adds what kubectl_scrub() hides in this kubeconfig: nothing where it can't be read. */
void kubectl_read_secrets(const char *path, struct string_list *secrets);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "cluster/cluster.h"
#include "text.h"

enum { SHOWN_LIMIT = 2000 };

struct failure {
    const char *needle; /* in kubectl's text */
    const char *id;
    const char *sentence;
    int code;
    bool withhold; /* kubectl's text quotes the kubeconfig */
};

/* The first that fits counts. */
static const struct failure failures[] = {
    {"(Expired)", .id = "kube-list-expired",
     "the list took longer than the server keeps it; run "
     "again",
     -ESTALE, false},
    {"too old resource version", .id = "kube-list-expired",
     "the list took longer than the server keeps it; run again", -ESTALE, false},
    {"the server could not find the requested resource", .id = "kube-version-skew",
     "kubectl and the server don't know each other's objects; use a kubectl within one minor "
     "version of the server's",
     0, false},
    {"(NotFound)", .id = "kube-not-found", "the server has no such object", -ENOENT, false},
    {"error loading config file", .id = "kubeconfig-broken",
     "the kubeconfig isn't one that kubectl can read; look at it with kubectl config view", 0,
     true},
    {"invalid configuration", .id = "kubeconfig-broken",
     "the kubeconfig isn't one that kubectl can read; look at it with kubectl config view", 0,
     true},
    {"invalid 'proxy-url'", .id = "kubeconfig-broken",
     "the kubeconfig isn't one that kubectl can read; look at it with kubectl config view", 0,
     true},
    {"host must be a URL", .id = "kubeconfig-broken",
     "the kubeconfig isn't one that kubectl can read; look at it with kubectl config view", 0,
     true},
    {"tls: failed to find any PEM", .id = "kubeconfig-broken",
     "the kubeconfig isn't one that kubectl can read; look at it with kubectl config view", 0,
     true},
    {"must be specified for", .id = "kubeconfig-broken",
     "the kubeconfig isn't one that kubectl can read; look at it with kubectl config view", 0,
     true},
    {"illegal base64", .id = "kubeconfig-broken",
     "the kubeconfig isn't one that kubectl can read; look at it with kubectl config view", 0,
     true},
    {"context was not found", .id = "kube-context",
     "the kubeconfig has no such context; kubectl config get-contexts lists them", 0, false},
    {"does not exist", .id = "kube-context",
     "the kubeconfig has no such context, cluster or user; kubectl config view shows them", 0,
     false},
    {"no such file or directory", .id = "kubeconfig-unreadable",
     "the kubeconfig, or a file that it names, isn't there; is this a control-plane host, and has "
     "K3s been started?",
     0, false},
    {"permission denied", .id = "kubeconfig-unreadable",
     "the kubeconfig, or a file that it names, can't be read; use become", 0, false},
    {"certificate has expired or is not yet valid", .id = "kube-certificate-expired",
     "a certificate has expired or isn't valid yet; compare the clocks, then restart k3s, which "
     "renews its own, or renew it",
     0, false},
    {"expired certificate", .id = "kube-certificate-expired",
     "a certificate has expired or isn't valid yet; compare the clocks, then restart k3s, which "
     "renews its own, or renew it",
     0, false},
    {"x509:", .id = "kube-certificate",
     "the server's certificate isn't one that the kubeconfig trusts; is it this cluster's "
     "kubeconfig?",
     0, false},
    {"tls:", .id = "kube-certificate",
     "the server and the kubeconfig don't agree on certificates; is it this cluster's kubeconfig?",
     0, false},
    {"(Unauthorized)", .id = "kube-unauthorized",
     "the server doesn't know the kubeconfig's user, or its certificate or token has expired; get "
     "a new kubeconfig",
     0, false},
    {"the server has asked for the client to provide credentials", .id = "kube-unauthorized",
     "the server doesn't know the kubeconfig's user, or its certificate or token has expired; get "
     "a new kubeconfig",
     0, false},
    {"(Forbidden)", .id = "kube-forbidden",
     "the kubeconfig's user must not do this; use an administrator's (K3s' own is "
     "/etc/rancher/k3s/k3s.yaml on a control-plane host)",
     0, false},
    {"localhost:8080 was refused", .id = "kubeconfig-unreadable",
     "there is no kubeconfig here; give its path as kubeconfig, or run this on a control-plane "
     "host",
     0, false},
    {"refused", .id = "kube-unreachable",
     "no API server answers at the kubeconfig's address; is it started (systemctl status k3s)?", 0,
     false},
    {"no such host", .id = "kube-unreachable",
     "the server's name in the kubeconfig doesn't resolve; correct it, or DNS", 0, false},
    {"no route to host", .id = "kube-unreachable",
     "no API server answers at the kubeconfig's address; is it started (systemctl status k3s)?", 0,
     false},
    {"network is unreachable", .id = "kube-unreachable",
     "no API server answers at the kubeconfig's address; is it started (systemctl status k3s)?", 0,
     false},
    {"imeout", .id = "kube-timeout",
     "the API server didn't answer in time; look at its load and at the network, and run again", 0,
     false},
    {"context deadline exceeded", .id = "kube-timeout",
     "the API server didn't answer in time; look at its load and at the network, and run again", 0,
     false},
    {"imed out", .id = "kube-timeout",
     "the API server didn't answer in time; look at its load and at the network, and run again", 0,
     false},
    {"Unable to connect to the server", .id = "kube-unreachable",
     "no API server answers at the kubeconfig's address; is it started (systemctl status k3s)?", 0,
     false},
    {"(ServiceUnavailable)", .id = "kube-unavailable",
     "the API server is starting, stopping or overloaded; run again", 0, false},
    {"(TooManyRequests)", .id = "kube-unavailable",
     "the API server is starting, stopping or overloaded; run again", 0, false},
    {"unknown flag", .id = "kube-version-skew",
     "this kubectl is too old; use the one that k3s brings, or one of the server's version", 0,
     false},
    {"no matches for kind", .id = "kube-version-skew",
     "kubectl and the server don't know each other's objects; use a kubectl within one minor "
     "version of the server's",
     0, false},
};

static const struct failure unknown = {"", .id = "kube-failed", "kubectl failed", 0, false};

static char *without(const char *text, const char *secret)
{
    AUTO_TEXT struct text out = {0};
    const char *hit;

    for (; (hit = strstr(text, secret)); text = hit + strlen(secret)) {
        text_add_bytes(&out, text, (size_t)(hit - text));
        text_add(&out, "********");
    }
    text_add(&out, text);
    return text_take(&out);
}

char *kubectl_scrub(const struct kubectl *kubectl, const char *text)
{
    char *scrubbed = alloc_string(text);

    for (size_t i = 0; i < kubectl->secrets.count; i++) {
        char *next = without(scrubbed, kubectl->secrets.items[i]);
        free(scrubbed);
        scrubbed = next;
    }
    return scrubbed;
}

static const struct failure *recognise(const char *errors)
{
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
        if (strstr(errors, failures[i].needle))
            return &failures[i];
    return &unknown;
}

int kubectl_explain(const struct kubectl *kubectl, const char *errors, struct error *error)
{
    const struct failure *failure = recognise(errors);
    AUTO_FREE char *text = kubectl_scrub(kubectl, errors);

    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ' '; /* one sentence, in one line */
    if (failure->withhold)
        error_set(error, -EPERM, "%s", failure->sentence);
    else
        error_set(error, -EPERM, "%s; kubectl says: %.*s", failure->sentence, SHOWN_LIMIT,
                  *text ? text : "nothing");
    error->id = failure->id;
    error->code = failure->code ? failure->code : -EPERM;
    return error->code;
}

/* "node/NAME replaced", or "node/NAME replaced (server dry run)". */
bool reply_has_written(const char *output, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = output; line && *line;) {
        if (text_starts_with(line, "node/") && strncmp(line + 5, name, length) == 0 &&
            text_starts_with(line + 5 + length, " replaced"))
            return true;
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : NULL;
    }
    return false;
}

/* As in `nodes "NAME" is forbidden` and `Node "NAME" is invalid`: values are quoted too. */
char *reply_error_of(const char *errors, const char *name)
{
    AUTO_FREE char *plural = text_format("nodes \"%s\"", name);
    AUTO_FREE char *singular = text_format("Node \"%s\"", name);

    for (const char *line = errors; *line;) {
        size_t length = strcspn(line, "\n");
        AUTO_FREE char *copy = alloc_string_part(line, length);
        if (strstr(copy, plural) || strstr(copy, singular))
            return TAKE_PTR(copy);
        line += length + (line[length] == '\n');
    }
    return NULL;
}

bool reply_is_conflict(const char *line)
{
    return strstr(line, "(Conflict)") != NULL;
}

bool reply_patch_is_stale(const char *errors)
{
    return text_starts_with(errors, "The request is invalid") ||
           strstr(errors, "Duplicate value") || reply_is_conflict(errors);
}

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "kubectl.h"
#include "text.h"

enum { KUBECONFIG_LIMIT = 4 * 1024 * 1024, SHORTEST_SECRET = 6, SHOWN_LIMIT = 2000 };

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

static bool is_secret_key(const char *key)
{
    static const char *const keys[] = {"token",
                                       "password",
                                       "client-key-data",
                                       "id-token",
                                       "access-token",
                                       "refresh-token",
                                       "client-secret",
                                       "value",
                                       "client-certificate-data",
                                       "certificate-authority-data"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* Quotes, commas and braces of YAML and JSON around a key or value. */
static char *bare(char *text)
{
    static const char around[] = " \t\r\"'{},-";

    text += strspn(text, around);
    for (size_t n = strlen(text); n > 0 && strchr(around, text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

/* A kubeconfig's line at a time: what can't be understood so has no secrets that kubectl prints. */
void kubectl_read_secrets(const char *path, struct string_list *secrets)
{
    AUTO_FREE char *text = NULL;
    struct error ignored = ERROR_INIT;
    char *state = NULL;
    size_t length;

    file_read(path, KUBECONFIG_LIMIT, &text, &length, &ignored);
    error_clear(&ignored);
    for (char *line = text ? strtok_r(text, "\n", &state) : NULL; line;
         line = strtok_r(NULL, "\n", &state)) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        char *value = bare(colon + 1);
        if (strlen(value) >= SHORTEST_SECRET && is_secret_key(bare(line)))
            string_list_add(secrets, value);
    }
}

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

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "cluster/cluster.h"
#include "file.h"
#include "process.h"
#include "text.h"

#define K3S_KUBECONFIG "/etc/rancher/k3s/k3s.yaml"

enum {
    SHORTEST_REQUEST = 5,
    LONGEST_REQUEST = 30,
    MOST_ARGUMENTS = 24,
    KUBECONFIG_LIMIT = 4 * 1024 * 1024,
    SHORTEST_SECRET = 6,
    OUTPUT_LIMIT = 512 * 1024 * 1024
};

/* What kubectl, its credential plugins and its proxy settings live on. */
static const char *const passed_on[] = {
    "HOME",       "USER",        "KUBECONFIG", "HTTP_PROXY",    "HTTPS_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "no_proxy",   "SSL_CERT_FILE", "SSL_CERT_DIR"};

static int missing(const char *what, struct error *error)
{
    return error_refuse(error, "kubectl-missing",
                        "%s; run this on a control-plane host, where k3s brings it, install "
                        "kubectl, or give its path as kubectl",
                        what);
}

static int find_program(const char *given, struct kubectl *kubectl, struct error *error)
{
    if (given) {
        AUTO_FREE char *what = text_format("there is no program at %s", given);
        if (given[0] != '/' || access(given, X_OK) < 0)
            return missing(what, error);
        kubectl->program = alloc_string(given);
    } else if (!(kubectl->program = program_find("k3s")) &&
               !(kubectl->program = program_find("kubectl"))) {
        return missing("neither k3s nor kubectl is installed here", error);
    }
    AUTO_FREE char *copy = alloc_string(kubectl->program);
    kubectl->is_k3s = strcmp(basename(copy), "k3s") == 0;
    return 0;
}

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

    file_read(path, KUBECONFIG_LIMIT, &text, &ignored);
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

/* As kubectl does, which takes an empty one for none. */
static const char *named_kubeconfigs(void)
{
    const char *named = getenv("KUBECONFIG");

    return named && *named ? named : NULL;
}

/* The option, then KUBECONFIG, then K3s' own where it exists, and the user's own otherwise. */
static int find_kubeconfig(const char *given, struct kubectl *kubectl, struct error *error)
{
    if (given && access(given, R_OK) < 0)
        return error_refuse(error, "kubeconfig-unreadable", "kubeconfig: %s can't be read: %s",
                            given, strerror(errno));
    if (!given && !named_kubeconfigs() && access(K3S_KUBECONFIG, F_OK) == 0)
        given = K3S_KUBECONFIG;
    if (!given)
        return 0;
    kubectl->kubeconfig = alloc_string(given);
    kubectl_read_secrets(given, &kubectl->secrets);
    return 0;
}

/* Of what kubectl finds by itself. */
static void find_secrets(struct kubectl *kubectl)
{
    const char *named = named_kubeconfigs(), *home = getenv("HOME");
    AUTO_FREE char *paths =
        named ? alloc_string(named) : text_format("%s/.kube/config", home ? home : "");
    char *state = NULL;

    for (char *path = strtok_r(paths, ":", &state); path; path = strtok_r(NULL, ":", &state))
        kubectl_read_secrets(path, &kubectl->secrets);
}

int kubectl_find(const struct kubectl_options *options, struct kubectl *ret_kubectl,
                 struct error *error)
{
    struct kubectl kubectl = {.request_seconds = options->timeout};

    if (options->timeout < SHORTEST_REQUEST)
        kubectl.request_seconds = SHORTEST_REQUEST;
    if (options->timeout > LONGEST_REQUEST)
        kubectl.request_seconds = LONGEST_REQUEST;
    int r = find_program(options->program, &kubectl, error);
    if (r == 0)
        r = find_kubeconfig(options->kubeconfig, &kubectl, error);
    if (r < 0) {
        kubectl_release(&kubectl);
        return r;
    }
    if (!kubectl.kubeconfig)
        find_secrets(&kubectl);
    kubectl.context = alloc_string(options->context);
    *ret_kubectl = kubectl;
    return 0;
}

void kubectl_release(struct kubectl *kubectl)
{
    free(kubectl->program);
    free(kubectl->kubeconfig);
    free(kubectl->context);
    string_list_release(&kubectl->secrets);
    *kubectl = (struct kubectl){0};
}

static void make_environment(struct string_list *environment)
{
    string_list_add(environment, "PATH=" PROCESS_PATH);
    string_list_add(environment, "LC_ALL=C");
    for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++) {
        const char *value = getenv(passed_on[i]);
        AUTO_FREE char *text = value ? text_format("%s=%s", passed_on[i], value) : NULL;
        if (text)
            string_list_add(environment, text);
    }
}

int kubectl_run(const struct kubectl *kubectl, const struct kubectl_call *call,
                struct reply *ret_reply, struct error *error)
{
    const char *argv[MOST_ARGUMENTS + 1] = {kubectl->program},
                                      *variables[ARRAY_SIZE(passed_on) + 3];
    AUTO_FREE char *timeout = text_format("--request-timeout=%ds", kubectl->request_seconds);
    struct string_list environment = {0};
    size_t count = 1;

    if (kubectl->is_k3s)
        argv[count++] = "kubectl";
    if (kubectl->kubeconfig) {
        argv[count++] = "--kubeconfig";
        argv[count++] = kubectl->kubeconfig;
    }
    if (kubectl->context) {
        argv[count++] = "--context";
        argv[count++] = kubectl->context;
    }
    argv[count++] = timeout;
    argv[count++] = "--cache-dir=/dev/null"; /* what it finds out about the server isn't kept */
    for (size_t i = 0; call->arguments[i] && count < MOST_ARGUMENTS; i++)
        argv[count++] = call->arguments[i];
    make_environment(&environment);
    for (size_t i = 0; i <= environment.count; i++)
        variables[i] = i < environment.count ? environment.items[i] : NULL;
    int r = process_run(&(struct process){.path = kubectl->program,
                                          .argv = argv,
                                          .environment = variables,
                                          .input = call->input,
                                          .input_length = call->input_length,
                                          .output_limit = OUTPUT_LIMIT,
                                          .seconds = call->seconds},
                        ret_reply, error);
    string_list_release(&environment);
    if (r != -ETIMEDOUT)
        return r;
    return error_refuse(error, "kube-timeout",
                        "kubectl didn't end within %d seconds; look at the API server's load and "
                        "at the network, and run again",
                        call->seconds);
}

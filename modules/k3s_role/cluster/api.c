/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "cleanup.h"
#include "cluster/cluster.h"
#include "process.h"
#include "text.h"

enum { PAGE_SECONDS = 120, REPLACE_SECONDS = 120, NODES_A_SECOND = 10, MOST_BEGINNINGS = 5 };

int api_connect(const struct request *request, struct kubectl *ret_kubectl, struct error *error)
{
    const struct kubectl_options options = {request->kubectl, request->kubeconfig, request->context,
                                            request->timeout};

    return kubectl_find(&options, ret_kubectl, error);
}

static int get_raw(const struct kubectl *kubectl, const char *path, struct reply *ret_reply,
                   struct error *error)
{
    const struct kubectl_call call = {
        .arguments = (const char *const[]){"get", "--raw", path, NULL},
        .seconds = PAGE_SECONDS,
    };
    AUTO_REPLY struct reply reply = {0};
    int r = kubectl_run(kubectl, &call, &reply, error);

    if (r < 0)
        return r;
    if (reply.status != 0)
        return kubectl_explain(kubectl, reply.errors, error);
    *ret_reply = reply;
    reply = (struct reply){0};
    return 0;
}

/* The token is base64, whose + and / mean something in a query. */
static char *page_path(const char *token)
{
    AUTO_TEXT struct text path = {0};

    text_add(&path, "/api/v1/nodes?limit=500");
    if (token)
        text_add(&path, "&continue=");
    for (; token && *token; token++)
        if (strchr("+/=%&#", *token))
            text_addf(&path, "%%%02X", (unsigned)(unsigned char)*token);
        else
            text_add_bytes(&path, token, 1);
    return text_take(&path);
}

static int list_once(const struct kubectl *kubectl, const struct page_taker *taker,
                     struct error *error)
{
    AUTO_FREE char *token = NULL;
    int r = taker->take(taker->data, NULL, error);

    do {
        AUTO_REPLY struct reply reply = {0};
        AUTO_FREE char *path = page_path(token), *next = NULL;
        if (r == 0)
            r = get_raw(kubectl, path, &reply, error);
        if (r == 0)
            r = page_read(reply.output, reply.length, taker, &next, error);
        free(token);
        token = TAKE_PTR(next);
    } while (r == 0 && token);
    return r;
}

int api_list(const struct kubectl *kubectl, const struct page_taker *taker, struct error *error)
{
    int r = list_once(kubectl, taker, error);

    for (int i = 1; i < MOST_BEGINNINGS && r == -ESTALE; i++)
        r = list_once(kubectl, taker, error);
    return r;
}

int api_get(const struct kubectl *kubectl, const char *name, json_t **ret_node, struct error *error)
{
    AUTO_FREE char *path = text_format("/api/v1/nodes/%s", name);
    AUTO_REPLY struct reply reply = {0};
    int r = get_raw(kubectl, path, &reply, error);

    if (r < 0)
        return r;
    json_t *node = json_loadb(reply.output, reply.length, JSON_ALLOW_NUL, NULL);
    if (!node)
        return error_set(error, -EINVAL, "what the API server answered is no Node");
    *ret_node = node;
    return 0;
}

static int add_dumped(const char *bytes, size_t length, void *text)
{
    text_add_bytes(text, bytes, length);
    return 0;
}

static void dump(const json_t *value, struct text *text)
{
    json_dump_callback(value, add_dumped, text, JSON_COMPACT);
}

int api_replace(const struct kubectl *kubectl, json_t *nodes, struct reply *ret_reply,
                struct error *error)
{
    AUTO_JSON json_t *list =
        json_pack("{s:s, s:s, s:O}", "apiVersion", "v1", "kind", "List", "items", nodes);
    AUTO_TEXT struct text text = {0};

    dump(list, &text);
    /* The server validates; kubectl would fetch its schema first. */
    const struct kubectl_call call = {
        .arguments = (const char *const[]){"replace", "--validate=false", "-f", "-",
                                           kubectl->dry_run ? "--dry-run=server" : NULL, NULL},
        .input = text.data,
        .input_length = text.length,
        .seconds = REPLACE_SECONDS + (int)json_array_size(nodes) / NODES_A_SECOND,
    };
    return kubectl_run(kubectl, &call, ret_reply, error);
}

int api_put(const struct kubectl *kubectl, const char *name, const json_t *node,
            struct reply *ret_reply, struct error *error)
{
    AUTO_FREE char *path =
        text_format("/api/v1/nodes/%s%s", name, kubectl->dry_run ? "?dryRun=All" : "");
    AUTO_TEXT struct text text = {0};

    dump(node, &text);
    const struct kubectl_call call = {
        .arguments = (const char *const[]){"replace", "--raw", path, "-f", "-", NULL},
        .input = text.data,
        .input_length = text.length,
        .seconds = REPLACE_SECONDS,
    };
    return kubectl_run(kubectl, &call, ret_reply, error);
}

int api_patch(const struct kubectl *kubectl, const char *name, const json_t *patch,
              struct reply *ret_reply, struct error *error)
{
    AUTO_FREE char *text = json_dumps(patch, JSON_COMPACT);
    const struct kubectl_call call = {
        .arguments =
            (const char *const[]){"patch", "node", name, "--type=json", "--patch", text, NULL},
        .seconds = REPLACE_SECONDS,
    };

    return kubectl_run(kubectl, &call, ret_reply, error);
}

struct backoff backoff_begin(int seconds, long shortest, long longest)
{
    struct backoff backoff = {.pause = shortest, .longest = longest};

    clock_gettime(CLOCK_MONOTONIC, &backoff.end);
    backoff.end.tv_sec += seconds;
    return backoff;
}

bool backoff_pause(struct backoff *backoff)
{
    unsigned random = 0;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    long left = (backoff->end.tv_sec - now.tv_sec) * 1000L +
                (backoff->end.tv_nsec - now.tv_nsec) / 1000000L;
    if (left <= 0)
        return false;
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = (unsigned)now.tv_nsec;
    long pause = backoff->pause / 2 + (long)(random % (unsigned)backoff->pause);
    if (pause > left)
        pause = left;
    nanosleep(&(struct timespec){pause / 1000, pause % 1000 * 1000000L}, NULL);
    if (backoff->pause < backoff->longest)
        backoff->pause *= 2;
    return true;
}

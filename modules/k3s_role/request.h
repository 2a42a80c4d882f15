/* What the user asks for: the parameters as checked data. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "fields.h"

enum role { ROLE_NONE, ROLE_CDB, ROLE_CPL, ROLE_OPS, ROLE_STS, ROLE_WKR, ROLE_COUNT };

extern const char *const role_names[ROLE_COUNT + 1]; /* NULL-ended; ROLE_NONE is "" */

/* ROLE_NONE when it is no role's name (or NULL). */
enum role role_of_name(const char *name);

struct node_request {
    char *name; /* lower case; NULL: the host's name */
    enum role role;
    struct string_list tiers; /* without repetitions */
    bool tiers_auto;          /* the tiers are those in fstab */
    json_t *labels;           /* object of strings */
    json_t *taints;           /* array as in a Node's spec; NULL: the role's */
};

struct node_request_list {
    struct node_request *items;
    size_t count;
};

struct request {
    bool cluster; /* `nodes` rather than this host */
    bool absent;
    bool ignore_missing;
    bool server_dry_run;
    bool every_node; /* an _info module's: all Nodes are read, declared or not */
    int timeout;     /* seconds */
    char *prefix;
    char *config_file;                    /* the drop-in */
    char *kubeconfig, *context, *kubectl; /* NULL: not given */
    struct node_request host;             /* when not `cluster` */
    struct node_request_list nodes;       /* when `cluster` */
};

/* parse and request_free of the module. */
int request_parse(const json_t *params, void **ret_request, struct error *error);
void request_free(void *request);

/* The parts of it that k3s_role_info has too: prefix, the ways to the cluster, `nodes`. */
int request_parse_common(const json_t *params, struct request *request, struct error *error);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user asks for: the parameters as checked data. */
#pragma once

#include "roles.h"

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

/* A Node's name, made lower case as K3s does: a new string. `where` begins the message. */
int request_parse_name(const char *name, const char *where, char **ret_name, struct error *error);

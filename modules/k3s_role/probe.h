/* Reads the host or the cluster into facts; writes nothing. */
#pragma once

#include "facts.h"
#include "request.h"

/* probe of the module; see struct module. */
int role_probe(const void *request, const void *before, void **ret_facts, struct error *error);

/* Its two uses. What was filled is to be released by the caller also on failure. */
int probe_host(const struct request *request, struct facts *facts, struct error *error);
int probe_cluster(const struct request *request, struct facts *facts, struct error *error);

/* The drop-in's bytes and mode; NULL when there is no file. */
int probe_drop_in(const struct request *request, struct facts *facts, struct error *error);

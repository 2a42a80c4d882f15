/* Parts of plan.c. */
#pragma once

#include "actions.h"
#include "facts.h"
#include "request.h"

int plan_host(const struct request *request, const struct facts *facts, struct plan *plan,
              struct error *error);
int plan_cluster(const struct request *request, const struct facts *facts, struct plan *plan,
                 struct error *error);

/* The drop-in as it is to be, owned by the caller; NULL for no file. */
char *plan_drop_in(const struct request *request, const struct facts *facts);

/* Sets the result's restart_needed and restart_reasons for a drop-in that changes. */
int plan_restart(const char *before, const char *after, struct plan *plan, struct error *error);

/* An entry of the result's `nodes`: a new object. Borrows labels and taints. */
json_t *describe_node(const char *role, const json_t *labels, const json_t *taints);

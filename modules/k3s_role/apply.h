#pragma once

#include "actions.h"
#include "facts.h"
#include "module.h"
#include "request.h"

/* apply_together, again and rehearse of the module; see struct module. */
int role_apply(const void *request, void *facts, const struct plan *plan, json_t *done,
               struct error *error);
int role_again(const void *request, int rounds, long milliseconds, struct error *error);
int role_rehearse(const void *request, const void *facts, struct error *error);

/* Writes or removes the drop-in. */
int apply_host(const struct request *request, const struct facts *facts, struct error *error);
/* Writes the Nodes that have to change. Adds to `done` what `plan` shows of those that were. */
int apply_cluster(const struct request *request, struct facts *facts, const struct plan *plan,
                  json_t *done, struct error *error);
int rehearse_cluster(const struct request *request, const struct facts *facts, struct error *error);
/* As role_again(), where others write Nodes too. */
int again_cluster(const struct request *request, int rounds, long milliseconds,
                  struct error *error);

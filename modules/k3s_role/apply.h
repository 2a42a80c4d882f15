#pragma once

#include "facts.h"
#include "progress.h"
#include "request.h"

/* apply, again and rehearse of the module; see struct module. */
int role_apply(const void *request, const void *facts, const struct plan *plan,
               struct progress *progress, struct error *error);
int role_again(const void *request, int rounds, long milliseconds, struct error *error);
int role_rehearse(const void *request, const void *facts, struct error *error);

/* Writes or removes the drop-in. */
int apply_host(const struct request *request, const struct facts *facts, const struct plan *plan,
               struct progress *progress, struct error *error);
/* Writes the Nodes that have to change. The actions of a Node are told as soon as it is known to be
 * written, also when others fail. */
int apply_cluster(const struct request *request, const struct facts *facts, const struct plan *plan,
                  struct progress *progress, struct error *error);
int rehearse_cluster(const struct request *request, const struct facts *facts, struct error *error);
/* As role_again(), where others write Nodes too. */
int again_cluster(const struct request *request, int rounds, long milliseconds,
                  struct error *error);

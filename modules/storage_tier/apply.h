#pragma once

#include "facts.h"
#include "module.h"

/* The module's apply function: one step of a storage plan. */
int storage_apply(const void *request, void *facts, const struct action *action,
                  struct outcome *outcome, struct error *error);

/* The steps that write to a disk (apply_make.c). */
int apply_wipe(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error);
int apply_mkfs(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error);
int apply_finish(struct found *found, struct error *error);

#pragma once

#include "facts.h"
#include "module.h"
#include "steps.h"

/* The module's apply function: one step of a storage plan. */
int storage_apply(const void *request, void *facts, const struct action *action,
                  struct outcome *outcome, struct error *error);

/* The steps that write to a disk (apply_make.c). */
int apply_wipe(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error);
int apply_mkfs(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error);
int apply_finish(struct found *found, struct error *error);
int apply_grow_swap(const struct request *request, struct found *found,
                    const struct disk_request *want, struct error *error);

/* The steps of a tier that goes (apply_leave.c). */
int apply_leave(enum step step, const struct request *request, struct facts *facts, size_t subject,
                struct outcome *outcome, struct error *error);

/* Replaces fstab, with a backup before the run's first change where one is asked for. */
int apply_fstab_text(const struct request *request, struct facts *facts, const char *text,
                     struct outcome *outcome, struct error *error);

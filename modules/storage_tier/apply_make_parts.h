/* The parts of making a filesystem; their order is apply_make.c's. */
#pragma once

#include "facts.h"

/* Opens the disk and locks it, waiting for who has the lock; both stay until make_release(). */
int make_hold(struct found *found, struct error *error);
void make_release(struct found *found);

/* Looks once more on the descriptor that is held: still what the plan was made for, or refused. */
int make_confirm(const struct request *request, const struct found *found, struct error *error);

/* Writes record and stamps: from here on the disk is ours to finish. The record is kept as the
 * first of `found->intents`. */
int make_record(struct found *found, const struct disk_request *want, bool wiping,
                struct error *error);

/* mkfs or mkswap with the record's UUID and the tier's label. */
int make_run_mkfs(const struct found *found, const struct disk_request *want, struct error *error);

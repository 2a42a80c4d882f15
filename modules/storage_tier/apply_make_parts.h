/* The parts of making a filesystem; their order is apply_make.c's. */
#pragma once

#include "apply_work.h"

/* Opens the disk and locks it, waiting for who has the lock; both stay until make_release(). */
int make_hold(struct disk_work *disk, struct error *error);
void make_release(struct disk_work *disk);

/* Looks once more on the descriptor that is held: still what the plan was made for, or refused. */
int make_confirm(const struct disk_work *disk, bool full_scan, struct error *error);

/* Writes record and stamps: from here on the disk is ours to finish. A new record names `uuid`. */
int make_record(struct disk_work *disk, const char *uuid, bool wiping, struct error *error);

/* mkfs or mkswap with the record's UUID and the tier's label. */
int make_run_mkfs(const struct disk_work *disk, struct error *error);

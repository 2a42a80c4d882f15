/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a plan has been carried out. A module's apply tells it; the answer is made from it, also
 * the one that is kept ready for a signal or a lack of memory.
 */
#pragma once

#include "actions.h"
#include "error.h"

struct progress;

/* An action begins: from here on something may have changed. */
void progress_begin(struct progress *progress);

/* It ended with `r`, 0 or what `error` says. Gives `r` back, but for an action of best effort: its
 * error becomes a warning, and 0 is returned. A refusal (an error with an id) says that its action
 * has changed nothing. */
int progress_end(struct progress *progress, const struct action *action, int r,
                 struct error *error);

/* For those who carry several actions out at once, between progress_begin() and their return: this
 * one is completed. */
void progress_done(struct progress *progress, const struct action *action);

/* The same for many at once, given as what is `shown` of each (an array): the answer that is kept
 * ready is made only once. */
void progress_done_all(struct progress *progress, const json_t *shown);

/* For the same: what was begun has changed nothing. */
void progress_refused(struct progress *progress);

void progress_warn(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a key to the result; steals `value`. */
void progress_result(struct progress *progress, const char *key, json_t *value);

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan: what a module would do, in order, and what the host would look like afterwards. Made by a
 * module's plan function from parameters and facts alone, without looking at the system.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct action {
    json_t *shown;        /* the object in the result's `actions`; deterministic */
    int kind;             /* the module's own: which step of its apply function */
    size_t subject;       /* the module's own: index of what the action concerns */
    const char *argument; /* the module's own: borrowed from request, facts or `shown` */
    bool best_effort;     /* failing to do it is a warning, not an error */
};

struct plan {
    struct action *actions;
    size_t count;
    json_t *diff;     /* array of {before, after, before_header, after_header}; empty: no diff */
    json_t *warnings; /* array of strings */
    json_t *result;   /* object: the module's own result keys, as they will be after the plan */
    json_t *consequences; /* object: result keys that follow from carrying this very plan out */
};

/* Prepares an empty plan. */
void plan_init(struct plan *plan);
void plan_release(struct plan *plan);

/* Appends an action, which is valid until the next plan_add; steals `shown`. */
struct action *plan_add(struct plan *plan, json_t *shown);

/* Appends the actions and differences of `more`. */
void plan_extend(struct plan *plan, const struct plan *more);

void plan_warn(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a before/after pair of texts under one header, unless they are equal. */
void plan_diff(struct plan *plan, const char *header, const char *before, const char *after);

/* The `actions` array as the result shows it: the first `count` ones. New reference. */
json_t *plan_actions_json(const struct plan *plan, size_t count);

/* Whether both show the same actions in the same order. */
bool plan_equal(const struct plan *a, const struct plan *b);

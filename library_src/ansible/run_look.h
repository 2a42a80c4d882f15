/* Parts of run.c. */
#pragma once

#include "run.h"

/* What was found, and what follows from it. */
struct look {
    const struct module *module;
    void *facts;
    struct plan plan;
};

/* Probes and plans. Replaces what `look` held. */
int look_again(const struct run *run, const struct look *before, struct look *look,
               struct error *error);
void look_release(struct look *look);
#define AUTO_LOOK __attribute__((cleanup(look_release)))

/* Whether the array has an equal item. */
bool holds_text(const json_t *texts, const json_t *text);

/* Carries the plan of `all` out and looks again, into `last`. What others made necessary meanwhile
 * is done too and added to `all`. An error tells the actions, and which of them were done. */
int run_apply(struct run *run, struct look *all, struct look *last, struct error *error);

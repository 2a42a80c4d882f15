/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "coerce.h"
#include "protocol.h"
#include "text.h"

enum { MAX_PLANS = 5 };

/* What was found, and what follows from it. */
struct state {
    const struct module *module;
    void *facts;
    struct plan plan;
};

static void state_release(struct state *state)
{
    plan_release(&state->plan);
    if (state->facts && state->module->facts_free)
        state->module->facts_free(state->facts);
    *state = (struct state){0};
}
#define AUTO_STATE __attribute__((cleanup(state_release)))

/* Probes and plans. Replaces what `state` held. */
static int state_read(const struct run *run, const struct state *before, struct state *state,
                      struct error *error)
{
    AUTO_STATE struct state fresh = {.module = run->module};
    int r = run->module->probe(run->request, before ? before->facts : NULL, &fresh.facts, error);

    if (r < 0)
        return r;
    plan_init(&fresh.plan);
    r = run->module->plan(run->request, fresh.facts, &fresh.plan, error);
    if (r < 0)
        return r;
    state_release(state);
    *state = fresh;
    fresh = (struct state){0};
    return 0;
}

static bool array_has(const json_t *array, const json_t *item)
{
    json_t *other;
    size_t i;

    json_array_foreach (array, i, other)
        if (json_equal(other, item))
            return true;
    return false;
}

static void keep_warnings(struct run *run, const json_t *warnings)
{
    json_t *warning;
    size_t i;

    json_array_foreach (warnings, i, warning)
        if (!array_has(run->warnings, warning))
            json_array_append(run->warnings, warning);
}

/* The actions and differences of `first`, and the module's own keys as they are at `last`. */
static json_t *build_result(struct run *run, const struct state *first, const struct state *last)
{
    json_t *result = json_object();

    keep_warnings(run, last->plan.warnings);
    json_object_set_new(result, "changed", json_boolean(first->plan.count > 0));
    json_object_update(result, last->plan.result);
    json_object_update(result, first->plan.consequences);
    json_object_update(result, run->progress.result);
    if (!run->module->changes_nothing)
        json_object_set_new(result, "actions", plan_actions_json(&first->plan, first->plan.count));
    if (run->show_diff && json_array_size(first->plan.diff) > 0)
        json_object_set(result, "diff", first->plan.diff);
    return result;
}

/* Others may have been at work until the lock was ours: the plan has to come out the same twice. */
static int settle(const struct run *run, struct state *state, struct error *error)
{
    for (int i = 0; i < MAX_PLANS; i++) {
        AUTO_STATE struct state before = *state;

        *state = (struct state){0};
        int r = state_read(run, &before, state, error);
        if (r < 0)
            return r;
        if (plan_equal(&before.plan, &state->plan))
            return 0;
    }
    return error_set(error, -EAGAIN,
                     "what is to be done came out differently %d times in a row: something else is "
                     "changing the same things",
                     MAX_PLANS);
}

/* What is to be done still, but for what was excused. */
static json_t *list_left(const struct progress *progress, const struct plan *plan)
{
    json_t *left = json_array();

    for (size_t i = 0; i < plan->count; i++)
        if (!array_has(progress->excused, plan->actions[i].shown))
            json_array_append(left, plan->actions[i].shown);
    return left;
}

static long milliseconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000L + (now.tv_nsec - start->tv_nsec) / 1000000L;
}

/* 1 when what is left is to be done too. */
static int ask_again(const struct run *run, int rounds, const struct timespec *start, json_t *left,
                     struct error *error)
{
    int r = run->module->again
                ? run->module->again(run->request, rounds, milliseconds_since(start), error)
                : 0;

    if (r == 0)
        r = error_set(error, -EIO,
                      "all actions were carried out without an error, but the system doesn't show "
                      "what they should have made; to be done still: see actions_left");
    if (r < 0)
        error_detail(error, "actions_left", json_incref(left));
    return r;
}

static int apply(struct run *run, const struct state *state, struct error *error)
{
    progress_add(&run->progress, &state->plan);
    return run->module->apply(run->request, state->facts, &state->plan, &run->progress, error);
}

/* Carries `first` out until a fresh state, `last`, has nothing left to do: what others undid or
 * brought meanwhile is done too, where the module wants that, and added to `first`. */
static int apply_until_done(struct run *run, struct state *first, struct state *last,
                            struct error *error)
{
    struct timespec start;

    progress_start(&run->progress, run->warnings, run->validation.no_log);
    int r = apply(run, first, error);

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int rounds = 1; r == 0; rounds++) {
        r = state_read(run, NULL, last, error);
        if (r < 0)
            return r;
        AUTO_JSON json_t *left = list_left(&run->progress, &last->plan);
        if (json_array_size(left) == 0)
            return 0;
        r = ask_again(run, rounds, &start, left, error);
        if (r < 0)
            return r;
        plan_extend(&first->plan, &last->plan);
        r = apply(run, last, error);
    }
    return r;
}

static int change(struct run *run, struct state *state, json_t **ret_result, struct error *error)
{
    AUTO_STATE struct state last = {0};
    AUTO_CLOSE int lock = -1;
    int r = 0;

    if (run->module->lock_path)
        r = lock_take(run->module->lock_path, run->module->lock_seconds, &lock, error);
    if (r == 0)
        r = settle(run, state, error);
    if (r < 0)
        return r;
    if (state->plan.count == 0) {
        *ret_result = build_result(run, state, state);
        return 0;
    }
    r = apply_until_done(run, state, &last, error);
    if (r == 0) {
        *ret_result = build_result(run, state, &last);
        return 0;
    }
    error_detail(error, "actions", json_incref(run->progress.actions));
    error_detail(error, "actions_done", json_incref(run->progress.actions_done));
    return r;
}

int run_carry_out(struct run *run, json_t **ret_result, struct error *error)
{
    AUTO_STATE struct state state = {0};
    int r = run->module->parse(run->validation.params, &run->request, error);

    if (r == 0)
        r = state_read(run, NULL, &state, error);
    if (r < 0)
        return r;
    keep_warnings(run, state.plan.warnings);
    if (run->check_mode && state.plan.count > 0 && run->module->rehearse)
        r = run->module->rehearse(run->request, state.facts, error);
    if (r < 0)
        return r;
    if (!run->module->changes_nothing && !run->check_mode && state.plan.count > 0)
        return change(run, &state, ret_result, error);
    *ret_result = build_result(run, &state, &state);
    return 0;
}

static bool flag(const struct run *run, const char *key, bool otherwise)
{
    json_t *value = json_object_get(run->arguments, key), *converted = NULL;
    struct error ignored = ERROR_INIT;
    bool is_set = otherwise;

    if (value && coerce(PARAM_BOOL, value, CORE_DEFAULT, &converted, &ignored) == 0)
        is_set = json_is_true(converted);
    json_decref(converted);
    error_clear(&ignored);
    return is_set;
}

int run_take_arguments(struct run *run, struct error *error)
{
    const char *version = json_string_value(json_object_get(run->arguments, "_ansible_version"));
    const char *first;
    int r;

    run->check_mode = flag(run, "_ansible_check_mode", false);
    run->show_diff = flag(run, "_ansible_diff", false);
    run->no_log = flag(run, "_ansible_no_log", false);
    /* Cores up to 2.20 always want it and don't send the key. */
    run->show_invocation = flag(run, "_ansible_inject_invocation", true);
    run->syslog_facility =
        json_string_value(json_object_get(run->arguments, "_ansible_syslog_facility"));
    run->target_log_info =
        json_string_value(json_object_get(run->arguments, "_ansible_target_log_info"));
    r = validate(&(struct argument_spec){run->module->params, run->module->rules,
                                         core_version(version), run->module->name},
                 run->arguments, &run->validation, error);
    if (r < 0)
        return r;
    run->warnings = json_incref(run->validation.warnings);
    first = json_string_value(json_array_get(run->validation.errors, 0));
    bool ignored = json_array_size(run->validation.errors) == 1 &&
                   json_object_size(run->validation.unsupported) > 0 &&
                   flag(run, "_ansible_ignore_unknown_opts", false);
    return first && !ignored ? error_set(error, -EINVAL, "%s", first) : 0;
}

void run_release(struct run *run)
{
    if (run->request && run->module->request_free)
        run->module->request_free(run->request);
    json_decref(run->warnings);
    progress_release(&run->progress);
    json_decref(run->arguments);
    validation_release(&run->validation);
    *run = (struct run){0};
}

#include "run.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "coerce.h"
#include "fields.h"
#include "lock.h"
#include "output.h"
#include "python_text.h"
#include "result.h"
#include "text.h"

enum { MAX_PLANS = 5 };

/* What was found, and what follows from it. */
struct look {
    const struct module *module;
    void *facts;
    struct plan plan;
};

static void look_release(struct look *look)
{
    plan_release(&look->plan);
    if (look->facts && look->module->facts_free)
        look->module->facts_free(look->facts);
    *look = (struct look){0};
}
#define AUTO_LOOK __attribute__((cleanup(look_release)))

/* Replaces what `look` held. */
static int look_again(const struct run *run, const struct look *before, struct look *look,
                      struct error *error)
{
    AUTO_LOOK struct look fresh = {.module = run->module};
    int r = run->module->probe(run->request, before ? before->facts : NULL, &fresh.facts, error);

    if (r == 0)
        r = plan_init(&fresh.plan, error);
    if (r == 0)
        r = run->module->plan(run->request, fresh.facts, &fresh.plan, error);
    if (r < 0)
        return r;
    look_release(look);
    *look = fresh;
    fresh = (struct look){0};
    return 0;
}

static bool holds_text(const json_t *texts, const json_t *text)
{
    json_t *other;
    size_t i;

    json_array_foreach (texts, i, other)
        if (json_equal(other, text))
            return true;
    return false;
}

static int keep_warnings(struct run *run, const json_t *warnings, struct error *error)
{
    json_t *warning;
    size_t i;

    json_array_foreach (warnings, i, warning)
        if (!holds_text(run->warnings, warning) && json_array_append(run->warnings, warning) < 0)
            return error_oom(error);
    return 0;
}

/* The actions and differences of `first`, and the module's own keys as they are at `last`. */
static int build_result(struct run *run, const struct look *first, const struct look *last,
                        json_t **ret_result, struct error *error)
{
    AUTO_JSON json_t *result = json_object();
    int r = keep_warnings(run, last->plan.warnings, error);

    if (r < 0)
        return r;
    if (json_object_set_new(result, "changed", json_boolean(first->plan.count > 0)) < 0 ||
        json_object_update(result, last->plan.result) < 0 ||
        json_object_update(result, first->plan.consequences) < 0 ||
        json_object_update(result, run->outcome) < 0)
        return error_oom(error);
    if (!run->module->changes_nothing &&
        json_object_set_new(result, "actions", plan_actions_json(&first->plan, first->plan.count)) <
            0)
        return error_oom(error);
    if (run->show_diff && json_array_size(first->plan.diff) > 0 &&
        json_object_set(result, "diff", first->plan.diff) < 0)
        return error_oom(error);
    *ret_result = TAKE_PTR(result);
    return 0;
}

/* Others may have been at work until the lock was ours: the plan has to come out the same twice. */
static int settle(const struct run *run, struct look *look, struct error *error)
{
    for (int i = 0; i < MAX_PLANS; i++) {
        AUTO_LOOK struct look before = *look;

        *look = (struct look){0};
        int r = look_again(run, &before, look, error);
        if (r < 0)
            return r;
        if (plan_equal(&before.plan, &look->plan))
            return 0;
    }
    return error_set(error, -EAGAIN,
                     "what is to be done came out differently %d times in a row: something else is "
                     "changing the same things",
                     MAX_PLANS);
}

/* Failing to do a best-effort action is a warning, and the action goes to `failed`. */
static int excuse(struct run *run, const struct action *action, json_t *failed,
                  struct error *failure, struct error *error)
{
    json_t *warning = json_text(error_message(failure));

    error_clear(failure);
    if (json_array_append_new(run->warnings, warning) < 0 ||
        json_array_append(failed, action->shown) < 0)
        return error_oom(error);
    return 0;
}

/* What a signal's answer tells about the actions, prepared while there is still time: JSON without
 * braces; NULL when there is no memory for it. */
static char *signal_members(const struct run *run, const struct look *look, json_t *done)
{
    AUTO_JSON json_t *all =
        json_pack("{s:o, s:O}", "actions", plan_actions_json(&look->plan, look->plan.count),
                  "actions_done", done);
    AUTO_JSON json_t *shown = all ? result_scrub(all, run->validation.no_log) : NULL;
    AUTO_TEXT struct text text = {0};

    if (!shown)
        return NULL;
    python_json(&text, shown);
    AUTO_FREE char *object = text_take(&text);
    return object ? strndup(object + 1, strlen(object) - 2) : NULL;
}

static int apply_each(struct run *run, struct look *look, json_t *done, json_t *failed,
                      struct error *error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < look->plan.count; i++) {
        const struct action *action = &look->plan.actions[i];
        bool started = run->started;
        struct outcome outcome = {run->warnings, run->outcome};
        struct error failure = ERROR_INIT;

        run->started = true;
        output_action_begins(signal_members(run, look, done));
        r = run->module->apply(run->request, look->facts, action, &outcome, &failure);
        if (r < 0 && r != -ENOMEM && action->best_effort) {
            r = excuse(run, action, failed, &failure, error);
            continue;
        }
        if (r < 0) {
            if (failure.id) /* a refusal comes before the first write of its action */
                run->started = started;
            error_clear(error);
            *error = failure;
            break;
        }
        output_action_ended();
        if (json_array_append(done, action->shown) < 0)
            r = error_oom(error);
    }
    return r;
}

/* `all` has the actions of `look` too. */
static int apply_together(struct run *run, const struct look *all, struct look *look, json_t *done,
                          struct error *error)
{
    run->started = true;
    output_action_begins(signal_members(run, all, done));
    int r = run->module->apply_together(run->request, look->facts, &look->plan, done, error);
    run->started = r != -EPERM || json_array_size(done) > 0;
    if (r == 0)
        output_action_ended();
    return r;
}

static void tell_actions(const struct look *all, json_t *done, struct error *error)
{
    error_detail(error, "actions", plan_actions_json(&all->plan, all->plan.count));
    error_detail(error, "actions_done", json_incref(done));
}

/* What a look after the work still finds to do, but for what was excused. */
static int list_left(const struct look *last, const json_t *failed, json_t *left,
                     struct error *error)
{
    json_array_clear(left);
    for (size_t i = 0; i < last->plan.count; i++)
        if (!holds_text(failed, last->plan.actions[i].shown) &&
            json_array_append(left, last->plan.actions[i].shown) < 0)
            return error_oom(error);
    return 0;
}

static int add_actions(struct look *all, const struct look *last, struct error *error)
{
    int r = json_array_extend(all->plan.diff, last->plan.diff) < 0 ? error_oom(error) : 0;

    for (size_t i = 0; r == 0 && i < last->plan.count; i++)
        r = plan_add(&all->plan, json_incref(last->plan.actions[i].shown), NULL, error);
    return r;
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

/* Looks again: nothing may be left to do. What others undid or brought meanwhile is done too. */
static int verify(struct run *run, struct look *all, struct look *last, json_t *done,
                  const json_t *failed, struct error *error)
{
    AUTO_JSON json_t *left = json_array();
    struct timespec start;

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int rounds = 1;; rounds++) {
        int r = left ? look_again(run, NULL, last, error) : error_oom(error);
        if (r == 0)
            r = list_left(last, failed, left, error);
        if (r < 0 || json_array_size(left) == 0)
            return r;
        r = ask_again(run, rounds, &start, left, error);
        if (r > 0)
            r = add_actions(all, last, error);
        if (r == 0)
            r = apply_together(run, all, last, done, error);
        if (r < 0)
            return r;
    }
}

static int apply_all(struct run *run, struct look *all, struct look *last, struct error *error)
{
    AUTO_JSON json_t *done = json_array(), *failed = json_array();
    int r = done && failed ? 0 : error_oom(error);

    if (r == 0)
        r = run->module->apply_together ? apply_together(run, all, all, done, error)
                                        : apply_each(run, all, done, failed, error);
    if (r == 0)
        r = verify(run, all, last, done, failed, error);
    if (r < 0)
        tell_actions(all, done, error);
    return r;
}

static int change(struct run *run, struct look *look, json_t **ret_result, struct error *error)
{
    AUTO_LOOK struct look last = {0};
    AUTO_CLOSE int lock = -1;
    int r = 0;

    if (run->module->lock_path)
        r = lock_take(run->module->lock_path, run->module->lock_seconds, &lock, error);
    if (r == 0)
        r = settle(run, look, error);
    if (r < 0)
        return r;
    if (look->plan.count == 0)
        return build_result(run, look, look, ret_result, error);
    r = apply_all(run, look, &last, error);
    return r < 0 ? r : build_result(run, look, &last, ret_result, error);
}

int run_carry_out(struct run *run, json_t **ret_result, struct error *error)
{
    AUTO_LOOK struct look look = {0};
    int r = run->module->parse(run->validation.params, &run->request, error);

    if (r == 0)
        r = look_again(run, NULL, &look, error);
    if (r == 0)
        r = keep_warnings(run, look.plan.warnings, error);
    if (r < 0)
        return r;
    if (run->check_mode && look.plan.count > 0 && run->module->rehearse)
        r = run->module->rehearse(run->request, look.facts, error);
    if (r < 0)
        return r;
    if (run->module->changes_nothing || run->check_mode || look.plan.count == 0)
        return build_result(run, &look, &look, ret_result, error);
    return change(run, &look, ret_result, error);
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
    r = validate(run->module->params, run->module->rules, run->arguments, core_version(version),
                 run->module->name, &run->validation, error);
    if (r < 0)
        return r;
    run->warnings = json_incref(run->validation.warnings);
    run->outcome = json_object();
    if (!run->outcome)
        return error_oom(error);
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
    json_decref(run->outcome);
    json_decref(run->arguments);
    validation_release(&run->validation);
    *run = (struct run){0};
}

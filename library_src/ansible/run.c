#include "run.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "coerce.h"
#include "protocol.h"
#include "run_look.h"
#include "text.h"

enum { MAX_PLANS = 5 };

void look_release(struct look *look)
{
    plan_release(&look->plan);
    if (look->facts && look->module->facts_free)
        look->module->facts_free(look->facts);
    *look = (struct look){0};
}

int look_again(const struct run *run, const struct look *before, struct look *look,
               struct error *error)
{
    AUTO_LOOK struct look fresh = {.module = run->module};
    int r = run->module->probe(run->request, before ? before->facts : NULL, &fresh.facts, error);

    if (r < 0)
        return r;
    plan_init(&fresh.plan);
    r = run->module->plan(run->request, fresh.facts, &fresh.plan, error);
    if (r < 0)
        return r;
    look_release(look);
    *look = fresh;
    fresh = (struct look){0};
    return 0;
}

bool holds_text(const json_t *texts, const json_t *text)
{
    json_t *other;
    size_t i;

    json_array_foreach (texts, i, other)
        if (json_equal(other, text))
            return true;
    return false;
}

static void keep_warnings(struct run *run, const json_t *warnings)
{
    json_t *warning;
    size_t i;

    json_array_foreach (warnings, i, warning)
        if (!holds_text(run->warnings, warning))
            json_array_append(run->warnings, warning);
}

/* The actions and differences of `first`, and the module's own keys as they are at `last`. */
static json_t *build_result(struct run *run, const struct look *first, const struct look *last)
{
    json_t *result = json_object();

    keep_warnings(run, last->plan.warnings);
    json_object_set_new(result, "changed", json_boolean(first->plan.count > 0));
    json_object_update(result, last->plan.result);
    json_object_update(result, first->plan.consequences);
    json_object_update(result, run->outcome);
    if (!run->module->changes_nothing)
        json_object_set_new(result, "actions", plan_actions_json(&first->plan, first->plan.count));
    if (run->show_diff && json_array_size(first->plan.diff) > 0)
        json_object_set(result, "diff", first->plan.diff);
    return result;
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
    if (look->plan.count == 0) {
        *ret_result = build_result(run, look, look);
        return 0;
    }
    r = run_apply(run, look, &last, error);
    if (r == 0)
        *ret_result = build_result(run, look, &last);
    return r;
}

int run_carry_out(struct run *run, json_t **ret_result, struct error *error)
{
    AUTO_LOOK struct look look = {0};
    int r = run->module->parse(run->validation.params, &run->request, error);

    if (r == 0)
        r = look_again(run, NULL, &look, error);
    if (r < 0)
        return r;
    keep_warnings(run, look.plan.warnings);
    if (run->check_mode && look.plan.count > 0 && run->module->rehearse)
        r = run->module->rehearse(run->request, look.facts, error);
    if (r < 0)
        return r;
    if (!run->module->changes_nothing && !run->check_mode && look.plan.count > 0)
        return change(run, &look, ret_result, error);
    *ret_result = build_result(run, &look, &look);
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
    r = validate(run->module->params, run->module->rules, run->arguments, core_version(version),
                 run->module->name, &run->validation, error);
    if (r < 0)
        return r;
    run->warnings = json_incref(run->validation.warnings);
    run->outcome = json_object();
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

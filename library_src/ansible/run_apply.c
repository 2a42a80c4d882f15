#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "fields.h"
#include "output.h"
#include "python_text.h"
#include "result.h"
#include "run_look.h"
#include "text.h"

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

int run_apply(struct run *run, struct look *all, struct look *last, struct error *error)
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

#include <errno.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "fields.h"
#include "output.h"
#include "python.h"
#include "run_look.h"
#include "secrets.h"
#include "text.h"

/* Failing to do a best-effort action is a warning, and the action goes to `failed`. */
static void excuse(struct run *run, const struct action *action, json_t *failed,
                   struct error *failure)
{
    json_array_append_new(run->warnings, json_text(error_message(failure)));
    json_array_append(failed, action->shown);
    error_clear(failure);
}

/* What the answer to a signal or a lack of memory tells about the actions, prepared while there is
 * still time: JSON without braces. */
static char *prepared_members(const struct run *run, const struct look *look, json_t *done)
{
    AUTO_JSON json_t *all =
        json_pack("{s:o, s:O}", "actions", plan_actions_json(&look->plan, look->plan.count),
                  "actions_done", done);
    AUTO_JSON json_t *shown = result_scrub(all, run->validation.no_log);
    AUTO_TEXT struct text text = {0};

    python_json(&text, shown);
    return alloc_string_part(text.data + 1, text.length - 2);
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
        output_action_begins(prepared_members(run, look, done));
        r = run->module->apply(run->request, look->facts, action, &outcome, &failure);
        if (r < 0 && action->best_effort) {
            excuse(run, action, failed, &failure);
            r = 0;
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
        json_array_append(done, action->shown);
    }
    return r;
}

/* `all` has the actions of `look` too. */
static int apply_together(struct run *run, const struct look *all, struct look *look, json_t *done,
                          struct error *error)
{
    run->started = true;
    output_action_begins(prepared_members(run, all, done));
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
static void list_left(const struct look *last, const json_t *failed, json_t *left)
{
    json_array_clear(left);
    for (size_t i = 0; i < last->plan.count; i++)
        if (!holds_text(failed, last->plan.actions[i].shown))
            json_array_append(left, last->plan.actions[i].shown);
}

static void add_actions(struct look *all, const struct look *last)
{
    json_array_extend(all->plan.diff, last->plan.diff);
    for (size_t i = 0; i < last->plan.count; i++)
        plan_add(&all->plan, json_incref(last->plan.actions[i].shown));
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
        int r = look_again(run, NULL, last, error);
        if (r < 0)
            return r;
        list_left(last, failed, left);
        if (json_array_size(left) == 0)
            return 0;
        r = ask_again(run, rounds, &start, left, error);
        if (r < 0)
            return r;
        add_actions(all, last);
        r = apply_together(run, all, last, done, error);
        if (r < 0)
            return r;
    }
}

int run_apply(struct run *run, struct look *all, struct look *last, struct error *error)
{
    AUTO_JSON json_t *done = json_array(), *failed = json_array();
    int r = run->module->apply_together ? apply_together(run, all, all, done, error)
                                        : apply_each(run, all, done, failed, error);

    if (r == 0)
        r = verify(run, all, last, done, failed, error);
    if (r < 0)
        tell_actions(all, done, error);
    return r;
}

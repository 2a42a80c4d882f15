/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>

#include "alloc.h"
#include "cleanup.h"
#include "fields.h"
#include "output.h"
#include "python.h"
#include "run.h"
#include "secrets.h"
#include "text.h"

/* JSON without braces: result keys of the answer that is kept ready. */
static char *progress_members(const struct progress *progress)
{
    AUTO_JSON json_t *keys = json_pack("{s:O, s:O}", "actions", progress->actions, "actions_done",
                                       progress->actions_done);
    AUTO_JSON json_t *shown = result_scrub(keys, progress->no_log);
    AUTO_TEXT struct text text = {0};

    python_json(&text, shown);
    return alloc_string_part(text.data + 1, text.length - 2);
}

static void progress_keep(const struct progress *progress)
{
    output_keep((unsigned)json_array_size(progress->actions_done), progress_members(progress));
}

void progress_start(struct progress *progress, json_t *warnings, const json_t *no_log)
{
    *progress = (struct progress){.actions = json_array(),
                                  .actions_done = json_array(),
                                  .excused = json_array(),
                                  .warnings = json_incref(warnings),
                                  .result = json_object(),
                                  .no_log = no_log};
}

void progress_add(struct progress *progress, const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        json_array_append(progress->actions, plan->actions[i].shown);
    progress_keep(progress);
}

void progress_release(struct progress *progress)
{
    json_decref(progress->actions);
    json_decref(progress->actions_done);
    json_decref(progress->excused);
    json_decref(progress->warnings);
    json_decref(progress->result);
    *progress = (struct progress){0};
}

void progress_begin(struct progress *progress)
{
    progress->had_begun = progress->begun;
    progress->begun = true;
    output_begun(true);
}

void progress_done(struct progress *progress, const struct action *action)
{
    json_array_append(progress->actions_done, action->shown);
    progress_keep(progress);
}

void progress_refused(struct progress *progress)
{
    progress->begun = progress->had_begun;
    output_begun(progress->begun);
}

void progress_done_all(struct progress *progress, const json_t *shown)
{
    json_array_extend(progress->actions_done, (json_t *)shown);
    progress_keep(progress);
}

int progress_end(struct progress *progress, const struct action *action, int r, struct error *error)
{
    if (r < 0 && action->best_effort) {
        progress_warn(progress, "%s", error_message(error));
        json_array_append(progress->excused, action->shown);
        error_clear(error);
        return 0;
    }
    if (r < 0 && error->id)
        progress_refused(progress);
    if (r == 0)
        progress_done(progress, action);
    return r;
}

void progress_warn(struct progress *progress, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *text = text_vformat(format, arguments);
    va_end(arguments);
    json_array_append_new(progress->warnings, json_text(text));
}

void progress_result(struct progress *progress, const char *key, json_t *value)
{
    json_object_set_new(progress->result, key, value);
}

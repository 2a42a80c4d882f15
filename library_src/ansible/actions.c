/* SPDX-License-Identifier: BSD-2-Clause */
#include "actions.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "fields.h"
#include "text.h"

void plan_init(struct plan *plan)
{
    *plan = (struct plan){.diff = json_array(),
                          .warnings = json_array(),
                          .result = json_object(),
                          .consequences = json_object()};
}

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        json_decref(plan->actions[i].shown);
    free(plan->actions);
    json_decref(plan->diff);
    json_decref(plan->warnings);
    json_decref(plan->result);
    json_decref(plan->consequences);
    *plan = (struct plan){0};
}

struct action *plan_add(struct plan *plan, json_t *shown)
{
    plan->actions = alloc_array(plan->actions, plan->count + 1, sizeof(struct action));
    plan->actions[plan->count] = (struct action){.shown = shown};
    return &plan->actions[plan->count++];
}

void plan_extend(struct plan *plan, const struct plan *more)
{
    json_array_extend(plan->diff, more->diff);
    for (size_t i = 0; i < more->count; i++)
        plan_add(plan, json_incref(more->actions[i].shown));
}

void plan_warn(struct plan *plan, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *text = text_vformat(format, arguments);
    va_end(arguments);
    json_array_append_new(plan->warnings, json_text(text));
}

void plan_diff(struct plan *plan, const char *header, const char *before, const char *after)
{
    if (strcmp(before, after) == 0)
        return;
    /* Files and paths need not be UTF-8. */
    json_t *pair =
        json_pack("{s:o, s:o, s:o, s:o}", "before_header", json_text(header), "after_header",
                  json_text(header), "before", json_text(before), "after", json_text(after));
    json_array_append_new(plan->diff, pair);
}

json_t *plan_actions_json(const struct plan *plan, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count && i < plan->count; i++)
        json_array_append(array, plan->actions[i].shown);
    return array;
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!json_equal(a->actions[i].shown, b->actions[i].shown))
            return false;
    return true;
}

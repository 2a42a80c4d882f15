#include "actions.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fields.h"

int plan_init(struct plan *plan, struct error *error)
{
    *plan = (struct plan){.diff = json_array(),
                          .warnings = json_array(),
                          .result = json_object(),
                          .consequences = json_object()};
    if (plan->diff && plan->warnings && plan->result && plan->consequences)
        return 0;
    plan_release(plan);
    return error_oom(error);
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

int plan_add(struct plan *plan, json_t *shown, struct action **ret_action, struct error *error)
{
    struct action *larger = reallocarray(plan->actions, plan->count + 1, sizeof(struct action));

    if (larger)
        plan->actions = larger;
    if (!larger || !shown) {
        json_decref(shown);
        return error_oom(error);
    }
    struct action *action = &larger[plan->count++];
    *action = (struct action){.shown = shown};
    if (ret_action)
        *ret_action = action;
    return 0;
}

int plan_warn(struct plan *plan, struct error *error, const char *format, ...)
{
    AUTO_FREE char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    if (!text || json_array_append_new(plan->warnings, json_text(text)) < 0)
        return error_oom(error);
    return 0;
}

int plan_diff(struct plan *plan, const char *header, const char *before, const char *after,
              struct error *error)
{
    if (strcmp(before, after) == 0)
        return 0;
    /* Files and paths need not be UTF-8. */
    json_t *pair =
        json_pack("{s:o, s:o, s:o, s:o}", "before_header", json_text(header), "after_header",
                  json_text(header), "before", json_text(before), "after", json_text(after));
    return json_array_append_new(plan->diff, pair) < 0 ? error_oom(error) : 0;
}

json_t *plan_actions_json(const struct plan *plan, size_t count)
{
    AUTO_JSON json_t *array = json_array();

    for (size_t i = 0; i < count && i < plan->count; i++)
        if (!array || json_array_append(array, plan->actions[i].shown) < 0)
            return NULL;
    return TAKE_PTR(array);
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include "cleanup.h"
#include "text.h"

struct action *plan_tier_step(struct plan *plan, const struct plan_subject *subject, enum step step,
                              const char *op, char *detail)
{
    AUTO_FREE char *owned = detail;
    struct action *action =
        plan_add(plan, json_pack("{s:s, s:o, s:o, s:o}", "op", op, "tier", json_text(subject->tier),
                                 "device", json_text(subject->device), "detail", json_text(owned)));

    action->kind = (int)step;
    action->subject = subject->index;
    return action;
}

struct action *plan_step(struct plan *plan, const struct tier_view *view, enum step step,
                         const char *op, char *detail)
{
    struct plan_subject subject = {0};

    if (view)
        subject =
            (struct plan_subject){tier_names[view->want->tier],
                                  view->want->os ? NULL : view->found->disk.path, view->index};
    return plan_tier_step(plan, &subject, step, op, detail);
}

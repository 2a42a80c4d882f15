#include "plan_parts.h"

#include "alloc.h"
#include "cleanup.h"
#include "mount_options.h"
#include "refuse.h"
#include "text.h"

static const struct swap *active_swap(const struct tier_view *view)
{
    for (size_t i = 0; i < view->facts->swaps.count; i++)
        if (view->facts->swaps.items[i].devno == view->found->disk.devno)
            return &view->facts->swaps.items[i];
    return NULL;
}

/* Of the kernel's own choice, which is below zero. */
static bool priority_is_taken_back(const struct tier_view *view, const struct swap *swap)
{
    AUTO_FREE char *before = view->line ? mount_options_value(view->line->options, "pri") : NULL;

    return view->request->swap_priority < 0 && before && swap->priority >= 0;
}

static bool priority_differs(const struct tier_view *view, const struct swap *swap)
{
    if (priority_is_taken_back(view, swap))
        return true;
    return view->request->swap_priority >= 0 && swap->priority != view->request->swap_priority;
}

/* What can change only while swap is off, and off it goes only when memory can hold what is in it.
 */
static const char *swap_change(const struct tier_view *view, const struct swap *swap)
{
    if (view->grows_to)
        return "size";
    if (plan_relabels(view))
        return "label";
    return priority_differs(view, swap) ? "priority" : NULL;
}

int plan_swapoff(struct plan *plan, const struct tier_view *view, struct error *error)
{
    const struct swap *swap = active_swap(view);
    const char *change = swap ? swap_change(view, swap) : NULL;

    if (view->want->tier != TIER_SWAP || !change)
        return 0;
    if (view->facts->memory_available_bytes <= swap->used_bytes)
        return refuse_disk(error, "swap-in-use", view->want, view->found,
                           "must be switched off for a moment to change its %s, but memory can't "
                           "hold the %llu bytes in it; run again when less is used",
                           change, (unsigned long long)swap->used_bytes);
    plan_step(plan, view, STEP_SWAPOFF, "swapoff", text_format("to change its %s", change));
    return 0;
}

void plan_swapon(struct plan *plan, const struct tier_view *view)
{
    const struct swap *swap = active_swap(view);
    int priority = view->request->swap_priority;

    if (view->want->tier != TIER_SWAP || (swap && !swap_change(view, swap)))
        return;
    plan_step(plan, view, STEP_SWAPON, "swapon",
              priority >= 0 ? text_format("priority %d", priority)
                            : alloc_string("default priority"));
}

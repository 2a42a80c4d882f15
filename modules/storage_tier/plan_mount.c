#include "plan_parts.h"

#include "alloc.h"
#include "cleanup.h"
#include "mount_options.h"
#include "text.h"

static bool options_changed(const struct tier_view *view)
{
    const struct fstab_line *line = view->line;

    if (mount_options_missing(view->fstype, view->want->mount_options,
                              view->mount->fs_options ? view->mount->fs_options : "",
                              view->found->discards))
        return true;
    return line && line->options &&
           !mount_options_same_for_filesystem(line->options, view->want->mount_options);
}

static void warn_of_staying(struct plan *plan, const struct tier_view *view)
{
    AUTO_FREE char *staying =
        view->line && view->line->options
            ? mount_options_staying(view->fstype, view->line->options, view->want->mount_options,
                                    view->mount->fs_options ? view->mount->fs_options : "")
            : NULL;

    if (staying)
        plan_warn(plan,
                  "%s is mounted with %s, which is no longer asked for and can't be switched off: "
                  "it stays until the next mount",
                  view->path, staying);
}

/* Before the line is written: the next boot must not find one that the filesystem refuses. */
void plan_remount(struct plan *plan, const struct tier_view *view)
{
    if (!view->mounted ||
        (!mount_options_flags_differ(view->want->mount_options, view->mount->options) &&
         !options_changed(view)))
        return;
    plan_step(plan, view, STEP_REMOUNT, "remount",
              text_format("%s with %s", view->path, view->want->mount_options));
    warn_of_staying(plan, view);
}

void plan_mount(struct plan *plan, const struct tier_view *view)
{
    if (view->want->os || view->want->tier == TIER_SWAP)
        return;
    if (!view->mounted)
        plan_step(plan, view, STEP_MOUNT, "mount", alloc_string(view->path));
    else if (view->found->mount_point.entries.count)
        plan_warn(plan, "%s is not empty below its mount: %s is hidden there", view->path,
                  view->found->mount_point.entries.items[0]);
}

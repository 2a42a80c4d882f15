#include "plan_parts.h"

#include "alloc.h"
#include "mode.h"
#include "text.h"

enum { NEW_DIRECTORY_MODE = 0755 };

void plan_directory(struct plan *plan, const struct tier_view *view)
{
    const struct directory *point = &view->found->mount_point;

    if (view->want->tier == TIER_SWAP || view->want->shared)
        return;
    if (!point->exists)
        plan_step(plan, view, STEP_MKDIR, "mkdir", alloc_string(view->path));
    if (view->want->os && point->immutable)
        plan_step(plan, view, STEP_IMMUTABLE_CLEAR, "chattr", text_format("-i %s", view->path));
    bool possible =
        (point->exists ? point->immutable_possible : view->facts->root.immutable_possible) &&
        !view->facts->root_unwritable;
    if (!view->want->os && !point->immutable && possible)
        plan_step(plan, view, STEP_IMMUTABLE_SET, "chattr", text_format("+i %s", view->path))
            ->best_effort = true;
    if (!view->want->os && !point->immutable && !possible)
        plan_warn(plan,
                  "%s can't have the immutable attribute here: while the disk is not mounted, what "
                  "is written there lands on the OS disk",
                  view->path);
}

static void plan_owner(struct plan *plan, const struct tier_view *view, bool known)
{
    const struct found *found = view->found;
    const struct visible_directory *now = &found->visible;
    int uid = known ? now->uid : 0, gid = known ? now->gid : 0;

    if ((found->owner_uid < 0 || found->owner_uid == uid) &&
        (found->group_gid < 0 || found->group_gid == gid))
        return;
    plan_step(plan, view, STEP_CHOWN, "chown",
              text_format("%s:%s %s", view->want->owner ? view->want->owner : "",
                          view->want->group ? view->want->group : "", view->path));
}

int plan_permissions(struct plan *plan, const struct tier_view *view, struct error *error)
{
    /* What mkfs and mkdir make is root's, 0755; the root of a filesystem that isn't mounted is
     * unknown. */
    bool fresh = view->want->os ? !view->found->mount_point.exists : verdict_makes(view->verdict);
    bool unseen = view->hidden || (!view->want->os && !fresh && !view->mounted);
    int before = fresh || unseen ? NEW_DIRECTORY_MODE : view->found->visible.mode, mode = before;
    int r = 0;

    if (view->want->tier == TIER_SWAP || view->want->shared || view->want->adopt)
        return 0;
    if (unseen && (view->want->owner || view->want->group))
        plan_step(plan, view, STEP_CHOWN, "chown",
                  text_format("%s:%s %s", view->want->owner ? view->want->owner : "",
                              view->want->group ? view->want->group : "", view->path));
    else
        plan_owner(plan, view, !fresh);
    if (view->want->mode)
        r = mode_apply(view->want->mode, before, &mode, error);
    if (r == 0 && view->want->mode && (unseen || mode != before))
        plan_step(plan, view, STEP_CHMOD, "chmod",
                  text_format("%s %s", view->want->mode, view->path));
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <stdlib.h>

#include "alloc.h"
#include "cleanup.h"
#include "mode.h"
#include "mount_options.h"
#include "text.h"

enum { NEW_DIRECTORY_MODE = 0755 };

static char *plan_mkfs_detail(const struct tier_view *view)
{
    AUTO_FREE char *options = string_list_join(&view->want->mkfs_options, " ");

    return text_format(
        "%s, label %s%s%s%s", view->fstype, view->label, *options ? ", options " : "", options,
        view->verdict == VERDICT_REMAKE ? ", over a half-made one of this module" : "");
}

void plan_making(struct plan *plan, const struct tier_view *view)
{
    bool swap = view->want->tier == TIER_SWAP;

    if (view->verdict == VERDICT_WIPE) {
        AUTO_FREE char *content = content_describe(&view->found->disk.content);
        plan_step(plan, view, STEP_WIPE, "wipe",
                  text_format("%s, by token %s", content, view->want->wipe));
    }
    if (verdict_makes(view->verdict))
        plan_step(plan, view, STEP_MKFS, swap ? "mkswap" : "mkfs", plan_mkfs_detail(view));
    if (view->verdict == VERDICT_FINISH && view->found->stamped)
        plan_step(plan, view, STEP_FINISH, swap ? "mkswap" : "mkfs",
                  text_format("%s, finish what an interrupted run made", view->fstype));
}

static bool plan_relabels(const struct tier_view *view)
{
    const struct signature *fs = found_filesystem(view->found);

    return (view->verdict == VERDICT_KEEP || view->verdict == VERDICT_FINISH) &&
           !text_equal(fs->label, view->label);
}

static void plan_growing(struct plan *plan, const struct tier_view *view)
{
    AUTO_FREE char *from = size_describe(view->found->disk.content.filesystem_bytes);
    AUTO_FREE char *to = size_describe(view->grows_to);

    if (view->grows_to)
        plan_step(plan, view, STEP_GROW, "grow",
                  text_format("%s from %s to %s", view->fstype, from, to));
}

void plan_swap_growing(struct plan *plan, const struct tier_view *view)
{
    if (view->want->tier == TIER_SWAP)
        plan_growing(plan, view);
}

void plan_mounted_growing(struct plan *plan, const struct tier_view *view)
{
    if (view->too_small)
        plan_warn(plan,
                  "%s is to be mounted read-only, so its filesystem stays smaller than the device "
                  "%s",
                  view->path, view->found->disk.path);
    else if (view->want->tier != TIER_SWAP)
        plan_growing(plan, view);
}

void plan_swap_label(struct plan *plan, const struct tier_view *view)
{
    if (plan_relabels(view) && view->want->tier == TIER_SWAP)
        plan_step(plan, view, STEP_LABEL, "label", alloc_string(view->label));
}

static bool plan_keeps_other_label(const struct tier_view *view)
{
    bool ours = view->verdict == VERDICT_KEEP || view->verdict == VERDICT_FINISH;

    return ours && view->read_only && !text_equal(view->label, tier_label(view->want->tier));
}

/* A filesystem is labelled through its mount. */
void plan_mounted_label(struct plan *plan, const struct tier_view *view)
{
    if (plan_keeps_other_label(view))
        plan_warn(plan, "%s is to be mounted read-only, so the label %s stays", view->path,
                  view->label && *view->label ? view->label : "(none)");
    else if (plan_relabels(view) && view->want->tier != TIER_SWAP)
        plan_step(plan, view, STEP_LABEL, "label", alloc_string(view->label));
}

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

/* fstab as it will be; one action for each line that changes. */
int plan_fstab(struct planning *planning, const struct tier_view *view, struct error *error)
{
    struct plan *plan = planning->plan;
    const struct fstab_line *line = view->line;

    if (view->want->os)
        return 0;
    AUTO_FREE char *text =
        fstab_line_text(view->request, view->want, &view->found->disk, view->uuid, view->fstype);
    if (line && fstab_same_fields(line->text, text)) {
        if (view->found->intents.count > 0)
            plan_step(
                plan, view, STEP_FSTAB, "fstab",
                text_format("line %d stays; the record of the interrupted run goes", line->number));
        return 0;
    }
    if (view->facts->fstab.unwritable)
        return refuse_disk(error, "fstab-unwritable", view->want, view->found,
                           "needs a line in fstab, but %s", view->facts->fstab.unwritable);
    char *after = fstab_text_edit(planning->fstab_after, line ? line->text : NULL, text);
    free(planning->fstab_after);
    planning->fstab_after = after;
    plan_step(plan, view, STEP_FSTAB, "fstab",
              line ? text_format("replace line %d: %s", line->number, text)
                   : text_format("add: %s", text));
    return 0;
}

static bool plan_changes_options(const struct tier_view *view)
{
    const struct fstab_line *line = view->line;

    if (mount_options_missing(view->fstype, view->want->mount_options,
                              view->mount->fs_options ? view->mount->fs_options : "",
                              view->found->discards))
        return true;
    return line && line->options &&
           !mount_options_same_for_filesystem(line->options, view->want->mount_options);
}

static void plan_warn_of_staying(struct plan *plan, const struct tier_view *view)
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
         !plan_changes_options(view)))
        return;
    plan_step(plan, view, STEP_REMOUNT, "remount",
              text_format("%s with %s", view->path, view->want->mount_options));
    plan_warn_of_staying(plan, view);
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

/* Of the kernel's own choice, which is below zero. */
static bool plan_takes_priority_back(const struct tier_view *view, const struct swap *swap)
{
    AUTO_FREE char *before = view->line ? mount_options_value(view->line->options, "pri") : NULL;

    return view->request->swap_priority < 0 && before && swap->priority >= 0;
}

static bool plan_changes_priority(const struct tier_view *view, const struct swap *swap)
{
    if (plan_takes_priority_back(view, swap))
        return true;
    return view->request->swap_priority >= 0 && swap->priority != view->request->swap_priority;
}

/* What can change only while swap is off, and off it goes only when memory can hold what is in it.
 */
static const char *plan_swap_change(const struct tier_view *view, const struct swap *swap)
{
    if (view->grows_to)
        return "size";
    if (plan_relabels(view))
        return "label";
    return plan_changes_priority(view, swap) ? "priority" : NULL;
}

int plan_swapoff(struct plan *plan, const struct tier_view *view, struct error *error)
{
    const struct swap *swap = tier_swap(view);
    const char *change = swap ? plan_swap_change(view, swap) : NULL;

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
    const struct swap *swap = tier_swap(view);
    int priority = view->request->swap_priority;

    if (view->want->tier != TIER_SWAP || (swap && !plan_swap_change(view, swap)))
        return;
    plan_step(plan, view, STEP_SWAPON, "swapon",
              priority >= 0 ? text_format("priority %d", priority)
                            : alloc_string("default priority"));
}

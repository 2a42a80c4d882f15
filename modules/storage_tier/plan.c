#include "plan.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "departures.h"
#include "fstab_text.h"
#include "plan_parts.h"
#include "refuse.h"
#include "steps.h"
#include "text.h"
#include "tiers.h"

struct action *plan_tier_step(struct plan *plan, const char *tier, const char *device,
                              size_t subject, enum step step, const char *op, char *detail)
{
    AUTO_FREE char *owned = detail;
    struct action *action =
        plan_add(plan, json_pack("{s:s, s:o, s:o, s:o}", "op", op, "tier", json_text(tier),
                                 "device", json_text(device), "detail", json_text(owned)));

    action->kind = (int)step;
    action->subject = subject;
    return action;
}

struct action *plan_step(struct plan *plan, const struct tier_view *view, enum step step,
                         const char *op, char *detail)
{
    return plan_tier_step(plan, view ? tier_names[view->want->tier] : NULL,
                          view && !view->want->os ? view->found->disk.path : NULL,
                          view ? view->index : 0, step, op, detail);
}

static char *mkfs_detail(const struct tier_view *view)
{
    AUTO_FREE char *options = string_list_join(&view->want->mkfs_options, " ");

    return text_format(
        "%s, label %s%s%s%s", view->fstype, view->label, *options ? ", options " : "", options,
        view->verdict == VERDICT_REMAKE ? ", over a half-made one of this module" : "");
}

static void plan_making(struct plan *plan, const struct tier_view *view)
{
    bool swap = view->want->tier == TIER_SWAP;

    if (view->verdict == VERDICT_WIPE) {
        AUTO_FREE char *content = content_describe(&view->found->disk.content);
        plan_step(plan, view, STEP_WIPE, "wipe",
                  text_format("%s, by token %s", content, view->want->wipe));
    }
    if (verdict_makes(view->verdict))
        plan_step(plan, view, STEP_MKFS, swap ? "mkswap" : "mkfs", mkfs_detail(view));
    if (view->verdict == VERDICT_FINISH && view->found->stamped)
        plan_step(plan, view, STEP_FINISH, swap ? "mkswap" : "mkfs",
                  text_format("%s, finish what an interrupted run made", view->fstype));
}

bool plan_relabels(const struct tier_view *view)
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

static void plan_swap_growing(struct plan *plan, const struct tier_view *view)
{
    if (view->want->tier == TIER_SWAP)
        plan_growing(plan, view);
}

static void plan_mounted_growing(struct plan *plan, const struct tier_view *view)
{
    if (view->too_small)
        plan_warn(plan,
                  "%s is to be mounted read-only, so its filesystem stays smaller than the device "
                  "%s",
                  view->path, view->found->disk.path);
    else if (view->want->tier != TIER_SWAP)
        plan_growing(plan, view);
}

static void plan_label(struct plan *plan, const struct tier_view *view)
{
    if (plan_relabels(view) && view->want->tier == TIER_SWAP)
        plan_step(plan, view, STEP_LABEL, "label", alloc_string(view->label));
}

static bool keeps_other_label(const struct tier_view *view)
{
    bool ours = view->verdict == VERDICT_KEEP || view->verdict == VERDICT_FINISH;

    return ours && view->read_only && !text_equal(view->label, tier_label(view->want->tier));
}

/* A filesystem is labelled through its mount. */
static void plan_mounted_label(struct plan *plan, const struct tier_view *view)
{
    if (keeps_other_label(view))
        plan_warn(plan, "%s is to be mounted read-only, so the label %s stays", view->path,
                  view->label && *view->label ? view->label : "(none)");
    else if (plan_relabels(view) && view->want->tier != TIER_SWAP)
        plan_step(plan, view, STEP_LABEL, "label", alloc_string(view->label));
}

/* fstab as it will be; one action for each line that changes. */
static int plan_fstab(struct plan *plan, const struct tier_view *view, char **fstab_after,
                      struct error *error)
{
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
    char *after = fstab_text_edit(*fstab_after, line ? line->text : NULL, text);
    free(*fstab_after);
    *fstab_after = after;
    plan_step(plan, view, STEP_FSTAB, "fstab",
              line ? text_format("replace line %d: %s", line->number, text)
                   : text_format("add: %s", text));
    return 0;
}

static void for_each(struct plan *plan, const struct tier_views *views,
                     void (*step)(struct plan *, const struct tier_view *))
{
    for (size_t i = 0; i < views->count; i++)
        step(plan, &views->items[i]);
}

/* The same for a step that can refuse. */
static int try_each(struct plan *plan, const struct tier_views *views,
                    int (*step)(struct plan *, const struct tier_view *, struct error *),
                    struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < views->count && r == 0; i++)
        r = step(plan, &views->items[i], error);
    return r;
}

static bool plan_has(const struct plan *plan, enum step step)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->actions[i].kind == (int)step)
            return true;
    return false;
}

static void plan_root(struct plan *plan, const struct facts *facts, const struct request *request)
{
    if (!facts->root.exists && !request->absent)
        plan_step(plan, NULL, STEP_MKDIR_ROOT, "mkdir", alloc_string(request->root));
}

static bool is_mount_point(const struct mount_list *mounts, const char *path)
{
    for (size_t i = 0; i < mounts->count; i++)
        if (text_equal(mounts->items[i].target, path))
            return true;
    return false;
}

/* The root goes when nothing is in it but directories that go, and nothing is mounted there. */
static void plan_root_removal(struct plan *plan, const struct departures *departures,
                              const struct tier_views *views)
{
    const struct directory *root = &views->facts->root;
    size_t going = 0;

    for (size_t i = 0; i < departures->count; i++)
        going += departures->items[i].declared_path && departures->items[i].directory_goes;
    if (!views->request->absent || !root->exists || root->entries.count != going ||
        is_mount_point(&views->facts->mounts, views->request->root))
        return;
    plan_step(plan, NULL, STEP_LEAVE_ROOT, "rmdir", alloc_string(views->request->root));
}

static bool is_to_be_mounted(const struct tier_views *views)
{
    for (size_t i = 0; i < views->count; i++) {
        const struct tier_view *view = &views->items[i];

        if (!view->want->os && view->want->tier != TIER_SWAP && !view->mounted)
            return true;
    }
    return false;
}

/* systemd is told before each mount, also when fstab is right already: the run that wrote it may
 * have been killed before it could. */
static int plan_all_fstab(struct plan *plan, const struct tier_views *views,
                          const struct facts *facts, char **fstab_after, struct error *error)
{
    AUTO_FREE char *before = alloc_string(*fstab_after);
    int r = 0;

    for (size_t i = 0; i < views->count && r == 0; i++)
        r = plan_fstab(plan, &views->items[i], fstab_after, error);
    if (r == 0 && facts->systemd && (strcmp(*fstab_after, before) != 0 || is_to_be_mounted(views)))
        plan_step(plan, NULL, STEP_DAEMON_RELOAD, "daemon_reload",
                  alloc_string("systemctl daemon-reload"));
    return r;
}

static int check_records(const struct plan *plan, const struct facts *facts, struct error *error)
{
    if (!facts->records_unwritable || !(plan_has(plan, STEP_MKFS) || plan_has(plan, STEP_WIPE) ||
                                        plan_has(plan, STEP_LEAVE_FSTAB)))
        return 0;
    return error_refuse(
        error, "records-unwritable",
        "a filesystem is to be made or to move, but the record that makes this safe "
        "can't be kept: %s",
        facts->records_unwritable);
}

static int check_root(const struct plan *plan, const struct facts *facts,
                      const struct request *request, struct error *error)
{
    if (!facts->root_unwritable ||
        !(plan_has(plan, STEP_MKDIR_ROOT) || plan_has(plan, STEP_MKDIR) ||
          plan_has(plan, STEP_IMMUTABLE_CLEAR) || plan_has(plan, STEP_LEAVE_RMDIR)))
        return 0;
    return error_refuse(error, "root-unwritable",
                        "directories are to be made or changed at %s, but %s", request->root,
                        facts->root_unwritable);
}

static void add_restart(struct plan *plan)
{
    bool swap = plan_has(plan, STEP_SWAPON) || plan_has(plan, STEP_LEAVE_SWAPOFF);
    json_t *reasons =
        swap ? json_pack("[s]", "swap was switched on or off: a running kubelet sees it only after "
                                "a restart")
             : json_array();

    json_object_set_new(plan->consequences, "restart_needed", json_boolean(swap));
    json_object_set_new(plan->consequences, "restart_reasons", reasons);
}

static int plan_steps(struct plan *plan, const struct tier_views *views,
                      const struct departures *departures, char **fstab_after, struct error *error)
{
    const struct request *request = views->request;
    const struct facts *facts = views->facts;
    int r = departures_plan(departures, views, plan, fstab_after, error);

    if (r < 0)
        return r;
    plan_root_removal(plan, departures, views);
    for_each(plan, views, plan_making);
    r = try_each(plan, views, plan_swapoff, error);
    if (r < 0)
        return r;
    for_each(plan, views, plan_swap_growing);
    for_each(plan, views, plan_label);
    plan_root(plan, facts, request);
    for_each(plan, views, plan_directory);
    for_each(plan, views, plan_remount);
    r = plan_all_fstab(plan, views, facts, fstab_after, error);
    if (r < 0)
        return r;
    for_each(plan, views, plan_mount);
    for_each(plan, views, plan_mounted_label);
    for_each(plan, views, plan_mounted_growing);
    for_each(plan, views, plan_swapon);
    r = try_each(plan, views, plan_permissions, error);
    if (r == 0)
        r = check_root(plan, facts, request, error);
    return r < 0 ? r : check_records(plan, facts, error);
}

int storage_plan(const void *request_, const void *facts_, struct plan *plan, struct error *error)
{
    const struct request *request = request_;
    const struct facts *facts = facts_;
    __attribute__((cleanup(tier_views_release))) struct tier_views views = {0};
    __attribute__((cleanup(departures_release))) struct departures departures = {0};
    AUTO_FREE char *fstab_after = alloc_string(facts->fstab.text ? facts->fstab.text : "");
    int r = tier_views_make(request, facts, &views, error);

    if (r < 0)
        return r;
    departures_make(&views, &departures);
    r = plan_steps(plan, &views, &departures, &fstab_after, error);
    if (r < 0)
        return r;
    add_restart(plan);
    tier_report(&views, plan);
    tier_diff(&views, &departures, fstab_after, plan);
    return 0;
}

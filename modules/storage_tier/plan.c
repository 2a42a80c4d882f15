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

/* What the parts of a plan are made from, and what they add to. */
struct planning {
    struct plan *plan;
    const struct tier_views *views;
    const struct departures *departures;
    char **fstab_after; /* fstab as it will be */
};

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

static bool plan_has(const struct plan *plan, enum step step)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->actions[i].kind == (int)step)
            return true;
    return false;
}

static int plan_departures(struct planning *planning, struct error *error)
{
    return departures_plan(planning->departures, planning->views, planning->plan,
                           planning->fstab_after, error);
}

static int plan_root(struct planning *planning, struct error *error)
{
    const struct request *request = planning->views->request;

    (void)error;
    if (!planning->views->facts->root.exists && !request->absent)
        plan_step(planning->plan, NULL, STEP_MKDIR_ROOT, "mkdir", alloc_string(request->root));
    return 0;
}

static bool is_mount_point(const struct mount_list *mounts, const char *path)
{
    for (size_t i = 0; i < mounts->count; i++)
        if (text_equal(mounts->items[i].target, path))
            return true;
    return false;
}

/* The root goes when nothing is in it but directories that go, and nothing is mounted there. */
static int plan_root_removal(struct planning *planning, struct error *error)
{
    const struct departures *departures = planning->departures;
    const struct request *request = planning->views->request;
    const struct facts *facts = planning->views->facts;
    size_t going = 0;

    (void)error;
    for (size_t i = 0; i < departures->count; i++)
        going += departures->items[i].declared_path && departures->items[i].directory_goes;
    if (request->absent && facts->root.exists && facts->root.entries.count == going &&
        !is_mount_point(&facts->mounts, request->root))
        plan_step(planning->plan, NULL, STEP_LEAVE_ROOT, "rmdir", alloc_string(request->root));
    return 0;
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
static int plan_all_fstab(struct planning *planning, struct error *error)
{
    const struct tier_views *views = planning->views;
    AUTO_FREE char *before = alloc_string(*planning->fstab_after);
    int r = 0;

    for (size_t i = 0; i < views->count && r == 0; i++)
        r = plan_fstab(planning->plan, &views->items[i], planning->fstab_after, error);
    if (r == 0 && views->facts->systemd &&
        (strcmp(*planning->fstab_after, before) != 0 || is_to_be_mounted(views)))
        plan_step(planning->plan, NULL, STEP_DAEMON_RELOAD, "daemon_reload",
                  alloc_string("systemctl daemon-reload"));
    return r;
}

static int check_records(struct planning *planning, struct error *error)
{
    const struct plan *plan = planning->plan;
    const struct facts *facts = planning->views->facts;

    if (!facts->records_unwritable || !(plan_has(plan, STEP_MKFS) || plan_has(plan, STEP_WIPE) ||
                                        plan_has(plan, STEP_LEAVE_FSTAB)))
        return 0;
    return error_refuse(
        error, "records-unwritable",
        "a filesystem is to be made or to move, but the record that makes this safe "
        "can't be kept: %s",
        facts->records_unwritable);
}

static int check_root(struct planning *planning, struct error *error)
{
    const struct plan *plan = planning->plan;
    const struct facts *facts = planning->views->facts;

    if (!facts->root_unwritable ||
        !(plan_has(plan, STEP_MKDIR_ROOT) || plan_has(plan, STEP_MKDIR) ||
          plan_has(plan, STEP_IMMUTABLE_CLEAR) || plan_has(plan, STEP_LEAVE_RMDIR)))
        return 0;
    return error_refuse(error, "root-unwritable",
                        "directories are to be made or changed at %s, but %s",
                        planning->views->request->root, facts->root_unwritable);
}

static void plan_restart(struct plan *plan)
{
    bool swap = plan_has(plan, STEP_SWAPON) || plan_has(plan, STEP_LEAVE_SWAPOFF);
    json_t *reasons =
        swap ? json_pack("[s]", "swap was switched on or off: a running kubelet sees it only after "
                                "a restart")
             : json_array();

    json_object_set_new(plan->consequences, "restart_needed", json_boolean(swap));
    json_object_set_new(plan->consequences, "restart_reasons", reasons);
}

/* The plan from its first action to its last: each of these is done for the whole host, or for one
 * tier after the other, and can refuse. */
static const struct plan_part {
    int (*host)(struct planning *planning, struct error *error);
    void (*tier)(struct plan *plan, const struct tier_view *view);
    int (*tier_or_refuse)(struct plan *plan, const struct tier_view *view, struct error *error);
} plan_order[] = {
    {.host = plan_departures},
    {.host = plan_root_removal},
    {.tier = plan_making},
    {.tier_or_refuse = plan_swapoff},
    {.tier = plan_swap_growing},
    {.tier = plan_label},
    {.host = plan_root},
    {.tier = plan_directory},
    {.tier = plan_remount},
    {.host = plan_all_fstab},
    {.tier = plan_mount},
    {.tier = plan_mounted_label},
    {.tier = plan_mounted_growing},
    {.tier = plan_swapon},
    {.tier_or_refuse = plan_permissions},
    {.host = check_root},
    {.host = check_records},
};

static int plan_part(const struct plan_part *part, struct planning *planning, struct error *error)
{
    const struct tier_views *views = planning->views;
    int r = part->host ? part->host(planning, error) : 0;

    for (size_t i = 0; !part->host && i < views->count && r == 0; i++)
        if (part->tier)
            part->tier(planning->plan, &views->items[i]);
        else
            r = part->tier_or_refuse(planning->plan, &views->items[i], error);
    return r;
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
    for (size_t i = 0; i < ARRAY_SIZE(plan_order) && r == 0; i++)
        r = plan_part(&plan_order[i], &(struct planning){plan, &views, &departures, &fstab_after},
                      error);
    if (r < 0)
        return r;
    plan_restart(plan);
    tier_report(&views, plan);
    tier_diff(&views, &departures, fstab_after, plan);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

static bool plan_has(const struct plan *plan, enum step step)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->actions[i].kind == (int)step)
            return true;
    return false;
}

static int plan_root(struct planning *planning, struct error *error)
{
    const struct request *request = planning->views->request;

    (void)error;
    if (!planning->views->facts->root.exists && !request->absent)
        plan_step(planning->plan, NULL, STEP_MKDIR_ROOT, "mkdir", alloc_string(request->root));
    return 0;
}

static bool plan_is_mount_point(const struct mount_list *mounts, const char *path)
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
        !plan_is_mount_point(&facts->mounts, request->root))
        plan_step(planning->plan, NULL, STEP_LEAVE_ROOT, "rmdir", alloc_string(request->root));
    return 0;
}

static bool plan_is_to_be_mounted(const struct tier_views *views)
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
    AUTO_FREE char *before = alloc_string(planning->fstab_after);
    int r = 0;

    for (size_t i = 0; i < views->count && r == 0; i++)
        r = plan_fstab(planning, &views->items[i], error);
    if (r == 0 && views->facts->systemd &&
        (strcmp(planning->fstab_after, before) != 0 || plan_is_to_be_mounted(views)))
        plan_step(planning->plan, NULL, STEP_DAEMON_RELOAD, "daemon_reload",
                  alloc_string("systemctl daemon-reload"));
    return r;
}

static int plan_check_records(struct planning *planning, struct error *error)
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

static int plan_check_root(struct planning *planning, struct error *error)
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
    {.tier = plan_swap_label},
    {.host = plan_root},
    {.tier = plan_directory},
    {.tier = plan_remount},
    {.host = plan_all_fstab},
    {.tier = plan_mount},
    {.tier = plan_mounted_label},
    {.tier = plan_mounted_growing},
    {.tier = plan_swapon},
    {.tier_or_refuse = plan_permissions},
    {.host = plan_check_root},
    {.host = plan_check_records},
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
    struct planning planning = {.plan = plan, .views = &views, .departures = &departures};
    int r = tier_views_make(request, facts, &views, error);

    if (r < 0)
        return r;
    departures_make(&views, &departures);
    planning.fstab_after = alloc_string(facts->fstab.text ? facts->fstab.text : "");
    for (size_t i = 0; i < ARRAY_SIZE(plan_order) && r == 0; i++)
        r = plan_part(&plan_order[i], &planning, error);
    if (r == 0) {
        plan_restart(plan);
        tier_report(&views, plan);
        tier_diff(&planning);
    }
    free(planning.fstab_after);
    return r;
}

#include "plan.h"

#include <string.h>

#include "cleanup.h"
#include "departures.h"
#include "fstab_text.h"
#include "mode.h"
#include "refuse.h"
#include "steps.h"
#include "text.h"
#include "tiers.h"

enum { NEW_DIRECTORY_MODE = 0755 };

/* Adds an action; steals `detail` (NULL: out of memory). `view` NULL: about no tier. */
static int add(struct plan *plan, const struct tier_view *view, enum step step, const char *op,
               char *detail, struct action **ret_action, struct error *error)
{
    AUTO_FREE char *owned = detail;
    struct action *action = NULL;
    AUTO_JSON json_t *tier = json_text(view ? tier_names[view->want->tier] : NULL);
    AUTO_JSON json_t *device = json_text(view && !view->want->os ? view->found->disk.path : NULL);
    AUTO_JSON json_t *text = owned ? json_text(owned) : NULL;

    if (!tier || !device || !text)
        return error_oom(error);
    int r = plan_add(
        plan,
        json_pack("{s:s, s:O, s:O, s:O}", "op", op, "tier", tier, "device", device, "detail", text),
        &action, error);
    if (r < 0)
        return r;
    action->kind = (int)step;
    action->subject = view ? view->index : 0;
    if (ret_action)
        *ret_action = action;
    return 0;
}

static char *mkfs_detail(const struct tier_view *view)
{
    AUTO_FREE char *options = string_list_join(&view->want->mkfs_options, " ");

    return options
               ? text_format(
                     "%s, label %s%s%s%s", view->fstype, view->label, *options ? ", options " : "",
                     options,
                     view->verdict == VERDICT_REMAKE ? ", over a half-made one of this module" : "")
               : NULL;
}

static int plan_making(struct plan *plan, const struct tier_view *view, struct error *error)
{
    bool swap = view->want->tier == TIER_SWAP;
    int r = 0;

    if (view->verdict == VERDICT_WIPE) {
        AUTO_FREE char *content = content_describe(&view->found->disk.content);
        r = content ? add(plan, view, STEP_WIPE, "wipe",
                          text_format("%s, by token %s", content, view->want->wipe), NULL, error)
                    : error_oom(error);
    }
    if (r == 0 && verdict_makes(view->verdict))
        r = add(plan, view, STEP_MKFS, swap ? "mkswap" : "mkfs", mkfs_detail(view), NULL, error);
    if (r == 0 && view->verdict == VERDICT_FINISH && !judge_is_move(view->found, view->want->tier))
        r = add(plan, view, STEP_FINISH, swap ? "mkswap" : "mkfs",
                text_format("%s, finish what an interrupted run made", view->fstype), NULL, error);
    return r;
}

static bool label_differs(const struct tier_view *view)
{
    const struct signature *fs = found_filesystem(view->found);

    return (view->verdict == VERDICT_KEEP || view->verdict == VERDICT_FINISH) &&
           !text_equal(fs->label, view->label);
}

static const struct swap *active_swap(const struct tier_view *view)
{
    for (size_t i = 0; i < view->facts->swaps.count; i++)
        if (view->facts->swaps.items[i].devno == view->found->disk.devno)
            return &view->facts->swaps.items[i];
    return NULL;
}

static bool priority_differs(const struct tier_view *view, const struct swap *swap)
{
    return view->request->swap_priority >= 0 && swap->priority != view->request->swap_priority;
}

/* What can change only while swap is off, and off it goes only when memory can hold what is in it.
 */
static const char *swap_change(const struct tier_view *view, const struct swap *swap)
{
    if (view->grows_to)
        return "size";
    if (label_differs(view))
        return "label";
    return priority_differs(view, swap) ? "priority" : NULL;
}

static int plan_swapoff(struct plan *plan, const struct tier_view *view, struct error *error)
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
    return add(plan, view, STEP_SWAPOFF, "swapoff", text_format("to change its %s", change), NULL,
               error);
}

static int plan_growing(struct plan *plan, const struct tier_view *view, struct error *error)
{
    AUTO_FREE char *from = size_describe(view->found->disk.content.filesystem_bytes);
    AUTO_FREE char *to = size_describe(view->grows_to);

    if (!view->grows_to)
        return 0;
    return from && to ? add(plan, view, STEP_GROW, "grow",
                            text_format("%s from %s to %s", view->fstype, from, to), NULL, error)
                      : error_oom(error);
}

static int plan_swap_growing(struct plan *plan, const struct tier_view *view, struct error *error)
{
    return view->want->tier == TIER_SWAP ? plan_growing(plan, view, error) : 0;
}

static int plan_mounted_growing(struct plan *plan, const struct tier_view *view,
                                struct error *error)
{
    return view->want->tier == TIER_SWAP ? 0 : plan_growing(plan, view, error);
}

static int plan_label(struct plan *plan, const struct tier_view *view, struct error *error)
{
    if (!label_differs(view) || view->want->tier != TIER_SWAP)
        return 0;
    return add(plan, view, STEP_LABEL, "label", strdup(view->label), NULL, error);
}

/* A filesystem is labelled through its mount. */
static int plan_mounted_label(struct plan *plan, const struct tier_view *view, struct error *error)
{
    if (!label_differs(view) || view->want->tier == TIER_SWAP)
        return 0;
    return add(plan, view, STEP_LABEL, "label", strdup(view->label), NULL, error);
}

static int plan_directory(struct plan *plan, const struct tier_view *view, struct error *error)
{
    const struct directory *point = &view->found->mount_point;
    struct action *action;
    int r = 0;

    if (view->want->tier == TIER_SWAP || view->want->shared)
        return 0;
    if (!point->exists)
        r = add(plan, view, STEP_MKDIR, "mkdir", strdup(view->path), NULL, error);
    if (r == 0 && view->want->os && point->immutable)
        r = add(plan, view, STEP_IMMUTABLE_CLEAR, "chattr", text_format("-i %s", view->path), NULL,
                error);
    bool possible =
        (point->exists ? point->immutable_possible : view->facts->root.immutable_possible) &&
        !view->facts->root_unwritable;
    if (r == 0 && !view->want->os && !point->immutable && possible) {
        r = add(plan, view, STEP_IMMUTABLE_SET, "chattr", text_format("+i %s", view->path), &action,
                error);
        if (r == 0)
            action->best_effort = true;
    }
    if (r == 0 && !view->want->os && !point->immutable && !possible)
        r = plan_warn(plan, error,
                      "%s can't have the immutable attribute here: while the disk is not mounted, "
                      "what is written there lands on the OS disk",
                      view->path);
    return r;
}

/* fstab as it will be; one action for each line that changes. */
static int plan_fstab(struct plan *plan, const struct tier_view *view, char **fstab_after,
                      struct error *error)
{
    const struct fstab_line *line = view->line;
    AUTO_FREE char *text = NULL, *after = NULL;

    if (view->want->os)
        return 0;
    text = fstab_line_text(view->request, view->want, &view->found->disk, view->uuid, view->fstype);
    if (!text)
        return error_oom(error);
    if (line && fstab_same_fields(line->text, text)) {
        if (view->found->intents.count == 0)
            return 0;
        return add(
            plan, view, STEP_FSTAB, "fstab",
            text_format("line %d stays; the record of the interrupted run goes", line->number),
            NULL, error);
    }
    if (view->facts->fstab.unwritable)
        return refuse_disk(error, "fstab-unwritable", view->want, view->found,
                           "needs a line in fstab, but %s", view->facts->fstab.unwritable);
    after = fstab_text_edit(*fstab_after, line ? line->text : NULL, text);
    if (!after)
        return error_oom(error);
    free(*fstab_after);
    *fstab_after = TAKE_PTR(after);
    return add(plan, view, STEP_FSTAB, "fstab",
               line ? text_format("replace line %d: %s", line->number, text)
                    : text_format("add: %s", text),
               NULL, error);
}

/* Read as mount(8) reads them: the last one counts, and some imply others. */
static bool flag_wanted(const struct tier_view *view, const char *flag)
{
    static const struct {
        const char *option, *flags;
        bool value;
    } meanings[] = {
        {"ro", "ro", true},
        {"rw", "ro", false},
        {"nodev", "nodev", true},
        {"dev", "nodev", false},
        {"nosuid", "nosuid", true},
        {"suid", "nosuid", false},
        {"noexec", "noexec", true},
        {"exec", "noexec", false},
        {"noatime", "noatime", true},
        {"atime", "noatime", false},
        {"strictatime", "noatime", false},
        {"nodiratime", "nodiratime", true},
        {"diratime", "nodiratime", false},
        {"user", "noexec,nosuid,nodev", true},
        {"users", "noexec,nosuid,nodev", true},
        {"owner", "nosuid,nodev", true},
        {"group", "nosuid,nodev", true},
    };
    const char *p = view->want->mount_options;
    bool wanted = false;

    for (size_t length; *p; p += length + (p[length] == ',')) {
        length = strcspn(p, ",");
        for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
            if (strlen(meanings[i].option) == length &&
                strncmp(meanings[i].option, p, length) == 0 &&
                text_list_has(meanings[i].flags, flag))
                wanted = meanings[i].value;
    }
    return wanted;
}

/* The flags of the mount itself, which the kernel shows as they were asked for. */
static bool flags_differ(const struct tier_view *view)
{
    static const char *const flags[] = {"ro", "nodev", "nosuid", "noexec", "noatime", "nodiratime"};

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (text_list_has(view->mount->options, flags[i]) != flag_wanted(view, flags[i]))
            return true;
    return false;
}

static bool options_changed(const struct tier_view *view)
{
    const struct fstab_line *line = view->line;

    return line && line->options &&
           !fstab_same_filesystem_options(line->options, view->want->mount_options);
}

static int plan_mount(struct plan *plan, const struct tier_view *view, struct error *error)
{
    struct action *action;
    int r = 0;

    if (view->want->os || view->want->tier == TIER_SWAP)
        return 0;
    if (!view->mounted)
        return add(plan, view, STEP_MOUNT, "mount", strdup(view->path), NULL, error);
    bool flags = flags_differ(view);
    if (flags || options_changed(view)) {
        r = add(plan, view, STEP_REMOUNT, "remount",
                text_format("%s with %s", view->path, view->want->mount_options), &action, error);
        if (r == 0)
            action->best_effort = !flags;
    }
    if (r == 0 && view->found->mount_point.entries.count)
        r = plan_warn(plan, error, "%s is not empty below its mount: %s is hidden there",
                      view->path, view->found->mount_point.entries.items[0]);
    return r;
}

static int plan_swapon(struct plan *plan, const struct tier_view *view, struct error *error)
{
    const struct swap *swap = active_swap(view);
    int priority = view->request->swap_priority;

    if (view->want->tier != TIER_SWAP || (swap && !swap_change(view, swap)))
        return 0;
    return add(plan, view, STEP_SWAPON, "swapon",
               priority >= 0 ? text_format("priority %d", priority) : strdup("default priority"),
               NULL, error);
}

static int plan_owner(struct plan *plan, const struct tier_view *view, bool known,
                      struct error *error)
{
    const struct found *found = view->found;
    const struct visible_directory *now = &found->visible;
    int uid = known ? now->uid : 0, gid = known ? now->gid : 0;

    if ((found->owner_uid < 0 || found->owner_uid == uid) &&
        (found->group_gid < 0 || found->group_gid == gid))
        return 0;
    return add(plan, view, STEP_CHOWN, "chown",
               text_format("%s:%s %s", view->want->owner ? view->want->owner : "",
                           view->want->group ? view->want->group : "", view->path),
               NULL, error);
}

static int plan_permissions(struct plan *plan, const struct tier_view *view, struct error *error)
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
        r = add(plan, view, STEP_CHOWN, "chown",
                text_format("%s:%s %s", view->want->owner ? view->want->owner : "",
                            view->want->group ? view->want->group : "", view->path),
                NULL, error);
    else
        r = plan_owner(plan, view, !fresh, error);
    if (r == 0 && view->want->mode)
        r = mode_apply(view->want->mode, before, &mode, error);
    if (r == 0 && view->want->mode && (unseen || mode != before))
        r = add(plan, view, STEP_CHMOD, "chmod", text_format("%s %s", view->want->mode, view->path),
                NULL, error);
    return r;
}

static int for_each(struct plan *plan, const struct tier_views *views,
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

static int plan_root(struct plan *plan, const struct facts *facts, const struct request *request,
                     struct error *error)
{
    if (facts->root.exists || request->absent)
        return 0;
    return add(plan, NULL, STEP_MKDIR_ROOT, "mkdir", strdup(request->root), NULL, error);
}

/* The root goes when nothing is in it but directories that go. */
static int plan_root_removal(struct plan *plan, const struct departures *departures,
                             const struct tier_views *views, struct error *error)
{
    const struct directory *root = &views->facts->root;
    size_t going = 0;

    for (size_t i = 0; i < departures->count; i++)
        going += departures->items[i].tier != TIER_SWAP && departures->items[i].directory_goes;
    if (!views->request->absent || !root->exists || root->entries.count != going)
        return 0;
    return add(plan, NULL, STEP_LEAVE_ROOT, "rmdir", strdup(views->request->root), NULL, error);
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
    AUTO_FREE char *before = strdup(*fstab_after);
    int r = before ? 0 : error_oom(error);

    for (size_t i = 0; i < views->count && r == 0; i++)
        r = plan_fstab(plan, &views->items[i], fstab_after, error);
    if (r == 0 && facts->systemd && (strcmp(*fstab_after, before) != 0 || is_to_be_mounted(views)))
        r = add(plan, NULL, STEP_DAEMON_RELOAD, "daemon_reload", strdup("systemctl daemon-reload"),
                NULL, error);
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

static int add_restart(struct plan *plan, struct error *error)
{
    bool swap = plan_has(plan, STEP_SWAPON) || plan_has(plan, STEP_LEAVE_SWAPOFF);
    json_t *reasons =
        swap ? json_pack("[s]", "swap was switched on or off: a running kubelet sees it only after "
                                "a restart")
             : json_array();

    if (json_object_set_new(plan->consequences, "restart_needed", json_boolean(swap)) < 0 ||
        json_object_set_new(plan->consequences, "restart_reasons", reasons) < 0)
        return error_oom(error);
    return 0;
}

static int plan_steps(struct plan *plan, const struct tier_views *views,
                      const struct request *request, const struct facts *facts, char **fstab_after,
                      struct error *error)
{
    __attribute__((cleanup(departures_release))) struct departures departures = {0};
    int r = departures_make(views, &departures, error);

    if (r == 0)
        r = departures_plan(&departures, views, plan, fstab_after, error);
    if (r == 0)
        r = plan_root_removal(plan, &departures, views, error);
    if (r == 0)
        r = for_each(plan, views, plan_making, error);
    if (r == 0)
        r = for_each(plan, views, plan_swapoff, error);
    if (r == 0)
        r = for_each(plan, views, plan_swap_growing, error);
    if (r == 0)
        r = for_each(plan, views, plan_label, error);
    if (r == 0)
        r = plan_root(plan, facts, request, error);
    if (r == 0)
        r = for_each(plan, views, plan_directory, error);
    if (r == 0)
        r = plan_all_fstab(plan, views, facts, fstab_after, error);
    if (r == 0)
        r = for_each(plan, views, plan_mount, error);
    if (r == 0)
        r = for_each(plan, views, plan_mounted_label, error);
    if (r == 0)
        r = for_each(plan, views, plan_mounted_growing, error);
    if (r == 0)
        r = for_each(plan, views, plan_swapon, error);
    if (r == 0)
        r = for_each(plan, views, plan_permissions, error);
    if (r == 0)
        r = check_root(plan, facts, request, error);
    return r < 0 ? r : check_records(plan, facts, error);
}

int storage_plan(const void *request_, const void *facts_, struct plan *plan, struct error *error)
{
    const struct request *request = request_;
    const struct facts *facts = facts_;
    __attribute__((cleanup(tier_views_release))) struct tier_views views = {0};
    AUTO_FREE char *fstab_after = strdup(facts->fstab.text ? facts->fstab.text : "");

    if (!fstab_after)
        return error_oom(error);
    int r = tier_views_make(request, facts, &views, error);
    if (r == 0)
        r = plan_steps(plan, &views, request, facts, &fstab_after, error);
    if (r == 0)
        r = add_restart(plan, error);
    if (r == 0)
        r = tier_report(&views, plan, error);
    return r < 0 ? r : tier_diff(&views, fstab_after, plan, error);
}

#include "plan_parts.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "fstab_text.h"
#include "mount_options.h"
#include "text.h"

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

    if (mount_options_missing(view->fstype, view->want->mount_options,
                              view->mount->fs_options ? view->mount->fs_options : "",
                              view->found->discards))
        return true;
    return line && line->options &&
           !fstab_same_filesystem_options(line->options, view->want->mount_options);
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
    if (!view->mounted || (!flags_differ(view) && !options_changed(view)))
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

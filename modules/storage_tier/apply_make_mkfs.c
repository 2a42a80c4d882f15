#include "apply_make_parts.h"
#include "cleanup.h"
#include "judge.h"
#include "process.h"
#include "text.h"

enum { MAX_ARGUMENTS = 64 };

struct arguments {
    const char *items[MAX_ARGUMENTS];
    size_t count;
};

static void push(struct arguments *arguments, const char *item)
{
    if (arguments->count + 1 < MAX_ARGUMENTS)
        arguments->items[arguments->count++] = item;
}

/* The user's arguments; what mke2fs takes once only (-E) is joined with the module's own, and
 * returned. Owned by the caller. */
static char *push_options(struct arguments *arguments, const struct disk_request *want)
{
    AUTO_TEXT struct text extended = {0};

    text_add(&extended, "nodiscard,lazy_itable_init=1");
    for (size_t i = 0; i < want->mkfs_options.count; i++) {
        const char *option = want->mkfs_options.items[i];
        bool is_extended = text_equal(want->fstype, "ext4") && text_starts_with(option, "-E");

        if (is_extended && option[2])
            text_addf(&extended, ",%s", option + 2);
        else if (is_extended && i + 1 < want->mkfs_options.count)
            text_addf(&extended, ",%s", want->mkfs_options.items[++i]);
        else
            push(arguments, option);
    }
    return text_take(&extended);
}

/* No discard: it is slower on thin volumes, and the stamps would not survive it. Never -f: that
 * mkfs refuses what it recognises is a second guard. */
int make_run_mkfs(const struct disk_work *disk, struct error *error)
{
    const struct intent *intent = &disk->record;
    AUTO_FREE char *device = text_format("/proc/self/fd/%d", disk->held_fd);
    AUTO_FREE char *uuid = text_format("uuid=%s", intent->uuid);
    const int inherit[] = {disk->held_fd, disk->held_lock};
    const char *label = tier_label(disk->want->tier);
    struct arguments arguments = {0};

    push(&arguments, disk->found->tool);
    AUTO_FREE char *extended = push_options(&arguments, disk->want);
    if (text_equal(disk->want->fstype, "ext4")) {
        const char *const own[] = {"-q", "-E", extended, "-U", intent->uuid};
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
            push(&arguments, own[i]);
    } else if (text_equal(disk->want->fstype, "xfs")) {
        const char *const own[] = {"-q", "-K", "-m", uuid};
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
            push(&arguments, own[i]);
    } else if (text_equal(disk->want->fstype, "btrfs")) {
        const char *const own[] = {"-q", "-K", "-U", intent->uuid};
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
            push(&arguments, own[i]);
    } else {
        push(&arguments, "-U");
        push(&arguments, intent->uuid);
    }
    push(&arguments, "-L");
    push(&arguments, label);
    push(&arguments, device);
    int r = program_run(arguments.items, inherit, disk->held_lock > 0 ? 2 : 1, NULL, error);
    return r < 0 ? error_wrap(error, "disk %s: %s", disk->want->name, disk->found->disk.path) : 0;
}

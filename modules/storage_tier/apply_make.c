/*
 * Making a filesystem in an order that a kill or a power cut can't turn into a loss:
 * record -> stamps -> what is to be wiped -> mkfs -> stamps away; the record goes after fstab.
 * Each step is synced before the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "apply.h"
#include "cleanup.h"
#include "content.h"
#include "content_clear.h"
#include "disks.h"
#include "intent.h"
#include "judge.h"
#include "probe_disk.h"
#include "program.h"
#include "text.h"
#include "udev.h"
#include "users.h"

enum { LOCK_SECONDS = 120, POLL_MILLISECONDS = 100, MAX_ARGUMENTS = 64 };

/* systemd's convention: whoever works on a disk holds a BSD lock on the whole disk's node. */
static int lock_device(int fd, const struct disk *disk, struct error *error)
{
    for (time_t end = time(NULL) + LOCK_SECONDS; flock(fd, LOCK_EX | LOCK_NB) < 0;) {
        if (errno != EWOULDBLOCK)
            return error_set_errno(error, -errno, "locking %s", disk->path);
        if (time(NULL) >= end) {
            AUTO_FREE char *users = device_users(disk->devno);
            return error_refuse(error, "locked",
                                "%s is locked by another program (%s); run again when it has "
                                "finished",
                                disk->path, users ? users : "not found");
        }
        nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
    }
    return 0;
}

static int lock_whole_disk(struct found *found, struct error *error)
{
    AUTO_FREE char *path = disk_whole_node(&found->disk);
    AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return path ? error_set_errno(error, -errno, "opening %s", path) : error_oom(error);
    int r = lock_device(fd, &found->disk, error);
    if (r == 0)
        found->held_lock = TAKE_FD(fd);
    return r;
}

/* Opens the disk and locks it; both stay until release_disk. */
static int hold_disk(struct found *found, struct error *error)
{
    if (found->held_fd > 0)
        return 0;
    int fd = disk_open(&found->disk, O_RDWR, error);
    if (fd < 0)
        return fd;
    found->held_fd = fd;
    return found->disk.parent ? lock_whole_disk(found, error)
                              : lock_device(fd, &found->disk, error);
}

static void release_disk(struct found *found)
{
    if (found->held_fd > 0)
        close(found->held_fd);
    if (found->held_lock > 0)
        close(found->held_lock);
    found->held_fd = found->held_lock = 0;
}

static int changed(const struct found *found, struct error *error)
{
    return error_refuse(error, "content-changed",
                        "%s holds something else than it did a moment ago; nothing was written to "
                        "it. Run again",
                        found->disk.path);
}

/* Looked at once more on the descriptor that is held: still what the plan was made for. */
static int confirm(const struct request *request, const struct found *found, struct error *error)
{
    const struct intent *intent = found->stamped ? &found->intents.items[0] : NULL;
    uint64_t offsets[2] = {0};
    struct content now = {0};
    bool zero, xfs_in_progress;

    if (intent)
        stamp_offsets(intent->size_bytes, offsets);
    const struct expected_stamp places[] = {{offsets[0], intent ? intent->uuid : NULL},
                                            {offsets[1], intent ? intent->uuid : NULL}};
    const struct expected_stamps stamps = {places, intent ? 2 : 0};
    int r = content_examine(found->held_fd, found->disk.size_bytes, request->full_scan, &stamps,
                            &now, error);
    bool same = r == 0 && now.kind == found->disk.content.kind &&
                text_equal(now.token, found->disk.content.token);
    fields_release(&content_fields, &now);
    if (r == 0)
        r = disk_read_head(&found->disk, &zero, &xfs_in_progress, error);
    if (r < 0)
        return r;
    same = same && zero == found->head_zero && xfs_in_progress == found->xfs_in_progress;
    return same ? 0 : changed(found, error);
}

static void forget_wipe(struct intent *intent)
{
    free(intent->wipe);
    intent->wipe = NULL;
    fields_release(&content_fields, &(struct content){.signatures = intent->signatures});
    intent->signatures = (struct signature_list){0};
}

/* A wipe of something new makes a new filesystem: under the old UUID the token that named what is
 * destroyed now would name what is made. *ret_old is the UUID of the record that is left behind. */
static int renew(struct found *found, const struct disk_request *want, char **ret_old)
{
    struct intent *intent = &found->intents.items[0];

    *ret_old = TAKE_PTR(intent->uuid);
    forget_wipe(intent);
    intent->uuid = strdup(found->new_uuid);
    intent->wipe = strdup(want->wipe);
    intent->signatures = found->disk.content.signatures;
    found->disk.content.signatures = (struct signature_list){0};
    return intent->uuid && intent->wipe ? 0 : -ENOMEM;
}

/* The record of what is about to happen, as it is kept in `found`. */
static int fill_record(struct found *found, const struct disk_request *want, bool wiping,
                       char **ret_old, struct error *error)
{
    bool again = found->intents.count > 0;

    if (!again && !fields_append(&intent_fields, &found->intents))
        return error_oom(error);
    struct intent *intent = &found->intents.items[0];
    free(intent->identity);
    free(intent->fstype);
    free(intent->tier);
    intent->identity = intent_identity(&found->disk);
    intent->fstype = strdup(want->fstype);
    intent->tier = strdup(tier_names[want->tier]);
    intent->size_bytes = found->disk.size_bytes;
    if (!intent->identity || !intent->fstype || !intent->tier)
        return error_oom(error);
    if (wiping && !(again && text_equal(intent->wipe, want->wipe)))
        return renew(found, want, ret_old) < 0 ? error_oom(error) : 0;
    if (!wiping)
        forget_wipe(intent);
    if (!again)
        intent->uuid = strdup(found->new_uuid);
    return intent->uuid ? 0 : error_oom(error);
}

/* From here on the disk is ours to finish. */
static int record(struct found *found, const struct disk_request *want, bool wiping,
                  struct error *error)
{
    AUTO_FREE char *old = NULL;
    int r = fill_record(found, want, wiping, &old, error);

    if (r == 0)
        r = intent_write(&found->intents.items[0], error);
    if (r == 0)
        r = stamps_write(&found->disk, &found->intents.items[0], error);
    if (r < 0)
        return r;
    found->stamped = true;
    if (old)
        r = intent_remove(old, error);
    return r < 0 ? r : intents_supersede(&found->disk, &found->intents.items[0], error);
}

/* Opened exclusively as well, so that nobody mounts it meanwhile. */
static int clear(const struct found *found, const struct signature_list *signatures,
                 struct error *error)
{
    AUTO_CLOSE int fd = disk_open(&found->disk, O_RDWR | O_EXCL, error);

    return fd < 0 ? fd : content_clear(fd, found->disk.size_bytes, signatures, error);
}

int apply_wipe(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error)
{
    int r = hold_disk(found, error);

    if (r == 0)
        r = confirm(request, found, error);
    if (r == 0)
        r = record(found, want, true, error);
    if (r == 0)
        r = clear(found, &found->intents.items[0].signatures, error);
    if (r == 0)
        found->cleared = true;
    return r;
}

struct arguments {
    const char *items[MAX_ARGUMENTS];
    size_t count;
};

static void push(struct arguments *arguments, const char *item)
{
    if (arguments->count + 1 < MAX_ARGUMENTS)
        arguments->items[arguments->count++] = item;
}

/* The user's arguments; what mke2fs takes once only (-E) is joined with the module's own. */
static int push_options(struct arguments *arguments, const struct disk_request *want,
                        char **ret_extended, struct error *error)
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
    *ret_extended = text_take(&extended);
    return *ret_extended ? 0 : error_oom(error);
}

/* No discard: it is slower on thin volumes, and the stamps would not survive it. Never -f: that
 * mkfs refuses what it recognises is a second guard. */
static int run_mkfs(const struct found *found, const struct disk_request *want, struct error *error)
{
    const struct intent *intent = &found->intents.items[0];
    AUTO_FREE char *device = text_format("/proc/self/fd/%d", found->held_fd);
    AUTO_FREE char *uuid = text_format("uuid=%s", intent->uuid), *extended = NULL;
    const int inherit[] = {found->held_fd, found->held_lock};
    const char *label = tier_label(want->tier);
    struct arguments arguments = {0};

    if (!device || !uuid)
        return error_oom(error);
    push(&arguments, found->tool);
    int r = push_options(&arguments, want, &extended, error);
    if (r < 0)
        return r;
    if (text_equal(want->fstype, "ext4")) {
        const char *const own[] = {"-q", "-E", extended, "-U", intent->uuid};
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
            push(&arguments, own[i]);
    } else if (text_equal(want->fstype, "xfs")) {
        const char *const own[] = {"-q", "-K", "-m", uuid};
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
            push(&arguments, own[i]);
    } else if (text_equal(want->fstype, "btrfs")) {
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
    r = program_run(arguments.items, inherit, found->held_lock > 0 ? 2 : 1, NULL, error);
    return r < 0 ? error_wrap(error, "disk %s: %s", want->name, found->disk.path) : 0;
}

static int sync_disk(const struct found *found, struct error *error)
{
    return fsync(found->held_fd) < 0
               ? error_set_errno(error, -errno, "syncing %s", found->disk.path)
               : 0;
}

/* Options of the user's can make mkfs succeed and not make what the record says. */
static int check_made(const struct found *found, const struct disk_request *want,
                      struct error *error)
{
    struct content content = {0};
    int r = content_read_signatures(found->held_fd, NULL, &content, error);
    bool made = r == 0 && content.kind == CONTENT_FILESYSTEM &&
                text_equal(content.signatures.items[0].type, want->fstype) &&
                text_equal(content.signatures.items[0].uuid, found->intents.items[0].uuid);

    fields_release(&content_fields, &content);
    if (r < 0 || made)
        return r;
    return error_set(error, -EIO,
                     "disk %s: %s succeeded, but %s is not to be found on %s: see mkfs_options",
                     want->name, found->tool, want->fstype, found->disk.path);
}

int apply_mkfs(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error)
{
    static const struct signature_list none;
    bool over_half_made = found->stamped && !found->cleared;
    int r = hold_disk(found, error);

    if (r == 0 && !found->cleared)
        r = confirm(request, found, error);
    if (r == 0)
        r = record(found, want, false, error);
    if (r == 0 && over_half_made)
        r = clear(found, &none, error);
    if (r == 0)
        r = run_mkfs(found, want, error);
    if (r == 0)
        r = sync_disk(found, error);
    if (r == 0)
        r = check_made(found, want, error);
    if (r == 0)
        r = stamps_erase(&found->disk, &found->intents.items[0], error);
    found->made = r == 0;
    release_disk(found);
    if (r == 0)
        udev_wait_for_uuid(found->disk.devno, found->intents.items[0].uuid);
    return r;
}

/* Swap grows by being made anew under its own UUID, with a record like any other. */
int apply_grow_swap(const struct request *request, struct found *found,
                    const struct disk_request *want, struct error *error)
{
    free(found->new_uuid);
    found->new_uuid = strdup(found_filesystem(found)->uuid);
    int r = found->new_uuid ? apply_mkfs(request, found, want, error) : error_oom(error);

    return r < 0 ? r : intent_remove(found->intents.items[0].uuid, error);
}

/* What an interrupted run left to do after its mkfs. */
int apply_finish(struct found *found, struct error *error)
{
    int r = hold_disk(found, error);

    if (r == 0)
        r = sync_disk(found, error);
    if (r == 0)
        r = stamps_erase(&found->disk, &found->intents.items[0], error);
    release_disk(found);
    if (r != -EBUSY)
        return r;
    error_clear(error); /* mounted already: the stamps lie in free space and stay, harmless */
    return 0;
}

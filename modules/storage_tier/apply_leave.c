/* The steps that take away what a tier has been so far; its data stays on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "alloc.h"
#include "apply.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "file.h"
#include "fstab_text.h"
#include "judge.h"
#include "mount/mount.h"
#include "probe.h"
#include "record.h"
#include "text.h"

static struct fstab_line *find_line(struct facts *facts, enum tier tier)
{
    for (size_t i = 0; i < facts->fstab.lines.count; i++) {
        struct fstab_line *line = &facts->fstab.lines.items[i];

        if (text_equal(line->tier, tier_names[tier]) && !line->cloud_init)
            return line;
    }
    return NULL;
}

static int write_record(struct found *found, const struct disk_request *want, struct error *error)
{
    const struct signature *fs = found_filesystem(found);
    struct intent *intent = fields_append(&intent_fields, &found->intents);

    *intent = (struct intent){.uuid = alloc_string(fs->uuid),
                              .identity = intent_identity(&found->disk),
                              .size_bytes = found->disk.size_bytes,
                              .fstype = alloc_string(fs->type),
                              .tier = alloc_string(tier_names[want->tier]),
                              .moves = true};
    return intent_write(intent, error);
}

static bool has_its_line(const struct fstab *fstab, enum tier tier, const char *uuid)
{
    const struct fstab_line *line = fstab_line_of_tier(fstab, tier_names[tier]);

    return line && text_equal(line->uuid, uuid);
}

/* Between its old line and its new one a filesystem that moves is known by a record alone; the new
 * line's step removes it. */
static int record_move(const struct request *request, struct facts *facts,
                       const struct fstab_line *line, struct error *error)
{
    for (size_t i = 0; i < request->disks.count; i++) {
        const struct disk_request *want = &request->disks.items[i];
        struct found *found = &facts->found.items[i];
        const struct signature *fs = found_filesystem(found);

        if (want->os || want->adopt || !fs || !text_equal(fs->uuid, line->uuid) ||
            found->intents.count > 0 || has_its_line(&facts->fstab, want->tier, fs->uuid))
            continue;
        found->recorded = true;
        return write_record(found, want, error);
    }
    return 0;
}

static int remove_line(const struct request *request, struct facts *facts, enum tier tier,
                       struct outcome *outcome, struct error *error)
{
    struct fstab_line *line = find_line(facts, tier);

    if (!line)
        return 0;
    AUTO_FREE char *text = fstab_text_edit(facts->fstab.text, line->text, NULL);
    if (!facts->fstab_before)
        facts->fstab_before = alloc_string(facts->fstab.text);
    int r = record_move(request, facts, line, error);
    if (r == 0)
        r = apply_fstab_text(request, facts, text, outcome, error);
    if (r < 0)
        return r;
    free(line->tier);
    line->tier = NULL;
    return 0;
}

/* umount(2) succeeds while a bind mount or another mount namespace holds the filesystem: only an
 * exclusive open tells that nobody does. */
static int check_free(const struct former *former, struct error *error)
{
    __attribute__((cleanup(host_release))) struct host host = {0};
    int r = host_read(&host, error);
    struct disk *disk = r == 0 ? disks_find(&host.disks, former->devno) : NULL;

    if (r < 0 || !disk)
        return r;
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY | O_EXCL, error);
    if (fd != -EBUSY)
        return fd < 0 ? fd : 0;
    AUTO_FREE char *users = device_users(former->devno);
    return error_set(error, -EBUSY, "%s was unmounted here, but is still in use: %s", disk->path,
                     users ? users : "a bind mount, or another mount namespace");
}

static int put_back(struct facts *facts, struct error *error)
{
    int r = fstab_replace(&facts->fstab, facts->fstab_before, NULL, error);

    for (size_t i = 0; i < facts->found.count && r == 0; i++)
        if (facts->found.items[i].recorded)
            r = intent_remove(facts->found.items[i].intents.items[0].uuid, error);
    return r == 0 && facts->systemd ? systemd_reload(error) : r;
}

/* What can't be taken out of use stays a tier: at the next boot it is mounted as before. */
static int stay(struct facts *facts, int code, struct error *error)
{
    struct error failure = ERROR_INIT;

    if (code == 0 || !facts->fstab_before)
        return code;
    AUTO_FREE char *unmounted = string_list_join(&facts->unmounted, ", ");
    if (put_back(facts, &failure) == 0)
        return error_wrap(error, "fstab is as it was before this run%s%s%s",
                          facts->unmounted.count ? ", but " : "", unmounted,
                          facts->unmounted.count ? " has been unmounted" : "");
    code = error_wrap(error, "lines were removed from fstab and could not be put back (%s)",
                      error_message(&failure));
    error_clear(&failure);
    return code;
}

static int unmount(struct facts *facts, const struct former *former, const char *path,
                   struct error *error)
{
    if (umount2(path, UMOUNT_NOFOLLOW) < 0 && errno != EINVAL) {
        int code = -errno;
        AUTO_FREE char *users = mount_users(path);
        return stay(facts,
                    error_set_errno(error, code, "unmounting %s (%s)", path,
                                    users ? users : "nobody was found to use it"),
                    error);
    }
    string_list_add(&facts->unmounted, path);
    return stay(facts, check_free(former, error), error);
}

static int clear_immutable(const char *path, enum tier tier, struct error *error)
{
    AUTO_FREE char *above = alloc_string_part(path, strlen(path) - strlen(tier_names[tier]));
    AUTO_CLOSE int parent = directory_open_below(above);

    if (parent < 0)
        return error_set_errno(error, parent, "opening the directory of %s", path);
    return directory_set_immutable(parent, tier_names[tier], false, error);
}

static int remove_directory(const char *path, struct error *error)
{
    if (rmdir(path) < 0 && errno != ENOENT)
        return error_set_errno(error, -errno, "removing the directory %s", path);
    return file_sync_directory(path, error);
}

int apply_leave(enum step step, const struct request *request, struct facts *facts, size_t subject,
                struct outcome *outcome, struct error *error)
{
    enum tier tier = (enum tier)(subject % TIER_COUNT);
    struct former *former = &facts->former.items[tier];
    AUTO_FREE char *declared = tier_path(request, tier);
    const char *path = subject < TIER_COUNT && former->path ? former->path : declared;

    if (step == STEP_LEAVE_FSTAB)
        return remove_line(request, facts, tier, outcome, error);
    if (step == STEP_LEAVE_UMOUNT)
        return unmount(facts, former, path, error);
    if (step == STEP_LEAVE_SWAPOFF)
        return stay(facts, swap_deactivate(former->device, error), error);
    if (step == STEP_LEAVE_IMMUTABLE)
        return clear_immutable(path, tier, error);
    return remove_directory(step == STEP_LEAVE_ROOT ? request->root : path, error);
}

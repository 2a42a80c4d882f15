/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "content/content.h"
#include "filesystems.h"
#include "process.h"
#include "record.h"
#include "text.h"

enum { HEAD_SIZE = 4096, FIRST_KIB = 1024, LOCK_SECONDS = 120, POLL_MILLISECONDS = 100 };

static bool disk_in_use(const struct disk *disk)
{
    return disk->busy || disk->mounts.count || disk->swap_active;
}

/* A deep copy through the table, appended to a list. */
static int disk_keep(const struct fields *fields, const void *item, void *list, struct error *error)
{
    AUTO_JSON json_t *json = fields_to_json(fields, item);

    return fields_from_json(fields, json, fields_append(fields, list), error);
}

/* The one record that is about this disk. */
static int disk_keep_record(const struct intent *intent, struct found *found, struct error *error)
{
    return disk_keep(&intent_fields, intent, &found->intents, error);
}

static int disk_keep_partitions(const struct host *host, struct found *found, struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < host->disks.count && r == 0; i++)
        if (text_equal(host->disks.items[i].parent, found->disk.name))
            r = disk_keep(&disk_fields, &host->disks.items[i], &found->parts, error);
    return r;
}

/* By its stamp on a disk with the recorded identity. */
static int disk_find_stamped(const struct intent_list *intents, struct found *found,
                             struct error *error)
{
    AUTO_FREE char *identity = intent_identity(&found->disk);
    int r = 0;

    for (size_t i = 0; i < intents->count && r == 0 && !found->stamped; i++) {
        const struct intent *intent = &intents->items[i];

        if (text_equal(intent->identity, identity))
            r = stamps_find(&found->disk, intent, &found->stamped, error);
        if (r == 0 && found->stamped)
            r = disk_keep_record(intent, found, error);
    }
    return r;
}

/* By its stamp, or by the UUID of the filesystem that it wanted. */
static int disk_find_record(const struct intent_list *intents, struct found *found,
                            struct error *error)
{
    const struct signature *fs = found_filesystem(found);
    int r = disk_in_use(&found->disk) ? 0 : disk_find_stamped(intents, found, error);

    for (size_t i = 0; i < intents->count && r == 0 && found->intents.count == 0; i++)
        if (fs && text_equal(fs->uuid, intents->items[i].uuid))
            r = disk_keep_record(&intents->items[i], found, error);
    return r;
}

int disk_read_head(const struct disk *disk, bool *ret_zero, bool *ret_in_progress,
                   struct error *error)
{
    _Alignas(HEAD_SIZE) char head[HEAD_SIZE];
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY | O_DIRECT, error);
    static const char zeros[FIRST_KIB];

    if (fd < 0)
        return fd;
    if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
        return error_set_errno(error, errno ? -errno : -EIO, "reading %s", disk->path);
    *ret_zero = memcmp(head, zeros, sizeof(zeros)) == 0;
    *ret_in_progress = filesystem_in_progress(head) != NULL;
    return 0;
}

/* An mkfs has finished by its own word, but no fsync preceded that word: the whole is checked.
 * Also where the record is a wipe's: what that began on can be such a half-made one, whose own
 * record is gone by now. Not where a tier moves: its log may have what is not in its place yet, of
 * which a mount makes no fuss. */
static int disk_check_finished(struct found *found, struct error *error)
{
    const struct signature *fs = found_filesystem(found);
    const struct filesystem *filesystem = fs ? filesystem_find(fs->type) : NULL;

    if (!filesystem || !filesystem->check || found->intents.count == 0 ||
        found->intents.items[0].moves || found->in_progress)
        return 0;
    struct string_list argv = filesystem_arguments(
        filesystem, filesystem->check, &(struct filesystem_values){.device = found->disk.path});
    int r = program_run((const char *const *)argv.items, NULL, 0, NULL, error);
    string_list_release(&argv);
    if (r == -ENOMEM) /* the kernel's: it was not started */
        return r;
    if (r < 0)
        found->unfinished = alloc_string(error_message(error));
    error_clear(error);
    return 0;
}

/* Whether reading its signatures is enough: what the disk bears is ours, or is to be adopted. */
static bool disk_is_settled(const struct disk_request *want, const struct found *found,
                            const struct fstab *fstab)
{
    const struct signature *fs = found_filesystem(found);

    return fs && (want->adopt || text_starts_with(fs->label ? fs->label : "", "tier-") ||
                  fstab_line_of_uuid(fstab, fs->uuid));
}

static bool disk_was_blank(const struct found *before, const struct found *found)
{
    return before && before->disk.content.kind == CONTENT_BLANK && found->intents.count == 0 &&
           before->disk.devno == found->disk.devno &&
           before->disk.size_bytes == found->disk.size_bytes && !disk_in_use(&found->disk);
}

static int disk_examine_content(const struct request *request, const struct found *before,
                                struct found *found, struct error *error)
{
    if (disk_was_blank(before, found)) {
        int r = disk_read_signatures(&found->disk, error);
        if (r < 0)
            return r;
        if (found->disk.content.kind == CONTENT_UNKNOWN) {
            found->disk.content.kind = CONTENT_BLANK;
            return 0;
        }
    }
    return disk_examine(&found->disk, request->full_scan,
                        found->stamped ? &found->intents.items[0] : NULL, error);
}

/* The mkfs of a killed run goes on and keeps the lock (systemd's, on the whole disk's node): what
 * it leaves can be judged when it has finished. Who holds the lock for longer is named by apply.
 * Returns the node's descriptor, which has it unless that took too long; below 0: there is none. */
static int disk_wait_for_lock(const struct disk *disk)
{
    AUTO_FREE char *path = disk_whole_node(disk);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
    for (time_t end = time(NULL) + LOCK_SECONDS;
         fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK && time(NULL) < end;)
        nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
    return fd;
}

/* What opens the device exclusively, for a moment: with the lock, so that nobody who works on the
 * disk finds it in use. */
static int disk_find_use(const struct intent_list *intents, bool active, struct found *found,
                         struct error *error)
{
    AUTO_CLOSE int lock __attribute__((unused)) = active ? -1 : disk_wait_for_lock(&found->disk);
    int r = active ? 0 : disk_test_busy(&found->disk, error);

    if (r == 0 && found->disk.busy)
        found->users = device_users(found->disk.devno);
    return r < 0 ? r : disk_find_record(intents, found, error);
}

/* Nobody uses the disk: what is on it can be read past the cache, and proven. */
static int disk_probe_unused(struct found *found, struct error *error)
{
    enum content_kind kind = found->disk.content.kind;
    int r = 0;

    if (kind != CONTENT_UNREADABLE)
        r = disk_read_head(&found->disk, &found->head_zero, &found->in_progress, error);
    if (r == 0)
        r = disk_check_finished(found, error);
    if (r == 0 && found->intents.count == 0 && (kind == CONTENT_DATA || kind == CONTENT_SIGNATURES))
        r = stamps_find_orphan(&found->disk, &found->orphan_stamp, error);
    return r;
}

static int disk_probe_content(const struct survey *survey, size_t index, struct facts *facts,
                              struct error *error)
{
    const struct disk_request *want = &survey->request->disks.items[index];
    struct found *found = &facts->found.items[index];
    bool active = found->disk.mounts.count || found->disk.swap_active;

    if (active && disk_is_settled(want, found, &facts->fstab)) {
        int r = disk_find_record(&survey->records, found, error);
        bool may_be_made = want->wipe || want->tier == TIER_SWAP;
        return r < 0 || !may_be_made
                   ? r
                   : disk_read_head(&found->disk, &found->head_zero, &found->in_progress, error);
    }
    int r = disk_find_use(&survey->records, active, found, error);
    if (r == 0)
        r = disk_examine_content(survey->request,
                                 survey->before ? &survey->before->found.items[index] : NULL, found,
                                 error);
    return r == 0 && !disk_in_use(&found->disk) ? disk_probe_unused(found, error) : r;
}

static bool disk_is_related(const struct disk *a, const struct disk *b)
{
    if (a->devno == b->devno || text_equal(a->parent, b->name) || text_equal(b->parent, a->name))
        return true;
    for (size_t i = 0; i < a->holders.count; i++)
        if (text_equal(a->holders.items[i], b->name))
            return true;
    for (size_t i = 0; i < b->holders.count; i++)
        if (text_equal(b->holders.items[i], a->name))
            return true;
    return false;
}

/* Another device with a UUID: in the signatures that host_read_signatures() found. Owned by the
 * caller; NULL: none. */
static char *disk_find_holder(const struct host *host, const struct disk *disk, const char *uuid)
{
    for (size_t i = 0; uuid && i < host->disks.count; i++) {
        const struct disk *other = &host->disks.items[i];

        if (other->content.signatures.count > 0 && !disk_is_related(disk, other) &&
            text_equal(other->content.signatures.items[0].uuid, uuid))
            return alloc_string(other->path);
    }
    return NULL;
}

static void disk_find_others(const struct disk_request *want, const struct host *host,
                             const struct fstab *fstab, struct found *found)
{
    const struct signature *fs = found_filesystem(found);
    const struct fstab_line *line = fstab_line_of_tier(fstab, tier_names[want->tier]);

    if (fs)
        found->duplicate = disk_find_holder(host, &found->disk, fs->uuid);
    if (line && line->uuid && !(fs && text_equal(fs->uuid, line->uuid)))
        found->line_device = disk_find_holder(host, &found->disk, line->uuid);
}

static void disk_find_tool(const struct disk_request *want, struct found *found)
{
    found->tool = alloc_string(filesystem_find(want->fstype)->mkfs[0]);
    AUTO_FREE char *path = program_find(found->tool);
    found->tool_missing = path == NULL;
}

static void disk_find_grow_tool(struct found *found)
{
    const struct signature *fs = found_filesystem(found);
    const struct filesystem *filesystem = fs ? filesystem_find(fs->type) : NULL;
    const char *program = filesystem ? filesystem_grow_program(filesystem) : NULL;
    AUTO_FREE char *path = program ? program_find(program) : NULL;

    found->grow_tool_missing = program && !path;
}

static void disk_find_mounted_size(struct found *found)
{
    const struct signature *fs = found_filesystem(found);
    uint64_t bytes = 0;

    for (size_t i = 0; fs && !bytes && i < found->disk.mounts.count; i++)
        bytes = filesystem_mounted_bytes(found->disk.mounts.items[i], fs->type);
    if (bytes)
        found->disk.content.filesystem_bytes = bytes;
}

int probe_disk(const struct survey *survey, size_t index, struct facts *facts, struct error *error)
{
    const struct disk_request *want = &survey->request->disks.items[index];
    struct found *found = &facts->found.items[index];
    int r = disk_probe_content(survey, index, facts, error);

    if (r == 0)
        r = disk_keep_partitions(&survey->host, found, error);
    if (r == 0) {
        disk_find_others(want, &survey->host, &facts->fstab, found);
        disk_find_tool(want, found);
        disk_find_grow_tool(found);
        disk_find_mounted_size(found);
        found->discards = disk_discards(&found->disk);
    }
    if (r == 0)
        r = uuid_draw(&found->new_uuid, error);
    return r < 0 ? error_wrap(error, "disk %s", want->name) : 0;
}

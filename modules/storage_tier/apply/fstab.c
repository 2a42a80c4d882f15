/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tiers' lines in fstab, and the records that go with them. */
#include "apply/work.h"

#include <errno.h>

#include "alloc.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "mount/mount.h"
#include "plan/plan.h"
#include "record.h"
#include "text.h"

/* A record that is left of something else doesn't count. */
const char *apply_uuid(const struct disk_work *disk)
{
    const struct signature *fs = found_filesystem(disk->found);

    if (disk->made)
        return disk->record.uuid;
    return fs ? fs->uuid : NULL;
}

const char *apply_fstype(const struct disk_work *disk)
{
    const struct signature *fs = found_filesystem(disk->found);

    return disk->made || !fs ? disk->want->fstype : fs->type;
}

const struct fstab_line *apply_line(const struct work *work, enum tier tier)
{
    for (size_t i = 0; i < work->fstab.lines.count; i++) {
        const struct fstab_line *line = &work->fstab.lines.items[i];

        if (text_equal(line->tier, tier_names[tier]) && !line->cloud_init &&
            !work->lines_removed[i])
            return line;
    }
    return NULL;
}

static int fstab_write(struct work *work, const char *text, struct error *error)
{
    bool backs_up = work->request->backup && !work->backed_up;
    AUTO_FREE char *backup = NULL;
    int r = fstab_replace(&work->fstab, text, backs_up ? &backup : NULL, error);

    if (r == 0 && backup) {
        work->backed_up = true;
        progress_result(work->progress, "backup_file", json_text(backup));
    }
    return r;
}

static int fstab_write_line(struct work *work, const struct disk_work *disk, struct error *error)
{
    const struct fstab_line *line = apply_line(work, disk->want->tier);
    const char *uuid = apply_uuid(disk);

    if (!uuid)
        return error_set(error, -EINVAL, "disk %s: the UUID for its line in fstab is unknown",
                         disk->want->name);
    AUTO_FREE char *wanted =
        fstab_line_text(work->request, disk->want, &disk->found->disk, uuid, apply_fstype(disk));
    if (line && fstab_same_fields(line->text, wanted))
        return 0;
    AUTO_FREE char *text = fstab_text_edit(work->fstab.text, line ? line->text : NULL, wanted);
    return fstab_write(work, text, error);
}

int apply_fstab(struct work *work, const struct disk_work *disk, struct error *error)
{
    int r = fstab_write_line(work, disk, error);

    return r == 0 && disk->has_record ? intent_remove(disk->record.uuid, error) : r;
}

int apply_restore_line(struct work *work, const struct disk_work *disk, bool *ret_restored,
                       struct error *error)
{
    const struct fstab_line *line = apply_line(work, disk->want->tier);
    const char *known = apply_uuid(disk), *uuid = known ? known : "";
    bool moved = !disk->made && tier_moves(disk->found, disk->want->tier);
    AUTO_FREE char *ours =
        fstab_line_text(work->request, disk->want, &disk->found->disk, uuid, apply_fstype(disk));

    if (line && !text_equal(line->uuid, uuid))
        line = NULL;
    if (moved || (line && fstab_same_fields(line->text, ours)))
        return 0;
    AUTO_FREE char *text = fstab_text_edit(work->fstab.text, ours, line ? line->text : NULL);
    if (!text)
        return 0;
    int r = fstab_write(work, text, error);
    *ret_restored = r == 0;
    return r == 0 && work->facts->systemd ? systemd_reload(error) : r;
}

static int fstab_write_record(struct disk_work *disk, struct error *error)
{
    const struct signature *fs = found_filesystem(disk->found);

    disk->has_record = disk->recorded = true;
    disk->record = (struct intent){.uuid = alloc_string(fs->uuid),
                                   .identity = intent_identity(&disk->found->disk),
                                   .size_bytes = disk->found->disk.size_bytes,
                                   .fstype = alloc_string(fs->type),
                                   .tier = alloc_string(tier_names[disk->want->tier]),
                                   .moves = true};
    return intent_write(&disk->record, error);
}

static bool fstab_has_line(const struct work *work, enum tier tier, const char *uuid)
{
    const struct fstab_line *line = apply_line(work, tier);

    return line && text_equal(line->uuid, uuid);
}

/* Between its old line and its new one a filesystem that moves is known by a record alone; the new
 * line's step removes it. */
static int fstab_record_move(struct work *work, const struct fstab_line *line, struct error *error)
{
    for (size_t i = 0; i < work->request->disks.count; i++) {
        struct disk_work *disk = &work->disks[i];
        const struct disk_request *want = disk->want;
        const struct signature *fs = found_filesystem(disk->found);

        if (!want->os && !want->adopt && fs && text_equal(fs->uuid, line->uuid) &&
            !disk->has_record && !fstab_has_line(work, want->tier, fs->uuid))
            return fstab_write_record(disk, error);
    }
    return 0;
}

int apply_remove_line(struct work *work, enum tier tier, struct error *error)
{
    const struct fstab_line *line = apply_line(work, tier);

    if (!line)
        return 0;
    AUTO_FREE char *text = fstab_text_edit(work->fstab.text, line->text, NULL);
    if (!work->fstab_before)
        work->fstab_before = alloc_string(work->fstab.text);
    int r = fstab_record_move(work, line, error);
    if (r == 0)
        r = fstab_write(work, text, error);
    if (r == 0)
        work->lines_removed[line - work->fstab.lines.items] = true;
    return r;
}

int apply_put_fstab_back(struct work *work, struct error *error)
{
    int r = fstab_replace(&work->fstab, work->fstab_before, NULL, error);

    for (size_t i = 0; i < work->request->disks.count && r == 0; i++)
        if (work->disks[i].recorded)
            r = intent_remove(work->disks[i].record.uuid, error);
    return r == 0 && work->facts->systemd ? systemd_reload(error) : r;
}

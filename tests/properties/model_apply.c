/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "model_host.h"
#include "plan/plan.h"
#include "text.h"

static void must(struct model_host *host, bool holds, const char *otherwise)
{
    if (!holds && !host->broken)
        host->broken = otherwise;
}

static void edit_fstab(struct model_host *host, const char *old, const char *new)
{
    AUTO_FREE char *after = fstab_text_edit(host->fstab, old, new);

    must(host, after && strlen(after) < MODEL_TEXT, "a line of fstab that goes isn't there");
    if (after && strlen(after) < MODEL_TEXT)
        snprintf(host->fstab, MODEL_TEXT, "%s", after);
}

/* The lines change under a plan: they are read again. */
static void write_line(struct model_host *host, const struct request *request,
                       const struct disk_request *want, const struct found *found)
{
    struct model_disk *disk = &host->disks[model_disk_of(want)];
    struct facts *now = model_facts(host, request);
    const struct fstab_line *line = fstab_line_of_tier(&now->fstab, tier_names[want->tier]);
    AUTO_FREE char *text = fstab_line_text(request, want, &found->disk, disk->uuid, disk->fstype);

    must(host, disk->content == MODEL_FILESYSTEM, "fstab names what is no filesystem");
    if (!line || !fstab_same_fields(line->text, text))
        edit_fstab(host, line ? line->text : NULL, text);
    disk->record = false;
    facts_free(now);
}

static void destroy(struct model_host *host, const struct disk_request *want,
                    struct model_disk *disk)
{
    AUTO_FREE char *token = model_token(disk);

    must(host, disk->mounted < 0 && !disk->swap_active, "what is in use is destroyed");
    must(host, !disk->precious || (want->wipe && text_equal(want->wipe, token)),
         "content is destroyed that no token named");
    disk->content = MODEL_BLANK;
    disk->precious = disk->record = false;
}

static void make(struct model_host *host, const struct disk_request *want,
                 const struct found *found, struct model_disk *disk)
{
    bool again = disk->half_made && disk->record;

    must(host, disk->content == MODEL_BLANK, "mkfs on a disk that isn't empty");
    destroy(host, want, disk);
    disk->content = MODEL_FILESYSTEM;
    disk->half_made = false;
    disk->record = true;
    if (!again)
        snprintf(disk->uuid, MODEL_UUID, "%s", found->new_uuid);
    snprintf(disk->fstype, sizeof(disk->fstype), "%s", want->fstype);
    snprintf(disk->label, sizeof(disk->label), "%s", tier_label(want->tier));
    disk->filesystem_bytes = disk->size;
}

static void mount(struct model_host *host, const struct disk_request *want, struct model_disk *disk)
{
    must(host, disk->content == MODEL_FILESYSTEM && strcmp(disk->fstype, "swap") != 0,
         "what is mounted is no filesystem");
    must(host, disk->mounted < 0, "a tier's data is mounted at two paths");
    must(host, host->directories[want->tier].exists, "there is no directory to mount at");
    must(host, !host->directories[want->tier].filled, "files vanish under a mount");
    for (int i = 0; i < MODEL_DISKS; i++)
        must(host, host->disks[i].mounted != (int)want->tier, "two disks are mounted at one path");
    disk->mounted = (int)want->tier;
}

static void apply_to_disk(struct model_host *host, const struct request *request, enum step step,
                          const struct disk_request *want, const struct found *found)
{
    struct model_disk *disk = want->os ? NULL : &host->disks[model_disk_of(want)];

    if (step == STEP_WIPE) {
        must(host, want->wipe != NULL, "a wipe without token");
        destroy(host, want, disk);
        disk->half_made = disk->record = true;
        snprintf(disk->uuid, MODEL_UUID, "%s", found->new_uuid);
        snprintf(disk->fstype, sizeof(disk->fstype), "%s", want->fstype);
    } else if (step == STEP_MKFS) {
        make(host, want, found, disk);
    } else if (step == STEP_FINISH) {
        disk->half_made = false;
    } else if (step == STEP_LABEL) {
        must(host, want->tier != TIER_SWAP || !disk->swap_active, "active swap is labelled");
        must(host, want->tier == TIER_SWAP || disk->mounted == (int)want->tier,
             "what isn't mounted is labelled");
        snprintf(disk->label, sizeof(disk->label), "%s", tier_label(want->tier));
    } else if (step == STEP_MKDIR) {
        must(host, host->root_exists, "a directory is made below none");
        host->directories[want->tier].exists = true;
    } else if (step == STEP_IMMUTABLE_SET || step == STEP_IMMUTABLE_CLEAR) {
        host->directories[want->tier].immutable = step == STEP_IMMUTABLE_SET;
    } else if (step == STEP_FSTAB) {
        write_line(host, request, want, found);
    } else if (step == STEP_MOUNT) {
        mount(host, want, disk);
    } else if (step == STEP_GROW) {
        must(host, !disk->swap_active, "active swap is made anew");
        disk->filesystem_bytes = disk->size;
    } else if (step == STEP_SWAPON) {
        must(host, strcmp(disk->fstype, "swap") == 0, "what is switched on is no swap");
        disk->swap_active = true;
        disk->priority = request->swap_priority;
    } else if (step == STEP_SWAPOFF) {
        disk->swap_active = false;
    }
}

/* Between its old line and its new one a filesystem that moves is known by a record. */
static void leave_line(struct model_host *host, const struct request *request, enum tier tier)
{
    struct facts *now = model_facts(host, request);
    const struct fstab_line *line = fstab_line_of_tier(&now->fstab, tier_names[tier]);

    must(host, line != NULL, "a line that goes isn't there");
    for (size_t i = 0; line && i < request->disks.count; i++) {
        const struct disk_request *want = &request->disks.items[i];
        struct model_disk *disk = want->os ? NULL : &host->disks[model_disk_of(want)];

        if (disk && !want->adopt && text_equal(disk->uuid, line->uuid))
            disk->record = true;
    }
    if (line)
        edit_fstab(host, line->text, NULL);
    facts_free(now);
}

static void leave(struct model_host *host, const struct request *request, enum step step,
                  enum tier tier)
{
    if (step == STEP_LEAVE_FSTAB)
        leave_line(host, request, tier);
    for (int i = 0; i < MODEL_DISKS; i++) {
        if (step == STEP_LEAVE_UMOUNT && host->disks[i].mounted == (int)tier)
            host->disks[i].mounted = -1;
        if (step == STEP_LEAVE_SWAPOFF)
            host->disks[i].swap_active = false;
        must(host, step != STEP_LEAVE_RMDIR || host->disks[i].mounted != (int)tier,
             "the directory of a mount is removed");
    }
    if (step == STEP_LEAVE_IMMUTABLE)
        host->directories[tier].immutable = false;
    if (step == STEP_LEAVE_RMDIR) {
        must(host, !host->directories[tier].immutable && !host->directories[tier].filled,
             "a directory is removed that can't be");
        host->directories[tier].exists = false;
    }
    if (step == STEP_LEAVE_ROOT) {
        for (int t = TIER_HOT; t < TIER_COUNT; t++)
            must(host, !host->directories[t].exists, "the root is removed with what is in it");
        host->root_exists = false;
    }
}

void model_apply(struct model_host *host, const struct request *request, const struct facts *facts,
                 const struct action *action)
{
    enum step step = (enum step)action->kind;

    if (step == STEP_MKDIR_ROOT)
        host->root_exists = true;
    else if (step >= STEP_LEAVE_FSTAB)
        leave(host, request, step, (enum tier)action->subject);
    else if (step != STEP_DAEMON_RELOAD)
        apply_to_disk(host, request, step, &request->disks.items[action->subject],
                      &facts->found.items[action->subject]);
}

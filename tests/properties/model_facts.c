/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "facts.h"
#include "model_host.h"
#include "mount_options.h"
#include "text.h"

enum { FIRST_DEVICE = 2064, DEVICES_APART = 16, DIRECTORY_MODE = 0755 };

char *model_token(const struct model_disk *disk)
{
    switch (disk->content) {
    case MODEL_FILESYSTEM:
        return text_format("%s:%s", disk->fstype, disk->uuid);
    case MODEL_TABLE:
        return text_format("gpt:%s", disk->uuid);
    case MODEL_DATA:
        return text_format("data:%s", disk->uuid);
    default:
        return NULL;
    }
}

void model_uuid(struct model_host *host, char ret_uuid[MODEL_UUID])
{
    snprintf(ret_uuid, MODEL_UUID, "00000000-0000-4000-8000-%012x", host->uuids++);
}

int model_disk_of(const struct disk_request *want)
{
    return want->os ? -1 : want->name[strlen("data-")] - '0';
}

static uint64_t device_number(int disk)
{
    return FIRST_DEVICE + (uint64_t)disk * DEVICES_APART;
}

static void fill_content(const struct model_disk *disk, struct content *content)
{
    static const enum content_kind kinds[] = {[MODEL_BLANK] = CONTENT_BLANK,
                                              [MODEL_FILESYSTEM] = CONTENT_FILESYSTEM,
                                              [MODEL_TABLE] = CONTENT_SIGNATURES,
                                              [MODEL_DATA] = CONTENT_DATA};

    content->kind = kinds[disk->content];
    content->token = model_token(disk);
    if (disk->content != MODEL_FILESYSTEM && disk->content != MODEL_TABLE)
        return;
    struct signature *signature = fields_append(&signature_fields, &content->signatures);
    bool table = disk->content == MODEL_TABLE;
    signature->type = alloc_string(table ? "gpt" : disk->fstype);
    signature->uuid = alloc_string(disk->uuid);
    signature->label = *disk->label ? alloc_string(disk->label) : NULL;
    content->filesystem_bytes = table ? 0 : disk->filesystem_bytes;
}

static void fill_disk(const struct request *request, const struct model_host *host, int index,
                      struct disk *ret)
{
    const struct model_disk *disk = &host->disks[index];

    ret->name = text_format("sd%c", 'b' + index);
    ret->path = text_format("/dev/sd%c", 'b' + index);
    ret->type = alloc_string("disk");
    ret->serial = text_format("S%d", index);
    ret->devno = device_number(index);
    ret->size_bytes = disk->size;
    ret->swap_active = disk->swap_active;
    if (disk->mounted >= 0) {
        char *path = tier_path(request, (enum tier)disk->mounted);
        string_list_add(&ret->mounts, path);
        free(path);
    }
    fill_content(disk, &ret->content);
}

static void fill_directory(const struct model_host *host, int tier, struct directory *directory)
{
    *directory = (struct directory){.exists = host->directories[tier].exists,
                                    .is_directory = host->directories[tier].exists,
                                    .immutable = host->directories[tier].immutable,
                                    .immutable_possible = true};
    if (host->directories[tier].filled)
        string_list_add(&directory->entries, "a-file");
}

static void fill_found(struct model_host *host, const struct request *request,
                       const struct disk_request *want, struct found *found)
{
    int index = model_disk_of(want);
    char uuid[MODEL_UUID];

    found->owner_uid = found->group_gid = -1;
    found->visible.exists = true;
    found->visible.mode = DIRECTORY_MODE;
    if (want->tier != TIER_SWAP)
        fill_directory(host, (int)want->tier, &found->mount_point);
    if (want->os) {
        found->disk.os = true;
        found->disk.path = alloc_string("/dev/vda1");
        return;
    }
    const struct model_disk *disk = &host->disks[index];
    fill_disk(request, host, index, &found->disk);
    model_uuid(host, uuid);
    found->new_uuid = alloc_string(uuid);
    found->tool = alloc_string("mkfs");
    found->head_zero = disk->content == MODEL_BLANK;
    found->stamped = disk->half_made;
    if (!disk->record)
        return;
    struct intent *intent = fields_append(&intent_fields, &found->intents);
    intent->uuid = alloc_string(disk->uuid);
    intent->fstype = alloc_string(disk->fstype);
    intent->identity = text_format("serial=S%d", index);
    intent->tier = alloc_string(tier_names[want->tier]);
    intent->size_bytes = disk->size;
}

static void fill_lines(const struct model_host *host, struct fstab *fstab)
{
    const char *p = host->fstab;

    for (int number = 1; *p; number++) {
        size_t length = strcspn(p, "\n");
        char source[128], target[128], fstype[32], options[256];
        char *text = alloc_string_part(p, length);

        if (*text != '#' &&
            sscanf(text, "%127s %127s %31s %255s", source, target, fstype, options) == 4) {
            struct fstab_line *line = fields_append(&fstab_line_fields, &fstab->lines);
            line->number = number;
            line->text = alloc_string(text);
            line->source = alloc_string(source);
            line->uuid = strncmp(source, "UUID=", 5) == 0 ? alloc_string(source + 5) : NULL;
            line->target = alloc_string(target);
            line->fstype = alloc_string(fstype);
            line->options = alloc_string(options);
            line->tier = mount_options_value(options, "x-storage-tier");
        }
        free(text);
        p += length + (p[length] == '\n');
    }
    fstab->text = alloc_string(host->fstab);
    fstab->path = alloc_string("/etc/fstab");
}

static void fill_mounts(const struct model_host *host, const struct request *request,
                        struct facts *facts)
{
    for (int i = 0; i < MODEL_DISKS; i++) {
        const struct model_disk *disk = &host->disks[i];

        if (disk->swap_active) {
            struct swap *swap = fields_append(&swap_fields, &facts->swaps);
            *swap = (struct swap){.path = text_format("/dev/sd%c", 'b' + i),
                                  .devno = device_number(i),
                                  .priority = disk->priority,
                                  .size_bytes = disk->size};
        }
        if (disk->mounted < 0)
            continue;
        struct mount *mount = fields_append(&mount_fields, &facts->mounts);
        *mount = (struct mount){.devno = device_number(i),
                                .target = tier_path(request, (enum tier)disk->mounted),
                                .source = text_format("/dev/sd%c", 'b' + i),
                                .fstype = alloc_string(disk->fstype),
                                .options = alloc_string("rw,noatime"),
                                .fs_options = alloc_string("rw")};
    }
}

static bool is_declared_as(const struct request *request, int disk, int tier)
{
    for (size_t i = 0; i < request->disks.count; i++)
        if (model_disk_of(&request->disks.items[i]) == disk &&
            (int)request->disks.items[i].tier == tier)
            return true;
    return false;
}

static bool is_used_as(const struct model_disk *disk, int tier)
{
    return tier == TIER_SWAP ? disk->swap_active : disk->mounted == tier;
}

/* As probe/previous.c finds it: what our line names and is in use, else what has our label and is,
 * else what the line names. MODEL_DISKS: nothing. */
static int previous_disk(const struct model_host *host, const struct request *request,
                         const struct fstab_line *line, int tier)
{
    int found = MODEL_DISKS, labelled = MODEL_DISKS;

    for (int i = MODEL_DISKS - 1; i >= 0; i--) {
        const struct model_disk *disk = &host->disks[i];
        bool used = is_used_as(disk, tier), filesystem = disk->content == MODEL_FILESYSTEM;

        if (filesystem && line && text_equal(line->uuid, disk->uuid) &&
            (used || found == MODEL_DISKS || !is_used_as(&host->disks[found], tier)))
            found = i;
        if (filesystem && used && text_equal(disk->label, tier_label((enum tier)tier)) &&
            !is_declared_as(request, i, tier))
            labelled = i;
    }
    bool in_use = found < MODEL_DISKS && is_used_as(&host->disks[found], tier);
    return in_use || labelled == MODEL_DISKS ? found : labelled;
}

static void fill_previous(const struct model_host *host, const struct request *request,
                          const struct fstab *fstab, int tier, struct previous *previous)
{
    const struct fstab_line *line = fstab_line_of_tier(fstab, tier_names[tier]);
    int disk = previous_disk(host, request, line, tier);

    if (tier != TIER_SWAP)
        fill_directory(host, tier, &previous->directory);
    if (disk == MODEL_DISKS)
        return;
    previous->device = text_format("/dev/sd%c", 'b' + disk);
    previous->devno = device_number(disk);
    previous->mounted = tier != TIER_SWAP && is_used_as(&host->disks[disk], tier);
    previous->swap_active = tier == TIER_SWAP && is_used_as(&host->disks[disk], tier);
}

struct facts *model_facts(struct model_host *host, const struct request *request)
{
    struct facts *facts = alloc_zeroed(1, sizeof(*facts));

    facts->root_user = true;
    facts->systemd = host->systemd;
    facts->memory_available_bytes = 1ULL << 32;
    facts->root.exists = facts->root.is_directory = host->root_exists;
    facts->root.immutable_possible = true;
    fill_lines(host, &facts->fstab);
    fill_mounts(host, request, facts);
    for (size_t i = 0; i < request->disks.count; i++)
        fill_found(host, request, &request->disks.items[i],
                   fields_append(&found_fields, &facts->found));
    for (int t = 0; t < TIER_COUNT; t++)
        fill_previous(host, request, &facts->fstab, t,
                      fields_append(&previous_fields, &facts->previous));
    for (int t = TIER_HOT; t < TIER_COUNT; t++)
        if (host->directories[t].exists)
            string_list_add(&facts->root.entries, tier_names[t]);
    return facts;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "generate.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "plan/plan.h"
#include "text.h"

#define GIB (1ULL << 30)

static const char *const fstypes[] = {"ext4", "xfs", "btrfs"};

/* SplitMix64 */
unsigned random_below(struct random *random, unsigned limit)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (unsigned)((z ^ (z >> 31)) % limit);
}

bool random_percent(struct random *random, unsigned percent)
{
    return random_below(random, 100) < percent;
}

static void shuffle(struct random *random, enum tier tiers[TIER_COUNT])
{
    for (unsigned i = 0; i < TIER_COUNT; i++)
        tiers[i] = (enum tier)i;
    for (unsigned i = TIER_COUNT - 1; i > 0; i--) {
        unsigned j = random_below(random, i + 1);
        enum tier kept = tiers[i];
        tiers[i] = tiers[j];
        tiers[j] = kept;
    }
}

static void set_filesystem(struct random *random, struct model_host *host, struct model_disk *disk,
                           enum tier tier)
{
    disk->content = MODEL_FILESYSTEM;
    disk->precious = true;
    model_uuid(host, disk->uuid);
    snprintf(disk->fstype, sizeof(disk->fstype), "%s",
             tier == TIER_SWAP ? "swap" : fstypes[random_percent(random, 15)]);
    disk->filesystem_bytes = random_percent(random, 10) ? disk->size / 2 : disk->size;
}

/* As an earlier run left it, whole or in part. */
static void set_ours(struct random *random, struct model_host *host, const struct request *request,
                     struct model_disk *disk, enum tier tier)
{
    struct disk_request want = {.tier = tier, .mount_options = (char *)"noatime,nofail"};
    bool line = random_percent(random, 90);

    set_filesystem(random, host, disk, tier);
    snprintf(disk->label, sizeof(disk->label), "%s", tier_label(tier));
    if (tier != TIER_SWAP)
        host->directories[tier].exists = host->directories[tier].immutable =
            line || random_percent(random, 50);
    if (line) {
        AUTO_FREE char *text =
            fstab_line_text(request, &want, &(struct disk){0}, disk->uuid, disk->fstype);
        AUTO_FREE char *after = fstab_text_edit(host->fstab, NULL, text);
        snprintf(host->fstab, MODEL_TEXT, "%s", after);
    }
    if (!random_percent(random, 80))
        return;
    if (tier == TIER_SWAP)
        disk->swap_active = true;
    else if (host->directories[tier].exists)
        disk->mounted = (int)tier;
    disk->priority = -2;
}

static void set_half_made(struct random *random, struct model_host *host, struct model_disk *disk)
{
    disk->half_made = disk->record = true;
    model_uuid(host, disk->uuid);
    snprintf(disk->fstype, sizeof(disk->fstype), "%s", fstypes[random_below(random, 2)]);
}

static void generate_disk(struct random *random, struct model_host *host,
                          const struct request *request, struct model_disk *disk, enum tier past)
{
    unsigned kind = random_below(random, 100);

    disk->mounted = -1;
    disk->size = GIB * (1 + random_below(random, 4));
    if (kind < 32)
        return;
    if (kind < 84) {
        set_ours(random, host, request, disk, past);
    } else if (kind < 90) {
        set_half_made(random, host, disk);
    } else if (kind < 95) {
        set_filesystem(random, host, disk, TIER_HOT);
        snprintf(disk->label, sizeof(disk->label), "data");
    } else {
        disk->content = kind < 97 ? MODEL_TABLE : MODEL_DATA;
        disk->precious = true;
        model_uuid(host, disk->uuid);
    }
}

static void generate_fstab(struct random *random, struct model_host *host)
{
    static const char *const lines[] = {"# by hand\n",  "UUID=root\t/ ext4 defaults 0 1\n",
                                        "\n",           "LABEL=data /srv xfs noauto 0 0\n",
                                        "not a line\n", "   # indented\n"};

    for (unsigned i = 0; i < 6; i++)
        if (random_percent(random, 50))
            strcat(host->fstab, lines[i]);
    size_t length = strlen(host->fstab);
    if (length > 0 && random_percent(random, 20))
        host->fstab[length - 1] = '\0';
}

static void add_disk(struct random *random, struct request *request, const struct model_host *host,
                     int index, enum tier tier)
{
    struct disk_request *want = fields_append(&disk_request_fields, &request->disks);

    want->tier = tier;
    want->os = index < 0;
    want->name = want->os ? alloc_string("os") : text_format("data-%d", index);
    if (want->os)
        return;
    const struct model_disk *disk = &host->disks[index];
    bool same = disk->content == MODEL_FILESYSTEM && strcmp(disk->fstype, "swap") != 0;
    want->fstype =
        alloc_string(tier == TIER_SWAP                    ? "swap"
                     : same && random_percent(random, 90) ? disk->fstype
                                                          : fstypes[random_percent(random, 20)]);
    want->mount_options = tier == TIER_SWAP ? NULL : alloc_string("noatime,nofail");
    want->adopt = random_percent(random, 8);
    if (!want->adopt && random_percent(random, 30))
        want->wipe = random_percent(random, 80) ? model_token(disk) : alloc_string("xfs:other");
}

static void generate_request(struct random *random, const enum tier past[TIER_COUNT],
                             const struct model_host *host, struct request *request)
{
    enum tier tiers[TIER_COUNT];
    unsigned count = random_below(random, MODEL_DISKS + 1);
    enum tier os = (enum tier)(TIER_HOT + random_below(random, 3));

    shuffle(random, tiers);
    if (random_percent(random, 70))
        memcpy(tiers, past, sizeof(tiers));
    request->prune = random_percent(random, 40);
    request->absent = random_percent(random, 10);
    request->grow = random_percent(random, 80);
    request->swap_priority = random_percent(random, 20) ? 5 : -1;
    if (request->absent)
        return;
    add_disk(random, request, host, -1, os);
    for (unsigned i = 0; i < count; i++) {
        add_disk(random, request, host, (int)i, tiers[i]);
        request->disks.items[0].shared |= tiers[i] == os;
    }
}

void generate(struct random *random, struct request *ret_request, struct model_host *ret_host)
{
    enum tier past[TIER_COUNT];

    *ret_host = (struct model_host){.systemd = random_percent(random, 80), .root_exists = true};
    *ret_request = (struct request){.root = alloc_string("/var/storage"), .swap_priority = -1};
    shuffle(random, past);
    generate_fstab(random, ret_host);
    for (int i = 0; i < MODEL_DISKS; i++)
        generate_disk(random, ret_host, ret_request, &ret_host->disks[i], past[i]);
    for (int t = TIER_HOT; t < TIER_COUNT; t++) {
        bool filled = random_percent(random, 3);
        ret_host->directories[t].exists |= filled;
        ret_host->directories[t].filled = filled && !ret_host->directories[t].immutable;
    }
    generate_request(random, past, ret_host, ret_request);
}

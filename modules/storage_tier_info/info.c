/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "info.h"

#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "text.h"

int info_parse(const json_t *params, void **ret_request, struct error *error)
{
    (void)params;
    (void)error;
    *ret_request = NULL;
    return 0;
}

void info_free(void *facts)
{
    if (facts)
        host_release(facts);
    free(facts);
}

/* A disk that can't be opened stays in the list, with its content unknown. */
static void info_examine(struct disk *disk)
{
    struct error ignored = ERROR_INIT;
    int r = 0;

    if (!disk->mounts.count && !disk->swap_active)
        r = disk_test_busy(disk, &ignored);
    if (r == 0)
        disk_examine(disk, false, NULL, &ignored);
    error_clear(&ignored);
}

int info_probe(const void *request, const void *before, void **ret_facts, struct error *error)
{
    struct host *host = alloc_zeroed(1, sizeof(*host));

    (void)request;
    (void)before;
    int r = geteuid() == 0 ? host_read(host, error)
                           : error_refuse(error, "not-root",
                                          "storage_tier_info needs root: use become (become: true, "
                                          "or ansible -b)");
    for (size_t i = 0; r == 0 && i < host->disks.count; i++)
        if (!host->disks.items[i].os)
            info_examine(&host->disks.items[i]);
    if (r < 0) {
        info_free(host);
        return r;
    }
    *ret_facts = host;
    return 0;
}

static const char *info_tier_of(const struct disk *disk)
{
    const struct signature *fs =
        disk->content.kind == CONTENT_FILESYSTEM ? &disk->content.signatures.items[0] : NULL;

    for (int t = 0; fs && t < TIER_COUNT; t++)
        if (text_equal(fs->label, tier_label((enum tier)t)))
            return tier_names[t];
    return NULL;
}

/* The same order as judge_disk(): use, then content. */
static char *info_reason_of(const struct disk *disk, const char *tier, bool *ret_usable)
{
    AUTO_FREE char *content = content_describe(&disk->content);
    const struct string_list *lists[] = {&disk->holders, &disk->partitions, &disk->mounts};
    static const char *const texts[] = {"is used by", "has the partitions", "is mounted at"};

    *ret_usable = false;
    if (disk->os)
        return alloc_string("the host runs from it");
    if (tier) {
        *ret_usable = true;
        return text_format("serves tier %s", tier);
    }
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        if (lists[i]->count) {
            AUTO_FREE char *names = string_list_join(lists[i], ", ");
            return text_format("%s %s", texts[i], names);
        }
    if (disk->swap_active || disk->busy)
        return alloc_string(disk->swap_active ? "is active swap"
                                              : "is in use: an exclusive open fails");
    if (disk->read_only)
        return alloc_string("is read-only");
    *ret_usable = disk->content.kind == CONTENT_BLANK;
    return *ret_usable ? alloc_string("is blank") : text_format("holds %s", content);
}

static void info_add_disk(json_t *disks, const struct disk *disk)
{
    const char *tier = info_tier_of(disk);
    bool usable;
    AUTO_FREE char *reason = info_reason_of(disk, tier, &usable);
    json_t *json = fields_to_json(&disk_fields, disk);

    json_object_set_new(json, "tier", json_text(tier));
    json_object_set_new(json, "usable", json_boolean(usable));
    json_object_set_new(json, "reason", json_text(reason));
    json_array_append_new(disks, json);
}

int info_plan(const void *request, const void *facts, struct plan *plan, struct error *error)
{
    const struct host *host = facts;
    json_t *disks = json_array();

    (void)request;
    (void)error;
    for (size_t i = 0; i < host->disks.count; i++)
        info_add_disk(disks, &host->disks.items[i]);
    json_object_set_new(plan->result, "disks", disks);
    json_object_set_new(plan->result, "provider", json_string(provider_detect()));
    return 0;
}

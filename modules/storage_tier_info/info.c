#include "info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "judge.h"
#include "probe.h"
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
static int examine(struct disk *disk, struct error *error)
{
    int r = 0;

    if (!disk->mounts.count && !disk->swap_active)
        r = disk_test_busy(disk, error);
    if (r == 0)
        r = disk_examine(disk, false, NULL, error);
    if (r == -ENOMEM)
        return r;
    error_clear(error);
    return 0;
}

int info_probe(const void *request, const void *before, void **ret_facts, struct error *error)
{
    struct host *host = calloc(1, sizeof(*host));

    (void)request;
    (void)before;
    if (!host)
        return error_oom(error);
    int r = geteuid() == 0 ? host_read(host, error)
                           : error_refuse(error, "not-root",
                                          "storage_tier_info needs root: use become (become: true, "
                                          "or ansible -b)");
    for (size_t i = 0; r == 0 && i < host->disks.count; i++)
        if (!host->disks.items[i].os)
            r = examine(&host->disks.items[i], error);
    if (r < 0) {
        info_free(host);
        return r;
    }
    *ret_facts = host;
    return 0;
}

static const char *tier_of(const struct disk *disk)
{
    const struct signature *fs =
        disk->content.kind == CONTENT_FILESYSTEM ? &disk->content.signatures.items[0] : NULL;

    for (int t = 0; fs && t < TIER_COUNT; t++)
        if (text_equal(fs->label, tier_label((enum tier)t)))
            return tier_names[t];
    return NULL;
}

/* The same order as judge.c: use, then content. */
static char *reason_of(const struct disk *disk, const char *tier, bool *ret_usable)
{
    AUTO_FREE char *content = content_describe(&disk->content);
    const struct string_list *lists[] = {&disk->holders, &disk->partitions, &disk->mounts};
    static const char *const texts[] = {"is used by", "has the partitions", "is mounted at"};

    *ret_usable = false;
    if (!content)
        return NULL;
    if (disk->os)
        return strdup("the host runs from it");
    if (tier) {
        *ret_usable = true;
        return text_format("serves tier %s", tier);
    }
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        if (lists[i]->count) {
            AUTO_FREE char *names = string_list_join(lists[i], ", ");
            return names ? text_format("%s %s", texts[i], names) : NULL;
        }
    if (disk->swap_active || disk->busy)
        return strdup(disk->swap_active ? "is active swap" : "is in use: an exclusive open fails");
    if (disk->read_only)
        return strdup("is read-only");
    *ret_usable = disk->content.kind == CONTENT_BLANK;
    return *ret_usable ? strdup("is blank") : text_format("holds %s", content);
}

static int add_disk(json_t *disks, const struct disk *disk, struct error *error)
{
    const char *tier = tier_of(disk);
    bool usable;
    AUTO_FREE char *reason = reason_of(disk, tier, &usable);
    json_t *json = fields_to_json(&disk_fields, disk);

    if (!reason || json_object_set_new(json, "tier", json_text(tier)) < 0 ||
        json_object_set_new(json, "usable", json_boolean(usable)) < 0 ||
        json_object_set_new(json, "reason", json_text(reason)) < 0) {
        json_decref(json);
        return error_oom(error);
    }
    return json_array_append_new(disks, json) < 0 ? error_oom(error) : 0;
}

int info_plan(const void *request, const void *facts, struct plan *plan, struct error *error)
{
    const struct host *host = facts;
    AUTO_JSON json_t *disks = json_array();
    int r = disks ? 0 : error_oom(error);

    (void)request;
    for (size_t i = 0; r == 0 && i < host->disks.count; i++)
        r = add_disk(disks, &host->disks.items[i], error);
    if (r == 0 &&
        (json_object_set(plan->result, "disks", disks) < 0 ||
         json_object_set_new(plan->result, "provider", json_string(provider_detect())) < 0))
        r = error_oom(error);
    return r;
}

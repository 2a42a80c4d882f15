/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "process.h"
#include "record.h"
#include "text.h"

enum {
    POLL_MILLISECONDS = 200,
    CLOUD_INIT_SECONDS = 300,
    PROBES_OF_USE = 3,
    PROBES_OF_RECORDS = 30
};

static void probe_pause(void)
{
    nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
}

static bool cloud_init_runs(void)
{
    return access("/run/cloud-init/enabled", F_OK) == 0 &&
           access("/run/cloud-init/result.json", F_OK) < 0;
}

/* On a new instance cloud-init rewrites fstab as a whole. */
static int wait_for_cloud_init(struct error *error)
{
    for (time_t end = time(NULL) + CLOUD_INIT_SECONDS; cloud_init_runs(); probe_pause())
        if (time(NULL) >= end)
            return error_set(error, -ETIMEDOUT,
                             "cloud-init has not finished within %d seconds, and it may rewrite "
                             "fstab; see cloud-init status --long",
                             CLOUD_INIT_SECONDS);
    return 0;
}

static int probe_host(const struct request *request, struct facts *facts, struct error *error)
{
    AUTO_FREE char *restorecon = program_find("restorecon");

    facts->cannot_mount = mounts_hidden_reason();
    if (facts->cannot_mount)
        return 0;
    facts->systemd = systemd_running();
    facts->records_unwritable = intents_unwritable();
    facts->memory_available_bytes = memory_available();
    facts->restorecon = restorecon && access("/sys/fs/selinux/enforce", F_OK) == 0;
    int r = wait_for_cloud_init(error);
    if (r == 0)
        r = fstab_read("/etc/fstab", &facts->fstab, error);
    return r < 0 ? r : probe_root(request->root, facts, error);
}

static void probe_unit(const struct survey *survey, const struct disk_request *want,
                       struct found *found)
{
    const struct signature *fs = found_filesystem(found);
    AUTO_FREE char *path = tier_path(survey->request, want->tier);
    const struct unit *unit =
        want->tier == TIER_SWAP
            ? units_find(&survey->units, NULL, found->disk.path, fs ? fs->uuid : NULL)
            : units_find(&survey->units, path, NULL, NULL);

    if (unit)
        found->unit = alloc_string(unit->path);
}

static int probe_one(struct survey *survey, size_t index, struct resolved *resolved,
                     struct facts *facts, struct error *error)
{
    const struct disk_request *want = &survey->request->disks.items[index];
    struct found *found = &facts->found.items[index];

    if (want->os) {
        /* What is mounted at its own path is no tier of the OS disk's, and leaves. */
        probe_os_disk(survey->request->root, &survey->host, found);
    } else {
        /* The disk moves over; what stays behind is enough to be told from others. */
        struct disk *disk = disks_find(&survey->host.disks, resolved->disk->devno);
        found->disk = *disk;
        *disk = (struct disk){.devno = found->disk.devno};
        found->found_by = TAKE_PTR(resolved->found_by);
        int r = probe_disk(survey, index, facts, error);
        if (r < 0)
            return r;
    }
    probe_unit(survey, want, found);
    probe_names(want, found);
    if (want->tier != TIER_SWAP)
        probe_directory(survey->request, want->tier, facts, found);
    return 0;
}

static void survey_release(struct survey *survey)
{
    host_release(&survey->host);
    units_release(&survey->units);
    for (size_t i = 0; i < survey->records.count; i++)
        fields_release(&intent_fields, &survey->records.items[i]);
    free(survey->records.items);
}

static int probe_disks(const struct request *request, const struct facts *before,
                       struct facts *facts, struct error *error)
{
    __attribute__((cleanup(survey_release))) struct survey survey = {.request = request,
                                                                     .before = before};
    struct host *host = &survey.host;
    struct resolved resolved[RESOLVED_MAX] = {0};
    int r = resolve_in_time(request, host, resolved, error);

    fstab_find_devices(&facts->fstab, &host->mounts);
    if (r == 0)
        r = intents_read(&survey.records, error);
    survey.units = units_read();
    for (size_t i = 0; i < request->disks.count && r == 0; i++)
        fields_append(&found_fields, &facts->found);
    for (size_t i = 0; i < request->disks.count && r == 0; i++)
        r = probe_one(&survey, i, &resolved[i], facts, error);
    if (r == 0)
        r = probe_previous(&survey, facts, error);
    resolved_release(resolved);
    if (r < 0)
        return r;
    facts->mounts = host->mounts;
    facts->swaps = host->swaps;
    host->mounts = (struct mount_list){0};
    host->swaps = (struct swap_list){0};
    return 0;
}

static int probe_once(const struct request *request, const struct facts *before,
                      struct facts **ret_facts, struct error *error)
{
    struct facts *facts = alloc_zeroed(1, sizeof(*facts));
    int r = 0;

    facts->root_user = geteuid() == 0;
    if (facts->root_user)
        r = probe_host(request, facts, error);
    if (r == 0 && facts->root_user && !facts->cannot_mount)
        r = probe_disks(request, before, facts, error);
    if (r < 0) {
        facts_free(facts);
        return r;
    }
    *ret_facts = facts;
    return 0;
}

/* In use, yet neither mounted nor swap: another namespace has it, or another run mounted it after
 * the mounts were read here. */
static bool use_is_unexplained(const struct facts *facts)
{
    for (size_t i = 0; i < facts->found.count; i++) {
        const struct disk *disk = &facts->found.items[i].disk;

        if (disk->busy && !disk->mounts.count && !disk->swap_active && !disk->holders.count)
            return true;
    }
    return false;
}

/* Another run may be at work, which the first probe doesn't wait for: a disk examined after its
 * record was written, by records read before, would seem to be somebody's. */
static int probe_steadily(const struct request *request, const struct facts *before,
                          struct facts **ret_facts, struct error *error)
{
    for (int i = 0;; i++) {
        const struct timespec start = intents_changed();
        int r = probe_once(request, before, ret_facts, error);
        const struct timespec end = intents_changed();
        bool steady = start.tv_sec == end.tv_sec && start.tv_nsec == end.tv_nsec;

        if (steady || i == PROBES_OF_RECORDS)
            return r;
        if (r == 0)
            facts_free(*ret_facts);
        error_clear(error);
        probe_pause();
    }
}

int storage_probe(const void *request, const void *before, void **ret_facts, struct error *error)
{
    struct facts *facts = NULL;
    int r = probe_steadily(request, before, &facts, error);

    for (int i = 0; r == 0 && i < PROBES_OF_USE && use_is_unexplained(facts); i++) {
        facts_free(facts);
        probe_pause();
        r = probe_steadily(request, before, &facts, error);
    }
    if (r == 0)
        *ret_facts = facts;
    return r;
}

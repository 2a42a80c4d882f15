/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

enum { POLL_MILLISECONDS = 1000 }; /* while a disk is waited for */

static time_t resolve_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Partitions, logical volumes and opened dm-crypt devices are used only when they are named, and a
 * path of a multipath map not at all. */
static bool resolve_may_take(const struct host *host, const struct disk *disk)
{
    static const char *const types[] = {"part", "lvm", "crypt", "dm"};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (text_starts_with(disk->type, types[i]))
            return false;
    return !disk->parent && !disk_multipath_map(&host->disks, disk);
}

/* Without an identity a disk of the generic provider is known by our label alone. */
static int resolve_by_label(const struct disk_request *want, const struct host *host,
                            struct resolved *ret_resolved, struct error *error)
{
    const struct disk *found = NULL;

    for (size_t i = 0; i < host->disks.count; i++) {
        const struct disk *disk = &host->disks.items[i];

        if (!resolve_may_take(host, disk) || disk->content.kind != CONTENT_FILESYSTEM ||
            !text_equal(disk->content.signatures.items[0].label, tier_label(want->tier)))
            continue;
        if (found)
            return error_refuse(error, "identity-ambiguous",
                                "disk %s: %s and %s both have the label %s; give device, serial or "
                                "wwn",
                                want->name, found->path, disk->path, tier_label(want->tier));
        found = disk;
    }
    if (!found)
        return -ENOENT;
    error_clear(error);
    int r =
        disks_check_usable(&host->disks, &(struct disk_identity){.name = want->name}, found, error);
    if (r < 0)
        return r;
    *ret_resolved = (struct resolved){found, alloc_string("label")};
    return 0;
}

static int resolve_one(const struct request *request, const struct disk_request *want,
                       const struct host *host, struct resolved *ret_resolved, struct error *error)
{
    const struct disk_identity identity = {
        .name = want->name,
        .device = want->device,
        .serial = want->serial,
        .wwn = want->wwn,
        .provider = text_equal(request->provider, "auto") ? provider_detect() : request->provider};

    if (!host->os_known && !request_has_identity(want))
        return error_refuse(error, "os-disk-unknown",
                            "disk %s: the device below / can't be told here (overlay, zfs, …), so "
                            "no disk is chosen without an identity; give device, serial or wwn",
                            want->name);
    int r =
        disks_resolve(&host->disks, &identity, &ret_resolved->disk, &ret_resolved->found_by, error);

    return r == -ENOENT ? resolve_by_label(want, host, ret_resolved, error) : r;
}

void resolved_release(struct resolved *resolved)
{
    for (int i = 0; i < RESOLVED_MAX; i++)
        free(resolved[i].found_by);
    memset(resolved, 0, RESOLVED_MAX * sizeof(*resolved));
}

static bool resolve_overlap(const struct disk *a, const struct disk *b)
{
    return a == b || (a->parent && text_equal(a->parent, b->name)) ||
           (b->parent && text_equal(b->parent, a->name));
}

static int resolve_all(const struct request *request, const struct host *host,
                       struct resolved *resolved, struct error *error)
{
    for (size_t i = 0; i < request->disks.count; i++) {
        const struct disk_request *want = &request->disks.items[i];

        if (want->os)
            continue;
        int r = resolve_one(request, want, host, &resolved[i], error);
        if (r < 0)
            return r;
        for (size_t j = 0; j < i; j++)
            if (resolved[j].disk && resolve_overlap(resolved[j].disk, resolved[i].disk))
                return error_refuse(error, "same-device",
                                    "disks %s (%s) and %s (%s) are one device, or one is a part of "
                                    "the other; name a device of its own for each",
                                    request->disks.items[j].name, resolved[j].disk->path,
                                    want->name, resolved[i].disk->path);
    }
    return 0;
}

static int resolve_once(const struct request *request, struct host *host, struct resolved *resolved,
                        struct error *error)
{
    int r = host_read(host, error);

    if (r < 0)
        return r;
    host_read_signatures(host, false);
    return resolve_all(request, host, resolved, error);
}

/* A disk that isn't there yet is waited for; anything else that is wrong is wrong for good. The
 * kernel's events wake it; once a second the host is read anyway, since a container may get none.
 */
int resolve_in_time(const struct request *request, struct host *host, struct resolved *resolved,
                    struct error *error)
{
    const time_t end = resolve_clock() + request->device_timeout;
    AUTO_CLOSE int events = -1;

    for (bool listening = false;; listening = true) {
        int r = resolve_once(request, host, resolved, error);
        if (r == 0 || (r != -ENODEV && r != -ENOENT))
            return r;
        if (resolve_clock() >= end)
            break;
        resolved_release(resolved);
        host_release(host);
        error_clear(error);
        if (listening)
            uevents_wait(events, POLL_MILLISECONDS);
        else
            events = uevents_open(); /* what came before is seen when the host is read again */
    }
    /* Once more, so that the candidates are listed with everything that is on them. */
    resolved_release(resolved);
    error_clear(error);
    host_read_signatures(host, true);
    int r = resolve_all(request, host, resolved, error);
    if (r != -ENOENT)
        return r;
    AUTO_FREE char *reason = alloc_string(error_message(error));
    return disks_not_found(&host->disks, error, "%s", reason);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/probe.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "cleanup.h"
#include "content/content.h"
#include "filesystems.h"
#include "record.h"
#include "text.h"

void host_release(struct host *host)
{
    mounts_release(&host->mounts);
    swaps_release(&host->swaps);
    disks_release(&host->disks);
}

int host_read(struct host *ret_host, struct error *error)
{
    struct host host = {0};
    int r = mounts_read(&host.mounts, error);

    if (r == 0)
        r = swaps_read(&host.swaps, error);
    if (r == 0)
        r = disks_read(&host.mounts, &host.swaps, &host.disks, error);
    if (r < 0) {
        host_release(&host);
        return r;
    }
    host.os_known = disks_mark_os(&host.disks, &host.mounts);
    *ret_host = host;
    return 0;
}

static void host_release_content(struct content *content)
{
    fields_release(&content_fields, content);
}

static int host_read_disk(struct disk *disk, const char *const *types, struct error *error)
{
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY | O_NONBLOCK, error);

    if (fd < 0)
        return fd;
    host_release_content(&disk->content);
    return content_read_signatures(fd, types, &disk->content, error);
}

/* The OS disk's too: a copy of it can be attached as a data disk. */
void host_read_signatures(struct host *host, bool all_types)
{
    struct error ignored = ERROR_INIT;

    for (size_t i = 0; i < host->disks.count; i++) {
        struct disk *disk = &host->disks.items[i];

        int r =
            disk->path ? host_read_disk(disk, all_types ? NULL : filesystem_types, &ignored) : 0;
        if (r == -ENOMEM) /* what nobody looked at would count as nobody's */
            alloc_failed();
        error_clear(&ignored);
    }
}

int disk_test_busy(struct disk *disk, struct error *error)
{
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY | O_EXCL, error);

    if (fd == -EBUSY) {
        error_clear(error);
        disk->busy = true;
        return 0;
    }
    return fd < 0 ? fd : 0;
}

int disk_read_signatures(struct disk *disk, struct error *error)
{
    return host_read_disk(disk, NULL, error);
}

int disk_examine(struct disk *disk, bool full_scan, const struct intent *stamped,
                 struct error *error)
{
    bool used = disk->busy || disk->mounts.count || disk->swap_active;
    struct stamps stamps;

    if (used)
        return host_read_disk(disk, NULL, error);
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY, error);
    if (fd < 0)
        return fd;
    stamps_expect(stamped, &stamps);
    host_release_content(&disk->content);
    return content_examine(&(struct examination){.fd = fd,
                                                 .size_bytes = disk->size_bytes,
                                                 .full_scan = full_scan,
                                                 .expected = stamps.expected,
                                                 .expected_count = stamps.count},
                           &disk->content, error);
}

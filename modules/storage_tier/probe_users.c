#include "probe_users.h"

#include <string.h>

#include "cleanup.h"
#include "mount/mount.h"
#include "text.h"

static bool lies_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return path && strncmp(path, directory, length) == 0 && path[length] == '/';
}

static void add(struct text *text, const char *what, const char *where, const char *place)
{
    text_addf(text, "%s%s%s%s", text->length ? "; " : "", what, where, place);
}

/* Those of containers hold the filesystem, though not its mount: umount(2) succeeds. */
static bool has_layer_below(const struct mount *mount, const char *path)
{
    const char *p = text_equal(mount->fstype, "overlay") ? mount->fs_options : NULL;
    size_t length = strlen(path);

    while (p && (p = strstr(p, path))) {
        bool begins = p > mount->fs_options && strchr("=:", p[-1]);

        p += length;
        if (begins && strchr("/:,", *p)) /* or the end */
            return true;
    }
    return false;
}

static void add_mounts(struct text *text, const struct host *host, const struct disk *disk,
                       const char *path)
{
    for (size_t i = 0; i < host->mounts.count; i++)
        if (lies_below(host->mounts.items[i].target, path))
            add(text, host->mounts.items[i].source, " mounted at ", host->mounts.items[i].target);
        else if (has_layer_below(&host->mounts.items[i], path))
            add(text, "overlay", " with a layer of it mounted at ", host->mounts.items[i].target);
    for (size_t i = 0; i < disk->mounts.count; i++)
        if (!text_equal(disk->mounts.items[i], path) && !lies_below(disk->mounts.items[i], path))
            add(text, "it", " is also mounted at ", disk->mounts.items[i]);
}

static void add_loop(struct text *text, const struct disk *disk, const char *path)
{
    if (lies_below(disk->backing_file, path))
        add(text, disk->path, " is a loop device on ", disk->backing_file);
}

static void add_devices(struct text *text, const struct host *host, const struct facts *facts,
                        const char *path)
{
    for (size_t i = 0; i < host->disks.count; i++)
        add_loop(text, &host->disks.items[i], path);
    for (size_t i = 0; i < facts->found.count; i++)
        if (!facts->found.items[i].disk.os)
            add_loop(text, &facts->found.items[i].disk, path);
    for (size_t i = 0; i < host->swaps.count; i++)
        if (lies_below(host->swaps.items[i].path, path))
            add(text, "swap", " is on ", host->swaps.items[i].path);
}

char *probe_users(const struct host *host, const struct facts *facts, const struct disk *disk,
                  const char *path)
{
    AUTO_TEXT struct text text = {0};
    AUTO_FREE char *processes = mount_users(path);

    if (processes)
        text_add(&text, processes);
    add_mounts(&text, host, disk, path);
    add_devices(&text, host, facts, path);
    return text.length ? text_take(&text) : NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each tier was before this run, and who uses it where it may have to go. */
#include "probe/probe.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

enum { ENTRIES_SHOWN = 5 };

/* What tells what a tier has been. */
struct search {
    const struct request *request;
    const struct host *host;
    const struct facts *facts;
    enum tier tier;
    const struct fstab_line *line; /* ours, NULL: none */
    const char *path;              /* below the request's root */
    const char *target;            /* the line's, else the same */
};

typedef bool (*test)(const struct search *search, const struct disk *disk);

static const struct signature *previous_signature(const struct disk *disk)
{
    static const struct signature none;

    return disk->content.signatures.count ? &disk->content.signatures.items[0] : &none;
}

static bool previous_is_in_use(const struct search *search, const struct disk *disk)
{
    return search->tier == TIER_SWAP ? disk->swap_active
                                     : string_list_has(&disk->mounts, search->target) ||
                                           string_list_has(&disk->mounts, search->path);
}

static bool previous_is_named(const struct search *search, const struct disk *disk)
{
    const struct signature *fs = previous_signature(disk);
    const char *source = search->line ? search->line->source : NULL;

    if (!source || disk->os)
        return false;
    if (*source == '/')
        return search->line->devno && disk->devno == search->line->devno;
    return (fs->uuid && text_equal(fs->uuid, search->line->uuid)) ||
           (fs->label && text_equal(fs->label, search->line->label));
}

static bool previous_is_named_and_in_use(const struct search *search, const struct disk *disk)
{
    return previous_is_named(search, disk) && previous_is_in_use(search, disk);
}

/* Whether the disk is declared as the very tier. */
static bool previous_stays(const struct search *search, const struct disk *disk)
{
    const struct request *request = search->request;

    for (size_t i = 0; i < request->disks.count; i++)
        if (!request->disks.items[i].os && request->disks.items[i].tier == search->tier &&
            search->facts->found.items[i].disk.devno == disk->devno)
            return true;
    return false;
}

/* Whether the plan may take it away: nobody needs to know who uses it otherwise. */
static bool previous_may_go(const struct search *search, const struct disk *disk)
{
    const struct request *request = search->request;

    for (size_t i = 0; i < request->disks.count; i++) {
        const struct disk_request *want = &request->disks.items[i];
        const struct disk *other = &search->facts->found.items[i].disk;

        if (want->os ? want->tier == search->tier
                     : want->tier != search->tier &&
                           (other->devno == disk->devno || previous_is_named(search, other)))
            return !previous_stays(search, disk);
    }
    return (request->absent || request->prune) && !previous_stays(search, disk);
}

static bool previous_is_labelled_and_in_use(const struct search *search, const struct disk *disk)
{
    return text_equal(previous_signature(disk)->label, tier_label(search->tier)) && !disk->os &&
           previous_is_in_use(search, disk) && !previous_stays(search, disk);
}

static const struct disk *previous_find(const struct search *search, test fits)
{
    const struct facts *facts = search->facts;
    const struct host *host = search->host;

    for (size_t i = 0; i < facts->found.count; i++)
        if (!facts->found.items[i].disk.os && fits(search, &facts->found.items[i].disk))
            return &facts->found.items[i].disk;
    for (size_t i = 0; i < host->disks.count; i++)
        if (fits(search, &host->disks.items[i]))
            return &host->disks.items[i];
    return NULL;
}

/* What is in use comes first: the line may have been edited since. */
static const struct disk *previous_find_disk(const struct search *search)
{
    const struct disk *disk = previous_find(search, previous_is_named_and_in_use);

    if (!disk)
        disk = previous_find(search, previous_is_labelled_and_in_use);
    return disk ? disk : previous_find(search, previous_is_named);
}

static void previous_fill_disk(const struct search *search, const struct disk *disk,
                               struct previous *previous)
{
    const struct swap_list *swaps = &search->host->swaps;
    const struct signature *fs = previous_signature(disk);

    previous->device = alloc_string(disk->path);
    previous->devno = disk->devno;
    previous->mounted = search->tier != TIER_SWAP && previous_is_in_use(search, disk);
    previous->swap_active = search->tier == TIER_SWAP && disk->swap_active;
    for (size_t i = 0; i < swaps->count; i++)
        if (previous->swap_active && swaps->items[i].devno == disk->devno)
            previous->swap_used_bytes = swaps->items[i].used_bytes;
    previous->fstype = alloc_string(fs->type);
    previous->label = alloc_string(fs->label);
    previous->uuid = alloc_string(fs->uuid);
}

static bool lies_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return path && strncmp(path, directory, length) == 0 && path[length] == '/';
}

static void users_add(struct text *text, const char *what, const char *where, const char *place)
{
    text_addf(text, "%s%s%s%s", text->length ? "; " : "", what, where, place);
}

/* Those of containers hold the filesystem, though not its mount: umount(2) succeeds. */
static bool users_have_layer(const struct mount *mount, const char *path)
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

static void users_add_mounts(struct text *text, const struct host *host, const struct disk *disk,
                             const char *path)
{
    for (size_t i = 0; i < host->mounts.count; i++)
        if (lies_below(host->mounts.items[i].target, path))
            users_add(text, host->mounts.items[i].source, " mounted at ",
                      host->mounts.items[i].target);
        else if (users_have_layer(&host->mounts.items[i], path))
            users_add(text, "overlay", " with a layer of it mounted at ",
                      host->mounts.items[i].target);
    for (size_t i = 0; i < disk->mounts.count; i++)
        if (!text_equal(disk->mounts.items[i], path) && !lies_below(disk->mounts.items[i], path))
            users_add(text, "it", " is also mounted at ", disk->mounts.items[i]);
}

static void users_add_loop(struct text *text, const struct disk *disk, const char *path)
{
    if (lies_below(disk->backing_file, path))
        users_add(text, disk->path, " is a loop device on ", disk->backing_file);
}

static void users_add_devices(struct text *text, const struct host *host, const struct facts *facts,
                              const char *path)
{
    for (size_t i = 0; i < host->disks.count; i++)
        users_add_loop(text, &host->disks.items[i], path);
    for (size_t i = 0; i < facts->found.count; i++)
        if (!facts->found.items[i].disk.os)
            users_add_loop(text, &facts->found.items[i].disk, path);
    for (size_t i = 0; i < host->swaps.count; i++)
        if (lies_below(host->swaps.items[i].path, path))
            users_add(text, "swap", " is on ", host->swaps.items[i].path);
}

/* What keeps the tier on `disk`, mounted at `path`, from being unmounted there and everywhere:
 * processes, other mounts, loop devices, swap files. Owned by the caller; NULL where nothing does.
 */
static char *users_find(const struct host *host, const struct facts *facts, const struct disk *disk,
                        const char *path)
{
    AUTO_TEXT struct text text = {0};
    AUTO_FREE char *processes = mount_users(path);

    if (processes)
        text_add(&text, processes);
    users_add_mounts(&text, host, disk, path);
    users_add_devices(&text, host, facts, path);
    return text.length ? text_take(&text) : NULL;
}

/* At the line's target, where another root was declared when it was written. */
static void previous_fill_use(const struct search *search, struct previous *previous)
{
    const struct disk *disk = previous_find_disk(search);
    bool moved = disk && string_list_has(&disk->mounts, search->path) &&
                 !string_list_has(&disk->mounts, search->target);
    const char *where = moved ? search->path : search->target;

    if (disk)
        previous_fill_disk(search, disk, previous);
    if (!text_equal(where, search->path))
        previous->path = alloc_string(where);
    if (previous->mounted && previous_may_go(search, disk))
        previous->users = users_find(search->host, search->facts, disk, where);
}

/* A directory that doesn't have the tier's name is nobody's but who made it. */
static int previous_read_directory(const char *path, enum tier tier,
                                   struct directory *ret_directory, struct error *error)
{
    const char *slash = strrchr(path, '/');
    AUTO_FREE char *above = alloc_string_part(path, (size_t)(slash - path));

    if (slash == path || !text_equal(slash + 1, tier_names[tier]))
        return 0;
    AUTO_CLOSE int parent = directory_open_below(above);
    return parent < 0
               ? 0
               : directory_read(parent, tier_names[tier], ENTRIES_SHOWN, ret_directory, error);
}

static int previous_fill(const struct search *search, struct previous *previous,
                         struct error *error)
{
    const struct directory *root = &search->facts->root;
    bool has_root = root->exists && root->is_directory;
    int r = 0;

    previous_fill_use(search, previous);
    if (search->tier == TIER_SWAP)
        return 0;
    if (previous->path)
        r = previous_read_directory(previous->path, search->tier, &previous->directory, error);
    if (r == 0 && has_root)
        r = previous_read_directory(search->path, search->tier,
                                    previous->path ? &previous->declared : &previous->directory,
                                    error);
    return r;
}

/* Without slashes at its end, as mounts have it. */
static char *previous_target(const struct search *search)
{
    const char *target = search->line ? search->line->target : NULL;

    if (search->tier == TIER_SWAP || !target || *target != '/')
        target = search->path;
    return text_trim_slashes(alloc_string(target));
}

int probe_previous(const struct survey *survey, struct facts *facts, struct error *error)
{
    int r = 0;

    for (int t = 0; t < TIER_COUNT; t++)
        fields_append(&previous_fields, &facts->previous);
    for (int t = 0; t < TIER_COUNT && r == 0; t++) {
        AUTO_FREE char *path = tier_path(survey->request, (enum tier)t);
        const struct fstab_line *line = fstab_line_of_tier(&facts->fstab, tier_names[t]);
        struct search search = {.request = survey->request,
                                .host = &survey->host,
                                .facts = facts,
                                .tier = (enum tier)t,
                                .line = line,
                                .path = path};
        AUTO_FREE char *target = previous_target(&search);

        search.target = target;
        r = previous_fill(&search, &facts->previous.items[t], error);
    }
    return r;
}

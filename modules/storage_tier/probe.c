#include "probe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/fs.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "judge.h"
#include "mount/mount.h"
#include "probe_disk.h"
#include "probe_previous.h"
#include "probe_resolve.h"
#include "process.h"
#include "record.h"
#include "text.h"

enum {
    ENTRIES_SHOWN = 5,
    ROOT_ENTRIES = 8,
    POLL_MILLISECONDS = 200,
    CLOUD_INIT_SECONDS = 300,
    PROBES_OF_USE = 3,
    PROBES_OF_RECORDS = 30
};

static void wait_a_moment(void)
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
    for (time_t end = time(NULL) + CLOUD_INIT_SECONDS; cloud_init_runs(); wait_a_moment())
        if (time(NULL) >= end)
            return error_set(error, -ETIMEDOUT,
                             "cloud-init has not finished within %d seconds, and it may rewrite "
                             "fstab; see cloud-init status --long",
                             CLOUD_INIT_SECONDS);
    return 0;
}

/* A number stands for itself. */
static int number_of(const char *name)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    return isdigit((unsigned char)*name) && !*end && number < INT_MAX ? (int)number : -2;
}

static void look_up_names(const struct disk_request *want, struct found *found)
{
    found->owner_uid = found->group_gid = -1;
    if (want->owner) {
        const struct passwd *user = getpwnam(want->owner);
        found->owner_uid = user ? (int)user->pw_uid : number_of(want->owner);
    }
    if (want->group) {
        const struct group *group = getgrnam(want->group);
        found->group_gid = group ? (int)group->gr_gid : number_of(want->group);
    }
}

/* Opened, since a filesystem that shut down after an error still tells its space. */
static void look_at_visible(const char *path, struct visible_directory *visible)
{
    struct stat status;
    struct statvfs space;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return;
    if (fd < 0 || fstat(fd, &status) < 0 || fstatvfs(fd, &space) < 0) {
        visible->unreadable = alloc_string(strerror(errno));
        return;
    }
    visible->exists = true;
    visible->mode = (int)(status.st_mode & 07777);
    visible->uid = (int)status.st_uid;
    visible->gid = (int)status.st_gid;
    visible->size_bytes = space.f_blocks * space.f_frsize;
    visible->available_bytes = space.f_bavail * space.f_frsize;
}

/* The nearest directory above that exists decides what a new one will be able to do. */
static int look_at_root(const char *root, struct facts *facts, struct error *error)
{
    AUTO_FREE char *existing = alloc_string(root), *real = NULL;

    while (*existing && !(real = realpath(existing, NULL))) {
        struct stat status;
        if (lstat(existing, &status) == 0 && S_ISLNK(status.st_mode))
            return error_refuse(error, "root-is-a-link", "root: %s is a dangling symbolic link",
                                existing);
        *strrchr(existing, '/') = '\0';
    }
    facts->real_root =
        text_format("%s%s", real && strcmp(real, "/") != 0 ? real : "", root + strlen(existing));
    AUTO_CLOSE int fd = open(real ? real : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        return error_refuse(error, "root-is-no-directory", "root: %s exists and is no directory",
                            real);
    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", real ? real : "/");
    facts->root_unwritable = directory_unwritable(real ? real : "/", 1);
    int r = directory_read(fd, ".", ROOT_ENTRIES, &facts->root, error);
    facts->root.exists = strcmp(existing, root) == 0;
    return r;
}

static void look_at_mount_point(const struct facts *facts, const struct request *request,
                                const struct disk_request *want, struct found *found)
{
    struct error error = ERROR_INIT;

    if (!facts->root.exists || !facts->root.is_directory)
        return;
    AUTO_CLOSE int parent = directory_open_below(request->root);
    int r = parent < 0 ? error_set_errno(&error, parent, "opening %s", request->root)
                       : directory_read(parent, tier_names[want->tier], ENTRIES_SHOWN,
                                        &found->mount_point, &error);
    if (r < 0)
        found->mount_point.inaccessible = alloc_string(error_message(&error));
    error_clear(&error);
}

static void look_for_unit(const struct unit_list *units, const struct disk_request *want,
                          const char *path, struct found *found)
{
    const struct signature *fs = found_filesystem(found);
    const struct unit *unit = want->tier == TIER_SWAP
                                  ? units_find(units, NULL, found->disk.path, fs ? fs->uuid : NULL)
                                  : units_find(units, path, NULL, NULL);

    if (unit)
        found->unit = alloc_string(unit->path);
}

static int probe_one(const struct request *request, size_t index, struct host *host,
                     struct resolved *resolved, const struct intent_list *intents,
                     const struct unit_list *units, const struct facts *before, struct facts *facts,
                     struct error *error)
{
    const struct disk_request *want = &request->disks.items[index];
    struct found *found = &facts->found.items[index];
    AUTO_FREE char *path = tier_path(request, want->tier);
    int r = 0;

    if (want->os) {
        /* What is mounted at its own path is no tier of the OS disk's, and leaves. */
        probe_os_disk(request->root, host, found);
    } else {
        /* The disk moves over; what stays behind is enough to be told from others. */
        struct disk *disk = disks_find(&host->disks, resolved[index].disk->devno);
        found->disk = *disk;
        *disk = (struct disk){.devno = found->disk.devno};
        found->found_by = TAKE_PTR(resolved[index].found_by);
        r = probe_disk(request, want, host, &facts->fstab, intents,
                       before ? &before->found.items[index] : NULL, found, error);
    }
    if (r < 0)
        return r;
    look_for_unit(units, want, path, found);
    look_up_names(want, found);
    if (want->tier == TIER_SWAP)
        return 0;
    look_at_mount_point(facts, request, want, found);
    look_at_visible(path, &found->visible);
    return 0;
}

static void intents_release(struct intent_list *intents)
{
    for (size_t i = 0; i < intents->count; i++)
        fields_release(&intent_fields, &intents->items[i]);
    free(intents->items);
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
    return r < 0 ? r : look_at_root(request->root, facts, error);
}

static int probe_disks(const struct request *request, const struct facts *before,
                       struct facts *facts, struct error *error)
{
    __attribute__((cleanup(host_release))) struct host host = {0};
    __attribute__((cleanup(intents_release))) struct intent_list intents = {0};
    __attribute__((cleanup(units_release))) struct unit_list units = units_read();
    struct resolved resolved[4] = {0};
    int r = resolve_in_time(request, &host, resolved, error);

    fstab_find_devices(&facts->fstab, &host.mounts);
    if (r == 0)
        r = intents_read(&intents, error);
    for (size_t i = 0; i < request->disks.count && r == 0; i++)
        fields_append(&found_fields, &facts->found);
    for (size_t i = 0; i < request->disks.count && r == 0; i++)
        r = probe_one(request, i, &host, resolved, &intents, &units, before, facts, error);
    if (r == 0)
        r = probe_previous(request, &host, facts, error);
    resolved_release(resolved);
    if (r < 0)
        return r;
    facts->mounts = host.mounts;
    facts->swaps = host.swaps;
    host.mounts = (struct mount_list){0};
    host.swaps = (struct swap_list){0};
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

/* Another run may be at work, which the first look doesn't wait for: a disk looked at after its
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
        wait_a_moment();
    }
}

int storage_probe(const void *request, const void *before, void **ret_facts, struct error *error)
{
    struct facts *facts = NULL;
    int r = probe_steadily(request, before, &facts, error);

    for (int i = 0; r == 0 && i < PROBES_OF_USE && use_is_unexplained(facts); i++) {
        facts_free(facts);
        wait_a_moment();
        r = probe_steadily(request, before, &facts, error);
    }
    if (r == 0)
        *ret_facts = facts;
    return r;
}

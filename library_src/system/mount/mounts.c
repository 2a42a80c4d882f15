/* SPDX-License-Identifier: BSD-2-Clause */
#include "mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <linux/btrfs.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "disk/disk.h"
#include "file.h"
#include "text.h"

static void cleanup_table(struct libmnt_table **table)
{
    mnt_unref_table(*table);
}

static void cleanup_iterator(struct libmnt_iter **iterator)
{
    mnt_free_iter(*iterator);
}

#define AUTO_TABLE __attribute__((cleanup(cleanup_table)))
#define AUTO_ITERATOR __attribute__((cleanup(cleanup_iterator)))

/* Without a callback libmount leaves out lines that it can't parse. */
static int mounts_stop_at_bad_line(struct libmnt_table *table __attribute__((unused)),
                                   const char *file __attribute__((unused)),
                                   int line __attribute__((unused)))
{
    return -EBADMSG;
}

typedef int (*parse_function)(struct libmnt_table *, const char *);

/* Calls `add` for each entry of a file below disks_root. */
/* A table of the kernel's, and who takes its entries. */
struct kernel_table {
    const char *file;
    parse_function parse;
    void (*add)(struct libmnt_fs *entry, void *list);
};

static int mounts_for_each_entry(const struct kernel_table *kernel, void *list, struct error *error)
{
    AUTO_FREE char *path = text_format("%s%s", disks_root, kernel->file);
    AUTO_TABLE struct libmnt_table *table = alloc_check(mnt_new_table());
    AUTO_ITERATOR struct libmnt_iter *iterator = alloc_check(mnt_new_iter(MNT_ITER_FORWARD));
    struct libmnt_fs *fs;

    mnt_table_set_parser_errcb(table, mounts_stop_at_bad_line);
    errno = 0;
    int r = kernel->parse(table, path);
    /* libmount reports a failed mnt_new_fs() as the end of the file, a failed copy as a bad line */
    if (r == -ENOMEM || errno == ENOMEM)
        alloc_failed();
    if (r != 0)
        return error_set_errno(error, r < 0 ? r : -EBADMSG, "reading %s", path);
    while (mnt_table_next_fs(table, iterator, &fs) == 0)
        kernel->add(fs, list);
    return 0;
}

/* "" where the kernel says nothing. */
static char *copy_or_empty(const char *string)
{
    return alloc_string(string ? string : "");
}

static void mounts_add(struct libmnt_fs *fs, void *list)
{
    struct mount *mount = fields_append(&mount_fields, list);

    mount->devno = mnt_fs_get_devno(fs);
    mount->root = copy_or_empty(mnt_fs_get_root(fs));
    mount->target = copy_or_empty(mnt_fs_get_target(fs));
    mount->fstype = copy_or_empty(mnt_fs_get_fstype(fs));
    mount->source = copy_or_empty(mnt_fs_get_source(fs));
    mount->options = copy_or_empty(mnt_fs_get_vfs_options(fs));
    mount->fs_options = copy_or_empty(mnt_fs_get_fs_options(fs));
    mount->read_only = mnt_optstr_get_option(mount->options, "ro", NULL, NULL) == 0 ||
                       mnt_optstr_get_option(mount->fs_options, "ro", NULL, NULL) == 0;
}

int mounts_read(struct mount_list *ret_mounts, struct error *error)
{
    struct mount_list mounts = {0};
    int r = mounts_for_each_entry(
        &(struct kernel_table){"/proc/self/mountinfo", mnt_table_parse_file, mounts_add}, &mounts,
        error);

    if (r == 0)
        *ret_mounts = mounts;
    return r;
}

/* Of a device in use as swap; 0 for files and for nodes that aren't there. */
static uint64_t swap_devno(const char *path)
{
    AUTO_FREE char *full = text_format("%s%s", disks_root, path);
    struct stat st;

    return stat(full, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

static void swaps_add(struct libmnt_fs *fs, void *list)
{
    struct swap *swap = fields_append(&swap_fields, list);

    swap->path = copy_or_empty(mnt_fs_get_source(fs));
    swap->devno = swap_devno(swap->path);
    swap->priority = mnt_fs_get_priority(fs);
    swap->size_bytes = (uint64_t)mnt_fs_get_size(fs) * 1024;
    swap->used_bytes = (uint64_t)mnt_fs_get_usedsize(fs) * 1024;
}

int swaps_read(struct swap_list *ret_swaps, struct error *error)
{
    struct swap_list swaps = {0};
    struct error failure = ERROR_INIT;
    int r = mounts_for_each_entry(
        &(struct kernel_table){"/proc/swaps", mnt_table_parse_swaps, swaps_add}, &swaps, &failure);

    if (r < 0 && r != -ENOENT) { /* a kernel without swap has no such file */
        *error = failure;
        return r;
    }
    error_clear(&failure);
    *ret_swaps = swaps;
    return 0;
}

void mounts_release(struct mount_list *mounts)
{
    for (size_t i = 0; i < mounts->count; i++)
        fields_release(&mount_fields, &mounts->items[i]);
    free(mounts->items);
    *mounts = (struct mount_list){0};
}

void swaps_release(struct swap_list *swaps)
{
    for (size_t i = 0; i < swaps->count; i++)
        fields_release(&swap_fields, &swaps->items[i]);
    free(swaps->items);
    *swaps = (struct swap_list){0};
}

enum { TRIES = 20, POLL_MILLISECONDS = 100 };

static void release_context(struct libmnt_context **context)
{
    mnt_free_context(*context);
}

/* libmount's own failures; those of mount(2) have errno's text. */
static const char *libmount_failure_text(int code)
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {{MNT_ERR_NOFSTAB, "there is nothing about it in fstab"},
                 {MNT_ERR_NOFSTYPE, "the filesystem's type can't be told"},
                 {MNT_ERR_NOSOURCE, "the device can't be found"},
                 {MNT_ERR_LOOPDEV, "no loop device could be set up"},
                 {MNT_ERR_MOUNTOPT, "the options can't be parsed"},
                 {MNT_ERR_APPLYFLAGS, "the propagation flags couldn't be set"},
                 {MNT_ERR_AMBIFS, "more than one filesystem is on the device"},
                 {MNT_ERR_LOOPOVERLAP, "a loop device overlaps"},
                 {MNT_ERR_LOCK, "a lock couldn't be had"},
                 {MNT_ERR_NAMESPACE, "the mount namespace couldn't be changed"}};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (code == -texts[i].code)
            return texts[i].text;
    return strerror(code < 0 ? -code : EIO);
}

static int mount_run_context(struct libmnt_context *context, const char *source, const char *target,
                             struct error *error)
{
    char reason[512] = "";

    /* The new mount API would stack a second mount over an equal one without a word. */
    setenv("LIBMOUNT_FORCE_MOUNT2", "always", 1);
    mnt_context_disable_helpers(context, 1);
    mnt_context_disable_mtab(context, 1);
    mnt_context_set_optsmode(context, MNT_OMODE_NOTAB);
    int r = mnt_context_mount(context);
    if (r == 0 && mnt_context_get_status(context) == 1)
        return 0;
    mnt_context_get_excode(context, r, reason, sizeof(reason));
    int code = mnt_context_syscall_called(context) ? mnt_context_get_syscall_errno(context) : 0;
    return error_set(error, code == EINVAL || code == EBUSY ? -code : -EIO,
                     "mounting %s on %s failed: %s", source, target,
                     *reason ? reason : libmount_failure_text(r));
}

/* libmount judges what it is given when it mounts: setting it fails only for lack of memory. */
int mount_device(const char *source, const char *target, const char *fstype, const char *options,
                 struct error *error)
{
    __attribute__((cleanup(release_context))) struct libmnt_context *context =
        alloc_check(mnt_new_context());

    if (mnt_context_set_source(context, source) != 0 ||
        mnt_context_set_target(context, target) != 0 ||
        mnt_context_set_fstype(context, fstype) != 0 ||
        mnt_context_set_options(context, options) != 0)
        alloc_failed();
    return mount_run_context(context, source, target, error);
}

int mount_change_options(const char *source, const char *target, const char *options,
                         struct error *error)
{
    __attribute__((cleanup(release_context))) struct libmnt_context *context =
        alloc_check(mnt_new_context());
    AUTO_FREE char *all = text_format("remount,%s", options);

    if (mnt_context_set_source(context, source) != 0 ||
        mnt_context_set_target(context, target) != 0 || mnt_context_set_options(context, all) != 0)
        alloc_failed();
    return mount_run_context(context, source, target, error);
}

bool mounts_pause_busy(int tried)
{
    if (tried == TRIES)
        return false;
    nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
    return true;
}

int swap_activate(const char *path, int priority, struct error *error)
{
    int flags = priority < 0
                    ? 0
                    : SWAP_FLAG_PREFER | ((priority << SWAP_FLAG_PRIO_SHIFT) & SWAP_FLAG_PRIO_MASK);

    for (int i = 0; swapon(path, flags) < 0; i++)
        if (errno != EBUSY || !mounts_pause_busy(i))
            return error_set_errno(error, -errno, "activating swap on %s", path);
    return 0;
}

int swap_deactivate(const char *path, struct error *error)
{
    if (swapoff(path) < 0)
        return error_set_errno(error, -errno, "deactivating swap on %s", path);
    return 0;
}

uint64_t memory_available(void)
{
    AUTO_FREE char *text = file_read_value("/proc/meminfo");
    const char *line = text ? strstr(text, "MemAvailable:") : NULL;

    return line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024 : 0;
}

/* Not readable without the rights over PID 1 that some hosts withhold: then the tables decide. */
static bool mounts_same_namespace_as_init(void)
{
    char mine[64] = "", init[64] = "";

    if (readlink("/proc/self/ns/mnt", mine, sizeof(mine) - 1) > 0 &&
        readlink("/proc/1/ns/mnt", init, sizeof(init) - 1) > 0)
        return strcmp(mine, init) == 0;
    AUTO_FREE char *my_table = file_read_value("/proc/self/mountinfo");
    AUTO_FREE char *init_table = file_read_value("/proc/1/mountinfo");
    return my_table && init_table && strcmp(my_table, init_table) == 0;
}

bool capability_in_effect(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};

    return syscall(SYS_capget, &header, data) == 0 &&
           data[capability / 32].effective & (1U << capability % 32);
}

char *mounts_hidden_reason(void)
{
    if (!capability_in_effect(CAP_SYS_ADMIN))
        return alloc_string("this process has no right to mount (CAP_SYS_ADMIN); an unprivileged "
                            "container can't set up its host's storage");
    if (!mounts_same_namespace_as_init())
        return alloc_string("this process runs in another mount namespace than the init system "
                            "(PID 1): the host would not see what is mounted here");
    return NULL;
}

/* The kernel's fs/xfs/libxfs/xfs_fs.h, struct xfs_fsop_geom_v1: not among the exported headers. */
struct xfs_geometry {
    uint32_t blocksize, before_datablocks[7];
    uint64_t datablocks;
    uint64_t rest[9];
};
#define XFS_GEOMETRY _IOR('X', 100, struct xfs_geometry)

static uint64_t xfs_mounted_bytes(int fd)
{
    struct xfs_geometry geometry = {0};

    return ioctl(fd, XFS_GEOMETRY, &geometry) == 0 ? geometry.blocksize * geometry.datablocks : 0;
}

/* The only device of a btrfs. The first one's number is 1, those that came later have others. */
static int btrfs_only_device(int fd, struct btrfs_ioctl_dev_info_args *ret_device)
{
    struct btrfs_ioctl_fs_info_args filesystem = {0};

    if (ioctl(fd, BTRFS_IOC_FS_INFO, &filesystem) < 0 || filesystem.num_devices != 1)
        return -1;
    for (uint64_t id = 1; id <= filesystem.max_id; id++) {
        *ret_device = (struct btrfs_ioctl_dev_info_args){.devid = id};
        if (ioctl(fd, BTRFS_IOC_DEV_INFO, ret_device) == 0)
            return 0;
    }
    return -1;
}

static uint64_t btrfs_mounted_bytes(int fd)
{
    struct btrfs_ioctl_dev_info_args device;

    return btrfs_only_device(fd, &device) == 0 ? device.total_bytes : 0;
}

static uint64_t btrfs_number(int fd)
{
    struct btrfs_ioctl_dev_info_args device;

    return btrfs_only_device(fd, &device) == 0 ? device.devid : 0;
}

/* What the kernel tells of a filesystem that is mounted, by a descriptor of its root. */
static const struct mounted_type {
    const char *type;
    uint64_t (*bytes)(int fd), (*number)(int fd);
    bool own_devno;
} mounted_types[] = {
    {"xfs", xfs_mounted_bytes, NULL, false},
    {"btrfs", btrfs_mounted_bytes, btrfs_number, true},
};

static const struct mounted_type *mounted_find(const char *type)
{
    static const struct mounted_type unknown;

    for (size_t i = 0; i < ARRAY_SIZE(mounted_types); i++)
        if (text_equal(mounted_types[i].type, type))
            return &mounted_types[i];
    return &unknown;
}

static uint64_t mounted_ask(const char *path, uint64_t (*question)(int fd))
{
    AUTO_CLOSE int fd = question ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    return fd < 0 ? 0 : question(fd);
}

uint64_t filesystem_mounted_bytes(const char *path, const char *fstype)
{
    return mounted_ask(path, mounted_find(fstype)->bytes);
}

uint64_t filesystem_device_number(const char *path, const char *fstype)
{
    return mounted_ask(path, mounted_find(fstype)->number);
}

bool filesystem_has_own_devno(const char *fstype)
{
    return mounted_find(fstype)->own_devno;
}

#include "mounts.h"

#include <errno.h>
#include <libmount.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "disks.h"
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
static int stop_at_bad_line(struct libmnt_table *table __attribute__((unused)),
                            const char *file __attribute__((unused)),
                            int line __attribute__((unused)))
{
    return -EBADMSG;
}

typedef int (*parse_function)(struct libmnt_table *, const char *);

/* Calls `add` for each entry of a file below disks_root. */
static int for_each_entry(const char *file, parse_function parse,
                          void (*add)(struct libmnt_fs *, void *), void *list, struct error *error)
{
    AUTO_FREE char *path = text_format("%s%s", disks_root, file);
    AUTO_TABLE struct libmnt_table *table = alloc_check(mnt_new_table());
    AUTO_ITERATOR struct libmnt_iter *iterator = alloc_check(mnt_new_iter(MNT_ITER_FORWARD));
    struct libmnt_fs *fs;

    mnt_table_set_parser_errcb(table, stop_at_bad_line);
    errno = 0;
    int r = parse(table, path);
    /* libmount reports a failed mnt_new_fs() as the end of the file, a failed copy as a bad line */
    if (r == -ENOMEM || errno == ENOMEM)
        alloc_failed();
    if (r != 0)
        return error_set_errno(error, r < 0 ? r : -EBADMSG, "reading %s", path);
    while (mnt_table_next_fs(table, iterator, &fs) == 0)
        add(fs, list);
    return 0;
}

/* "" where the kernel says nothing. */
static char *copy(const char *string)
{
    return alloc_string(string ? string : "");
}

static void add_mount(struct libmnt_fs *fs, void *list)
{
    struct mount *mount = fields_append(&mount_fields, list);

    mount->devno = mnt_fs_get_devno(fs);
    mount->root = copy(mnt_fs_get_root(fs));
    mount->target = copy(mnt_fs_get_target(fs));
    mount->fstype = copy(mnt_fs_get_fstype(fs));
    mount->source = copy(mnt_fs_get_source(fs));
    mount->options = copy(mnt_fs_get_vfs_options(fs));
    mount->fs_options = copy(mnt_fs_get_fs_options(fs));
    mount->read_only = mnt_optstr_get_option(mount->options, "ro", NULL, NULL) == 0 ||
                       mnt_optstr_get_option(mount->fs_options, "ro", NULL, NULL) == 0;
}

int mounts_read(struct mount_list *ret_mounts, struct error *error)
{
    struct mount_list mounts = {0};
    int r = for_each_entry("/proc/self/mountinfo", mnt_table_parse_file, add_mount, &mounts, error);

    if (r == 0)
        *ret_mounts = mounts;
    return r;
}

/* Of a device in use as swap; 0 for files and for nodes that aren't there. */
static uint64_t read_devno(const char *path)
{
    AUTO_FREE char *full = text_format("%s%s", disks_root, path);
    struct stat st;

    return stat(full, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

static void add_swap(struct libmnt_fs *fs, void *list)
{
    struct swap *swap = fields_append(&swap_fields, list);

    swap->path = copy(mnt_fs_get_source(fs));
    swap->devno = read_devno(swap->path);
    swap->priority = mnt_fs_get_priority(fs);
    swap->size_bytes = (uint64_t)mnt_fs_get_size(fs) * 1024;
    swap->used_bytes = (uint64_t)mnt_fs_get_usedsize(fs) * 1024;
}

int swaps_read(struct swap_list *ret_swaps, struct error *error)
{
    struct swap_list swaps = {0};
    struct error failure = ERROR_INIT;
    int r = for_each_entry("/proc/swaps", mnt_table_parse_swaps, add_swap, &swaps, &failure);

    if (r < 0 && r != -ENOENT) { /* a kernel without swap has no such file */
        *error = failure;
        return r;
    }
    error_clear(&failure);
    *ret_swaps = swaps;
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "mount/mount.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <libmount.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "text.h"

#define TEMPORARY_PREFIX ".fstab.storage_tier."

enum { FSTAB_LIMIT = 4 * 1024 * 1024, ROOM = 64 * 1024, NEW_FILE_MODE = 0644 };

static void release_table(struct libmnt_table **table)
{
    mnt_unref_table(*table);
}

static void release_iterator(struct libmnt_iter **iterator)
{
    mnt_free_iter(*iterator);
}

/* Parser errors are remembered by line; a positive answer lets libmount go on. */
static int fstab_note_broken(struct libmnt_table *table, const char *filename, int line)
{
    struct string_list *broken = mnt_table_get_userdata(table);
    char number[16];

    (void)filename;
    if (errno == ENOMEM) /* the line may be whole */
        alloc_failed();
    snprintf(number, sizeof(number), "%d", line - 1);
    string_list_add(broken, number);
    return 1;
}

/* The first value that the option has; NULL: none. */
static char *fstab_option_value(const char *options, const char *name)
{
    char *rest = (char *)options, *option, *value;
    size_t length, value_length;

    while (rest && mnt_optstr_next_option(&rest, &option, &length, &value, &value_length) == 0)
        if (value && length == strlen(name) && strncmp(option, name, length) == 0)
            return alloc_string_part(value, value_length);
    return text_list_value(rest, name); /* of what follows a quote that isn't closed */
}

static bool fstab_has_option(const char *options, const char *name)
{
    return mnt_optstr_get_option(options, name, NULL, NULL) == 0 || text_list_has(options, name);
}

static void fstab_fill_line(struct libmnt_fs *fs, int number, const char *text, size_t length,
                            struct fstab_line *line)
{
    const char *tag = NULL, *value = NULL;
    const char *options = mnt_fs_get_options(fs);
    AUTO_FREE char *comment = fstab_option_value(options, "comment");

    line->number = number;
    line->text = alloc_string_part(text, length);
    line->source = alloc_string(mnt_fs_get_source(fs));
    if (mnt_fs_get_tag(fs, &tag, &value) == 0 && text_equal(tag, "UUID"))
        line->uuid = alloc_string(value);
    if (text_equal(tag, "LABEL"))
        line->label = alloc_string(value);
    line->target = alloc_string(mnt_fs_get_target(fs));
    line->fstype = alloc_string(mnt_fs_get_fstype(fs));
    line->options = alloc_string(options);
    line->tier = fstab_option_value(options, "x-storage-tier");
    line->cloud_init = text_equal(comment, "cloudconfig");
}

static bool fstab_is_broken(const struct string_list *broken, int number)
{
    for (size_t i = 0; i < broken->count; i++)
        if (atoi(broken->items[i]) == number)
            return true;
    return false;
}

/* libmount gives entries without line numbers: the lines that are neither blank, comment nor broken
 * are its entries, in order. */
static int fstab_number_lines(struct libmnt_table *table, const struct string_list *broken,
                              struct fstab *fstab, struct error *error)
{
    __attribute__((cleanup(release_iterator))) struct libmnt_iter *iterator =
        alloc_check(mnt_new_iter(MNT_ITER_FORWARD));
    struct libmnt_fs *first = NULL;
    const char *end;
    int number = 1;

    if (mnt_table_next_fs(table, iterator, &first) != 0)
        alloc_failed(); /* our own line can't be missing for another reason */
    for (const char *p = fstab->text; *p; p = *end ? end + 1 : end, number++) {
        size_t blank = strspn(p, " \t");
        struct libmnt_fs *fs = NULL;

        end = strchrnul(p, '\n');
        size_t length = (size_t)(end - p);
        if (length > 0 && p[length - 1] == '\r')
            length--; /* libmount takes CR LF as a line end too, and CR elsewhere as a character */
        if (fstab_is_broken(broken, number)) {
            AUTO_FREE char *text = text_format("%d: %.*s", number, (int)(end - p), p);
            string_list_add(&fstab->broken, text);
            continue;
        }
        if (blank >= length || p[blank] == '#')
            continue;
        if (mnt_table_next_fs(table, iterator, &fs) != 0)
            return error_set(error, -EINVAL, "%s: line %d was not understood", fstab->path, number);
        struct fstab_line *line = fields_append(&fstab_line_fields, &fstab->lines);
        fstab_fill_line(fs, number, p, (size_t)(end - p), line);
    }
    return 0;
}

/* Of a stream libmount guesses the format by its first line, and takes two numbers for mountinfo:
 * so a line of our own goes first, which neither the entries nor the line numbers count. */
static int fstab_parse_text(struct libmnt_table *table, const struct fstab *fstab,
                            struct error *error)
{
    AUTO_FREE char *text = text_format("none none none defaults 0 0\n%s", fstab->text);

    AUTO_FCLOSE FILE *stream = alloc_check(fmemopen(text, strlen(text), "r"));
    errno = 0;
    int r = mnt_table_parse_stream(table, stream, fstab->path);
    return r < 0 ? error_set_errno(error, r, "parsing %s", fstab->path) : 0;
}

static int fstab_parse(struct fstab *fstab, struct error *error)
{
    __attribute__((cleanup(release_table))) struct libmnt_table *table =
        alloc_check(mnt_new_table());
    struct string_list broken = {0};

    if (!*fstab->text)
        return 0;
    mnt_table_set_userdata(table, &broken);
    mnt_table_set_parser_errcb(table, fstab_note_broken);
    int r = fstab_parse_text(table, fstab, error);
    if (r == 0)
        r = fstab_number_lines(table, &broken, fstab, error);
    string_list_release(&broken);
    return r;
}

static bool fstab_is_mount_point(const char *path)
{
    __attribute__((cleanup(release_table))) struct libmnt_table *table =
        mnt_new_table_from_file("/proc/self/mountinfo");

    return table && mnt_table_find_target(table, path, MNT_ITER_BACKWARD) != NULL;
}

static bool fstab_is_protected(const char *path)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int flags = 0;

    return fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 &&
           flags & (FS_IMMUTABLE_FL | FS_APPEND_FL);
}

/* Why the file can't be replaced; NULL when nothing speaks against it. */
static char *fstab_find_unwritable(const char *path)
{
    AUTO_FREE char *copy = alloc_string(path);
    const char *directory = dirname(copy);
    struct stat status;
    char *reason = directory_unwritable(directory, ROOM);

    if (reason)
        return reason;
    if (fstab_is_mount_point(path))
        return text_format("%s is a mount point of its own (a bind mount) and can't be replaced",
                           path);
    if (fstab_is_protected(path))
        return text_format("%s has the immutable or append-only attribute (chattr -i -a %s)", path,
                           path);
    if (fstab_is_protected(directory))
        return text_format("%s has the immutable or append-only attribute (chattr -i -a %s)",
                           directory, directory);
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
        return text_format("%s is a symbolic link that leads nowhere", path);
    return NULL;
}

/* How many bytes it has; none where there is no file. */
static int fstab_read_text(const char *path, char **ret_text, struct error *error)
{
    int r = file_read(path, FSTAB_LIMIT, ret_text, error);

    if (r != -ENOENT)
        return r;
    error_clear(error);
    *ret_text = alloc_string("");
    return 0;
}

static uint64_t devno_mounted(const struct mount_list *mounts, const char *target)
{
    uint64_t devno = 0;

    for (size_t i = 0; i < mounts->count; i++)
        if (text_equal(mounts->items[i].target, target))
            devno = mounts->items[i].devno;
    return devno;
}

static uint64_t devno_of_node(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISBLK(status.st_mode) ? status.st_rdev : 0;
}

/* By udev's link, where there is one; 0: none. */
static uint64_t devno_tagged(const char *source)
{
    static const struct {
        const char *tag, *links;
    } tags[] = {{"PARTUUID=", "partuuid"}, {"PARTLABEL=", "partlabel"}, {"ID=", "id"}};

    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        if (!text_starts_with(source, tags[i].tag))
            continue;
        const char *value = source + strlen(tags[i].tag);
        value += strspn(value, "\"");
        AUTO_FREE char *link =
            text_format("/dev/disk/by-%s/%.*s", tags[i].links, (int)strcspn(value, "\""), value);
        return devno_of_node(link);
    }
    return 0;
}

static uint64_t fstab_line_device(const struct fstab_line *line, const struct mount_list *mounts)
{
    const char *source = line->source;
    bool bind = fstab_has_option(line->options, "bind") || fstab_has_option(line->options, "rbind");

    if (source && *source == '/')
        return bind ? 0 : devno_of_node(source);
    uint64_t devno = source ? devno_tagged(source) : 0;
    return devno ? devno : devno_mounted(mounts, line->target);
}

void fstab_find_devices(struct fstab *fstab, const struct mount_list *mounts)
{
    for (size_t i = 0; i < fstab->lines.count; i++)
        fstab->lines.items[i].devno = fstab_line_device(&fstab->lines.items[i], mounts);
}

int fstab_read(const char *path, struct fstab *ret_fstab, struct error *error)
{
    struct fstab fstab = {0};

    fstab.path = realpath(path, NULL);
    if (!fstab.path && errno == ENOMEM)
        alloc_failed();
    if (!fstab.path)
        fstab.path = alloc_string(path);
    int length = fstab_read_text(fstab.path, &fstab.text, error);
    int r = length < 0 ? length : fstab_parse(&fstab, error);
    if (r < 0) {
        fields_release(&fstab_fields, &fstab);
        return r;
    }
    fstab.unwritable = strlen(fstab.text) == (size_t)length
                           ? fstab_find_unwritable(fstab.path)
                           : text_format("%s contains NUL bytes", fstab.path);
    *ret_fstab = fstab;
    return 0;
}

static char *fstab_directory(const char *path)
{
    AUTO_FREE char *copy = alloc_string(path);

    return alloc_string(dirname(copy));
}

/* What a killed run left: nobody else uses this name, and the caller holds the module's lock. */
static void fstab_remove_stale(const char *directory)
{
    AUTO_CLOSEDIR DIR *entries = opendir(directory);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)))
        if (text_starts_with(entry->d_name, TEMPORARY_PREFIX))
            unlinkat(dirfd(entries), entry->d_name, 0);
}

static int fstab_still_the_same(const struct fstab *fstab, struct error *error)
{
    AUTO_FREE char *now = NULL;
    int r = file_read(fstab->path, FSTAB_LIMIT, &now, error);

    if (r == -ENOENT) {
        error_clear(error);
        r = 0;
    }
    if (r < 0)
        return r;
    if ((size_t)r != strlen(fstab->text) || memcmp(now ? now : "", fstab->text, (size_t)r) != 0)
        return error_set(error, -EAGAIN, "%s was changed by somebody else meanwhile; run again",
                         fstab->path);
    return 0;
}

/* SELinux label, access control list and whatever else hangs on the file. */
static int fstab_copy_attributes(int from, int to, const char *path, struct error *error)
{
    char names[4096], value[4096];
    ssize_t length = flistxattr(from, names, sizeof(names));

    if (length < 0)
        return errno == ENOTSUP ? 0
                                : error_set_errno(error, -errno, "reading attributes of %s", path);
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        ssize_t size = fgetxattr(from, name, value, sizeof(value));
        if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0)
            return error_set_errno(error, -errno, "keeping attribute %s of %s", name, path);
    }
    return 0;
}

static int fstab_copy_metadata(const char *path, int to, struct error *error)
{
    AUTO_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;

    if (from < 0 && errno == ENOENT)
        return fchmod(to, NEW_FILE_MODE) < 0 ? error_set_errno(error, -errno, "creating %s", path)
                                             : 0;
    if (from < 0 || fstat(from, &status) < 0)
        return error_set_errno(error, -errno, "opening %s", path);
    if (fchown(to, status.st_uid, status.st_gid) < 0 || fchmod(to, status.st_mode & 07777) < 0)
        return error_set_errno(error, -errno, "keeping owner and mode of %s", path);
    return fstab_copy_attributes(from, to, path, error);
}

static int fstab_write_temporary(const struct fstab *fstab, const char *name, int fd,
                                 const char *text, struct error *error)
{
    int r = file_write_fd(fd, name, text, strlen(text), error);

    if (r == 0)
        r = fstab_copy_metadata(fstab->path, fd, error);
    if (r == 0 && fsync(fd) < 0)
        r = error_set_errno(error, -errno, "syncing %s", name);
    return r;
}

static int fstab_keep_backup(const struct fstab *fstab, char **ret_backup, struct error *error)
{
    char date[32];
    time_t now = time(NULL);
    struct tm local;

    strftime(date, sizeof(date), "%Y-%m-%d@%H:%M:%S", localtime_r(&now, &local));
    AUTO_FREE char *path = text_format("%s.%d.%s~", fstab->path, (int)getpid(), date);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(error, -errno, "creating the backup %s", path);
    int r = fstab_write_temporary(fstab, path, fd, fstab->text, error);
    if (r == 0)
        *ret_backup = TAKE_PTR(path);
    return r;
}

int fstab_replace(struct fstab *fstab, const char *text, char **ret_backup, struct error *error)
{
    AUTO_FREE char *directory = fstab_directory(fstab->path);
    AUTO_FREE char *temporary = text_format("%s/" TEMPORARY_PREFIX "XXXXXX", directory);
    AUTO_FREE char *copied = alloc_string(text);
    int r = fstab_still_the_same(fstab, error);

    if (r < 0)
        return r;
    fstab_remove_stale(directory);
    if (ret_backup)
        r = fstab_keep_backup(fstab, ret_backup, error);
    if (r < 0)
        return r;
    AUTO_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, -errno, "creating %s", temporary);
    r = fstab_write_temporary(fstab, temporary, fd, text, error);
    if (r == 0)
        r = fstab_still_the_same(fstab, error);
    if (r == 0 && rename(temporary, fstab->path) < 0)
        r = error_set_errno(error, -errno, "replacing %s", fstab->path);
    if (r < 0) {
        unlink(temporary);
        return r;
    }
    free(fstab->text);
    fstab->text = TAKE_PTR(copied);
    return file_sync_directory(fstab->path, error);
}

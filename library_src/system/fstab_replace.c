#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "fstab_file.h"
#include "text.h"

#define TEMPORARY_PREFIX ".fstab.storage_tier."

enum { FSTAB_LIMIT = 4 * 1024 * 1024, NEW_FILE_MODE = 0644 };

static char *directory_of(const char *path)
{
    AUTO_FREE char *copy = alloc_string(path);

    return alloc_string(dirname(copy));
}

/* What a killed run left: nobody else uses this name, and the caller holds the module's lock. */
static void remove_stale(const char *directory)
{
    AUTO_CLOSEDIR DIR *entries = opendir(directory);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)))
        if (text_starts_with(entry->d_name, TEMPORARY_PREFIX))
            unlinkat(dirfd(entries), entry->d_name, 0);
}

static int still_the_same(const struct fstab *fstab, struct error *error)
{
    AUTO_FREE char *now = NULL;
    size_t length = 0;
    int r = file_read(fstab->path, FSTAB_LIMIT, &now, &length, error);

    if (r == -ENOENT) {
        error_clear(error);
        r = 0;
    }
    if (r < 0)
        return r;
    if (length != strlen(fstab->text) || memcmp(now ? now : "", fstab->text, length) != 0)
        return error_set(error, -EAGAIN, "%s was changed by somebody else meanwhile; run again",
                         fstab->path);
    return 0;
}

/* SELinux label, access control list and whatever else hangs on the file. */
static int copy_attributes(int from, int to, const char *path, struct error *error)
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

static int copy_metadata(const char *path, int to, struct error *error)
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
    return copy_attributes(from, to, path, error);
}

static int write_temporary(const struct fstab *fstab, const char *name, int fd, const char *text,
                           struct error *error)
{
    int r = file_write_fd(fd, name, text, strlen(text), error);

    if (r == 0)
        r = copy_metadata(fstab->path, fd, error);
    if (r == 0 && fsync(fd) < 0)
        r = error_set_errno(error, -errno, "syncing %s", name);
    return r;
}

static int keep_backup(const struct fstab *fstab, char **ret_backup, struct error *error)
{
    char date[32];
    time_t now = time(NULL);
    struct tm local;

    strftime(date, sizeof(date), "%Y-%m-%d@%H:%M:%S", localtime_r(&now, &local));
    AUTO_FREE char *path = text_format("%s.%d.%s~", fstab->path, (int)getpid(), date);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(error, -errno, "creating the backup %s", path);
    int r = write_temporary(fstab, path, fd, fstab->text, error);
    if (r == 0)
        *ret_backup = TAKE_PTR(path);
    return r;
}

int fstab_replace(struct fstab *fstab, const char *text, char **ret_backup, struct error *error)
{
    AUTO_FREE char *directory = directory_of(fstab->path);
    AUTO_FREE char *temporary = text_format("%s/" TEMPORARY_PREFIX "XXXXXX", directory);
    AUTO_FREE char *copied = alloc_string(text);
    int r = still_the_same(fstab, error);

    if (r < 0)
        return r;
    remove_stale(directory);
    if (ret_backup)
        r = keep_backup(fstab, ret_backup, error);
    if (r < 0)
        return r;
    AUTO_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, -errno, "creating %s", temporary);
    r = write_temporary(fstab, temporary, fd, text, error);
    if (r == 0)
        r = still_the_same(fstab, error);
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

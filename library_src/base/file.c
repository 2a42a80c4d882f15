/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

enum { READ_STEP = 64 * 1024, VALUE_LIMIT = 64 * 1024 };

int file_read_fd(int fd, const char *name, size_t limit, char **ret_data, struct error *error)
{
    AUTO_FREE char *data = NULL;
    size_t length = 0, capacity = 0;

    for (;;) {
        if (length + 1 >= capacity) {
            capacity = capacity ? capacity * 2 : READ_STEP;
            data = alloc_array(data, capacity, 1);
        }
        ssize_t n = read(fd, data + length, capacity - length - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(error, -errno, "reading %s", name);
        if (n == 0)
            break;
        length += (size_t)n;
        if (length > limit)
            return error_set(error, -EFBIG, "%s is larger than %zu bytes", name, limit);
    }
    data[length] = '\0';
    *ret_data = TAKE_PTR(data);
    return (int)length;
}

int file_read(const char *path, size_t limit, char **ret_data, struct error *error)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return error_set_errno(error, -errno, "opening %s", path);
    return file_read_fd(fd, path, limit, ret_data, error);
}

char *file_read_value(const char *format, ...)
{
    struct error error = ERROR_INIT;
    char *data = NULL;
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *path = text_vformat(format, arguments);
    va_end(arguments);
    if (file_read(path, VALUE_LIMIT, &data, &error) < 0) {
        error_clear(&error);
        return NULL;
    }
    return text_trim(data);
}

int file_write_fd(int fd, const char *name, const void *data, size_t length, struct error *error)
{
    const char *p = data;

    while (length > 0) {
        ssize_t n = write(fd, p, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(error, -errno, "writing %s", name);
        p += n;
        length -= (size_t)n;
    }
    return 0;
}

int file_sync_directory(const char *path, struct error *error)
{
    AUTO_FREE char *copy = alloc_string(path);
    const char *directory = dirname(copy);
    AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return error_set_errno(error, -errno, "syncing the directory %s", directory);
    return 0;
}

int file_replace(const char *path, const void *data, size_t length, mode_t mode,
                 struct error *error)
{
    AUTO_FREE char *temporary = text_format("%s" FILE_TEMPORARY "XXXXXX", path);
    AUTO_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(error, -errno, "creating %s", temporary);
    int r = file_write_fd(fd, temporary, data, length, error);
    if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
        r = error_set_errno(error, -errno, "writing %s", temporary);
    if (r == 0 && rename(temporary, path) < 0)
        r = error_set_errno(error, -errno, "renaming %s to %s", temporary, path);
    if (r < 0) {
        unlink(temporary);
        return r;
    }
    return file_sync_directory(path, error);
}

int file_remove(const char *path, struct error *error)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return error_set_errno(error, -errno, "removing %s", path);
    return file_sync_directory(path, error);
}

int file_make_directories(const char *path, mode_t mode, struct error *error)
{
    AUTO_FREE char *copy = alloc_string(path);

    for (char *p = copy + 1;; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return error_set_errno(error, -errno, "creating the directory %s", copy);
        *p = c;
        if (c == '\0')
            return 0;
    }
}

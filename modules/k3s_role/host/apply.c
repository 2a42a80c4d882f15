/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "host/drop_in.h"
#include "text.h"

enum { DIRECTORY_MODE = 0755 };

/* What a run left that was killed before it could rename its file. */
static void remove_leftovers(const char *path)
{
    AUTO_FREE char *pattern = text_format("%s" FILE_TEMPORARY "??????", path);
    glob_t found = {0};

    int status = glob(pattern, 0, NULL, &found);
    if (status == GLOB_NOSPACE)
        alloc_failed();
    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

/* Held while the file is replaced, so that a leftover is nobody's. */
static int lock_directory(const char *path, int *ret_fd, struct error *error)
{
    AUTO_FREE char *copy = alloc_string(path);
    const char *directory = dirname(copy);
    int r = file_make_directories(directory, DIRECTORY_MODE, error);

    if (r < 0)
        return r;
    AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return error_set_errno(error, -errno, "locking the directory %s", directory);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static int write_drop_in(const char *path, const char *text, struct error *error)
{
    AUTO_CLOSE int lock = -1;
    int r = lock_directory(path, &lock, error);

    if (r < 0)
        return r;
    remove_leftovers(path);
    return text ? file_replace(path, text, strlen(text), DROP_IN_MODE, error)
                : file_remove(path, error);
}

int apply_host(const struct request *request, const struct facts *facts, const struct plan *plan,
               struct progress *progress, struct error *error)
{
    AUTO_FREE char *text = plan_drop_in(request, facts);

    progress_begin(progress);
    int r = write_drop_in(request->config_file, text, error);
    if (r == -EPERM) /* the file may not be replaced, so it was not */
        progress_refused(progress);
    for (size_t i = 0; r == 0 && i < plan->count; i++)
        progress_done(progress, &plan->actions[i]);
    return r;
}

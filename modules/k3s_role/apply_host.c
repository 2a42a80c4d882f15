#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>

#include "apply.h"
#include "cleanup.h"
#include "drop_in.h"
#include "file.h"
#include "plan_parts.h"
#include "text.h"

enum { DIRECTORY_MODE = 0755 };

/* What a run left that was killed before it could rename its file. */
static int remove_leftovers(const char *path, struct error *error)
{
    AUTO_FREE char *pattern = text_format("%s" FILE_TEMPORARY "??????", path);
    glob_t found = {0};

    if (!pattern)
        return error_oom(error);
    int r = glob(pattern, 0, NULL, &found);
    for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
    return r == GLOB_NOSPACE ? error_oom(error) : 0;
}

/* Held while the file is replaced, so that a leftover is nobody's. */
static int lock_directory(const char *path, int *ret_fd, struct error *error)
{
    AUTO_FREE char *copy = strdup(path);

    if (!copy)
        return error_oom(error);
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

int apply_host(const struct request *request, const struct facts *facts, struct error *error)
{
    const char *path = request->config_file;
    AUTO_FREE char *text = NULL;
    AUTO_CLOSE int lock = -1;
    int r = plan_drop_in(request, facts, &text, error);

    if (r == 0)
        r = lock_directory(path, &lock, error);
    if (r == 0)
        r = remove_leftovers(path, error);
    if (r < 0)
        return r;
    return text ? file_replace(path, text, strlen(text), DROP_IN_MODE, error)
                : file_remove(path, error);
}

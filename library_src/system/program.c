#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "text.h"

#define SEARCH_PATH "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"

enum { OUTPUT_LIMIT = 1024 * 1024 };

char *program_find(const char *name)
{
    for (const char *p = SEARCH_PATH; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
        char *path = text_format("%.*s/%s", (int)strcspn(p, ":"), p, name);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static int spawn(const char *path, const char *const argv[], const int *inherit, size_t count,
                 int output, pid_t *ret_pid)
{
    static char *const environment[] = {"PATH=" SEARCH_PATH, "LC_ALL=C", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    int r = posix_spawn_file_actions_init(&actions);
    if (r != 0)
        return -r;
    r = posix_spawnattr_init(&attributes);
    if (r != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -r;
    }
    r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    for (int fd = 1; fd <= 2 && r == 0; fd++)
        r = posix_spawn_file_actions_adddup2(&actions, output, fd);
    /* Duplicating a descriptor onto itself clears its close-on-exec flag in the child. */
    for (size_t i = 0; i < count && r == 0; i++)
        r = posix_spawn_file_actions_adddup2(&actions, inherit[i], inherit[i]);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    if (r == 0)
        r = posix_spawn(ret_pid, path, &actions, &attributes, (char *const *)argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

/* What nobody reads any more would stop the child for good. */
static void drain(int fd)
{
    char rest[4096];
    ssize_t n;

    do
        n = read(fd, rest, sizeof(rest));
    while (n > 0 || (n < 0 && errno == EINTR));
}

/* The child is always waited for, also when its output couldn't be read. */
static int wait_for(pid_t pid, int *ret_status)
{
    while (waitpid(pid, ret_status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

static int judge(const char *name, int status, char *output, struct error *error)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    text_trim(output);
    if (WIFSIGNALED(status))
        return error_set(error, -EIO, "%s was ended by signal %d: %s", name, WTERMSIG(status),
                         output);
    return error_set(error, -EIO, "%s failed with status %d: %s", name, WEXITSTATUS(status),
                     output);
}

int program_run(const char *const argv[], const int *inherit, size_t inherit_count,
                char **ret_output, struct error *error)
{
    AUTO_FREE char *path = program_find(argv[0]), *output = NULL;
    int ends[2], status = 0;
    size_t length;
    pid_t pid;

    if (!path)
        return error_set(error, -ENOENT, "the program %s is not installed", argv[0]);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(error, -errno, "starting %s", argv[0]);
    AUTO_CLOSE int from = ends[0];
    int r = spawn(path, argv, inherit, inherit_count, ends[1], &pid);
    close(ends[1]);
    if (r < 0)
        return error_set_errno(error, r, "starting %s", path);
    int reading = file_read_fd(from, argv[0], OUTPUT_LIMIT, &output, &length, error);
    if (reading < 0)
        drain(from);
    r = wait_for(pid, &status);
    if (r < 0)
        return error_set_errno(error, r, "waiting for %s", argv[0]);
    if (reading == -EFBIG) {
        error_clear(error);
        output = alloc_string("(more output than can be shown)");
        reading = 0;
    }
    if (reading < 0)
        return reading;
    r = judge(argv[0], status, output, error);
    if (r == 0 && ret_output)
        *ret_output = TAKE_PTR(output);
    return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

enum { STEP = 256 * 1024, ERRORS_LIMIT = 1024 * 1024, PROGRAM_OUTPUT_LIMIT = 1024 * 1024 };

/* One side's ends of the pipes; -1 where there is none, or once it is closed. */
struct pipes {
    int input, output, errors;
};

char *program_find(const char *name)
{
    for (const char *p = PROCESS_PATH; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
        char *path = text_format("%.*s/%s", (int)strcspn(p, ":"), p, name);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static void pipe_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void pipes_close(struct pipes *pipes)
{
    pipe_close(&pipes->input);
    pipe_close(&pipes->output);
    pipe_close(&pipes->errors);
}
#define AUTO_PIPES __attribute__((cleanup(pipes_close)))

/* One pipe: `*ret_read` and `*ret_write` are its ends. */
static int pipe_open(int *ret_read, int *ret_write)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    *ret_read = ends[0];
    *ret_write = ends[1];
    return 0;
}

/* What the child's descriptors become: adding to the list fails only for lack of memory. */
static void process_add_actions(const struct process *process, const struct pipes *theirs,
                                posix_spawn_file_actions_t *actions)
{
    int errors = process->errors_in_output ? theirs->output : theirs->errors;
    int r = posix_spawn_file_actions_init(actions);

    if (r == 0 && theirs->input >= 0)
        r = posix_spawn_file_actions_adddup2(actions, theirs->input, 0);
    else if (r == 0)
        r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, theirs->output, 1);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, errors, 2);
    /* Duplicating a descriptor onto itself clears its close-on-exec flag in the child. */
    for (size_t i = 0; i < process->inherit_count && r == 0; i++)
        r = posix_spawn_file_actions_adddup2(actions, process->inherit[i], process->inherit[i]);
    if (r != 0)
        alloc_failed();
}

static int process_spawn(const struct process *process, const struct pipes *theirs, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;

    process_add_actions(process, theirs, &actions);
    if (posix_spawnattr_init(&attributes) != 0)
        alloc_failed();
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    int r = posix_spawn(ret_pid, process->path, &actions, &attributes, (char *const *)process->argv,
                        (char *const *)process->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

static int process_start(const struct process *process, struct pipes *ours, pid_t *ret_pid)
{
    AUTO_PIPES struct pipes theirs = {-1, -1, -1};
    int r = process->input ? pipe_open(&theirs.input, &ours->input) : 0;

    if (r == 0)
        r = pipe_open(&ours->output, &theirs.output);
    if (r == 0 && !process->errors_in_output)
        r = pipe_open(&ours->errors, &theirs.errors);
    if (r == 0)
        r = process_spawn(process, &theirs, ret_pid);
    if (r < 0)
        return r;
    const int fds[] = {ours->input, ours->output, ours->errors};
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK);
    return 0;
}

/* What is written to a program that doesn't read it is lost; its exit status tells why. */
static void process_feed(int *fd, const char **input, size_t *length)
{
    ssize_t n = *length > 0 ? write(*fd, *input, *length) : 0;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        *input += n;
        *length -= (size_t)n;
    }
    if (n < 0 || *length == 0)
        pipe_close(fd);
}

/* What a program prints on one pipe. */
struct collected {
    struct text text;
    size_t limit;
    bool cut;
};

/* Reads what there is; what is over the limit is dropped, since a program whose output nobody reads
 * any more would never end. */
static int process_collect(int *fd, struct collected *collected, char *buffer)
{
    ssize_t n = read(*fd, buffer, STEP);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        pipe_close(fd);
        return n < 0 ? -errno : 0;
    }
    if (collected->text.length + (size_t)n <= collected->limit)
        text_add_bytes(&collected->text, buffer, (size_t)n);
    else
        collected->cut = true;
    return 0;
}

static long process_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static int process_talk(const struct process *process, struct pipes *pipes,
                        struct collected *output, struct collected *errors)
{
    AUTO_FREE char *buffer = alloc_bytes(STEP);
    const char *input = process->input;
    size_t length = process->input_length;
    long end = process_clock() + process->seconds * 1000L;
    int r = 0;

    while (r == 0 && (pipes->output >= 0 || pipes->errors >= 0)) {
        struct pollfd polled[] = {
            {pipes->output, POLLIN, 0}, {pipes->errors, POLLIN, 0}, {pipes->input, POLLOUT, 0}};
        long left = process->seconds ? end - process_clock() : -1;

        if (process->seconds && left <= 0)
            return -ETIMEDOUT;
        if (poll(polled, ARRAY_SIZE(polled), (int)left) < 0 && errno != EINTR)
            return -errno;
        if (polled[0].revents)
            r = process_collect(&pipes->output, output, buffer);
        if (r == 0 && polled[1].revents)
            r = process_collect(&pipes->errors, errors, buffer);
        if (r == 0 && polled[2].revents)
            process_feed(&pipes->input, &input, &length);
    }
    return r;
}

/* A program without a deadline may be changing a disk: it ends by itself, also when what it prints
 * can't be read. Without a reader it would be killed. */
static void process_drain(const struct pipes *pipes)
{
    const int fds[] = {pipes->output, pipes->errors};
    char rest[4096];

    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        ssize_t n = fds[i] < 0 ? 0 : 1;

        if (n > 0)
            fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) & ~O_NONBLOCK);
        while (n > 0 || (n < 0 && errno == EINTR))
            n = read(fds[i], rest, sizeof(rest));
    }
}

/* The child is always waited for, also when its output couldn't be read. */
static int process_wait(pid_t pid, struct reply *reply)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    reply->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    reply->status = reply->signal ? 128 + reply->signal : WEXITSTATUS(status);
    return 0;
}

int process_run(const struct process *process, struct reply *ret_reply, struct error *error)
{
    AUTO_PIPES struct pipes pipes = {-1, -1, -1};
    struct collected output = {.limit = process->output_limit}, errors = {.limit = ERRORS_LIMIT};
    struct reply reply = {0};
    pid_t pid;
    int r = process_start(process, &pipes, &pid);

    if (r < 0)
        return error_set_errno(error, r, "starting %s", process->path);
    int talking = process_talk(process, &pipes, &output, &errors);
    if (talking < 0 && process->seconds > 0)
        kill(pid, SIGKILL);
    else if (talking < 0)
        process_drain(&pipes);
    r = process_wait(pid, &reply);
    reply.length = output.text.length;
    reply.cut = output.cut;
    reply.output = text_take(&output.text);
    reply.errors = text_trim(text_take(&errors.text));
    if (talking == 0 && r == 0) {
        *ret_reply = reply;
        return 0;
    }
    reply_release(&reply);
    if (talking == -ETIMEDOUT)
        return error_set(error, talking, "%s didn't end within %d seconds", process->path,
                         process->seconds);
    return error_set_errno(error, talking < 0 ? talking : r, "talking to %s", process->path);
}

void reply_release(struct reply *reply)
{
    free(reply->output);
    free(reply->errors);
    *reply = (struct reply){0};
}

static int program_judge(const char *name, const struct reply *reply, struct error *error)
{
    const char *printed = reply->cut ? "(more output than can be shown)" : text_trim(reply->output);

    if (reply->signal)
        return error_set(error, -EIO, "%s was ended by signal %d: %s", name, reply->signal,
                         printed);
    return error_set(error, -EIO, "%s failed with status %d: %s", name, reply->status, printed);
}

int program_run(const char *const argv[], const int *inherit, size_t inherit_count,
                char **ret_output, struct error *error)
{
    static const char *const environment[] = {"PATH=" PROCESS_PATH, "LC_ALL=C", NULL};
    AUTO_FREE char *path = program_find(argv[0]);
    AUTO_REPLY struct reply reply = {0};

    if (!path)
        return error_set(error, -ENOENT, "the program %s is not installed", argv[0]);
    int r = process_run(&(struct process){.path = path,
                                          .argv = argv,
                                          .environment = environment,
                                          .inherit = inherit,
                                          .inherit_count = inherit_count,
                                          .output_limit = PROGRAM_OUTPUT_LIMIT,
                                          .errors_in_output = true},
                        &reply, error);
    if (r == 0 && reply.status != 0)
        r = program_judge(argv[0], &reply, error);
    if (r == 0 && ret_output)
        *ret_output = TAKE_PTR(reply.output);
    return r;
}

#include "kubectl_process.h"

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

enum { STEP = 256 * 1024, OUTPUT_LIMIT = 512 * 1024 * 1024, ERRORS_LIMIT = 1024 * 1024 };

/* Our ends of the pipes; -1 once closed. */
struct pipes {
    int input, output, errors;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void pipes_close(struct pipes *pipes)
{
    close_end(&pipes->input);
    close_end(&pipes->output);
    close_end(&pipes->errors);
}

static int spawn_with(const char *const argv[], const char *const environment[],
                      const struct pipes *theirs, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, theirs->input, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, theirs->output, 1) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, theirs->errors, 2) != 0)
        alloc_failed();
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    int r = posix_spawn(ret_pid, argv[0], &actions, &attributes, (char *const *)argv,
                        (char *const *)environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

/* One pipe: `*ret_read` and `*ret_write` are its ends. */
static int open_pipe(int *ret_read, int *ret_write)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    *ret_read = ends[0];
    *ret_write = ends[1];
    return 0;
}

static int start(const char *const argv[], const char *const environment[], struct pipes *ours,
                 pid_t *ret_pid)
{
    struct pipes theirs = {-1, -1, -1};
    int r = open_pipe(&theirs.input, &ours->input);

    if (r == 0)
        r = open_pipe(&ours->output, &theirs.output);
    if (r == 0)
        r = open_pipe(&ours->errors, &theirs.errors);
    if (r == 0)
        r = spawn_with(argv, environment, &theirs, ret_pid);
    pipes_close(&theirs);
    if (r < 0)
        return r;
    const int fds[] = {ours->input, ours->output, ours->errors};
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK);
    return 0;
}

/* What is written to a program that doesn't read it is lost; its exit status tells why. */
static void feed(int *fd, const char **input, size_t *length)
{
    ssize_t n = *length > 0 ? write(*fd, *input, *length) : 0;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        *input += n;
        *length -= (size_t)n;
    }
    if (n < 0 || *length == 0)
        close_end(fd);
}

/* Reads what there is; what is over the limit is dropped. */
static int collect(int *fd, struct text *text, size_t limit, char *buffer)
{
    ssize_t n = read(*fd, buffer, STEP);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        close_end(fd);
        return n < 0 ? -errno : 0;
    }
    if (text->length + (size_t)n <= limit)
        text_add_bytes(text, buffer, (size_t)n);
    return 0;
}

static long milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static int talk(struct pipes *pipes, const char *input, size_t length, int seconds,
                struct text *output, struct text *errors)
{
    AUTO_FREE char *buffer = alloc_bytes(STEP);
    long end = milliseconds() + seconds * 1000L;
    int r = 0;

    if (length == 0)
        close_end(&pipes->input);
    while (r == 0 && (pipes->output >= 0 || pipes->errors >= 0)) {
        struct pollfd polled[] = {
            {pipes->output, POLLIN, 0}, {pipes->errors, POLLIN, 0}, {pipes->input, POLLOUT, 0}};
        long left = end - milliseconds();

        if (left <= 0)
            return -ETIMEDOUT;
        if (poll(polled, ARRAY_SIZE(polled), (int)left) < 0 && errno != EINTR)
            return -errno;
        if (polled[0].revents)
            r = collect(&pipes->output, output, OUTPUT_LIMIT, buffer);
        if (r == 0 && polled[1].revents)
            r = collect(&pipes->errors, errors, ERRORS_LIMIT, buffer);
        if (r == 0 && polled[2].revents)
            feed(&pipes->input, &input, &length);
    }
    return r;
}

static int wait_for(pid_t pid, int *ret_status)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

int process_run(const char *const argv[], const char *const environment[], const char *input,
                size_t input_length, int seconds, struct reply *ret_reply, struct error *error)
{
    __attribute__((cleanup(pipes_close))) struct pipes pipes = {-1, -1, -1};
    AUTO_TEXT struct text output = {0}, errors = {0};
    AUTO_REPLY struct reply reply = {0};
    pid_t pid;
    int r = start(argv, environment, &pipes, &pid);

    if (r < 0)
        return error_set_errno(error, r, "starting %s", argv[0]);
    int talking = talk(&pipes, input, input_length, seconds, &output, &errors);
    if (talking < 0)
        kill(pid, SIGKILL);
    r = wait_for(pid, &reply.status);
    if (talking == -ETIMEDOUT)
        return error_set(error, talking, "%s didn't end within %d seconds", argv[0], seconds);
    if (talking < 0 || r < 0)
        return error_set_errno(error, talking < 0 ? talking : r, "talking to %s", argv[0]);
    reply.length = output.length;
    reply.output = text_take(&output);
    reply.errors = text_take(&errors);
    text_trim(reply.errors);
    *ret_reply = reply;
    reply = (struct reply){0};
    return 0;
}

void reply_release(struct reply *reply)
{
    free(reply->output);
    free(reply->errors);
    *reply = (struct reply){0};
}

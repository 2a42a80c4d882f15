/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"

static int real_stdout = -1;
static pid_t owner;
static volatile sig_atomic_t answered, begun, ended;
static char *volatile members;

static const struct {
    int number;
    const char *name;
} FATAL[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGABRT, "SIGABRT"}, {SIGFPE, "SIGFPE"},
    {SIGILL, "SIGILL"},   {SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},   {SIGHUP, "SIGHUP"},
    {SIGQUIT, "SIGQUIT"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGALRM, "SIGALRM"},
    {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
};

static int write_all(const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(real_stdout, data, length);
        if (n < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = real_stdout, .events = POLLOUT}, 1, -1);
        else if (n < 0 && errno != EINTR)
            return -EIO;
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
    return 0;
}

/* From here to on_out_of_memory() everything is async-signal-safe, and allocates nothing. */
struct line {
    char data[256];
    size_t length;
};

static void line_add(struct line *line, const char *string)
{
    size_t length = strlen(string);

    if (line->length + length > sizeof(line->data))
        return;
    memcpy(line->data + line->length, string, length);
    line->length += length;
}

static void line_add_number(struct line *line, unsigned number)
{
    char digits[12];
    size_t i = sizeof(digits);

    digits[--i] = '\0';
    do
        digits[--i] = (char)('0' + number % 10);
    while (number /= 10);
    line_add(line, digits + i);
}

static void write_failure(const char *what, const char *name)
{
    struct line line = {.length = 0};

    line_add(&line, "\n{\"changed\": ");
    line_add(&line, begun ? "true" : "false");
    line_add(&line, ", \"failed\": true, \"msg\": \"");
    line_add(&line, what);
    line_add(&line, name);
    if (begun) {
        line_add(&line, " while changes were being made; actions done: ");
        line_add_number(&line, (unsigned)ended);
    }
    line_add(&line, members ? "\", " : "\"");
    if (write_all(line.data, line.length) == 0 &&
        (!members || write_all(members, strlen(members)) == 0))
        write_all("}\n", 2);
}

static void on_signal(int number)
{
    const char *name = "a signal";

    if (getpid() != owner) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(FATAL); i++)
        if (FATAL[i].number == number)
            name = FATAL[i].name;
    if (!answered) {
        answered = 1;
        write_failure("ended by signal ", name);
    }
    _exit(1);
}

/* No signal may cut the answer in two, or add a second one. */
static bool begin_answer(void)
{
    sigset_t all;

    sigfillset(&all);
    for (size_t i = 0; i < 5; i++)
        sigdelset(&all, FATAL[i].number);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (answered)
        return false;
    answered = 1;
    return true;
}

static void on_out_of_memory(void)
{
    if (begin_answer())
        write_failure("out of memory", "");
}

/* A broken pipe is the write's own error. A handler instead of SIG_IGN: children don't inherit it.
 */
static void on_broken_pipe(int number)
{
    (void)number;
}

static void catch_signals(void)
{
    static char stack[64 * 1024];
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, before;

    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_SIZE(FATAL); i++)
        if (sigaction(FATAL[i].number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(FATAL[i].number, &action, NULL);
    action.sa_handler = on_broken_pipe;
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
}

static int open_nowhere(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    return fd >= 0 ? fd : memfd_create("nowhere", MFD_CLOEXEC);
}

void output_setup(void)
{
    real_stdout = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    owner = getpid();

    /* Descriptors 0 to 2 are open afterwards, so that no file ever gets one of them. */
    int fd = open_nowhere();
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open_nowhere();
    if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
        fcntl(STDIN_FILENO, F_SETFD, 0);
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
#ifndef __SANITIZE_ADDRESS__
        dup2(fd, STDERR_FILENO);
#endif
        close(fd);
    }
    catch_signals();
    alloc_on_failure(on_out_of_memory);
}

void output_begun(bool changes)
{
    begun = changes;
}

void output_keep(unsigned actions_done, char *new_members)
{
    char *old = members;

    members = new_members;
    ended = (sig_atomic_t)actions_done;
    free(old);
}

int output_write(const char *data, size_t length)
{
    return begin_answer() ? write_all(data, length) : 0;
}

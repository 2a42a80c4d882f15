/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one answer on standard output, whatever happens; each case in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "cleanup.h"
#include "output.h"

static char answer[256 * 1024];

/* Runs `act` with standard output into a pipe; its exit status, and what came in `answer`. */
static int run(int (*act)(void), int flags, unsigned wait_first)
{
    size_t length = 0;
    int pipes[2], status;

    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        if (flags && fcntl(pipes[1], F_SETFL, flags) < 0)
            _exit(99);
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[1]);
        output_setup();
        exit(act());
    }
    close(pipes[1]);
    usleep(wait_first);
    for (ssize_t n; (n = read(pipes[0], answer + length, sizeof(answer) - 1 - length)) > 0;)
        length += (size_t)n;
    answer[length] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int says_one_thing(void)
{
    printf("a library prints\n");
    fflush(stdout);
    return output_write("{}\n", 3) || output_write("again", 5);
}

static int says_one_thing_without_memory(void)
{
    output_write("{}\n", 3);
    alloc_failed();
}

static void one_answer(void **state)
{
    (void)state;
    assert_int_equal(run(says_one_thing, 0, 0), 0);
    assert_string_equal(answer, "{}\n");
    assert_int_equal(run(says_one_thing_without_memory, 0, 0), 1);
    assert_string_equal(answer, "{}\n");
}

static int without_memory(void)
{
    alloc_failed();
}

static int without_memory_later(void)
{
    output_begun(true);
    output_keep(1, strdup("\"a\": 1"));
    output_keep(12, strdup("\"warnings\": []"));
    alloc_failed();
}

/* What a child lacks is no answer of the module's. */
static int child_without_memory(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        alloc_failed();
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1 ? output_write("{}\n", 3) : 48;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(run(without_memory, 0, 0), 1);
    assert_string_equal(answer,
                        "\n{\"changed\": false, \"failed\": true, \"msg\": \"out of memory\"}\n");
    assert_int_equal(run(without_memory_later, 0, 0), 1);
    assert_string_equal(answer,
                        "\n{\"changed\": true, \"failed\": true, \"msg\": \"out of memory while "
                        "changes were being made; actions done: 12\", \"warnings\": []}\n");
    assert_int_equal(run(child_without_memory, 0, 0), 0);
    assert_string_equal(answer, "{}\n");
}

static int is_ended(void)
{
    output_begun(true);
    raise(SIGTERM);
    return 42;
}

static int is_ended_after_the_answer(void)
{
    output_write("{}\n", 3);
    raise(SIGSEGV);
    return 42;
}

/* A child of the module's isn't the module: it has no answer to give. */
static int child_is_ended(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        raise(SIGUSR1);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        _exit(3);
    }
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1 ? output_write("{}\n", 3) : 43;
}

static void signals(void **state)
{
    (void)state;
    assert_int_equal(run(is_ended, 0, 0), 1);
    assert_string_equal(answer,
                        "\n{\"changed\": true, \"failed\": true, \"msg\": \"ended by signal "
                        "SIGTERM while changes were being made; actions done: 0\"}\n");
    assert_int_equal(run(is_ended_after_the_answer, 0, 0), 1);
    assert_string_equal(answer, "{}\n");
    assert_int_equal(run(child_is_ended, 0, 0), 0);
    assert_string_equal(answer, "{}\n");
}

static int ignores(void)
{
    raise(SIGHUP);
    return output_write("{}\n", 3);
}

static void ignored_signals_stay_ignored(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(run(ignores, 0, 0), 0);
    signal(SIGHUP, SIG_DFL);
    assert_string_equal(answer, "{}\n");
}

static int says_much(void)
{
    static char much[200 * 1000];

    memset(much, 'x', sizeof(much));
    return output_write(much, sizeof(much));
}

/* More than a pipe holds, to a reader that takes its time. */
static void a_slow_reader(void **state)
{
    (void)state;
    assert_int_equal(run(says_much, O_NONBLOCK, 50000), 0);
    assert_int_equal(strlen(answer), 200 * 1000);
    assert_int_equal(run(says_much, 0, 50000), 0);
    assert_int_equal(strlen(answer), 200 * 1000);
}

static void lose_reader(void)
{
    int pipes[2];

    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDOUT_FILENO);
    close(pipes[0]);
    close(pipes[1]);
    output_setup();
}

static int has_no_reader(void)
{
    lose_reader();
    return output_write("x", 1) == -EIO ? 0 : 44;
}

static int has_no_reader_and_no_memory(void)
{
    lose_reader();
    alloc_failed();
}

static int has_closed_descriptors(void)
{
    struct sigaction action;

    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    output_setup();
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            return 45;
    if (sigaction(SIGPIPE, NULL, &action) < 0 || action.sa_handler == SIG_IGN)
        return 46;
    return output_write("x", 1) == -EIO ? 0 : 47;
}

static void nobody_listens(void **state)
{
    (void)state;
    assert_int_equal(run(has_no_reader, 0, 0), 0);
    assert_int_equal(run(has_no_reader_and_no_memory, 0, 0), 1);
    assert_int_equal(run(has_closed_descriptors, 0, 0), 0);
    assert_string_equal(answer, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer),    cmocka_unit_test(out_of_memory),
        cmocka_unit_test(signals),       cmocka_unit_test(ignored_signals_stay_ignored),
        cmocka_unit_test(a_slow_reader), cmocka_unit_test(nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

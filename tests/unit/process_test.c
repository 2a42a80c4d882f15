/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs that are run for what they do. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "process.h"
#include "text.h"

static struct error error = ERROR_INIT;

static int run(const char *script, char **ret_output)
{
    error_clear(&error);
    return program_run((const char *const[]){"sh", "-c", script, NULL}, NULL, 0, ret_output,
                       &error);
}

static void test_output_and_errors_in_their_order(void **state)
{
    AUTO_FREE char *output = NULL;

    (void)state;
    assert_int_equal(run("echo one; echo two >&2; echo three", &output), 0);
    assert_string_equal(output, "one\ntwo\nthree\n");
}

static void test_clean_environment_and_no_input(void **state)
{
    AUTO_FREE char *output = NULL;

    (void)state;
    setenv("HOME", "/somewhere", 1);
    assert_int_equal(run("cat; env | sort | grep -v '^PWD=\\|^_=\\|^SHLVL='", &output), 0);
    assert_string_equal(output, "LC_ALL=C\nPATH=" PROCESS_PATH "\n");
}

static void test_failures_say_what_was_printed(void **state)
{
    (void)state;
    assert_int_equal(run("echo ' no space '; exit 3", NULL), -EIO);
    assert_string_equal(error_message(&error), "sh failed with status 3: no space");
    assert_int_equal(run("echo half; kill -TERM $$", NULL), -EIO);
    assert_string_equal(error_message(&error), "sh was ended by signal 15: half");
    assert_int_equal(run("exit 143", NULL), -EIO);
    assert_string_equal(error_message(&error), "sh failed with status 143: ");
}

/* A program can be ended by a signal, whatever the module does with it. */
static void test_signals_of_a_program_are_its_own(void **state)
{
    sigset_t blocked;

    (void)state;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGUSR1, SIG_IGN);
    assert_int_equal(run("kill -TERM $$", NULL), -EIO);
    assert_string_equal(error_message(&error), "sh was ended by signal 15: ");
    assert_int_equal(run("kill -USR1 $$", NULL), -EIO);
    assert_string_equal(error_message(&error), "sh was ended by signal 10: ");
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

static void test_more_output_than_can_be_shown(void **state)
{
    (void)state;
    assert_int_equal(run("head -c 1048576 /dev/zero | tr '\\0' x; exit 1", NULL), -EIO);
    assert_true(text_ends_with(error_message(&error), "xxx"));
    assert_int_equal(run("head -c 2000000 /dev/zero; exit 1", NULL), -EIO);
    assert_string_equal(error_message(&error),
                        "sh failed with status 1: (more output than can be shown)");
    assert_int_equal(run("head -c 2000000 /dev/zero", NULL), 0);
}

static void test_descriptors(void **state)
{
    AUTO_CLOSE int given = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    AUTO_CLOSE int kept = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    AUTO_FREE char *has = text_format("test -e /proc/self/fd/%d", given);
    AUTO_FREE char *has_not = text_format("test ! -e /proc/self/fd/%d", kept);

    (void)state;
    error_clear(&error);
    assert_int_equal(
        program_run((const char *const[]){"sh", "-c", has, NULL}, &given, 1, NULL, &error), 0);
    assert_int_equal(
        program_run((const char *const[]){"sh", "-c", has_not, NULL}, &given, 1, NULL, &error), 0);
}

static void test_not_installed(void **state)
{
    (void)state;
    error_clear(&error);
    assert_int_equal(
        program_run((const char *const[]){"no-such-program", NULL}, NULL, 0, NULL, &error),
        -ENOENT);
    assert_string_equal(error_message(&error), "the program no-such-program is not installed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_and_errors_in_their_order),
        cmocka_unit_test(test_clean_environment_and_no_input),
        cmocka_unit_test(test_failures_say_what_was_printed),
        cmocka_unit_test(test_signals_of_a_program_are_its_own),
        cmocka_unit_test(test_more_output_than_can_be_shown),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_not_installed),
    };

    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    error_clear(&error);
    return failed;
}

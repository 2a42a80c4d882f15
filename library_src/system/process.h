/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting other programs: by argument vector, without a shell, with nothing inherited but what is
 * named. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* Where a system administrator's programs are, and the PATH that programs get. */
#define PROCESS_PATH "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"

/* Full path of a system administrator's program, or NULL. Owned by the caller. */
char *program_find(const char *name);

struct process {
    const char *path;                             /* full path of the program */
    const char *const *argv, *const *environment; /* both NULL-ended */
    const char *input; /* of input_length bytes, on its standard input; NULL: it reads nothing */
    size_t input_length;
    const int *inherit; /* descriptors that it gets, under their own numbers */
    size_t inherit_count;
    size_t output_limit;   /* bytes of output that are kept */
    int seconds;           /* until when it must have ended; 0: it may take any time */
    bool errors_in_output; /* its standard error is its standard output */
};

struct reply {
    int status;   /* exit status; 128 + the signal's number */
    int signal;   /* that ended it; 0: it ended by itself */
    char *output; /* with a NUL after its `length` bytes */
    size_t length;
    bool cut;     /* there was more output than the limit */
    char *errors; /* its standard error, trimmed; cut when it is very long */
};

/*
 * Runs a program and waits until it has ended and nobody writes its output any more. Any exit
 * status is a reply, not an error. -ETIMEDOUT: it was killed after `seconds`. *ret_reply is to be
 * released by the caller.
 */
int process_run(const struct process *process, struct reply *ret_reply, struct error *error);

void reply_release(struct reply *reply);
#define AUTO_REPLY __attribute__((cleanup(reply_release)))

/*
 * Runs argv[0], which program_find() finds, without input, with PATH and LC_ALL=C as its whole
 * environment, and no descriptors but those in `inherit`. 0 when it exits with status 0; else an
 * error with what it printed, -ENOENT where it is not installed. *ret_output, when wanted, is its
 * output and error text, owned by the caller.
 */
int program_run(const char *const argv[], const int *inherit, size_t inherit_count,
                char **ret_output, struct error *error);

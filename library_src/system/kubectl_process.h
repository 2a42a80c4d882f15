/* A program that is given text and gives text back, both of any size. */
#pragma once

#include <stddef.h>

#include "error.h"

struct reply {
    int status;   /* exit status; 128 + the signal's number */
    char *output; /* with a NUL after its `length` bytes */
    size_t length;
    char *errors; /* its standard error, trimmed; cut when it is very long */
};

/*
 * Runs argv[0], a full path, with `input` (of input_length bytes, may be NULL) on its standard
 * input, and exactly this environment. -ETIMEDOUT after `seconds`: it was killed then. Any exit
 * status is a reply, not an error. *ret_reply is to be released by the caller.
 */
int process_run(const char *const argv[], const char *const environment[], const char *input,
                size_t input_length, int seconds, struct reply *ret_reply, struct error *error);

void reply_release(struct reply *reply);
#define AUTO_REPLY __attribute__((cleanup(reply_release)))

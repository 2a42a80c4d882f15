/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One error object, created where something fails, wrapped with context on the way up, printed in
 * one place. Functions that can fail take it as their last parameter and return 0 or a negative
 * errno; their outputs are named ret_… and stay untouched on failure.
 */
#pragma once

#include <jansson.h>

struct error {
    int code;        /* negative errno, 0 when nothing failed */
    const char *id;  /* static name of a refusal ("foreign-content"), NULL for other errors */
    char *message;   /* owned */
    json_t *details; /* owned; more keys for the result, or NULL */
};

#define ERROR_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

/* Sets a new error (a previous one is dropped) and returns `code`, a negative errno. */
int error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": <text of errno>" appended. */
int error_set_errno(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A refusal: the module could go on but must not. `id` is static and documented. Returns -EPERM. */
int error_refuse(struct error *error, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<context>: " before the message; returns the error's code. */
int error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a key to `details`; steals `value`. */
void error_detail(struct error *error, const char *key, json_t *value);

/* What to print: never NULL. */
const char *error_message(const struct error *error);

void error_clear(struct error *error);

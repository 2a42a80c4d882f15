/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one JSON object. The real standard output is kept aside, so that a library that prints does
 * no harm, and a signal or a lack of memory still leaves exactly one object.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Keeps standard output aside, sends what anybody prints to nowhere, and prepares for signals and a
 * lack of memory. To be called once, before anything else. */
void output_setup(void);

/* For the object that a signal or a lack of memory leaves: whether an action has begun, so that
 * `changed` is true; how many have ended, and more of that object, as JSON without its braces, or
 * NULL. `members` is taken over. */
void output_begun(bool changes);
void output_keep(unsigned actions_done, char *members);

/* Writes the answer: once, and signals no longer matter from here on. 0, or -EIO where not all of
 * it could be written. */
int output_write(const char *data, size_t length);

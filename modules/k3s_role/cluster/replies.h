/* What kubectl replace and kubectl patch say about Nodes. Pure. */
#pragma once

#include <stdbool.h>

#include "error.h"

/* Whether standard output says that the Node was written. */
bool reply_has_written(const char *output, const char *name);

/* The line of standard error that is about the Node, a new string owned by the caller; NULL where
 * there is none. */
char *reply_error_of(const char *errors, const char *name);

/* Whether such a line says that somebody else has changed the Node meanwhile. */
bool reply_is_conflict(const char *line);

/* Whether standard error says that a patch didn't fit: a test in it failed, or a taint that it adds
 * is there by now. */
bool reply_patch_is_stale(const char *errors);

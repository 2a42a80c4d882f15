/* Starting other programs: by argument vector, without a shell, with a clean environment. */
#pragma once

#include <stddef.h>

#include "error.h"

/* Full path of a system administrator's program, or NULL. Owned by the caller. */
char *program_find(const char *name);

/*
 * Runs argv[0] (looked for as above) with standard input closed, an environment of PATH and
 * LC_ALL=C only, and no descriptors but those in `inherit`, under their own numbers. Waits. 0 when
 * it exits with status 0; else an error with what it printed. *ret_output, when wanted, is its
 * output and error text, owned by the caller.
 */
int program_run(const char *const argv[], const int *inherit, size_t inherit_count,
                char **ret_output, struct error *error);

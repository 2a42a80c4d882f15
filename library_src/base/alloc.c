/* SPDX-License-Identifier: BSD-2-Clause */
#include "alloc.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*answer_prepared)(void);
static pid_t answers;

void alloc_on_failure(void (*answer)(void))
{
    answer_prepared = answer;
    answers = getpid();
}

void alloc_failed(void)
{
    static const char text[] = ": out of memory\n";

    if (answer_prepared && getpid() == answers) {
        answer_prepared();
    } else if (!answer_prepared) {
        ssize_t n = write(STDERR_FILENO, program_invocation_short_name,
                          strlen(program_invocation_short_name));
        n = write(STDERR_FILENO, text, sizeof(text) - 1);
        (void)n;
    }
    _exit(1);
}

void *alloc_check(void *pointer)
{
    if (!pointer)
        alloc_failed();
    return pointer;
}

void *alloc_bytes(size_t size)
{
    return alloc_check(malloc(size ? size : 1));
}

void *alloc_zeroed(size_t count, size_t size)
{
    return alloc_check(calloc(count ? count : 1, size));
}

void *alloc_array(void *old, size_t count, size_t size)
{
    return alloc_check(reallocarray(old, count ? count : 1, size));
}

char *alloc_string(const char *string)
{
    return string ? alloc_check(strdup(string)) : NULL;
}

char *alloc_string_part(const char *string, size_t length)
{
    return alloc_check(strndup(string, length));
}

void alloc_setup_json(void)
{
    json_set_alloc_funcs(alloc_bytes, free);
}

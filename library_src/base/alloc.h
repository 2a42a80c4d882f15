/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocation that does not fail. Memory is either there, or the process ends: a kill at any instant
 * is survived by design, and lack of memory is such a kill. Whoever has to leave an answer behind
 * names a hook for it.
 */
#pragma once

#include <stddef.h>

/* What alloc_failed() calls before the process ends with status 1; it must not allocate. Without
 * one, a line goes to standard error. A child of the process that set it doesn't call it. */
void alloc_on_failure(void (*answer)(void));

/* Ends the process: for libraries that report a lack of memory themselves. */
_Noreturn void alloc_failed(void);

/* `pointer`, unless it is NULL because a library found no memory for it. */
void *alloc_check(void *pointer);

/* As malloc, calloc, reallocarray and strdup; the caller owns the result and frees it with free().
 */
void *alloc_bytes(size_t size) __attribute__((malloc, alloc_size(1)));
void *alloc_zeroed(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void *alloc_array(void *old, size_t count, size_t size) __attribute__((alloc_size(2, 3)));
char *alloc_string(const char *string); /* NULL gives NULL */
char *alloc_string_part(const char *string, size_t length);

/* Makes jansson allocate in the same way: its functions then return NULL for wrong input only. */
void alloc_setup_json(void);

/* Reading sysfs: small files and directories below an open directory. What can't be read counts as
 * missing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "fields.h"

enum { SYSFS_PAGE = 4096 };

/* Opens a directory below disks_root; a descriptor or a negative errno. */
int sysfs_open(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Opens a directory below an open one; a descriptor or a negative errno. */
int sysfs_open_at(int directory, const char *path);

/* Reads a file's first page, adds a NUL and returns the length; 0 where there is nothing. */
size_t sysfs_bytes(int directory, const char *path, char buffer[SYSFS_PAGE + 1]);
/* A decimal number; 0 where there is none. */
uint64_t sysfs_number(int directory, const char *path);
/* A new string as sysfs_clean makes it; NULL where there is none. */
char *sysfs_text(int directory, const char *path);
/* Any bytes but the line end (a file's name): a new string, NULL where there is none. */
char *sysfs_line(int directory, const char *path);
/* The names in a directory, in natural order; owned by the caller. */
struct string_list sysfs_names(int directory, const char *path);

/* What a device says of itself as a string that can be printed and written in an inventory: without
 * white space and NUL at its ends, what isn't printable ASCII as \xNN. NULL where nothing is left.
 */
char *sysfs_clean(const char *bytes, size_t length);

/* Order of kernel names as people count: sda, sda2, sda10, sdb, sdaa; nvme0n1, nvme0n10. */
int sysfs_compare_names(const char *a, const char *b);

/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk/disk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

const char *disks_root = "";

/* What can't be opened counts as missing, but not what the kernel had no memory for. */
int sysfs_open_at(int directory, const char *path)
{
    int fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == ENOMEM)
        alloc_failed();
    return fd < 0 ? -errno : fd;
}

int sysfs_open(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *suffix = text_vformat(format, arguments);
    va_end(arguments);
    AUTO_FREE char *path = text_format("%s%s", disks_root, suffix);
    return sysfs_open_at(AT_FDCWD, path);
}

size_t sysfs_bytes(int directory, const char *path, char buffer[SYSFS_PAGE + 1])
{
    AUTO_CLOSE int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = fd < 0 ? 0 : read(fd, buffer, SYSFS_PAGE);

    if (n < 0)
        n = 0;
    buffer[n] = '\0';
    return (size_t)n;
}

uint64_t sysfs_number(int directory, const char *path)
{
    char buffer[SYSFS_PAGE + 1];

    return sysfs_bytes(directory, path, buffer) ? strtoull(buffer, NULL, 10) : 0;
}

char *sysfs_text(int directory, const char *path)
{
    char buffer[SYSFS_PAGE + 1];
    size_t length = sysfs_bytes(directory, path, buffer);

    return sysfs_clean(buffer, length);
}

char *sysfs_line(int directory, const char *path)
{
    char buffer[SYSFS_PAGE + 1];
    size_t length = sysfs_bytes(directory, path, buffer);

    if (length > 0 && buffer[length - 1] == '\n')
        buffer[--length] = '\0';
    return length > 0 ? alloc_string(buffer) : NULL;
}

static bool is_padding(char c)
{
    return c == '\0' || isspace((unsigned char)c);
}

char *sysfs_clean(const char *bytes, size_t length)
{
    struct text text = {0};

    while (length > 0 && is_padding(bytes[length - 1]))
        length--;
    while (length > 0 && is_padding(bytes[0])) {
        bytes++;
        length--;
    }
    if (length == 0)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (iscntrl(c) || (c & 0x80))
            text_addf(&text, "\\x%02x", c);
        else
            text_add_bytes(&text, &bytes[i], 1);
    }
    return text_take(&text);
}

static size_t count_letters(const char *string)
{
    size_t n = 0;

    while (isalpha((unsigned char)string[n]))
        n++;
    return n;
}

/* Numbers of any length: without leading zeros the longer one is larger. */
static int compare_numbers(const char **a, const char **b)
{
    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    size_t n = strspn(*a, "0123456789"), m = strspn(*b, "0123456789");
    int order = n != m ? (n < m ? -1 : 1) : strncmp(*a, *b, n);

    *a += n;
    *b += m;
    return order;
}

/* Within one driver (its first two letters: sd, vd, xv) shorter letters come first: sdz, sdaa. */
static int compare_letters(const char **a, const char **b)
{
    size_t n = count_letters(*a), m = count_letters(*b), shorter = n < m ? n : m;
    int order = strncmp(*a, *b, shorter < 2 ? shorter : 2);

    if (order == 0 && n != m)
        order = n < m ? -1 : 1;
    if (order == 0)
        order = strncmp(*a, *b, n);
    *a += n;
    *b += m;
    return order;
}

int sysfs_compare_names(const char *a, const char *b)
{
    const char *p = a, *q = b;
    int order = 0;

    while (order == 0 && *p && *q) {
        if (isdigit((unsigned char)*p) && isdigit((unsigned char)*q)) {
            order = compare_numbers(&p, &q);
        } else if (isalpha((unsigned char)*p) && isalpha((unsigned char)*q)) {
            order = compare_letters(&p, &q);
        } else {
            order = (unsigned char)*p - (unsigned char)*q;
            p++;
            q++;
        }
    }
    if (order == 0)
        order = (unsigned char)*p - (unsigned char)*q;
    return order ? order : strcmp(a, b);
}

static int compare_items(const void *a, const void *b)
{
    return sysfs_compare_names(*(char *const *)a, *(char *const *)b);
}

struct string_list sysfs_names(int directory, const char *path)
{
    struct string_list names = {0};
    int fd = sysfs_open_at(directory, path);

    if (fd < 0)
        return names;
    AUTO_CLOSEDIR DIR *dir = alloc_check(fdopendir(fd));
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            string_list_add(&names, entry->d_name);
    if (names.count > 1)
        qsort(names.items, names.count, sizeof(char *), compare_items);
    return names;
}

#include "users.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "file.h"
#include "text.h"

enum { USERS_SHOWN = 5 };

/* Whether something of the process concerns the device or filesystem; adds how. */
typedef bool (*test)(const char *process, uint64_t devno, char **ret_how);

static bool mounts_it(const char *process, uint64_t devno, char **ret_how)
{
    AUTO_FREE char *table = file_read_value("/proc/%s/mountinfo", process);
    AUTO_FREE char *number = text_format(" %u:%u ", major((dev_t)devno), minor((dev_t)devno));
    char target[4096];

    const char *found = table && number ? strstr(table, number) : NULL;
    if (!found)
        return false;
    if (sscanf(found, " %*s %*s %4095s", target) != 1)
        return false;
    *ret_how = text_format("mounted at %s in the mount namespace of process", target);
    return true;
}

static bool opens(const char *process, uint64_t devno, bool device, char **ret_how)
{
    AUTO_FREE char *path = text_format("/proc/%s/fd", process);
    AUTO_CLOSEDIR DIR *files = path ? opendir(path) : NULL;
    struct dirent *entry;
    struct stat status;

    while (files && (entry = readdir(files)))
        if (isdigit((unsigned char)entry->d_name[0]) &&
            fstatat(dirfd(files), entry->d_name, &status, 0) == 0 &&
            (device ? S_ISBLK(status.st_mode) && status.st_rdev == devno
                    : status.st_dev == devno)) {
            *ret_how = strdup("open in process");
            return true;
        }
    return false;
}

static bool opens_device(const char *process, uint64_t devno, char **ret_how)
{
    return opens(process, devno, true, ret_how);
}

static bool works_in(const char *process, uint64_t devno, char **ret_how)
{
    AUTO_FREE char *directory = text_format("/proc/%s/cwd", process);
    struct stat status;

    if (opens(process, devno, false, ret_how))
        return true;
    if (!directory || stat(directory, &status) < 0 || status.st_dev != devno)
        return false;
    *ret_how = strdup("working directory of process");
    return true;
}

static void scan(struct text *text, uint64_t devno, test concerns)
{
    AUTO_CLOSEDIR DIR *processes = opendir("/proc");
    struct dirent *entry;
    int shown = 0;

    while (processes && shown < USERS_SHOWN && (entry = readdir(processes))) {
        AUTO_FREE char *how = NULL;

        if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid() ||
            !concerns(entry->d_name, devno, &how))
            continue;
        AUTO_FREE char *name = file_read_value("/proc/%s/comm", entry->d_name);
        text_addf(text, "%s%s %s (%s)", text->length ? "; " : "", how ? how : "?", entry->d_name,
                  name ? name : "?");
        shown++;
    }
}

char *device_users(uint64_t devno)
{
    AUTO_TEXT struct text text = {0};

    scan(&text, devno, mounts_it);
    scan(&text, devno, opens_device);
    return text.length ? text_take(&text) : NULL;
}

char *mount_users(const char *path)
{
    AUTO_TEXT struct text text = {0};
    struct stat status;

    if (stat(path, &status) == 0)
        scan(&text, status.st_dev, works_in);
    return text.length ? text_take(&text) : NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "mount/mount.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "text.h"

enum { USERS_SHOWN = 5 };

/* What processes are asked about. */
struct subject {
    uint64_t devno; /* a device, or what stat(2) says of the files of a filesystem */
    uint64_t super; /* the filesystem's own number, as mountinfo and maps have it */
    const char
        *path; /* where a btrfs is mounted, whose subvolumes have numbers of their own; NULL */
    const char *root;  /* of that mount within the filesystem */
    const char *place; /* of its directory within the filesystem above */
    unsigned above;    /* peers of the mount above, which an unmount goes over to; 0: none */
    struct text *seen; /* mount namespaces */
};

/* Whether something of the process concerns it; adds how. */
typedef bool (*test)(const char *process, const struct subject *subject, char **ret_how);

static bool user_mounts(const char *process, const struct subject *subject, char **ret_how)
{
    AUTO_FREE char *table = file_read_value("/proc/%s/mountinfo", process);
    AUTO_FREE char *number =
        text_format(" %u:%u ", major((dev_t)subject->devno), minor((dev_t)subject->devno));
    char target[4096];

    const char *found = table ? strstr(table, number) : NULL;
    if (!found)
        return false;
    if (sscanf(found, " %*s %*s %4095s", target) != 1)
        return false;
    *ret_how = text_format("mounted at %s in the mount namespace of process", target);
    return true;
}

static bool user_opens_device(const char *process, const struct subject *subject, char **ret_how)
{
    AUTO_FREE char *path = text_format("/proc/%s/fd", process);
    AUTO_CLOSEDIR DIR *files = opendir(path);
    struct dirent *entry;
    struct stat status;

    while (files && (entry = readdir(files)))
        if (isdigit((unsigned char)entry->d_name[0]) &&
            fstatat(dirfd(files), entry->d_name, &status, 0) == 0 && S_ISBLK(status.st_mode) &&
            status.st_rdev == subject->devno) {
            *ret_how = alloc_string("open in process");
            return true;
        }
    return false;
}

static void users_scan(struct text *text, const struct subject *subject, test concerns)
{
    AUTO_CLOSEDIR DIR *processes = opendir("/proc");
    struct dirent *entry;
    int shown = 0;

    while (processes && shown < USERS_SHOWN && (entry = readdir(processes))) {
        AUTO_FREE char *how = NULL;

        if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid() ||
            !concerns(entry->d_name, subject, &how))
            continue;
        AUTO_FREE char *name = file_read_value("/proc/%s/comm", entry->d_name);
        text_addf(text, "%s%s %s (%s)", text->length ? "; " : "", how, entry->d_name,
                  name ? name : "?");
        shown++;
    }
}

char *device_users(uint64_t devno)
{
    AUTO_TEXT struct text text = {0};
    const struct subject subject = {.devno = devno};

    users_scan(&text, &subject, user_mounts);
    users_scan(&text, &subject, user_opens_device);
    return text.length ? text_take(&text) : NULL;
}

/* A link of /proc that leads to a file on the filesystem. */
static bool user_link_leads_there(int directory, const char *link, const struct subject *subject)
{
    struct stat status;
    char target[PATH_MAX];
    size_t length = subject->path ? strlen(subject->path) : 0;

    if (fstatat(directory, link, &status, 0) == 0 && status.st_dev == subject->devno)
        return true;
    ssize_t read = length ? readlinkat(directory, link, target, sizeof(target) - 1) : -1;
    if (read < (ssize_t)length)
        return false;
    target[read] = '\0';
    return read > 0 && strncmp(target, subject->path, length) == 0 &&
           (target[length] == '/' || target[length] == '\0');
}

static bool user_opens_file(int process, const struct subject *subject)
{
    int files = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO_CLOSEDIR DIR *directory = files < 0 ? NULL : fdopendir(files);
    struct dirent *entry;

    while (directory && (entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0]) &&
            user_link_leads_there(dirfd(directory), entry->d_name, subject))
            return true;
    if (files >= 0 && !directory)
        close(files);
    return false;
}

static bool user_maps_file(int process, const struct subject *subject)
{
    int fd = openat(process, "maps", O_RDONLY | O_CLOEXEC);
    AUTO_FCLOSE FILE *maps = fd < 0 ? NULL : fdopen(fd, "re");
    AUTO_FREE char *line = NULL;
    size_t size = 0;
    unsigned a, b;

    while (maps && getline(&line, &size, maps) > 0)
        if (sscanf(line, "%*s %*s %*s %x:%x", &a, &b) == 2 && makedev(a, b) == subject->super)
            return true;
    if (fd >= 0 && !maps)
        close(fd);
    return false;
}

static bool user_works_in(const char *name, const struct subject *subject, char **ret_how)
{
    AUTO_FREE char *path = text_format("/proc/%s", name);
    AUTO_CLOSE int process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *how = NULL;

    if (process < 0)
        return false;
    if (user_opens_file(process, subject))
        how = "open in process";
    else if (user_link_leads_there(process, "cwd", subject))
        how = "working directory of process";
    else if (user_link_leads_there(process, "root", subject))
        how = "root directory of process";
    else if (user_link_leads_there(process, "exe", subject))
        how = "program of process";
    else if (user_maps_file(process, subject))
        how = "mapped by process";
    *ret_how = alloc_string(how);
    return how;
}

/* One line of mountinfo, taken apart. */
struct entry {
    unsigned id, parent;
    uint64_t super;
    char root[PATH_MAX], target[PATH_MAX];
    unsigned group, master, from; /* of peers: its own, those it follows, those that these follow */
};

static unsigned number_after(const char *text, const char *end, const char *name)
{
    const char *found = strstr(text, name);

    return found && found < end ? (unsigned)atoi(found + strlen(name)) : 0;
}

static bool mount_entry_read(const char *line, struct entry *entry)
{
    unsigned a, b;
    int length;

    if (sscanf(line, "%u %u %u:%u %4095s %4095s %*s%n", &entry->id, &entry->parent, &a, &b,
               entry->root, entry->target, &length) != 6)
        return false;
    const char *optional = line + length, *end = strstr(optional, " - ");
    entry->super = makedev(a, b);
    entry->group = number_after(optional, end, " shared:");
    entry->master = number_after(optional, end, " master:");
    entry->from = number_after(optional, end, " propagate_from:");
    return true;
}

typedef bool (*choice)(const struct entry *entry, const void *what);

/* The last one that fits, as a process sees the mounts. */
static bool mount_entry_find(const char *process, choice fits, const void *what,
                             struct entry *ret_entry)
{
    AUTO_FREE char *path = text_format("/proc/%s/mountinfo", process), *line = NULL;
    AUTO_FCLOSE FILE *table = fopen(path, "re");
    struct entry entry;
    size_t size = 0;
    bool found = false;

    while (table && getline(&line, &size, table) > 0)
        if (mount_entry_read(line, &entry) && fits(&entry, what)) {
            *ret_entry = entry;
            found = true;
        }
    return found;
}

static bool mount_entry_has_id(const struct entry *entry, const void *id)
{
    return entry->id == *(const unsigned *)id;
}

static bool mount_entry_has_target(const struct entry *entry, const void *target)
{
    return text_equal(entry->target, target);
}

/* Where in the filesystem above it is mounted. Owned by the caller. */
static char *mount_entry_place(const struct entry *entry, const struct entry *above)
{
    size_t length = text_equal(above->target, "/") ? 0 : strlen(above->target);

    return text_format("%s%s", text_equal(above->root, "/") ? "" : above->root,
                       strlen(entry->target) >= length ? entry->target + length : "");
}

/* An unmount goes over to what is mounted at the same place of a mount that follows the one above;
 * not to bind mounts at other places, nor to those of a part. */
static bool mount_entry_goes_along(const char *process, const struct entry *entry,
                                   const struct subject *subject)
{
    unsigned group = subject->above;
    struct entry above;

    if (!group || !text_equal(entry->root, subject->root) ||
        !mount_entry_find(process, mount_entry_has_id, &entry->parent, &above))
        return false;
    AUTO_FREE char *place = mount_entry_place(entry, &above);
    return text_equal(place, subject->place) &&
           (above.group == group || above.master == group || above.from == group);
}

struct question {
    const char *process;
    const struct subject *subject;
};

static bool mount_entry_holds(const struct entry *entry, const void *what)
{
    const struct question *question = what;

    return entry->super == question->subject->super &&
           !mount_entry_goes_along(question->process, entry, question->subject);
}

static bool user_holds_elsewhere(const char *process, const struct subject *subject, char **ret_how)
{
    AUTO_FREE char *path = text_format("/proc/%s/ns/mnt", process);
    struct stat own, its;

    if (stat("/proc/self/ns/mnt", &own) < 0 || stat(path, &its) < 0 || own.st_ino == its.st_ino)
        return false;
    AUTO_FREE char *name = text_format(" %ju ", (uintmax_t)its.st_ino);
    if (subject->seen->data && strstr(subject->seen->data, name))
        return false;
    text_add(subject->seen, name);
    struct entry entry;
    if (mount_entry_find(process, mount_entry_holds, &(struct question){process, subject}, &entry))
        *ret_how = text_format("mounted at %s in the mount namespace of process", entry.target);
    return *ret_how;
}

char *mount_users(const char *path)
{
    AUTO_TEXT struct text text = {0}, seen = {0};
    struct stat status;
    struct statfs filesystem;
    struct subject subject = {.seen = &seen};
    struct entry mount, above;
    AUTO_FREE char *place = NULL;

    if (stat(path, &status) < 0)
        return NULL;
    subject.devno = subject.super = status.st_dev;
    if (mount_entry_find("self", mount_entry_has_target, path, &mount)) {
        subject.super = mount.super;
        subject.root = mount.root;
    }
    if (subject.root && mount_entry_find("self", mount_entry_has_id, &mount.parent, &above)) {
        subject.above = above.group;
        subject.place = place = mount_entry_place(&mount, &above);
    }
    if (statfs(path, &filesystem) == 0 && filesystem.f_type == BTRFS_SUPER_MAGIC)
        subject.path = path;
    users_scan(&text, &subject, user_works_in);
    users_scan(&text, &subject, user_holds_elsewhere);
    return text.length ? text_take(&text) : NULL;
}

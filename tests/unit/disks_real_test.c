/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real machine: its loop devices through the real sysfs and /dev. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "disk/disk.h"
#include "mount/mount.h"
#include "text.h"

enum { SIZE = 20 * 1024 * 1024 };

/* A file of our own, attached; what was attached is detached by its descriptor, and nothing else.
 */
struct loop {
    char file[64], device[32];
    int fd;
};

/* What a test has: released after it, also where it failed. */
static struct {
    struct loop loops[64];
    size_t count;
    struct mount_list mounts;
    struct swap_list swaps;
    struct disk_list disks;
    bool os_known;
    struct error error;
} host;

static void release(void)
{
    mounts_release(&host.mounts);
    swaps_release(&host.swaps);
    disks_release(&host.disks);
    error_clear(&host.error);
}

static void read_host(void)
{
    release();
    if (mounts_read(&host.mounts, &host.error) < 0 || swaps_read(&host.swaps, &host.error) < 0 ||
        disks_read(&host.mounts, &host.swaps, &host.disks, &host.error) < 0)
        fail_msg("%s", error_message(&host.error));
    host.os_known = disks_mark_os(&host.disks, &host.mounts);
}

static void detach(struct loop *loop)
{
    AUTO_FREE char *link = text_format("%s.link", loop->file);

    if (loop->fd >= 0) {
        ioctl(loop->fd, LOOP_CLR_FD);
        close(loop->fd);
    }
    unlink(loop->file);
    unlink(link);
}

static int clean_up(void **state __attribute__((unused)))
{
    release();
    while (host.count > 0)
        detach(&host.loops[--host.count]);
    return 0;
}

/* Another process may take the free device first: then the next one. */
static int attach_free(int control, int backing, struct loop *loop)
{
    for (int i = 0; i < 100; i++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0)
            return -errno;
        snprintf(loop->device, sizeof(loop->device), "/dev/loop%d", number);
        AUTO_CLOSE int fd = open(loop->device, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            return -errno;
        if (ioctl(fd, LOOP_SET_FD, backing) == 0) {
            loop->fd = TAKE_FD(fd);
            return 0;
        }
        if (errno != EBUSY)
            return -errno;
    }
    return -EBUSY;
}

static int attach(void)
{
    AUTO_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    struct loop *loop = &host.loops[host.count];

    if (control < 0)
        return -errno;
    *loop = (struct loop){.file = "/tmp/disks-test-XXXXXX", .fd = -1};
    AUTO_CLOSE int backing = mkostemp(loop->file, O_CLOEXEC);
    if (backing < 0)
        return -errno;
    host.count++;
    return ftruncate(backing, SIZE) < 0 ? -errno : attach_free(control, backing, loop);
}

static void attach_or_skip(size_t count)
{
    while (host.count < count) {
        int r = attach();
        if (r < 0) {
            print_message("skipped: only %zu of %zu loop devices: %s\n", host.count, count,
                          strerror(-r));
            skip();
        }
    }
}

static const struct disk *resolve(const char *device)
{
    struct disk_identity identity = {.name = "data-0", .device = device, .provider = "generic"};
    const struct disk *disk = NULL;
    AUTO_FREE char *found_by = NULL;

    if (disks_resolve(&host.disks, &identity, &disk, &found_by, &host.error) < 0)
        return NULL;
    return disk;
}

/* A loop device of our own, read; its entry in the list. */
static struct disk *one_loop(void)
{
    attach_or_skip(1);
    read_host();
    struct disk *disk = disks_find_name(&host.disks, host.loops[0].device + strlen("/dev/"));
    assert_non_null(disk);
    return disk;
}

/* Others on this machine (udev, a scan of all disks) may have the device open for a moment. */
static int open_exclusive(const struct disk *disk)
{
    int fd = -EBUSY;

    for (int i = 0; i < 100 && fd == -EBUSY; i++) {
        usleep(i ? 10000 : 0);
        error_clear(&host.error);
        fd = disk_open(disk, O_RDWR | O_EXCL, &host.error);
    }
    return fd;
}

static bool stays_open(const struct disk *disk)
{
    for (int i = 0; i < 100; i++) {
        AUTO_CLOSE int fd = disk_open(disk, O_RDONLY, &host.error);
        if (fd < 0)
            return false;
        usleep(10000);
    }
    return true;
}

static void loop_device_found_and_opened(void **state __attribute__((unused)))
{
    const struct disk *disk = one_loop();

    assert_ptr_equal(resolve(host.loops[0].device), disk);
    assert_string_equal(disk->path, host.loops[0].device);
    assert_string_equal(disk->backing_file, host.loops[0].file);
    assert_int_equal(disk->size_bytes, SIZE);
    assert_false(disk->os);
    AUTO_CLOSE int fd = open_exclusive(disk);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(disk_open(disk, O_RDONLY | O_EXCL, &host.error), -EBUSY);
}

static void assert_changed(const struct disk *disk, const char *word)
{
    error_clear(&host.error);
    assert_int_equal(disk_open(disk, O_RDONLY, &host.error), -EPERM);
    assert_string_equal(host.error.id, "device-changed");
    assert_non_null(strstr(error_message(&host.error), word));
}

static void open_notices_another_device(void **state __attribute__((unused)))
{
    struct disk *disk = one_loop();
    char **identifiers[] = {&disk->serial, &disk->wwn, &disk->designator, &disk->attachment};
    static const char *const words[] = {"serial", "wwn", "designator", "attached name"};

    disk->size_bytes += 512;
    assert_changed(disk, "size");
    disk->size_bytes -= 512;
    disk->devno++;
    assert_changed(disk, "device number");
    disk->devno--;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        *identifiers[i] = strdup("X");
        assert_changed(disk, words[i]);
        free(TAKE_PTR(*identifiers[i]));
    }
    disk->backing_file[1] = 'X';
    assert_changed(disk, "backing file");
    disk->type[0] = 'X';
    assert_changed(disk, "type");
}

static void open_follows_no_link(void **state __attribute__((unused)))
{
    struct disk *disk = one_loop();
    AUTO_FREE char *link = text_format("%s.link", host.loops[0].file);

    assert_int_equal(symlink(host.loops[0].device, link), 0);
    assert_ptr_equal(resolve(link), disk);
    free(disk->path);
    disk->path = strdup(link);
    assert_changed(disk, "symbolic link");
}

/* What is written to is what was resolved, wherever the link leads by now. */
static void open_after_the_link_moved(void **state __attribute__((unused)))
{
    struct stat st;

    attach_or_skip(2);
    struct disk *disk = one_loop();
    AUTO_FREE char *link = text_format("%s.link", host.loops[0].file);
    assert_int_equal(symlink(host.loops[0].device, link), 0);
    assert_ptr_equal(resolve(link), disk);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(host.loops[1].device, link), 0);
    AUTO_CLOSE int fd = disk_open(disk, O_RDWR, &host.error);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_rdev, disk->devno);
}

static void open_after_the_node_was_replaced(void **state __attribute__((unused)))
{
    attach_or_skip(2);
    struct disk *disk = one_loop();
    const struct disk *other = disks_find_name(&host.disks, host.loops[1].device + strlen("/dev/"));
    AUTO_FREE char *node = text_format("%s.link", host.loops[0].file);

    assert_int_equal(mknod(node, S_IFBLK | 0600, disk->devno), 0);
    free(disk->path);
    disk->path = strdup(node);
    AUTO_CLOSE int fd = disk_open(disk, O_RDWR, &host.error);
    assert_true(fd >= 0);
    assert_int_equal(unlink(node), 0);
    assert_int_equal(mknod(node, S_IFBLK | 0600, other->devno), 0);
    assert_changed(disk, "device number");
}

static void open_without_a_node(void **state __attribute__((unused)))
{
    struct disk *disk = one_loop();

    free(disk->path);
    disk->path = strdup("/dev/disks-test-none");
    assert_int_equal(disk_open(disk, O_RDONLY, &host.error), -ENOENT);
    assert_non_null(strstr(error_message(&host.error), "container"));
}

static void open_notices_a_detached_device(void **state __attribute__((unused)))
{
    const struct disk *disk = one_loop();

    detach(&host.loops[0]);
    host.loops[0].fd = -1;
    assert_false(stays_open(disk));
}

static void root_is_marked(void **state __attribute__((unused)))
{
    struct stat st;

    read_host();
    assert_int_equal(stat("/", &st), 0);
    const struct disk *disk = disks_find(&host.disks, st.st_dev);
    if (disk)
        assert_true(disk->os);
    else
        print_message("/ is on no block device that the kernel names\n");
}

/* Of this process: others on the machine don't count. */
static double milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void many_devices_are_quick(void **state __attribute__((unused)))
{
    double best = 1e9;

    attach_or_skip(ARRAY_SIZE(host.loops));
    for (int i = 0; i < 10; i++) {
        double start = milliseconds();
        read_host();
        double took = milliseconds() - start;
        best = took < best ? took : best;
    }
    print_message("read in %.1f ms\n", best);
    assert_true(best < 50);
}

#define CLEAN(test) cmocka_unit_test_teardown(test, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(loop_device_found_and_opened),   CLEAN(open_notices_another_device),
        CLEAN(open_follows_no_link),           CLEAN(open_without_a_node),
        CLEAN(open_after_the_link_moved),      CLEAN(open_after_the_node_was_replaced),
        CLEAN(open_notices_a_detached_device), CLEAN(root_is_marked),
        CLEAN(many_devices_are_quick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

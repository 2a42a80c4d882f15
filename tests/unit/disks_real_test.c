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
#include "disks.h"
#include "mounts.h"
#include "text.h"

enum { SIZE = 20 * 1024 * 1024 };

/* A file of our own, attached; what was attached is detached by number, and nothing else. */
struct loop {
    char file[64], device[32];
    int fd;
};

struct host {
    struct mount_list mounts;
    struct swap_list swaps;
    struct disk_list disks;
    bool os_known;
    struct error error;
};

static void host_read(struct host *host)
{
    *host = (struct host){0};
    if (mounts_read(&host->mounts, &host->error) < 0 ||
        swaps_read(&host->swaps, &host->error) < 0 ||
        disks_read(&host->mounts, &host->swaps, &host->disks, &host->error) < 0 ||
        disks_mark_os(&host->disks, &host->mounts, &host->os_known, &host->error) < 0)
        fail_msg("%s", error_message(&host->error));
}

static void host_release(struct host *host)
{
    mounts_release(&host->mounts);
    swaps_release(&host->swaps);
    disks_release(&host->disks);
    error_clear(&host->error);
}

/* Another process may take the free device first: then the next one. */
static int attach_free(int control, int backing, struct loop *loop)
{
    for (int i = 0; i < 100; i++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0)
            return -errno;
        snprintf(loop->device, sizeof(loop->device), "/dev/loop%d", number);
        loop->fd = open(loop->device, O_RDWR | O_CLOEXEC);
        if (loop->fd < 0)
            return -errno;
        if (ioctl(loop->fd, LOOP_SET_FD, backing) == 0)
            return 0;
        close(loop->fd);
        if (errno != EBUSY)
            return -errno;
    }
    return -EBUSY;
}

static int attach(struct loop *loop)
{
    AUTO_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

    *loop = (struct loop){.file = "/tmp/disks-test-XXXXXX", .fd = -1};
    if (control < 0)
        return -errno;
    AUTO_CLOSE int backing = mkostemp(loop->file, O_CLOEXEC);
    if (backing < 0 || ftruncate(backing, SIZE) < 0)
        return -errno;
    int r = attach_free(control, backing, loop);
    if (r < 0)
        unlink(loop->file);
    return r;
}

static void detach(struct loop *loop)
{
    ioctl(loop->fd, LOOP_CLR_FD);
    close(loop->fd);
    unlink(loop->file);
}

static void attach_or_skip(struct loop *loop)
{
    int r = attach(loop);

    if (r < 0) {
        print_message("skipped: no loop device can be attached: %s\n", strerror(-r));
        skip();
    }
}

static const struct disk *resolve(struct host *host, const char *device)
{
    struct disk_identity identity = {.name = "data-0", .device = device, .provider = "generic"};
    const struct disk *disk = NULL;
    AUTO_FREE char *found_by = NULL;

    if (disks_resolve(&host->disks, &identity, &disk, &found_by, &host->error) < 0)
        return NULL;
    return disk;
}

static void loop_device_found_and_opened(void **state __attribute__((unused)))
{
    struct loop loop;
    struct host host;

    attach_or_skip(&loop);
    host_read(&host);
    const struct disk *disk = resolve(&host, loop.device);
    assert_non_null(disk);
    assert_string_equal(disk->path, loop.device);
    assert_string_equal(disk->backing_file, loop.file);
    assert_int_equal(disk->size_bytes, SIZE);
    assert_false(disk->os);
    AUTO_CLOSE int fd = disk_open(disk, O_RDWR | O_EXCL, &host.error);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(disk_open(disk, O_RDONLY | O_EXCL, &host.error), -EBUSY);
    host_release(&host);
    detach(&loop);
}

static void assert_changed(struct host *host, const struct disk *disk, const char *word)
{
    error_clear(&host->error);
    assert_int_equal(disk_open(disk, O_RDONLY, &host->error), -EPERM);
    assert_string_equal(host->error.id, "device-changed");
    assert_non_null(strstr(error_message(&host->error), word));
}

static void open_notices_another_device(void **state __attribute__((unused)))
{
    struct loop loop;
    struct host host;

    attach_or_skip(&loop);
    host_read(&host);
    struct disk *disk = disks_find_name(&host.disks, loop.device + strlen("/dev/"));
    assert_non_null(disk);
    disk->size_bytes += 512;
    assert_changed(&host, disk, "size");
    disk->size_bytes -= 512;
    disk->devno++;
    assert_changed(&host, disk, "device number");
    disk->devno--;
    disk->serial = strdup("X");
    assert_changed(&host, disk, "serial");
    free(TAKE_PTR(disk->serial));
    disk->backing_file[1] = 'X';
    assert_changed(&host, disk, "backing file");
    host_release(&host);
    detach(&loop);
}

static void open_follows_no_link(void **state __attribute__((unused)))
{
    struct loop loop;
    struct host host;

    attach_or_skip(&loop);
    host_read(&host);
    struct disk *disk = disks_find_name(&host.disks, loop.device + strlen("/dev/"));
    assert_non_null(disk);
    AUTO_FREE char *link = text_format("%s.link", loop.file);
    assert_int_equal(symlink(loop.device, link), 0);
    assert_ptr_equal(resolve(&host, link), disk);
    free(disk->path);
    disk->path = strdup(link);
    assert_changed(&host, disk, "symbolic link");
    unlink(link);
    error_clear(&host.error);
    assert_int_equal(disk_open(disk, O_RDONLY, &host.error), -ENOENT);
    assert_non_null(strstr(error_message(&host.error), "container"));
    host_release(&host);
    detach(&loop);
}

static void open_notices_a_detached_device(void **state __attribute__((unused)))
{
    struct loop loop;
    struct host host;

    attach_or_skip(&loop);
    host_read(&host);
    const struct disk *disk = disks_find_name(&host.disks, loop.device + strlen("/dev/"));
    assert_non_null(disk);
    detach(&loop);
    assert_true(disk_open(disk, O_RDONLY, &host.error) < 0);
    host_release(&host);
}

static void root_is_marked(void **state __attribute__((unused)))
{
    struct host host;
    struct stat st;

    host_read(&host);
    assert_int_equal(stat("/", &st), 0);
    const struct disk *disk = disks_find(&host.disks, st.st_dev);
    if (disk)
        assert_true(disk->os);
    else
        print_message("/ is on no block device that the kernel names\n");
    host_release(&host);
}

static double milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void many_devices_are_quick(void **state __attribute__((unused)))
{
    struct loop loops[64];
    size_t count = 0;
    int r = 0;
    double best = 1e9;

    while (count < ARRAY_SIZE(loops) && (r = attach(&loops[count])) == 0)
        count++;
    for (int i = 0; count == ARRAY_SIZE(loops) && i < 10; i++) {
        struct host host;
        double start = milliseconds();
        host_read(&host);
        double took = milliseconds() - start;
        best = took < best ? took : best;
        host_release(&host);
    }
    size_t attached = count;
    while (count > 0)
        detach(&loops[--count]);
    if (attached < ARRAY_SIZE(loops)) {
        print_message("skipped: no 64 loop devices can be attached: %s\n", strerror(-r));
        skip();
    }
    print_message("read in %.1f ms\n", best);
    assert_true(best < 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_device_found_and_opened),
        cmocka_unit_test(open_notices_another_device),
        cmocka_unit_test(open_follows_no_link),
        cmocka_unit_test(open_notices_a_detached_device),
        cmocka_unit_test(root_is_marked),
        cmocka_unit_test(many_devices_are_quick),
    };

    if (geteuid() != 0)
        print_message("not root: what needs loop devices is skipped\n");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What AWS, GCP and OCI attached a disk as, and that the descriptor in use says the same. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/nvme_ioctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "disk/disk.h"
#include "disks_tree.h"
#include "text.h"

static struct tree tree;

/* The NVMe device that is open: its pages are a file, all else of it comes from its sysfs. */
static struct {
    int fd, flags; /* flags: of its open */
    char name[32];
    int nsid, identified; /* identified: how often it was asked */
    int fails;            /* errno, or above zero the device's status */
    bool status;
    bool gone, another; /* there is no node, or one of another device */
} nvme = {.fd = -1, .nsid = 7};

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap___open64_2(const char *path, int flags);
int __real_fstat64(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static const char *nvme_name(const char *path)
{
    const char *name = strrchr(path, '/');

    return strstr(path, "/dev/nvme") && name ? name + 1 : NULL;
}

int __wrap_open64(const char *path, int flags, ...)
{
    const char *name = nvme_name(path);

    if (!name)
        return __real_open64(path, flags, 0600);
    AUTO_FREE char *pages = text_format("%s/identify/%s", tree.path, name);
    if (nvme.gone) {
        errno = ENOENT;
        return -1;
    }
    nvme.flags = flags;
    nvme.fd = __real_open64(pages, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    snprintf(nvme.name, sizeof(nvme.name), "%s", name);
    return nvme.fd;
}

/* What a fortified build calls where the flags are no constant. */
int __wrap___open64_2(const char *path, int flags)
{
    return __wrap_open64(path, flags);
}

static int nvme_directory(void)
{
    AUTO_FREE char *path = text_format("%s/sys/class/block/%s", tree.path, nvme.name);

    return __real_open64(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static unsigned long long nvme_number(const char *file, const char *format)
{
    AUTO_CLOSE int directory = nvme_directory();
    AUTO_CLOSE int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);
    char text[256] = "";
    unsigned long long number = 0;

    assert_true(read(fd, text, sizeof(text) - 1) > 0);
    assert_int_equal(sscanf(text, format, &number), 1);
    return number;
}

int __wrap_fstat64(int fd, struct stat *st)
{
    int r = __real_fstat64(fd, st);

    if (fd == nvme.fd && fd >= 0) {
        st->st_mode = S_IFBLK | 0600;
        st->st_rdev = (dev_t)(259 << 8 | nvme_number("uevent", "MAJOR=259\nMINOR=%llu"));
        st->st_rdev += nvme.another;
    }
    return r;
}

static int answer(const struct nvme_admin_cmd *command)
{
    assert_int_equal(command->opcode, 6);
    assert_int_equal(command->data_len, NVME_PAGE);
    assert_int_equal(command->nsid, command->cdw10 == NVME_NAMESPACE ? nvme.nsid : 0);
    nvme.identified++;
    char *page = (char *)(uintptr_t)command->addr;
    ssize_t n = pread(nvme.fd, page, NVME_PAGE, NVME_PAGE * (off_t)command->cdw10);
    if (nvme.fails) {
        errno = nvme.fails;
        return nvme.status ? nvme.fails : -1;
    }
    return n == NVME_PAGE || n == 0 ? 0 : 2;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (request == NVME_IOCTL_ID && fd == nvme.fd)
        return nvme.nsid;
    if (request == NVME_IOCTL_ADMIN_CMD && fd == nvme.fd)
        return answer(argument);
    if (request == BLKGETSIZE64 && fd == nvme.fd) {
        *(uint64_t *)argument = nvme_number("size", "%llu") * 512;
        return 0;
    }
    return __real_ioctl(fd, request, argument);
}

static int open_tree(void **state)
{
    nvme.fails = 0;
    nvme.gone = nvme.another = false;
    tree_open(&tree, *state);
    return 0;
}

static int close_tree(void **state __attribute__((unused)))
{
    tree_close(&tree);
    return 0;
}

static int resolve(const char *name, const struct disk **ret_disk, char **ret_found_by)
{
    struct disk_identity identity = {.name = name, .provider = provider_detect()};

    error_clear(&tree.error);
    return disks_resolve(&tree.disks, &identity, ret_disk, ret_found_by, &tree.error);
}

static void assert_found(const char *name, const char *kernel_name, const char *found_by)
{
    const struct disk *disk = NULL;
    AUTO_FREE char *by = NULL;

    if (resolve(name, &disk, &by) < 0)
        fail_msg("%s: %s", name, error_message(&tree.error));
    assert_string_equal(disk->name, kernel_name);
    assert_string_equal(by, found_by);
}

static void assert_not_found(const char *name, int code, const char *id, const char *words)
{
    const struct disk *disk = NULL;
    char *by = NULL;

    assert_int_equal(resolve(name, &disk, &by), code);
    assert_null(disk);
    assert_null(by);
    if (id && tree.error.id)
        assert_string_equal(tree.error.id, id);
    else
        assert_ptr_equal(tree.error.id, id);
    if (!strstr(error_message(&tree.error), words))
        fail_msg("\"%s\" isn't in: %s", words, error_message(&tree.error));
}

static void assert_attachment(const char *kernel_name, const char *attachment)
{
    const char *is = tree_disk(&tree, kernel_name)->attachment;

    if (is && attachment)
        assert_string_equal(is, attachment);
    else
        assert_ptr_equal(is, attachment);
}

static void aws_requested_names(void **state __attribute__((unused)))
{
    assert_found("data-0", "nvme2n1", "aws sdf");
    assert_found("data-1", "nvme1n1", "aws sdg");
    assert_found("data-2", "nvme4n1", "aws xvdh");
    assert_attachment("nvme0n1", "xvda");
    assert_int_equal(resolve("data-10", &(const struct disk *){NULL}, &(char *){NULL}), -EPERM);
    assert_string_equal(tree.error.id, "identity-ambiguous");
}

static void aws_contradictions(void **state __attribute__((unused)))
{
    static const char *const names[] = {"nvme5n1", "nvme6n1", "nvme7n1", "nvme8n1", "nvme9n1"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_attachment(names[i], NULL);
    assert_attachment("nvme10n1", "sdp");
}

static void aws_instance_store_is_never_chosen(void **state __attribute__((unused)))
{
    const struct disk *store = tree_disk(&tree, "nvme3n1"), *disk = NULL;
    AUTO_FREE char *by = NULL;
    struct disk_identity named = {
        .name = "data-3", .serial = "AWS1234567890ABCDEF0", .provider = "aws"};

    assert_null(store->attachment);
    assert_not_found("data-3", -ENODEV, "instance-store", "/dev/nvme3n1 is instance store");
    assert_non_null(json_object_get(tree.error.details, "candidates"));
    assert_int_equal(disks_resolve(&tree.disks, &named, &disk, &by, &tree.error), 0);
    assert_ptr_equal(disk, store);
}

static void aws_names_and_their_end(void **state __attribute__((unused)))
{
    assert_not_found("data-21", -EPERM, "disk-name", "data-20");
    assert_not_found("hot", -EPERM, "disk-name", "data-0");
    assert_not_found("data-20", -ENODEV, "instance-store", "sdz or xvdz");
}

static void aws_volume_ids(void **state __attribute__((unused)))
{
    static const char *const spellings[] = {"vol-0ccccccccccccccc2", "vol0ccccccccccccccc2"};

    for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
        struct disk_identity identity = {
            .name = "data-0", .serial = spellings[i], .provider = "aws"};
        const struct disk *disk = NULL;
        AUTO_FREE char *by = NULL;

        assert_int_equal(disks_resolve(&tree.disks, &identity, &disk, &by, &tree.error), 0);
        assert_string_equal(disk->name, "nvme2n1");
    }
}

static void read_again(void)
{
    disks_release(&tree.disks);
    if (disks_read(&tree.mounts, &tree.swaps, &tree.disks, &tree.error) < 0)
        fail_msg("%s", error_message(&tree.error));
}

static void unanswered_is_unknown(void **state __attribute__((unused)))
{
    nvme.fails = EACCES;
    nvme.status = false;
    read_again();
    assert_attachment("nvme2n1", NULL);
    nvme.fails = 0x2002;
    nvme.status = true;
    read_again();
    assert_attachment("nvme2n1", NULL);
    nvme.fails = 0;
    nvme.gone = true;
    read_again();
    assert_attachment("nvme2n1", NULL);
    nvme.gone = false;
    nvme.another = true;
    read_again();
    assert_attachment("nvme2n1", NULL);
    assert_string_equal(tree_disk(&tree, "nvme2n1")->serial, "vol0ccccccccccccccc2");
}

static void only_cloud_disks_are_asked(void **state __attribute__((unused)))
{
    nvme.identified = 0;
    read_again();
    assert_int_equal(nvme.identified, 22); /* two for each of the 11 EBS volumes */
    assert_false(disk_needs_identify(tree_disk(&tree, "nvme3n1")));
    assert_false(disk_needs_identify(tree_disk(&tree, "nvme0n1p1")));
}

/* Changes what the disk says of itself, at an offset of one of its pages. */
static void rewrite(const char *kernel_name, enum nvme_structure page, off_t offset,
                    const char *text)
{
    AUTO_FREE char *path = text_format("%s/identify/%s", tree.path, kernel_name);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(pwrite(fd, text, strlen(text), page * NVME_PAGE + offset) > 0);
}

static void assert_changed(const char *kernel_name, const char *what)
{
    const struct disk *disk = tree_disk(&tree, kernel_name);

    error_clear(&tree.error);
    assert_int_equal(disk_open(disk, O_RDWR, &tree.error), -EPERM);
    assert_string_equal(tree.error.id, "device-changed");
    assert_non_null(strstr(error_message(&tree.error), what));
}

static void aws_open_asks_the_disk_again(void **state __attribute__((unused)))
{
    AUTO_CLOSE int fd = disk_open(tree_disk(&tree, "nvme2n1"), O_RDWR, &tree.error);

    assert_true(fd >= 0);
    rewrite("nvme2n1", NVME_CONTROLLER, 3072, "/dev/sdg");
    assert_changed("nvme2n1", "attached name");
    rewrite("nvme4n1", NVME_NAMESPACE, 416, "vol-0ddddddddddddddd4");
    assert_changed("nvme4n1", "attached name");
    nvme.fails = EIO;
    nvme.status = false;
    assert_changed("nvme1n1", "attached name");
}

static void replace(char **field, const char *value)
{
    free(*field);
    *field = value ? strdup(value) : NULL;
}

/* What the list says of the disk, and the disk now says otherwise. */
static void open_notices_another_device(void **state __attribute__((unused)))
{
    struct disk *disk = tree_disk(&tree, "nvme2n1");
    struct {
        char **field;
        const char *what;
    } texts[] = {{&disk->type, "type"},
                 {&disk->serial, "serial"},
                 {&disk->wwn, "wwn"},
                 {&disk->designator, "designator"},
                 {&disk->attachment, "attached name"},
                 {&disk->backing_file, "backing file"}};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO_FREE char *before = *texts[i].field;
        *texts[i].field = strdup("another");
        assert_changed("nvme2n1", texts[i].what);
        replace(texts[i].field, before);
    }
    disk->diskseq++;
    assert_changed("nvme2n1", "attachment");
    disk->diskseq--;
    disk->size_bytes += 512;
    assert_changed("nvme2n1", "size");
    disk->size_bytes -= 512;
    nvme.another = true;
    assert_changed("nvme2n1", "device number");
    nvme.another = false;
    AUTO_CLOSE int fd = disk_open(disk, O_RDWR | O_EXCL, &tree.error);
    assert_true(fd >= 0);
    assert_true(nvme.flags & O_EXCL && nvme.flags & O_NOFOLLOW && nvme.flags & O_CLOEXEC &&
                nvme.flags & O_NOCTTY && (nvme.flags & O_ACCMODE) == O_RDWR);
}

static void open_needs_a_node(void **state __attribute__((unused)))
{
    struct disk *disk = tree_disk(&tree, "nvme2n1");
    AUTO_FREE char *link = text_format("%s/dev/link", tree.path);
    AUTO_FREE char *file = text_format("%s/dev/file", tree.path);
    AUTO_CLOSE int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    error_clear(&tree.error);
    nvme.gone = true;
    assert_int_equal(disk_open(disk, O_RDWR, &tree.error), -ENOENT);
    assert_non_null(strstr(error_message(&tree.error), "259:3"));
    error_clear(&tree.error);
    assert_int_equal(symlink("file", link), 0);
    replace(&disk->path, "/dev/link");
    assert_changed("nvme2n1", "symbolic link");
    replace(&disk->path, "/dev/file");
    assert_changed("nvme2n1", "device number");
    replace(&disk->path, "/dev/file/x");
    error_clear(&tree.error);
    assert_int_equal(disk_open(disk, O_RDWR, &tree.error), -ENOTDIR);
}

static void open_after_the_disk_went(void **state __attribute__((unused)))
{
    AUTO_FREE char *link = text_format("%s/sys/dev/block/259:3", tree.path);

    assert_int_equal(unlink(link), 0);
    error_clear(&tree.error);
    assert_int_equal(disk_open(tree_disk(&tree, "nvme2n1"), O_RDWR, &tree.error), -ENODEV);
    assert_non_null(strstr(error_message(&tree.error), "went away"));
}

static void node_of_the_whole_disk(void **state __attribute__((unused)))
{
    AUTO_FREE char *of_whole = disk_whole_node(tree_disk(&tree, "nvme0n1"));
    AUTO_FREE char *of_part = disk_whole_node(tree_disk(&tree, "nvme0n1p1"));
    AUTO_FREE char *nested = disk_whole_node(
        &(struct disk){.name = (char *)"cciss!c0d0p1", .parent = (char *)"cciss!c0d0"});

    assert_string_equal(of_whole, "/dev/nvme0n1");
    assert_string_equal(of_part, "/dev/nvme0n1");
    assert_string_equal(nested, "/dev/cciss/c0d0");
}

static void xen_names(void **state __attribute__((unused)))
{
    assert_found("data-0", "xvdf", "aws xvdf");
    assert_not_found("data-1", -ENODEV, "disk-not-found", "no volume is attached as sdg or xvdg");
    assert_attachment("xvdba", "xvdba");
    assert_attachment("xvda1", NULL);
}

static void gcp_device_names(void **state __attribute__((unused)))
{
    assert_found("data-0", "sdc", "gcp data-0");
    assert_found("data-1", "sda", "gcp data-1");
    assert_found("local-ssd-0", "sdd", "gcp local-ssd-0");
    assert_not_found("data-2", -ENODEV, "disk-not-found", "device_name");
    assert_not_found("persistent-disk-0", -EPERM, "os-disk", "/dev/sdb");
    assert_null(strstr(error_message(&tree.error), "designator"));
}

static void gcp_nvme_names(void **state __attribute__((unused)))
{
    assert_found("data-0", "nvme0n3", "gcp data-0");
    assert_found("data-1", "nvme0n2", "gcp data-1");
    assert_not_found("data-2", -ENODEV, "disk-not-found", "device name");
    assert_not_found("persistent-disk-0", -EPERM, "os-disk", "/dev/nvme0n1");
    for (int i = 4; i <= 8; i++) {
        AUTO_FREE char *name = text_format("nvme0n%d", i);
        assert_attachment(name, NULL);
    }
}

static void gcp_local_ssds(void **state __attribute__((unused)))
{
    assert_found("local-nvme-ssd-0", "nvme1n1", "gcp local-nvme-ssd-0");
    assert_found("local-nvme-ssd-1", "nvme1n2", "gcp local-nvme-ssd-1");
    assert_found("local-nvme-ssd-2", "nvme2n1", "gcp local-nvme-ssd-2");
    assert_attachment("nvme3n1", NULL);
}

static void gcp_serial_of_all_is_none(void **state __attribute__((unused)))
{
    struct disk_identity identity = {.name = "data-0", .serial = "nvme_card2", .provider = "gcp"};
    const struct disk *disk = NULL;
    char *by = NULL;

    assert_null(tree_disk(&tree, "nvme0n2")->serial);
    assert_int_equal(disks_resolve(&tree.disks, &identity, &disk, &by, &tree.error), -ENODEV);
}

static void gcp_open_asks_the_disk_again(void **state __attribute__((unused)))
{
    AUTO_CLOSE int fd = disk_open(tree_disk(&tree, "nvme0n3"), O_RDWR, &tree.error);

    assert_true(fd >= 0);
    rewrite("nvme0n3", NVME_NAMESPACE, 384, "{\"device_name\":\"data-7\"}                       ");
    assert_changed("nvme0n3", "attached name");
}

static void oci_paths(void **state __attribute__((unused)))
{
    assert_found("data-0", "sdc", "oci oraclevdb");
    assert_found("data-1", "sda", "oci oraclevdc");
    assert_found("data-25", "sdd", "oci oraclevdaa");
    assert_found("data-4", "dm-0", "oci oraclevdf");
    assert_attachment("sdb", "oraclevda");
    assert_attachment("sdh", NULL);
    assert_attachment("sdi", NULL);
    assert_not_found("data-2", -ENODEV, "disk-not-found", "/dev/oracleoci/oraclevdd");
    assert_not_found("data-3", -EPERM, "identity-ambiguous", "oraclevde");
    assert_not_found("data-999", -ENODEV, "disk-not-found", "oraclevdalm");
    assert_not_found("hot", -EPERM, "disk-name", "data-0");
}

static void oci_links_are_not_needed(void **state __attribute__((unused)))
{
    AUTO_FREE char *link = text_format("%s/dev/oracleoci/oraclevdb", tree.path);

    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("../sda", link), 0);
    read_again();
    assert_found("data-0", "sdc", "oci oraclevdb");
}

static void oci_letters(void **state __attribute__((unused)))
{
    static const struct {
        unsigned lun;
        const char *name;
    } cases[] = {{1, "oraclevda"},    {2, "oraclevdb"},    {26, "oraclevdz"},
                 {27, "oraclevdaa"},  {52, "oraclevdaz"},  {53, "oraclevdba"},
                 {676, "oraclevdyz"}, {702, "oraclevdzz"}, {703, "oraclevdaaa"}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO_FREE char *name = oci_attachment(cases[i].lun);
        assert_string_equal(name, cases[i].name);
    }
}

static void over_the_network(void **state __attribute__((unused)))
{
    static const struct {
        const char *name;
        bool network;
    } cases[] = {{"sda", false}, {"sdb", false}, {"sdc", true},  {"sdc1", true}, {"sdb1", false},
                 {"sdh", false}, {"sdj", true},  {"dm-0", true}, {"dm-1", true}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(tree_disk(&tree, cases[i].name)->network, cases[i].network);
}

static void every_provider_from_dmi(void **state)
{
    const char *host = *state;

    assert_int_equal(strncmp(provider_detect(), host, strlen(provider_detect())), 0);
}

#define ON(file, test) cmocka_unit_test_prestate_setup_teardown(test, open_tree, close_tree, file)

int main(void)
{
    static char aws[] = "aws.host", xen[] = "aws-xen.host", gcp[] = "gcp.host",
                gcp_nvme[] = "gcp-nvme.host", oci[] = "oci.host";
    const struct CMUnitTest tests[] = {
        ON(aws, aws_requested_names),
        ON(aws, aws_contradictions),
        ON(aws, aws_instance_store_is_never_chosen),
        ON(aws, aws_names_and_their_end),
        ON(aws, aws_volume_ids),
        ON(aws, unanswered_is_unknown),
        ON(aws, only_cloud_disks_are_asked),
        ON(aws, aws_open_asks_the_disk_again),
        ON(aws, open_notices_another_device),
        ON(aws, open_needs_a_node),
        ON(aws, open_after_the_disk_went),
        ON(aws, node_of_the_whole_disk),
        ON(xen, xen_names),
        ON(gcp, gcp_device_names),
        ON(gcp_nvme, gcp_nvme_names),
        ON(gcp_nvme, gcp_local_ssds),
        ON(gcp_nvme, gcp_serial_of_all_is_none),
        ON(gcp_nvme, gcp_open_asks_the_disk_again),
        ON(oci, oci_paths),
        ON(oci, oci_links_are_not_needed),
        ON(oci, over_the_network),
        cmocka_unit_test(oci_letters),
        ON(aws, every_provider_from_dmi),
        ON(xen, every_provider_from_dmi),
        ON(gcp, every_provider_from_dmi),
        ON(gcp_nvme, every_provider_from_dmi),
        ON(oci, every_provider_from_dmi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk/disk.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

/* Both pages: 2 bytes of head, 2 bytes of length, then the contents. */
enum { PAGE_HEAD = 4, DESIGNATOR_HEAD = 4 };

static size_t scsi_page_end(const unsigned char *page, size_t length)
{
    if (length < PAGE_HEAD)
        return 0;
    size_t end = PAGE_HEAD + ((size_t)page[2] << 8 | page[3]);
    return end < length ? end : length;
}

char *scsi_serial(const char *page, size_t length)
{
    size_t end = scsi_page_end((const unsigned char *)page, length);

    return end > PAGE_HEAD ? sysfs_clean(page + PAGE_HEAD, end - PAGE_HEAD) : NULL;
}

/* Code set 2 is ASCII, association 0 the logical unit, type 0 vendor specific. */
static bool scsi_is_vendor_text(const unsigned char *designator)
{
    return (designator[0] & 0x0f) == 2 && (designator[1] & 0x30) == 0 &&
           (designator[1] & 0x0f) == 0;
}

char *scsi_designator(const char *page, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)page;
    size_t end = scsi_page_end(bytes, length);

    for (size_t at = PAGE_HEAD; at + DESIGNATOR_HEAD <= end;) {
        size_t text = at + DESIGNATOR_HEAD, next = text + bytes[at + 3];
        if (next > end)
            break;
        if (scsi_is_vendor_text(bytes + at))
            return sysfs_clean(page + text, next - text);
        at = next;
    }
    return NULL;
}

/* The transport of an NVMe controller; other drivers have no such attribute. */
static bool has_network_transport(int directory)
{
    AUTO_FREE char *transport = sysfs_text(directory, "device/transport");

    return text_equal(transport, "tcp") || text_equal(transport, "rdma");
}

/* A SCSI device's target hangs on an iSCSI session, or on something else. */
static bool is_iscsi_disk(int directory)
{
    return faccessat(directory, "device/../../iscsi_session", F_OK, 0) == 0;
}

static bool disk_is_on_network(int directory, const char *name)
{
    if (text_starts_with(name, "nbd") || text_starts_with(name, "rbd") ||
        is_iscsi_disk(directory) || has_network_transport(directory))
        return true;
    struct string_list slaves = sysfs_names(directory, "slaves");
    bool network = false;
    for (size_t i = 0; !network && i < slaves.count; i++) {
        AUTO_FREE char *path = text_format("slaves/%s", slaves.items[i]);
        AUTO_CLOSE int slave = sysfs_open_at(directory, path);
        network = slave >= 0 && disk_is_on_network(slave, slaves.items[i]);
    }
    string_list_release(&slaves);
    return network;
}

enum { IDENTIFY = 0x06 };

static int nvme_identify(int fd, enum nvme_structure structure, unsigned char ret_page[NVME_PAGE])
{
    unsigned char page[NVME_PAGE] = {0};
    struct nvme_admin_cmd command = {.opcode = IDENTIFY,
                                     .addr = (uint64_t)(uintptr_t)page,
                                     .data_len = sizeof(page),
                                     .cdw10 = structure};

    if (structure == NVME_NAMESPACE) {
        int nsid = ioctl(fd, NVME_IOCTL_ID);
        if (nsid < 0)
            return -errno;
        command.nsid = (uint32_t)nsid;
    }
    int status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
    if (status != 0) /* above zero it is the device's own status */
        return status < 0 ? -errno : -EIO;
    memcpy(ret_page, page, sizeof(page));
    return 0;
}

#define EBS_MODEL "Amazon Elastic Block Store"
#define GOOGLE_NVME "nvme_card"
#define GOOGLE_NVME_PERSISTENT GOOGLE_NVME "-pd"

/* Identify pages, in bytes. The vendor's areas as the vendors' tools read them: ebsnvme-id of
 * amazon-ec2-utils (controller; the namespace's in its change "Volume metadata from namespace") and
 * google_nvme_id of Google's guest-configs. */
enum {
    CONTROLLER_SERIAL = 4,
    CONTROLLER_SERIAL_LENGTH = 20,
    AMAZON_VENDOR = 0x1d0f, /* the controller's first two bytes */
    AMAZON_CONTROLLER_NAME = 3072,
    AMAZON_NAMESPACE_NAME = 384,
    AMAZON_NAME_LENGTH = 32,
    AMAZON_NAMESPACE_VOLUME = 416,
    AMAZON_VOLUME_LENGTH = 65,
    GOOGLE_NAMESPACE_JSON = 384,
};

/* The rule of Oracle's images (oci_udev_persistent_naming): letters count from LUN 1. */
char *oci_attachment(unsigned lun)
{
    char letters[8];
    char *p = letters + sizeof(letters);

    *--p = '\0';
    for (; lun > 0; lun = (lun - 1) / 26)
        *--p = (char)('a' + (lun - 1) % 26);
    return text_format("oraclevd%s", p);
}

/* A SCSI disk's directory is named host:channel:target:LUN. */
static char *attachment_of_oci(int directory)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(directory, "device", target, sizeof(target) - 1);
    unsigned long lun;

    if (length < 0)
        return NULL;
    target[length] = '\0';
    const char *colon = strrchr(target, ':');
    lun = colon ? strtoul(colon + 1, NULL, 10) : 0;
    return lun > 0 && lun <= USHRT_MAX ? oci_attachment((unsigned)lun) : NULL;
}

/* local-nvme-ssd-N counts controllers (nvme_card, nvme_card1 …) and then namespaces. */
static char *attachment_of_google_local(const struct disk *disk)
{
    const char *digits = disk->model + strlen(GOOGLE_NVME);
    unsigned controller, namespace;

    if (digits[strspn(digits, "0123456789")] != '\0' ||
        sscanf(disk->name, "nvme%*un%u", &namespace) != 1 || namespace == 0)
        return NULL;
    controller = (unsigned)strtoul(digits, NULL, 10);
    return text_format("local-nvme-ssd-%u", controller + namespace - 1);
}

static char *attachment_of_google_nvme(struct disk *disk)
{
    free(TAKE_PTR(disk->serial));
    return text_equal(disk->model, GOOGLE_NVME_PERSISTENT) ? NULL
                                                           : attachment_of_google_local(disk);
}

static char *attachment_of_scsi_vendor(int directory, const struct disk *disk)
{
    AUTO_FREE char *vendor = sysfs_text(directory, "device/vendor");

    if (text_equal(vendor, "Google"))
        return alloc_string(disk->designator);
    return text_equal(vendor, "ORACLE") ? attachment_of_oci(directory) : NULL;
}

static void disk_read_attachment(int directory, struct disk *disk)
{
    if (disk->model && text_starts_with(disk->model, GOOGLE_NVME))
        disk->attachment = attachment_of_google_nvme(disk);
    else if (text_starts_with(disk->name, "xvd"))
        disk->attachment = alloc_string(disk->name);
    else
        disk->attachment = attachment_of_scsi_vendor(directory, disk);
}

bool disk_needs_identify(const struct disk *disk)
{
    return text_equal(disk->type, "disk") &&
           (text_equal(disk->model, EBS_MODEL) || text_equal(disk->model, GOOGLE_NVME_PERSISTENT));
}

/* Text that ends at a NUL or at its padding; NULL where there is none. */
static char *nvme_page_text(const unsigned char *page, size_t offset, size_t length)
{
    const char *text = (const char *)page + offset;

    return sysfs_clean(text, strnlen(text, length));
}

static char *nvme_requested_name(const unsigned char *page, size_t offset)
{
    static const char prefix[] = "/dev/";
    AUTO_FREE char *name = nvme_page_text(page, offset, AMAZON_NAME_LENGTH);

    if (!name)
        return NULL;
    return alloc_string(text_starts_with(name, prefix) ? name + strlen(prefix) : name);
}

/* Volume ids are the serial's, or the device is not the one whose name is asked for. */
static char *nvme_amazon_name(const unsigned char *controller, const unsigned char *namespace,
                              const struct disk *disk)
{
    if ((controller[0] | controller[1] << 8) != AMAZON_VENDOR)
        return NULL;
    AUTO_FREE char *serial =
        nvme_page_text(controller, CONTROLLER_SERIAL, CONTROLLER_SERIAL_LENGTH);
    AUTO_FREE char *volume =
        nvme_page_text(namespace, AMAZON_NAMESPACE_VOLUME, AMAZON_VOLUME_LENGTH);
    if (!serial_equal(serial, disk->serial) || (volume && !serial_equal(volume, disk->serial)))
        return NULL;
    char *name = nvme_requested_name(namespace, AMAZON_NAMESPACE_NAME);
    return name ? name : nvme_requested_name(controller, AMAZON_CONTROLLER_NAME);
}

static char *nvme_google_name(const unsigned char *namespace)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "._-";
    const char *text = (const char *)namespace + GOOGLE_NAMESPACE_JSON;
    json_error_t place;
    AUTO_JSON json_t *json = json_loadb(text, strnlen(text, NVME_PAGE - GOOGLE_NAMESPACE_JSON),
                                        JSON_REJECT_DUPLICATES, &place);
    const char *name = json_string_value(json_object_get(json, "device_name"));

    if (!name || !*name || name[strspn(name, allowed)] != '\0')
        return NULL;
    return alloc_string(name);
}

static char *nvme_attachment(int fd, const struct disk *disk)
{
    unsigned char controller[NVME_PAGE], namespace[NVME_PAGE] = {0};
    int r = nvme_identify(fd, NVME_NAMESPACE, namespace);

    if (!text_equal(disk->model, EBS_MODEL))
        return r < 0 ? NULL : nvme_google_name(namespace);
    if (nvme_identify(fd, NVME_CONTROLLER, controller) < 0)
        return NULL;
    return nvme_amazon_name(controller, namespace, disk);
}

void disk_identify(int fd, struct disk *disk)
{
    char *attachment = disk_needs_identify(disk) ? nvme_attachment(fd, disk) : NULL;

    if (!attachment)
        return;
    free(disk->attachment);
    disk->attachment = attachment;
}

/* Kernel names of one driver: the prefix and then a number. */
static bool name_is_of_driver(const char *name, const char *prefix)
{
    return text_starts_with(name, prefix) && isdigit((unsigned char)name[strlen(prefix)]);
}

static bool name_is_unsuitable(const char *name)
{
    static const char *const prefixes[] = {"ram", "zram", "sr", "fd"};

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (name_is_of_driver(name, prefixes[i]))
            return true;
    return false;
}

/* The value of KEY=… in a uevent file: a new string, NULL where there is none. */
static char *uevent_value(const char *uevent, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = uevent; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, key, length) == 0 && line[length] == '=')
            return alloc_string_part(line + length + 1, strcspn(line + length + 1, "\n"));
    return NULL;
}

bool disk_is_unsuitable(int directory)
{
    char uevent[SYSFS_PAGE + 1];

    sysfs_bytes(directory, "uevent", uevent);
    AUTO_FREE char *name = uevent_value(uevent, "DEVNAME");
    return name && name_is_unsuitable(name);
}

static int uevent_devno(const char *uevent, uint64_t *ret_devno)
{
    AUTO_FREE char *major_text = uevent_value(uevent, "MAJOR");
    AUTO_FREE char *minor_text = uevent_value(uevent, "MINOR");

    if (!major_text || !minor_text) /* a hidden path of NVMe's own multipath has none */
        return -ENODEV;
    *ret_devno =
        makedev((unsigned)strtoul(major_text, NULL, 10), (unsigned)strtoul(minor_text, NULL, 10));
    return 0;
}

static void replace_bytes(char *string, char from, char to)
{
    for (char *p = string; *p; p++)
        if (*p == from)
            *p = to;
}

static void disk_read_path(const char *uevent, struct disk *disk)
{
    AUTO_FREE char *devname = uevent_value(uevent, "DEVNAME");

    disk->path = text_format("/dev/%s", devname ? devname : disk->name);
    replace_bytes(disk->path, '!', '/');
}

/* The kernel's name of a partition's disk is its node's, with ! for /. */
static char *disk_read_parent(int directory)
{
    char uevent[SYSFS_PAGE + 1];

    sysfs_bytes(directory, "../uevent", uevent);
    char *parent = uevent_value(uevent, "DEVNAME");
    if (parent)
        replace_bytes(parent, '/', '!');
    return parent;
}

/* The uuid that a device-mapper user gave its map begins with that user's name: LVM-, CRYPT-LUKS2-,
 * mpath-, part1-mpath- (kpartx). lsblk shows the same. */
static char *disk_read_mapper_type(int directory)
{
    AUTO_FREE char *uuid = sysfs_text(directory, "dm/uuid");
    size_t length = uuid ? strcspn(uuid, "-") : 0;

    if (length > 0 && uuid[length] == '-')
        uuid[length] = '\0';
    else
        length = 0;
    for (size_t i = 0; i < length; i++)
        uuid[i] = (char)tolower((unsigned char)uuid[i]);
    if (length > 0 && name_is_of_driver(uuid, "part"))
        uuid[4] = '\0';
    return alloc_string(length > 0 ? uuid : "dm");
}

static void disk_read_type(int directory, const char *uevent, struct disk *disk)
{
    AUTO_FREE char *kind = uevent_value(uevent, "DEVTYPE");

    if (name_is_of_driver(disk->name, "dm-")) {
        disk->type = disk_read_mapper_type(directory);
        return;
    }
    if (text_equal(kind, "partition")) {
        disk->type = alloc_string("part");
        disk->parent = disk_read_parent(directory);
        return;
    }
    bool array = text_starts_with(disk->name, "md");
    if (array)
        disk->type = sysfs_text(directory, "md/level");
    if (!disk->type)
        disk->type = alloc_string(array                                   ? "md"
                                  : name_is_of_driver(disk->name, "loop") ? "loop"
                                                                          : "disk");
}

static void disk_read_scsi(int directory, struct disk *disk)
{
    char page[SYSFS_PAGE + 1];

    size_t length = sysfs_bytes(directory, "device/vpd_pg80", page);
    disk->serial = scsi_serial(page, length);
    length = sysfs_bytes(directory, "device/vpd_pg83", page);
    disk->designator = scsi_designator(page, length);
}

/* The first of two files that says something. */
static char *sysfs_text_of_either(int directory, const char *first, const char *second)
{
    char *text = sysfs_text(directory, first);

    return text ? text : sysfs_text(directory, second);
}

static void disk_read_hardware(int directory, struct disk *disk)
{
    disk->model = sysfs_text(directory, "device/model");
    disk_read_scsi(directory, disk);
    if (!disk->serial)
        disk->serial = sysfs_text_of_either(directory, "device/serial", "serial");
    disk->wwn = sysfs_text_of_either(directory, "wwid", "device/wwid");
    disk_read_attachment(directory, disk);
    disk->backing_file = sysfs_line(directory, "loop/backing_file");
}

/* A multipath map is the disk its paths lead to; a partition made of one hangs on its map. */
static void disk_read_mapper(int directory, struct disk *disk)
{
    struct string_list slaves = sysfs_names(directory, "slaves");

    if (slaves.count > 0 && text_equal(disk->type, "mpath")) {
        AUTO_FREE char *path = text_format("slaves/%s", slaves.items[0]);
        AUTO_CLOSE int slave = sysfs_open_at(directory, path);
        if (slave >= 0)
            disk_read_hardware(slave, disk);
    } else if (slaves.count > 0 && text_equal(disk->type, "part")) {
        disk->parent = TAKE_PTR(slaves.items[0]);
    }
    string_list_release(&slaves);
}

static bool disk_read_network(int directory, bool part, const struct disk *disk)
{
    AUTO_CLOSE int whole = sysfs_open_at(directory, part ? ".." : ".");

    return whole >= 0 &&
           disk_is_on_network(whole, part && disk->parent ? disk->parent : disk->name);
}

static void disk_read_details(int directory, struct disk *disk)
{
    bool map = name_is_of_driver(disk->name, "dm-");
    bool part = !map && text_equal(disk->type, "part");

    disk->diskseq = sysfs_number(directory, part ? "../diskseq" : "diskseq");
    disk->logical_block_size =
        sysfs_number(directory, part ? "../queue/logical_block_size" : "queue/logical_block_size");
    disk->removable = sysfs_number(directory, part ? "../removable" : "removable") != 0;
    disk->read_only = sysfs_number(directory, "ro") != 0;
    disk->holders = sysfs_names(directory, "holders");
    disk->network = disk_read_network(directory, part, disk);
    if (map)
        disk_read_mapper(directory, disk);
    else if (!part)
        disk_read_hardware(directory, disk);
}

int disk_read(int directory, const char *name, struct disk *disk)
{
    char uevent[SYSFS_PAGE + 1];
    int r;

    disk->size_bytes = name_is_unsuitable(name) ? 0 : sysfs_number(directory, "size") * 512;
    if (disk->size_bytes == 0)
        return -ENODEV;
    sysfs_bytes(directory, "uevent", uevent);
    r = uevent_devno(uevent, &disk->devno);
    if (r < 0)
        return r;
    disk->name = alloc_string(name);
    disk_read_path(uevent, disk);
    disk_read_type(directory, uevent, disk);
    disk_read_details(directory, disk);
    return 0;
}

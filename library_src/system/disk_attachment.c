#include "disk_attachment.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "disk_identity.h"
#include "nvme_identify.h"
#include "sysfs.h"
#include "text.h"

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
static char *read_oci(int directory)
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
static char *read_google_local(const struct disk *disk)
{
    const char *digits = disk->model + strlen(GOOGLE_NVME);
    unsigned controller, namespace;

    if (digits[strspn(digits, "0123456789")] != '\0' ||
        sscanf(disk->name, "nvme%*un%u", &namespace) != 1 || namespace == 0)
        return NULL;
    controller = (unsigned)strtoul(digits, NULL, 10);
    return text_format("local-nvme-ssd-%u", controller + namespace - 1);
}

static char *read_google_nvme(struct disk *disk)
{
    free(TAKE_PTR(disk->serial));
    return text_equal(disk->model, GOOGLE_NVME_PERSISTENT) ? NULL : read_google_local(disk);
}

static char *read_vendor_attachment(int directory, const struct disk *disk)
{
    AUTO_FREE char *vendor = sysfs_text(directory, "device/vendor");

    if (text_equal(vendor, "Google"))
        return alloc_string(disk->designator);
    return text_equal(vendor, "ORACLE") ? read_oci(directory) : NULL;
}

void disk_read_attachment(int directory, struct disk *disk)
{
    if (disk->model && text_starts_with(disk->model, GOOGLE_NVME))
        disk->attachment = read_google_nvme(disk);
    else if (text_starts_with(disk->name, "xvd"))
        disk->attachment = alloc_string(disk->name);
    else
        disk->attachment = read_vendor_attachment(directory, disk);
}

bool disk_needs_identify(const struct disk *disk)
{
    return text_equal(disk->type, "disk") &&
           (text_equal(disk->model, EBS_MODEL) || text_equal(disk->model, GOOGLE_NVME_PERSISTENT));
}

/* Text that ends at a NUL or at its padding; NULL where there is none. */
static char *page_text(const unsigned char *page, size_t offset, size_t length)
{
    const char *text = (const char *)page + offset;

    return sysfs_clean(text, strnlen(text, length));
}

static char *requested_name(const unsigned char *page, size_t offset)
{
    static const char prefix[] = "/dev/";
    AUTO_FREE char *name = page_text(page, offset, AMAZON_NAME_LENGTH);

    if (!name)
        return NULL;
    return alloc_string(text_starts_with(name, prefix) ? name + strlen(prefix) : name);
}

/* Volume ids are the serial's, or the device is not the one whose name is asked for. */
static char *read_amazon(const unsigned char *controller, const unsigned char *namespace,
                         const struct disk *disk)
{
    if ((controller[0] | controller[1] << 8) != AMAZON_VENDOR)
        return NULL;
    AUTO_FREE char *serial = page_text(controller, CONTROLLER_SERIAL, CONTROLLER_SERIAL_LENGTH);
    AUTO_FREE char *volume = page_text(namespace, AMAZON_NAMESPACE_VOLUME, AMAZON_VOLUME_LENGTH);
    if (!serial_equal(serial, disk->serial) || (volume && !serial_equal(volume, disk->serial)))
        return NULL;
    char *name = requested_name(namespace, AMAZON_NAMESPACE_NAME);
    return name ? name : requested_name(controller, AMAZON_CONTROLLER_NAME);
}

static char *read_google(const unsigned char *namespace)
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

static char *identify_attachment(int fd, const struct disk *disk)
{
    unsigned char controller[NVME_PAGE], namespace[NVME_PAGE] = {0};
    int r = nvme_identify(fd, NVME_NAMESPACE, namespace);

    if (!text_equal(disk->model, EBS_MODEL))
        return r < 0 ? NULL : read_google(namespace);
    if (nvme_identify(fd, NVME_CONTROLLER, controller) < 0)
        return NULL;
    return read_amazon(controller, namespace, disk);
}

void disk_identify(int fd, struct disk *disk)
{
    char *attachment = disk_needs_identify(disk) ? identify_attachment(fd, disk) : NULL;

    if (!attachment)
        return;
    free(disk->attachment);
    disk->attachment = attachment;
}

#include "disk_attachment.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
static int read_oci(int directory, struct disk *disk)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(directory, "device", target, sizeof(target) - 1);
    unsigned long lun;

    if (length < 0)
        return 0;
    target[length] = '\0';
    const char *colon = strrchr(target, ':');
    lun = colon ? strtoul(colon + 1, NULL, 10) : 0;
    if (lun == 0 || lun > USHRT_MAX)
        return 0;
    disk->attachment = oci_attachment((unsigned)lun);
    return disk->attachment ? 0 : -ENOMEM;
}

/* local-nvme-ssd-N counts controllers (nvme_card, nvme_card1 …) and then namespaces. */
static int read_google_local(struct disk *disk)
{
    const char *digits = disk->model + strlen(GOOGLE_NVME);
    unsigned controller, namespace;

    if (digits[strspn(digits, "0123456789")] != '\0' ||
        sscanf(disk->name, "nvme%*un%u", &namespace) != 1 || namespace == 0)
        return 0;
    controller = (unsigned)strtoul(digits, NULL, 10);
    disk->attachment = text_format("local-nvme-ssd-%u", controller + namespace - 1);
    return disk->attachment ? 0 : -ENOMEM;
}

static int read_google_nvme(struct disk *disk)
{
    free(TAKE_PTR(disk->serial));
    return text_equal(disk->model, GOOGLE_NVME_PERSISTENT) ? 0 : read_google_local(disk);
}

static int copy(const char *string, char **ret_copy)
{
    *ret_copy = string ? strdup(string) : NULL;
    return string && !*ret_copy ? -ENOMEM : 0;
}

int disk_read_attachment(int directory, struct disk *disk)
{
    AUTO_FREE char *vendor = NULL;

    if (disk->model && text_starts_with(disk->model, GOOGLE_NVME))
        return read_google_nvme(disk);
    if (text_starts_with(disk->name, "xvd"))
        return copy(disk->name, &disk->attachment);
    if (sysfs_text(directory, "device/vendor", &vendor) < 0)
        return -ENOMEM;
    if (text_equal(vendor, "Google"))
        return copy(disk->designator, &disk->attachment);
    return text_equal(vendor, "ORACLE") ? read_oci(directory, disk) : 0;
}

bool disk_needs_identify(const struct disk *disk)
{
    return text_equal(disk->type, "disk") &&
           (text_equal(disk->model, EBS_MODEL) || text_equal(disk->model, GOOGLE_NVME_PERSISTENT));
}

/* Text that ends at a NUL or at its padding; NULL where there is none. 0 or -ENOMEM. */
static int page_text(const unsigned char *page, size_t offset, size_t length, char **ret_text)
{
    const char *text = (const char *)page + offset;

    return sysfs_clean(text, strnlen(text, length), ret_text);
}

static int take_requested_name(const unsigned char *page, size_t offset, struct disk *disk)
{
    static const char prefix[] = "/dev/";
    AUTO_FREE char *name = NULL;

    if (page_text(page, offset, AMAZON_NAME_LENGTH, &name) < 0)
        return -ENOMEM;
    if (!name)
        return 0;
    return copy(text_starts_with(name, prefix) ? name + strlen(prefix) : name, &disk->attachment);
}

/* Volume ids are the serial's, or the device is not the one whose name is asked for. */
static int read_amazon(const unsigned char *controller, const unsigned char *namespace,
                       struct disk *disk)
{
    AUTO_FREE char *serial = NULL, *volume = NULL;

    if ((controller[0] | controller[1] << 8) != AMAZON_VENDOR)
        return 0;
    if (page_text(controller, CONTROLLER_SERIAL, CONTROLLER_SERIAL_LENGTH, &serial) < 0 ||
        page_text(namespace, AMAZON_NAMESPACE_VOLUME, AMAZON_VOLUME_LENGTH, &volume) < 0)
        return -ENOMEM;
    if (!serial_equal(serial, disk->serial) || (volume && !serial_equal(volume, disk->serial)))
        return 0;
    if (take_requested_name(namespace, AMAZON_NAMESPACE_NAME, disk) < 0)
        return -ENOMEM;
    return disk->attachment ? 0 : take_requested_name(controller, AMAZON_CONTROLLER_NAME, disk);
}

static int read_google(const unsigned char *namespace, struct disk *disk)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "._-";
    const char *text = (const char *)namespace + GOOGLE_NAMESPACE_JSON;
    json_error_t place;
    AUTO_JSON json_t *json = json_loadb(text, strnlen(text, NVME_PAGE - GOOGLE_NAMESPACE_JSON),
                                        JSON_REJECT_DUPLICATES, &place);
    const char *name = json_string_value(json_object_get(json, "device_name"));

    if (!name || !*name || name[strspn(name, allowed)] != '\0')
        return 0;
    return copy(name, &disk->attachment);
}

int disk_identify(int fd, struct disk *disk)
{
    unsigned char controller[NVME_PAGE], namespace[NVME_PAGE] = {0};

    if (!disk_needs_identify(disk))
        return 0;
    int r = nvme_identify(fd, NVME_NAMESPACE, namespace);
    if (!text_equal(disk->model, EBS_MODEL))
        return r < 0 ? 0 : read_google(namespace, disk);
    if (nvme_identify(fd, NVME_CONTROLLER, controller) < 0)
        return 0;
    return read_amazon(controller, namespace, disk);
}

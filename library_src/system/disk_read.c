#include "disk_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "disk_attachment.h"
#include "disk_network.h"
#include "sysfs.h"
#include "text.h"

/* Kernel names of one driver: the prefix and then a number. */
static bool is_driver(const char *name, const char *prefix)
{
    return text_starts_with(name, prefix) && isdigit((unsigned char)name[strlen(prefix)]);
}

static bool is_unsuitable(const char *name)
{
    static const char *const prefixes[] = {"ram", "zram", "sr", "fd"};

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (is_driver(name, prefixes[i]))
            return true;
    return false;
}

/* The value of KEY=… in a uevent file: a new string, NULL where there is none. 0 or -ENOMEM. */
static int uevent_value(const char *uevent, const char *key, char **ret_value)
{
    size_t length = strlen(key);

    *ret_value = NULL;
    for (const char *line = uevent; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, key, length) == 0 && line[length] == '=') {
            *ret_value = strndup(line + length + 1, strcspn(line + length + 1, "\n"));
            return *ret_value ? 0 : -ENOMEM;
        }
    return 0;
}

bool disk_is_unsuitable(int directory)
{
    char uevent[SYSFS_PAGE + 1];
    AUTO_FREE char *name = NULL;

    sysfs_bytes(directory, "uevent", uevent);
    return uevent_value(uevent, "DEVNAME", &name) == 0 && name && is_unsuitable(name);
}

static int read_devno(const char *uevent, uint64_t *ret_devno)
{
    AUTO_FREE char *major_text = NULL, *minor_text = NULL;

    if (uevent_value(uevent, "MAJOR", &major_text) < 0 ||
        uevent_value(uevent, "MINOR", &minor_text) < 0)
        return -ENOMEM;
    if (!major_text || !minor_text) /* a hidden path of NVMe's own multipath has none */
        return -ENODEV;
    *ret_devno =
        makedev((unsigned)strtoul(major_text, NULL, 10), (unsigned)strtoul(minor_text, NULL, 10));
    return 0;
}

static void replace(char *string, char from, char to)
{
    for (char *p = string; *p; p++)
        if (*p == from)
            *p = to;
}

static int read_path(const char *uevent, struct disk *disk)
{
    AUTO_FREE char *devname = NULL;

    if (uevent_value(uevent, "DEVNAME", &devname) < 0)
        return -ENOMEM;
    disk->path = text_format("/dev/%s", devname ? devname : disk->name);
    if (!disk->path)
        return -ENOMEM;
    replace(disk->path, '!', '/');
    return 0;
}

/* The kernel's name of a partition's disk is its node's, with ! for /. */
static int read_parent(int directory, char **ret_parent)
{
    char uevent[SYSFS_PAGE + 1];

    sysfs_bytes(directory, "../uevent", uevent);
    if (uevent_value(uevent, "DEVNAME", ret_parent) < 0)
        return -ENOMEM;
    if (*ret_parent)
        replace(*ret_parent, '/', '!');
    return 0;
}

/* The uuid that a device-mapper user gave its map begins with that user's name: LVM-, CRYPT-LUKS2-,
 * mpath-, part1-mpath- (kpartx). lsblk shows the same. */
static int read_mapper_type(int directory, char **ret_type)
{
    AUTO_FREE char *uuid = NULL;

    if (sysfs_text(directory, "dm/uuid", &uuid) < 0)
        return -ENOMEM;
    size_t length = uuid ? strcspn(uuid, "-") : 0;
    if (length > 0 && uuid[length] == '-')
        uuid[length] = '\0';
    else
        length = 0;
    for (size_t i = 0; i < length; i++)
        uuid[i] = (char)tolower((unsigned char)uuid[i]);
    if (length > 0 && is_driver(uuid, "part"))
        uuid[4] = '\0';
    *ret_type = strdup(length > 0 ? uuid : "dm");
    return *ret_type ? 0 : -ENOMEM;
}

static int read_type(int directory, const char *uevent, struct disk *disk)
{
    AUTO_FREE char *kind = NULL;

    if (uevent_value(uevent, "DEVTYPE", &kind) < 0)
        return -ENOMEM;
    if (is_driver(disk->name, "dm-"))
        return read_mapper_type(directory, &disk->type);
    if (text_equal(kind, "partition")) {
        disk->type = strdup("part");
        return disk->type ? read_parent(directory, &disk->parent) : -ENOMEM;
    }
    bool array = text_starts_with(disk->name, "md");
    if (array && sysfs_text(directory, "md/level", &disk->type) < 0)
        return -ENOMEM;
    if (!disk->type)
        disk->type = strdup(array ? "md" : is_driver(disk->name, "loop") ? "loop" : "disk");
    return disk->type ? 0 : -ENOMEM;
}

static int read_scsi(int directory, struct disk *disk)
{
    char page[SYSFS_PAGE + 1];

    size_t length = sysfs_bytes(directory, "device/vpd_pg80", page);
    if (scsi_serial(page, length, &disk->serial) < 0)
        return -ENOMEM;
    length = sysfs_bytes(directory, "device/vpd_pg83", page);
    return scsi_designator(page, length, &disk->designator);
}

/* The first of two files that says something. */
static int read_either(int directory, const char *first, const char *second, char **text)
{
    if (!*text && sysfs_text(directory, first, text) < 0)
        return -ENOMEM;
    return *text ? 0 : sysfs_text(directory, second, text);
}

int disk_read_hardware(int directory, struct disk *disk)
{
    if (sysfs_text(directory, "device/model", &disk->model) < 0 || read_scsi(directory, disk) < 0 ||
        read_either(directory, "device/serial", "serial", &disk->serial) < 0 ||
        read_either(directory, "wwid", "device/wwid", &disk->wwn) < 0 ||
        disk_read_attachment(directory, disk) < 0)
        return -ENOMEM;
    return sysfs_line(directory, "loop/backing_file", &disk->backing_file);
}

/* A multipath map is the disk its paths lead to; a partition made of one hangs on its map. */
static int read_mapper(int directory, struct disk *disk)
{
    struct string_list slaves = {0};
    int r = sysfs_names(directory, "slaves", &slaves);

    if (r == 0 && slaves.count > 0 && text_equal(disk->type, "mpath")) {
        AUTO_FREE char *path = text_format("slaves/%s", slaves.items[0]);
        AUTO_CLOSE int slave = path ? sysfs_open_at(directory, path) : -ENOMEM;
        r = slave >= 0 ? disk_read_hardware(slave, disk) : (slave == -ENOMEM ? -ENOMEM : 0);
    } else if (r == 0 && slaves.count > 0 && text_equal(disk->type, "part")) {
        disk->parent = TAKE_PTR(slaves.items[0]);
    }
    string_list_release(&slaves);
    return r;
}

static int read_network(int directory, bool part, struct disk *disk)
{
    AUTO_CLOSE int whole = sysfs_open_at(directory, part ? ".." : ".");

    if (whole < 0)
        return whole == -ENOMEM ? -ENOMEM : 0;
    return disk_read_network(whole, part && disk->parent ? disk->parent : disk->name,
                             &disk->network);
}

static int read_details(int directory, struct disk *disk)
{
    bool map = is_driver(disk->name, "dm-");
    bool part = !map && text_equal(disk->type, "part");

    disk->diskseq = sysfs_number(directory, part ? "../diskseq" : "diskseq");
    disk->logical_block_size =
        sysfs_number(directory, part ? "../queue/logical_block_size" : "queue/logical_block_size");
    disk->removable = sysfs_number(directory, part ? "../removable" : "removable") != 0;
    disk->read_only = sysfs_number(directory, "ro") != 0;
    if (sysfs_names(directory, "holders", &disk->holders) < 0 ||
        read_network(directory, part, disk) < 0)
        return -ENOMEM;
    if (map)
        return read_mapper(directory, disk);
    return part ? 0 : disk_read_hardware(directory, disk);
}

int disk_read(int directory, const char *name, struct disk *disk)
{
    char uevent[SYSFS_PAGE + 1];
    int r;

    disk->size_bytes = is_unsuitable(name) ? 0 : sysfs_number(directory, "size") * 512;
    if (disk->size_bytes == 0)
        return -ENODEV;
    sysfs_bytes(directory, "uevent", uevent);
    r = read_devno(uevent, &disk->devno);
    if (r < 0)
        return r;
    disk->name = strdup(name);
    if (!disk->name || read_path(uevent, disk) < 0 || read_type(directory, uevent, disk) < 0)
        return -ENOMEM;
    return read_details(directory, disk);
}

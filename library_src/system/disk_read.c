#include "disk_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "alloc.h"
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
    return name && is_unsuitable(name);
}

static int read_devno(const char *uevent, uint64_t *ret_devno)
{
    AUTO_FREE char *major_text = uevent_value(uevent, "MAJOR");
    AUTO_FREE char *minor_text = uevent_value(uevent, "MINOR");

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

static void read_path(const char *uevent, struct disk *disk)
{
    AUTO_FREE char *devname = uevent_value(uevent, "DEVNAME");

    disk->path = text_format("/dev/%s", devname ? devname : disk->name);
    replace(disk->path, '!', '/');
}

/* The kernel's name of a partition's disk is its node's, with ! for /. */
static char *read_parent(int directory)
{
    char uevent[SYSFS_PAGE + 1];

    sysfs_bytes(directory, "../uevent", uevent);
    char *parent = uevent_value(uevent, "DEVNAME");
    if (parent)
        replace(parent, '/', '!');
    return parent;
}

/* The uuid that a device-mapper user gave its map begins with that user's name: LVM-, CRYPT-LUKS2-,
 * mpath-, part1-mpath- (kpartx). lsblk shows the same. */
static char *read_mapper_type(int directory)
{
    AUTO_FREE char *uuid = sysfs_text(directory, "dm/uuid");
    size_t length = uuid ? strcspn(uuid, "-") : 0;

    if (length > 0 && uuid[length] == '-')
        uuid[length] = '\0';
    else
        length = 0;
    for (size_t i = 0; i < length; i++)
        uuid[i] = (char)tolower((unsigned char)uuid[i]);
    if (length > 0 && is_driver(uuid, "part"))
        uuid[4] = '\0';
    return alloc_string(length > 0 ? uuid : "dm");
}

static void read_type(int directory, const char *uevent, struct disk *disk)
{
    AUTO_FREE char *kind = uevent_value(uevent, "DEVTYPE");

    if (is_driver(disk->name, "dm-")) {
        disk->type = read_mapper_type(directory);
        return;
    }
    if (text_equal(kind, "partition")) {
        disk->type = alloc_string("part");
        disk->parent = read_parent(directory);
        return;
    }
    bool array = text_starts_with(disk->name, "md");
    if (array)
        disk->type = sysfs_text(directory, "md/level");
    if (!disk->type)
        disk->type = alloc_string(array ? "md" : is_driver(disk->name, "loop") ? "loop" : "disk");
}

static void read_scsi(int directory, struct disk *disk)
{
    char page[SYSFS_PAGE + 1];

    size_t length = sysfs_bytes(directory, "device/vpd_pg80", page);
    disk->serial = scsi_serial(page, length);
    length = sysfs_bytes(directory, "device/vpd_pg83", page);
    disk->designator = scsi_designator(page, length);
}

/* The first of two files that says something. */
static char *read_either(int directory, const char *first, const char *second)
{
    char *text = sysfs_text(directory, first);

    return text ? text : sysfs_text(directory, second);
}

void disk_read_hardware(int directory, struct disk *disk)
{
    disk->model = sysfs_text(directory, "device/model");
    read_scsi(directory, disk);
    if (!disk->serial)
        disk->serial = read_either(directory, "device/serial", "serial");
    disk->wwn = read_either(directory, "wwid", "device/wwid");
    disk_read_attachment(directory, disk);
    disk->backing_file = sysfs_line(directory, "loop/backing_file");
}

/* A multipath map is the disk its paths lead to; a partition made of one hangs on its map. */
static void read_mapper(int directory, struct disk *disk)
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

static bool read_network(int directory, bool part, const struct disk *disk)
{
    AUTO_CLOSE int whole = sysfs_open_at(directory, part ? ".." : ".");

    return whole >= 0 && disk_read_network(whole, part && disk->parent ? disk->parent : disk->name);
}

static void read_details(int directory, struct disk *disk)
{
    bool map = is_driver(disk->name, "dm-");
    bool part = !map && text_equal(disk->type, "part");

    disk->diskseq = sysfs_number(directory, part ? "../diskseq" : "diskseq");
    disk->logical_block_size =
        sysfs_number(directory, part ? "../queue/logical_block_size" : "queue/logical_block_size");
    disk->removable = sysfs_number(directory, part ? "../removable" : "removable") != 0;
    disk->read_only = sysfs_number(directory, "ro") != 0;
    disk->holders = sysfs_names(directory, "holders");
    disk->network = read_network(directory, part, disk);
    if (map)
        read_mapper(directory, disk);
    else if (!part)
        disk_read_hardware(directory, disk);
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
    disk->name = alloc_string(name);
    read_path(uevent, disk);
    read_type(directory, uevent, disk);
    read_details(directory, disk);
    return 0;
}

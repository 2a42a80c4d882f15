/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "file.h"
#include "mount/mount.h"
#include "text.h"

#define STATE_DIRECTORY "/var/lib/storage_tier"
#define INTENT_DIRECTORY STATE_DIRECTORY "/intent"

enum {
    RECORD_LIMIT = 256 * 1024,
    RECORD_MODE = 0600,
    DIRECTORY_MODE = 0700,
    ROOM = 64 * 1024,
    UUID_LIMIT = 64
};

static char *record_path(const char *uuid)
{
    return text_format(INTENT_DIRECTORY "/%s", uuid);
}

static int record_read(const char *name, struct intent_list *intents, struct error *error)
{
    AUTO_FREE char *path = record_path(name), *data = NULL;
    json_error_t place;
    int r = file_read(path, RECORD_LIMIT, &data, error);

    if (r < 0)
        return r;
    AUTO_JSON json_t *json = json_loadb(data, (size_t)r, 0, &place);
    if (!json)
        return error_set(error, -EBADMSG,
                         "the intent record %s is damaged: %s; remove it (a disk that it was about "
                         "is then refused with a token)",
                         path, place.text);
    struct intent *intent = fields_append(&intent_fields, intents);
    r = fields_from_json(&intent_fields, json, intent, error);
    if (r == 0 &&
        (!text_equal(intent->uuid, name) || !intent->fstype || !intent->tier || !intent->identity))
        r = error_set(error, -EBADMSG, "its keys are incomplete");
    return r < 0 ? error_wrap(error, "the intent record %s is damaged", path) : 0;
}

int intents_read(struct intent_list *ret_intents, struct error *error)
{
    AUTO_CLOSEDIR DIR *directory = opendir(INTENT_DIRECTORY);
    struct dirent *entry;
    int r = 0;

    if (!directory)
        return errno == ENOENT ? 0 : error_set_errno(error, -errno, "opening " INTENT_DIRECTORY);
    /* A name with a dot is a temporary file of a killed run, not yet a record. */
    while (r == 0 && (entry = readdir(directory)))
        if (!strchr(entry->d_name, '.'))
            r = record_read(entry->d_name, ret_intents, error);
    return r;
}

struct timespec intents_changed(void)
{
    struct stat status;

    return stat(INTENT_DIRECTORY, &status) == 0 ? status.st_mtim : (struct timespec){0};
}

char *intents_unwritable(void)
{
    return directory_unwritable(access(STATE_DIRECTORY, F_OK) == 0 ? STATE_DIRECTORY : "/var/lib",
                                ROOM);
}

/* A directory entry is durable only when the directory above was synced too. */
static int records_make_directory(struct error *error)
{
    struct stat status;

    if (stat(INTENT_DIRECTORY, &status) == 0)
        return 0;
    int r = file_make_directories(INTENT_DIRECTORY, DIRECTORY_MODE, error);
    if (r == 0)
        r = file_sync_directory(INTENT_DIRECTORY, error);
    if (r == 0)
        r = file_sync_directory(STATE_DIRECTORY, error);
    return r;
}

int intent_write(const struct intent *intent, struct error *error)
{
    AUTO_FREE char *path = record_path(intent->uuid);
    AUTO_JSON json_t *json = fields_to_json(&intent_fields, intent);
    AUTO_FREE char *text = json_dumps(json, JSON_INDENT(1));
    int r = records_make_directory(error);

    return r < 0 ? r : file_replace(path, text, strlen(text), RECORD_MODE, error);
}

int intent_remove(const char *uuid, struct error *error)
{
    AUTO_FREE char *path = record_path(uuid);

    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    return file_remove(path, error);
}

/* Records have no dot in their name; the caller holds the module's lock. */
static void records_remove_temporary_files(void)
{
    AUTO_CLOSEDIR DIR *directory = opendir(INTENT_DIRECTORY);
    struct dirent *entry;

    while (directory && (entry = readdir(directory)))
        if (entry->d_name[0] != '.' && strchr(entry->d_name, '.'))
            unlinkat(dirfd(directory), entry->d_name, 0);
}

int intents_supersede(const struct disk *disk, const struct intent *intent, struct error *error)
{
    struct intent_list all = {0};
    int r = 0;

    records_remove_temporary_files();
    if (!disk->serial && !disk->wwn && !disk->backing_file)
        return 0;
    r = intents_read(&all, error);
    for (size_t i = 0; i < all.count && r == 0; i++)
        if (text_equal(all.items[i].identity, intent->identity) &&
            !text_equal(all.items[i].uuid, intent->uuid))
            r = intent_remove(all.items[i].uuid, error);
    for (size_t i = 0; i < all.count; i++)
        fields_release(&intent_fields, &all.items[i]);
    free(all.items);
    return r;
}

char *intent_identity(const struct disk *disk)
{
    AUTO_TEXT struct text text = {0};
    const struct {
        const char *key, *value;
    } parts[] = {{"serial", disk->serial},
                 {"wwn", disk->wwn},
                 {"designator", disk->designator},
                 {"backing_file", disk->backing_file},
                 {"partition", disk->parent ? disk->name : NULL}};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (parts[i].value)
            text_addf(&text, "%s%s=%s", text.length ? " " : "", parts[i].key, parts[i].value);
    if (!text.length)
        text_add(&text, "none");
    return text_take(&text);
}

#define MIB (1024ULL * 1024)

/* Two places, since one of them can be overwritten by a mkfs: ext4's last group, btrfs' mirror at
 * 256 GiB. */
void stamp_offsets(uint64_t size_bytes, uint64_t ret_offsets[2])
{
    uint64_t end = size_bytes & ~(uint64_t)(STAMP_SIZE - 1);

    ret_offsets[0] = end - 3 * MIB;
    ret_offsets[1] = end - 5 * MIB;
}

void stamp_fill(char block[STAMP_SIZE], const char *uuid)
{
    memset(block, 0, STAMP_SIZE);
    snprintf(block, 512, "storage_tier: a filesystem is being made here\nuuid=%s\n", uuid);
}

void stamps_expect(const struct intent *intent, struct stamps *ret_stamps)
{
    uint64_t offsets[2];

    *ret_stamps = (struct stamps){0};
    if (!intent)
        return;
    stamp_fill(ret_stamps->block, intent->uuid);
    stamp_offsets(intent->size_bytes, offsets);
    ret_stamps->count = 2;
    for (int i = 0; i < 2; i++)
        ret_stamps->expected[i] =
            (struct expected_bytes){offsets[i], ret_stamps->block, STAMP_SIZE};
}

struct block {
    _Alignas(STAMP_SIZE) char bytes[STAMP_SIZE];
};

static int stamps_open(const struct disk *disk, int flags, struct error *error)
{
    return disk_open(disk, flags | O_EXCL | O_DIRECT, error);
}

/* False when it isn't there, or when the device has become too small to hold it. */
static bool stamp_is_at(int fd, uint64_t offset, const struct intent *intent)
{
    struct block expected, found;

    stamp_fill(expected.bytes, intent->uuid);
    return pread(fd, found.bytes, STAMP_SIZE, (off_t)offset) == STAMP_SIZE &&
           memcmp(found.bytes, expected.bytes, STAMP_SIZE) == 0;
}

static int stamps_write_block(int fd, const struct disk *disk, uint64_t offset,
                              const struct block *block, struct error *error)
{
    if (pwrite(fd, block->bytes, STAMP_SIZE, (off_t)offset) != STAMP_SIZE)
        return error_set_errno(error, errno ? -errno : -EIO, "writing %s at offset %llu",
                               disk->path, (unsigned long long)offset);
    return 0;
}

static int stamps_sync(int fd, const struct disk *disk, struct error *error)
{
    return fsync(fd) < 0 ? error_set_errno(error, -errno, "syncing %s", disk->path) : 0;
}

int stamps_find(const struct disk *disk, const struct intent *intent, bool *ret_found,
                struct error *error)
{
    AUTO_CLOSE int fd = stamps_open(disk, O_RDONLY, error);
    uint64_t offsets[2];

    if (fd < 0)
        return fd;
    stamp_offsets(intent->size_bytes, offsets);
    *ret_found = stamp_is_at(fd, offsets[0], intent) || stamp_is_at(fd, offsets[1], intent);
    return 0;
}

int stamps_write(const struct disk *disk, const struct intent *intent, struct error *error)
{
    AUTO_CLOSE int fd = stamps_open(disk, O_RDWR, error);
    struct block stamp;
    uint64_t offsets[2];
    int r = 0;

    if (fd < 0)
        return fd;
    stamp_fill(stamp.bytes, intent->uuid);
    stamp_offsets(intent->size_bytes, offsets);
    for (int i = 0; i < 2 && r == 0; i++)
        r = stamps_write_block(fd, disk, offsets[i], &stamp, error);
    return r < 0 ? r : stamps_sync(fd, disk, error);
}

int stamps_erase(const struct disk *disk, const struct intent *intent, struct error *error)
{
    AUTO_CLOSE int fd = stamps_open(disk, O_RDWR, error);
    static const struct block zeros;
    uint64_t offsets[2];
    int r = 0;

    if (fd < 0)
        return fd;
    stamp_offsets(intent->size_bytes, offsets);
    for (int i = 0; i < 2 && r == 0; i++)
        if (stamp_is_at(fd, offsets[i], intent))
            r = stamps_write_block(fd, disk, offsets[i], &zeros, error);
    return r < 0 ? r : stamps_sync(fd, disk, error);
}

int stamps_find_orphan(const struct disk *disk, char **ret_uuid, struct error *error)
{
    struct block found, expected;
    AUTO_CLOSE int fd = disk_open(disk, O_RDONLY | O_DIRECT, error);
    uint64_t offsets[2];

    if (fd < 0)
        return fd;
    stamp_offsets(disk->size_bytes, offsets);
    for (int i = 0; i < 2; i++) {
        if (pread(fd, found.bytes, STAMP_SIZE, (off_t)offsets[i]) != STAMP_SIZE)
            continue;
        found.bytes[STAMP_SIZE - 1] = '\0';
        const char *uuid = strstr(found.bytes, "uuid=");
        AUTO_FREE char *copy = uuid ? alloc_string_part(uuid + 5, strcspn(uuid + 5, "\n")) : NULL;
        if (!copy)
            continue;
        stamp_fill(expected.bytes, copy);
        if (memcmp(found.bytes, expected.bytes, STAMP_SIZE) == 0) {
            *ret_uuid = TAKE_PTR(copy);
            return 0;
        }
    }
    return 0;
}

int uuid_draw(char **ret_uuid, struct error *error)
{
    char seed;
    /* Waits, early in a boot, until the kernel can draw what no clone of this host draws too. */
    ssize_t waited = getrandom(&seed, sizeof(seed), 0);
    int r = file_read("/proc/sys/kernel/random/uuid", UUID_LIMIT, ret_uuid, error);

    (void)waited;
    if (r < 0)
        return error_wrap(error, "drawing a UUID");
    text_trim(*ret_uuid);
    return 0;
}

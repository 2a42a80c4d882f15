#include "intent.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "file.h"
#include "mount/mount.h"
#include "text.h"

#define STATE_DIRECTORY "/var/lib/storage_tier"
#define INTENT_DIRECTORY STATE_DIRECTORY "/intent"

enum { RECORD_LIMIT = 256 * 1024, RECORD_MODE = 0600, DIRECTORY_MODE = 0700, ROOM = 64 * 1024 };

static char *record_path(const char *uuid)
{
    return text_format(INTENT_DIRECTORY "/%s", uuid);
}

static int read_record(const char *name, struct intent_list *intents, struct error *error)
{
    AUTO_FREE char *path = record_path(name), *data = NULL;
    size_t length;
    json_error_t place;
    int r = file_read(path, RECORD_LIMIT, &data, &length, error);

    if (r < 0)
        return r;
    AUTO_JSON json_t *json = json_loadb(data, length, 0, &place);
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
            r = read_record(entry->d_name, ret_intents, error);
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
static int make_directory(struct error *error)
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
    int r = make_directory(error);

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
static void remove_temporary_files(void)
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

    remove_temporary_files();
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

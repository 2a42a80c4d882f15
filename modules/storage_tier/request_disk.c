#include "request_parts.h"

#include <errno.h>

#include "alloc.h"
#include "cleanup.h"
#include "filesystems.h"
#include "mode.h"
#include "mount_options.h"
#include "text.h"

const char *request_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int request_copy(const json_t *object, const char *key, char **ret, struct error *error)
{
    const char *value = request_string(object, key);

    if (!value)
        return 0;
    if (!*value)
        return error_set(error, -EINVAL, "disks: %s is empty; leave it out instead", key);
    *ret = alloc_string(value);
    return 0;
}

/* An integer is what YAML made of 0644: the bits themselves. */
static int copy_mode(const json_t *value, char **ret, struct error *error)
{
    if (!value || json_is_null(value))
        return 0;
    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        json_integer_value(value) <= 07777)
        *ret = text_format("%04o", (unsigned)json_integer_value(value));
    else if (json_is_string(value) && json_string_length(value) > 0)
        *ret = alloc_string(json_string_value(value));
    else
        return error_set(error, -EINVAL,
                         "mode must be an octal text such as \"0750\", or symbolic such as "
                         "\"u=rwx,g=rx\"");
    return 0;
}

static void copy_list(const json_t *list, struct string_list *ret)
{
    size_t i;
    json_t *item;

    json_array_foreach (list, i, item)
        string_list_add(ret, json_string_value(item));
}

static int parse_filesystem(const json_t *json, const json_t *params, struct disk_request *disk,
                            struct error *error)
{
    const char *own = request_string(json, "fstype");
    const char *options = request_string(json, "mount_options");

    disk->fstype_explicit = own != NULL;
    if (disk->tier == TIER_SWAP)
        disk->fstype = alloc_string("swap");
    else
        disk->fstype = alloc_string(own ? own : request_string(params, "fstype"));
    if (disk->tier != TIER_SWAP) {
        disk->mount_options =
            alloc_string(options ? options : request_string(params, "mount_options"));
        int r = mount_options_check(disk, error);
        if (r < 0)
            return r;
    }
    copy_list(json_object_get(json, "mkfs_options"), &disk->mkfs_options);
    return filesystem_check_options(disk, json_is_true(json_object_get(params, "grow")), error);
}

static int refuse_key(const struct disk_request *disk, const json_t *json, const char *const *keys,
                      const char *why, struct error *error)
{
    for (; *keys; keys++) {
        const json_t *value = json_object_get(json, *keys);
        if (value && !json_is_null(value))
            return error_set(error, -EINVAL, "disk %s: %s can't be given: %s", disk->name, *keys,
                             why);
    }
    return 0;
}

/* Keys that make no sense together are errors, so that none is read and ignored. */
static int check_keys(const struct disk_request *disk, const json_t *json, struct error *error)
{
    static const char *const not_os[] = {"device",       "serial",        "wwn",  "fstype",
                                         "mkfs_options", "mount_options", "wipe", NULL};
    static const char *const not_swap[] = {"fstype", "mount_options", "owner",
                                           "group",  "mode",          NULL};
    static const char *const not_adopt[] = {"wipe", "owner", "group", "mode", "mkfs_options", NULL};
    int r = 0;

    if (disk->os)
        r = refuse_key(disk, json, not_os, "the OS disk is never identified, formatted or wiped",
                       error);
    if (r == 0 && disk->os && disk->adopt)
        r = error_set(error, -EINVAL,
                      "disk os: existing: adopt can't be given: the OS disk is used as it is");
    if (r == 0 && disk->os && disk->tier == TIER_SWAP)
        r = error_set(
            error, -EINVAL,
            "disk os: tier swap is not possible: the OS disk is the root filesystem; give "
            "it hot, warm or cold");
    if (r == 0 && !disk->os && disk->tier == TIER_SWAP)
        r = refuse_key(disk, json, not_swap, "the disk is swap", error);
    if (r == 0 && disk->adopt)
        r = refuse_key(disk, json, not_adopt,
                       "existing: adopt writes nothing to the filesystem it keeps", error);
    return r;
}

int request_parse_disk(const json_t *json, const json_t *params, struct disk_request *disk,
                       struct error *error)
{
    int r = request_copy(json, "name", &disk->name, error);

    for (int t = 0; t < TIER_COUNT; t++)
        if (text_equal(request_string(json, "tier"), tier_names[t]))
            disk->tier = (enum tier)t;
    disk->os = text_equal(disk->name, "os");
    disk->adopt = text_equal(request_string(json, "existing"), "adopt");
    if (r == 0)
        r = check_keys(disk, json, error);
    if (r == 0)
        r = request_copy(json, "device", &disk->device, error);
    if (r == 0)
        r = request_copy(json, "serial", &disk->serial, error);
    if (r == 0)
        r = request_copy(json, "wwn", &disk->wwn, error);
    if (r == 0)
        r = request_copy(json, "wipe", &disk->wipe, error);
    if (r == 0)
        r = request_copy(json, "owner", &disk->owner, error);
    if (r == 0)
        r = request_copy(json, "group", &disk->group, error);
    if (r == 0)
        r = copy_mode(json_object_get(json, "mode"), &disk->mode, error);
    if (r == 0 && disk->mode) {
        int ignored;
        r = mode_apply(disk->mode, 0, &ignored, error);
        if (r < 0)
            r = error_wrap(error, "disk %s", disk->name);
    }
    if (r == 0 && !disk->os)
        r = parse_filesystem(json, params, disk, error);
    if (r == 0 && disk->device && disk->device[0] != '/')
        r = error_set(error, -EINVAL, "disk %s: device %s is not an absolute path", disk->name,
                      disk->device);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "filesystems.h"
#include "mode.h"
#include "mount_options.h"
#include "text.h"

#define ROW(kind_, type_, member)                                                                  \
    {                                                                                              \
#member, FIELD_##kind_, offsetof(struct type_, member), NULL, NULL                         \
    }

const char *const tier_names[TIER_COUNT + 1] = {"swap", "hot", "warm", "cold", NULL};

const struct fields disk_request_fields = {
    sizeof(struct disk_request),
    (const struct field[]){
        ROW(STRING, disk_request, name),
        {"tier", FIELD_ENUM, offsetof(struct disk_request, tier), NULL, tier_names},
        ROW(STRING, disk_request, device),
        ROW(STRING, disk_request, serial),
        ROW(STRING, disk_request, wwn),
        ROW(STRING, disk_request, fstype),
        ROW(BOOL, disk_request, fstype_explicit),
        ROW(STRINGS, disk_request, mkfs_options),
        ROW(STRING, disk_request, mount_options),
        ROW(BOOL, disk_request, adopt),
        ROW(STRING, disk_request, wipe),
        ROW(STRING, disk_request, owner),
        ROW(STRING, disk_request, group),
        ROW(STRING, disk_request, mode),
        ROW(BOOL, disk_request, os),
        ROW(BOOL, disk_request, shared),
        {0},
    }};

const struct fields request_fields = {
    sizeof(struct request),
    (const struct field[]){
        {"disks", FIELD_ARRAY, offsetof(struct request, disks), &disk_request_fields, NULL},
        ROW(STRING, request, provider),
        ROW(STRING, request, root),
        ROW(INT, request, swap_priority),
        ROW(BOOL, request, backup),
        ROW(BOOL, request, full_scan),
        ROW(BOOL, request, grow),
        ROW(BOOL, request, prune),
        ROW(BOOL, request, absent),
        ROW(INT, request, device_timeout),
        {0},
    }};

void request_free(void *request)
{
    if (!request)
        return;
    fields_release(&request_fields, request);
    free(request);
}

bool request_has_identity(const struct disk_request *disk)
{
    return disk->device || disk->serial || disk->wwn;
}

const char *tier_label(enum tier tier)
{
    static const char *const labels[TIER_COUNT] = {"tier-swap", "tier-hot", "tier-warm",
                                                   "tier-cold"};
    return labels[tier];
}

char *tier_path(const struct request *request, enum tier tier)
{
    return text_format("%s/%s", request->root, tier_names[tier]);
}

enum tier tier_of_label(const char *label)
{
    for (int t = 0; t < TIER_COUNT; t++)
        if (text_equal(label, tier_label((enum tier)t)))
            return (enum tier)t;
    return TIER_COUNT;
}

/* A string parameter; NULL where it is null. Borrowed. */
static const char *request_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* A copy of a string parameter; an empty one is an error, null leaves *ret as it is. */
static int request_copy(const json_t *object, const char *key, char **ret, struct error *error)
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
static int request_copy_mode(const json_t *value, char **ret, struct error *error)
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

static void request_copy_list(const json_t *list, struct string_list *ret)
{
    size_t i;
    json_t *item;

    json_array_foreach (list, i, item)
        string_list_add(ret, json_string_value(item));
}

static int request_parse_filesystem(const json_t *json, const json_t *params,
                                    struct disk_request *disk, struct error *error)
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
    request_copy_list(json_object_get(json, "mkfs_options"), &disk->mkfs_options);
    return filesystem_check_options(disk, json_is_true(json_object_get(params, "grow")), error);
}

static int request_refuse_keys(const struct disk_request *disk, const json_t *json,
                               const char *const *keys, const char *why, struct error *error)
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
static int request_check_keys(const struct disk_request *disk, const json_t *json,
                              struct error *error)
{
    static const char *const not_os[] = {"device",       "serial",        "wwn",  "fstype",
                                         "mkfs_options", "mount_options", "wipe", NULL};
    static const char *const not_swap[] = {"fstype", "mount_options", "owner",
                                           "group",  "mode",          NULL};
    static const char *const not_adopt[] = {"wipe", "owner", "group", "mode", "mkfs_options", NULL};
    int r = 0;

    if (disk->os)
        r = request_refuse_keys(disk, json, not_os,
                                "the OS disk is never identified, formatted or wiped", error);
    if (r == 0 && disk->os && disk->adopt)
        r = error_set(error, -EINVAL,
                      "disk os: existing: adopt can't be given: the OS disk is used as it is");
    if (r == 0 && disk->os && disk->tier == TIER_SWAP)
        r = error_set(
            error, -EINVAL,
            "disk os: tier swap is not possible: the OS disk is the root filesystem; give "
            "it hot, warm or cold");
    if (r == 0 && !disk->os && disk->tier == TIER_SWAP)
        r = request_refuse_keys(disk, json, not_swap, "the disk is swap", error);
    if (r == 0 && disk->adopt)
        r = request_refuse_keys(disk, json, not_adopt,
                                "existing: adopt writes nothing to the filesystem it keeps", error);
    return r;
}

/* One element of `disks`, with what `params` gives for all of them. */
static int request_parse_disk(const json_t *json, const json_t *params, struct disk_request *disk,
                              struct error *error)
{
    int r = request_copy(json, "name", &disk->name, error);

    for (int t = 0; t < TIER_COUNT; t++)
        if (text_equal(request_string(json, "tier"), tier_names[t]))
            disk->tier = (enum tier)t;
    disk->os = text_equal(disk->name, "os");
    disk->adopt = text_equal(request_string(json, "existing"), "adopt");
    if (r == 0)
        r = request_check_keys(disk, json, error);
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
        r = request_copy_mode(json_object_get(json, "mode"), &disk->mode, error);
    if (r == 0 && disk->mode) {
        int ignored;
        r = mode_apply(disk->mode, 0, &ignored, error);
        if (r < 0)
            r = error_wrap(error, "disk %s", disk->name);
    }
    if (r == 0 && !disk->os)
        r = request_parse_filesystem(json, params, disk, error);
    if (r == 0 && disk->device && disk->device[0] != '/')
        r = error_set(error, -EINVAL, "disk %s: device %s is not an absolute path", disk->name,
                      disk->device);
    return r;
}

static int request_check_pair(struct disk_request *a, struct disk_request *b,
                              const char *shared_tier, struct error *error)
{
    if (text_equal(a->name, b->name))
        return error_set(error, -EINVAL, "disks: the name %s is given twice", a->name);
    if (a->tier != b->tier)
        return 0;
    if (!a->os && !b->os)
        return error_set(error, -EINVAL,
                         "disks: %s and %s both have the tier %s; a host has one disk per tier",
                         a->name, b->name, tier_names[a->tier]);
    if (text_equal(shared_tier, "fail"))
        return error_set(error, -EINVAL,
                         "disks: %s and %s both have the tier %s, and shared_tier is fail", a->name,
                         b->name, tier_names[a->tier]);
    struct disk_request *os = a->os ? a : b;
    if (os->owner || os->group || os->mode)
        return error_set(error, -EINVAL,
                         "disk os: owner, group and mode can't be given: tier %s is served by %s",
                         tier_names[os->tier], a->os ? b->name : a->name);
    os->shared = true;
    return 0;
}

/* The storage strategy: an OS disk, at most three others, one disk per tier, one tier for files. */
static int request_check_strategy(struct request *request, const char *shared_tier,
                                  struct error *error)
{
    bool os = false, files = false;

    if (request->absent && request->disks.count == 0)
        return 0;
    for (size_t i = 0; i < request->disks.count; i++) {
        struct disk_request *disk = &request->disks.items[i];

        os |= disk->os;
        files |= disk->tier != TIER_SWAP;
        for (size_t j = 0; j < i; j++) {
            int r = request_check_pair(&request->disks.items[j], disk, shared_tier, error);
            if (r < 0)
                return r;
        }
    }
    if (!os)
        return error_set(error, -EINVAL,
                         "disks: the OS disk is missing; every host has one, named os");
    if (!files)
        return error_set(error, -EINVAL,
                         "disks: no disk has the tier hot, warm or cold; at least one is needed");
    if (request->disks.count > 4)
        return error_set(error, -EINVAL, "disks: %zu disks are more than the 4 a host can have",
                         request->disks.count);
    return 0;
}

static int request_parse_root(const char *root, char **ret_root, struct error *error)
{
    char *copied = text_trim_slashes(alloc_string(root));

    *ret_root = copied;
    if (copied[0] != '/' || copied[1] == '\0' || strstr(copied, "//"))
        return error_set(error, -EINVAL, "root: %s is not an absolute path below /", root);
    for (const char *p = copied; p; p = strchr(p + 1, '/'))
        if (strncmp(p, "/..", 3) == 0 && (p[3] == '/' || p[3] == '\0'))
            return error_set(error, -EINVAL, "root: %s must not contain ..", root);
    AUTO_FREE char *ended = text_format("%s/", copied);
    if (strstr(ended, "/./"))
        return error_set(error, -EINVAL, "root: %s must not contain . as a directory", root);
    for (const char *p = copied; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '\\' || *p == ',' || *p == 0x7f)
            return error_set(error, -EINVAL,
                             "root: %s must not contain white space, commas or backslashes", root);
    return 0;
}

static int request_parse_disks(const json_t *params, struct request *request, struct error *error)
{
    size_t i;
    json_t *json;

    json_array_foreach (json_object_get(params, "disks"), i, json) {
        struct disk_request *disk = fields_append(&disk_request_fields, &request->disks);
        int r = request_parse_disk(json, params, disk, error);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What is to be taken away is what an earlier run set up, whatever is declared now. */
static void request_forget_disks(struct request *request)
{
    for (size_t i = 0; i < request->disks.count; i++)
        fields_release(&disk_request_fields, &request->disks.items[i]);
    request->disks.count = 0;
}

int request_parse(const json_t *params, void **ret_request, struct error *error)
{
    struct request *request = alloc_zeroed(1, sizeof(*request));
    const json_t *priority = json_object_get(params, "swap_priority");

    request->swap_priority = json_is_integer(priority) ? (int)json_integer_value(priority) : -1;
    request->backup = json_is_true(json_object_get(params, "backup"));
    request->full_scan = json_is_true(json_object_get(params, "full_scan"));
    request->grow = json_is_true(json_object_get(params, "grow"));
    request->prune = json_is_true(json_object_get(params, "prune"));
    request->absent = text_equal(request_string(params, "state"), "absent");
    request->device_timeout = (int)json_integer_value(json_object_get(params, "device_timeout"));
    int r = request_copy(params, "provider", &request->provider, error);
    if (r == 0)
        r = request_parse_root(request_string(params, "root"), &request->root, error);
    if (r == 0 && json_is_integer(priority) &&
        (json_integer_value(priority) < 0 || json_integer_value(priority) > 32767))
        r = error_set(error, -EINVAL, "swap_priority: must be between 0 and 32767");
    if (r == 0 && (request->device_timeout < 0 || request->device_timeout > 3600))
        r = error_set(error, -EINVAL, "device_timeout: must be between 0 and 3600 seconds");
    if (r == 0)
        r = request_parse_disks(params, request, error);
    if (r == 0)
        r = request_check_strategy(request, request_string(params, "shared_tier"), error);
    if (r == 0 && request->absent)
        request_forget_disks(request);
    if (r < 0) {
        request_free(request);
        error->id = "parameters";
        return r;
    }
    *ret_request = request;
    return 0;
}

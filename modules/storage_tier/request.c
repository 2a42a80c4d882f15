#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "mode.h"
#include "text.h"

enum { MKFS_OPTIONS_LIMIT = 32 };

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

static const char *string_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int copy(const json_t *object, const char *key, char **ret, struct error *error)
{
    const char *value = string_of(object, key);

    if (!value)
        return 0;
    if (!*value)
        return error_set(error, -EINVAL, "disks: %s is empty; leave it out instead", key);
    *ret = strdup(value);
    return *ret ? 0 : error_oom(error);
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
        *ret = strdup(json_string_value(value));
    else
        return error_set(error, -EINVAL,
                         "mode must be an octal text such as \"0750\", or symbolic such as "
                         "\"u=rwx,g=rx\"");
    return *ret ? 0 : error_oom(error);
}

static int copy_list(const json_t *list, struct string_list *ret, struct error *error)
{
    size_t i;
    json_t *item;

    json_array_foreach (list, i, item)
        if (string_list_add(ret, json_string_value(item)) < 0)
            return error_oom(error);
    return 0;
}

/* Of each mkfs: the options that the module relies on (its UUID, its label, the second guard that
 * mkfs itself is, that it makes something at all), and those without a value. */
static const struct letters {
    const char *fstype, *reserved, *alone;
} mkfs_letters[] = {{"ext4", "ULFnSqV", "cDFjnqSvV"},
                    {"xfs", "LfNqV", "fKNqV"},
                    {"btrfs", "ULfqV", "fKqvV"},
                    {"swap", "ULfcqV", "cfqV"}};

static bool is_reserved(const char *option, const struct letters *letters)
{
    static const char *const names[] = {"force", "label", "uuid", "quiet", "version", "help"};
    const char *p = option + 1;

    if (*p == '-') /* getopt takes abbreviations */
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            if (strncmp(names[i], p + 1, strcspn(p + 1, "=")) == 0)
                return true;
    while (*p && strchr(letters->alone, *p) && !strchr(letters->reserved, *p))
        p++;
    return *p && strchr(letters->reserved, *p);
}

/* Whether the next item is this option's value. */
static bool wants_value(const char *option, const struct letters *letters)
{
    const char *p = option + 1;

    if (*p == '-')
        return !strchr(p, '=');
    p += strspn(p, letters->alone);
    return *p && !p[1];
}

/* What names a device makes mkfs write to a disk that nobody looked at. */
static bool names_device(const char *option)
{
    return strstr(option, "/dev/") != NULL;
}

static bool is_own_value(const char *option, const char *fstype)
{
    const char *list = text_starts_with(option, "-E") ? option + 2 : option;

    return strstr(option, "uuid=") ||
           (text_equal(fstype, "ext4") && text_list_has(list, "discard"));
}

static int check_mkfs_options(const struct disk_request *disk, struct error *error)
{
    const struct letters *letters = mkfs_letters;
    bool value = false;

    while (!text_equal(letters->fstype, disk->fstype))
        letters++;
    if (disk->mkfs_options.count > MKFS_OPTIONS_LIMIT)
        return error_set(error, -EINVAL, "disk %s: mkfs_options: more than %d", disk->name,
                         MKFS_OPTIONS_LIMIT);
    for (size_t i = 0; i < disk->mkfs_options.count; i++) {
        const char *option = disk->mkfs_options.items[i];
        bool is_option = option[0] == '-' && option[1];

        if (names_device(option) || (!is_option && !value))
            return error_set(error, -EINVAL,
                             "disk %s: mkfs_options: %s is no option of mkfs with a value; which "
                             "device it works on can't be given",
                             disk->name, option);
        if ((is_option && is_reserved(option, letters)) || is_own_value(option, disk->fstype))
            return error_set(error, -EINVAL,
                             "disk %s: mkfs_options: %s is the module's own and can't be given",
                             disk->name, option);
        value = is_option && wants_value(option, letters);
    }
    return 0;
}

static int check_mount_options(const struct disk_request *disk, struct error *error)
{
    const char *options = disk->mount_options;

    if (!*options)
        return error_set(error, -EINVAL, "disk %s: mount_options is empty; write defaults",
                         disk->name);
    for (const char *p = options; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '\\' || *p == '#')
            return error_set(error, -EINVAL,
                             "disk %s: mount_options must not contain white space, # or "
                             "backslashes",
                             disk->name);
    if (strstr(options, "x-storage-tier="))
        return error_set(error, -EINVAL,
                         "disk %s: mount_options: x-storage-tier is added by the module itself",
                         disk->name);
    if (text_list_has(options, "comment=cloudconfig"))
        return error_set(error, -EINVAL,
                         "disk %s: mount_options: comment=cloudconfig marks lines of cloud-init, "
                         "which this module never touches",
                         disk->name);
    if (text_list_has(options, "x-systemd.automount"))
        return error_set(error, -EINVAL,
                         "disk %s: mount_options: x-systemd.automount is not supported: the tier's "
                         "disk has to be mounted at its path, nothing over it",
                         disk->name);
    if (text_list_has(options, "ro") && (disk->owner || disk->group || disk->mode))
        return error_set(
            error, -EINVAL,
            "disk %s: owner, group and mode can't be changed on a read-only mount (ro)",
            disk->name);
    return 0;
}

static int parse_filesystem(const json_t *json, const json_t *params, struct disk_request *disk,
                            struct error *error)
{
    const char *own = string_of(json, "fstype");
    const char *options = string_of(json, "mount_options");

    disk->fstype_explicit = own != NULL;
    if (disk->tier == TIER_SWAP)
        disk->fstype = strdup("swap");
    else
        disk->fstype = strdup(own ? own : string_of(params, "fstype"));
    if (!disk->fstype)
        return error_oom(error);
    if (disk->tier != TIER_SWAP) {
        disk->mount_options = strdup(options ? options : string_of(params, "mount_options"));
        if (!disk->mount_options)
            return error_oom(error);
        int r = check_mount_options(disk, error);
        if (r < 0)
            return r;
    }
    int r = copy_list(json_object_get(json, "mkfs_options"), &disk->mkfs_options, error);
    return r < 0 ? r : check_mkfs_options(disk, error);
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

static int parse_disk(const json_t *json, const json_t *params, struct disk_request *disk,
                      struct error *error)
{
    int r = copy(json, "name", &disk->name, error);

    for (int t = 0; t < TIER_COUNT; t++)
        if (text_equal(string_of(json, "tier"), tier_names[t]))
            disk->tier = (enum tier)t;
    disk->os = text_equal(disk->name, "os");
    disk->adopt = text_equal(string_of(json, "existing"), "adopt");
    if (r == 0)
        r = check_keys(disk, json, error);
    if (r == 0)
        r = copy(json, "device", &disk->device, error);
    if (r == 0)
        r = copy(json, "serial", &disk->serial, error);
    if (r == 0)
        r = copy(json, "wwn", &disk->wwn, error);
    if (r == 0)
        r = copy(json, "wipe", &disk->wipe, error);
    if (r == 0)
        r = copy(json, "owner", &disk->owner, error);
    if (r == 0)
        r = copy(json, "group", &disk->group, error);
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

static int check_pair(struct disk_request *a, struct disk_request *b, const char *shared_tier,
                      struct error *error)
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
static int check_strategy(struct request *request, const char *shared_tier, struct error *error)
{
    bool os = false, files = false;

    if (request->absent && request->disks.count == 0)
        return 0;
    for (size_t i = 0; i < request->disks.count; i++) {
        struct disk_request *disk = &request->disks.items[i];

        os |= disk->os;
        files |= disk->tier != TIER_SWAP;
        for (size_t j = 0; j < i; j++) {
            int r = check_pair(&request->disks.items[j], disk, shared_tier, error);
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

static int parse_root(const char *root, char **ret_root, struct error *error)
{
    size_t length = strlen(root);

    while (length > 1 && root[length - 1] == '/')
        length--;
    char *copied = strndup(root, length);
    if (!copied)
        return error_oom(error);
    *ret_root = copied;
    if (copied[0] != '/' || copied[1] == '\0' || strstr(copied, "//"))
        return error_set(error, -EINVAL, "root: %s is not an absolute path below /", root);
    for (const char *p = copied; p; p = strchr(p + 1, '/'))
        if (strncmp(p, "/..", 3) == 0 && (p[3] == '/' || p[3] == '\0'))
            return error_set(error, -EINVAL, "root: %s must not contain ..", root);
    for (const char *p = copied; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '\\' || *p == ',' || *p == 0x7f)
            return error_set(error, -EINVAL,
                             "root: %s must not contain white space, commas or backslashes", root);
    return 0;
}

static int parse_disks(const json_t *params, struct request *request, struct error *error)
{
    size_t i;
    json_t *json;

    json_array_foreach (json_object_get(params, "disks"), i, json) {
        struct disk_request *disk = fields_append(&disk_request_fields, &request->disks);
        if (!disk)
            return error_oom(error);
        int r = parse_disk(json, params, disk, error);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What is to be taken away is what an earlier run set up, whatever is declared now. */
static void forget_disks(struct request *request)
{
    for (size_t i = 0; i < request->disks.count; i++)
        fields_release(&disk_request_fields, &request->disks.items[i]);
    request->disks.count = 0;
}

int request_parse(const json_t *params, void **ret_request, struct error *error)
{
    struct request *request = calloc(1, sizeof(*request));
    const json_t *priority = json_object_get(params, "swap_priority");

    if (!request)
        return error_oom(error);
    request->swap_priority = json_is_integer(priority) ? (int)json_integer_value(priority) : -1;
    request->backup = json_is_true(json_object_get(params, "backup"));
    request->full_scan = json_is_true(json_object_get(params, "full_scan"));
    request->grow = json_is_true(json_object_get(params, "grow"));
    request->prune = json_is_true(json_object_get(params, "prune"));
    request->absent = text_equal(string_of(params, "state"), "absent");
    request->device_timeout = (int)json_integer_value(json_object_get(params, "device_timeout"));
    int r = copy(params, "provider", &request->provider, error);
    if (r == 0)
        r = parse_root(string_of(params, "root"), &request->root, error);
    if (r == 0 && json_is_integer(priority) &&
        (json_integer_value(priority) < 0 || json_integer_value(priority) > 32767))
        r = error_set(error, -EINVAL, "swap_priority: must be between 0 and 32767");
    if (r == 0 && (request->device_timeout < 0 || request->device_timeout > 3600))
        r = error_set(error, -EINVAL, "device_timeout: must be between 0 and 3600 seconds");
    if (r == 0)
        r = parse_disks(params, request, error);
    if (r == 0)
        r = check_strategy(request, string_of(params, "shared_tier"), error);
    if (r == 0 && request->absent)
        forget_disks(request);
    if (r < 0) {
        request_free(request);
        return r;
    }
    *ret_request = request;
    return 0;
}

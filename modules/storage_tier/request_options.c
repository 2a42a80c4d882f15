#include "request_parts.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

enum { MKFS_OPTIONS_LIMIT = 32 };

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

static bool has_size(const char *list)
{
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
        if (text_starts_with(p, "size="))
            return true;
    return false;
}

static bool gives_size(const struct disk_request *disk, size_t i)
{
    const char *option = disk->mkfs_options.items[i];
    const char *value = i + 1 < disk->mkfs_options.count ? disk->mkfs_options.items[i + 1] : "";

    if (text_equal(disk->fstype, "btrfs"))
        return text_starts_with(option, "-b") || text_starts_with(option, "--byte-count");
    if (!text_equal(disk->fstype, "xfs") || !text_starts_with(option, "-d"))
        return false;
    return has_size(option[2] ? option + 2 : value);
}

int request_check_size(const struct disk_request *disk, bool grow, struct error *error)
{
    for (size_t i = 0; grow && i < disk->mkfs_options.count; i++)
        if (gives_size(disk, i))
            return error_set(error, -EINVAL,
                             "disk %s: mkfs_options: %s gives the filesystem a size, and grow "
                             "would make it as large as its device; write grow: false, or leave "
                             "the size out",
                             disk->name, disk->mkfs_options.items[i]);
    return 0;
}

int request_check_mkfs_options(const struct disk_request *disk, struct error *error)
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

/* What makes mount(8) do something else than mount the whole of the disk; NULL: nothing. */
static const char *other_operation(const char *options)
{
    static const char *const names[] = {"bind", "rbind",  "move",      "remount",
                                        "loop", "offset", "sizelimit", "X-mount.subdir"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        AUTO_FREE char *value = text_list_value(options, names[i]);
        if (value || text_list_has(options, names[i]))
            return names[i];
    }
    return NULL;
}

int request_check_mount_options(const struct disk_request *disk, struct error *error)
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
    const char *other = other_operation(options);
    if (other)
        return error_set(error, -EINVAL,
                         "disk %s: mount_options: %s can't be given: the whole of the disk is "
                         "mounted at the tier's path",
                         disk->name, other);
    if (text_list_has(options, "ro") && (disk->owner || disk->group || disk->mode))
        return error_set(
            error, -EINVAL,
            "disk %s: owner, group and mode can't be changed on a read-only mount (ro)",
            disk->name);
    return 0;
}

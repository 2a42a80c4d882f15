#include "request_parts.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

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

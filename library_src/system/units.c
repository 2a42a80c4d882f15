#include "units.h"

#include <string.h>

#include "cleanup.h"
#include "file.h"
#include "program.h"
#include "text.h"

bool systemd_running(void)
{
    return access("/run/systemd/system", F_OK) == 0;
}

int systemd_reload(struct error *error)
{
    return program_run((const char *const[]){"systemctl", "daemon-reload", NULL}, NULL, 0, NULL,
                       error);
}

/* Value of the last `key=` line; owned by the caller. */
static char *unit_value(const char *text, const char *key)
{
    char *value = NULL;
    const char *end;

    for (const char *p = text; *p; p = *end ? end + 1 : end) {
        end = strchrnul(p, '\n');
        if (!text_starts_with(p, key) || p[strlen(key)] != '=')
            continue;
        const char *start = p + strlen(key) + 1;
        free(value);
        value = strndup(start, (size_t)(end - start));
        if (value)
            text_trim(value);
    }
    return value;
}

static bool names_source(const char *what, const char *device, const char *uuid)
{
    if (device && text_equal(what, device))
        return true;
    return uuid &&
           (text_starts_with(what, "UUID=") || text_starts_with(what, "/dev/disk/by-uuid/")) &&
           text_ends_with(what, uuid);
}

static bool claims(const char *path, const char *where, const char *device, const char *uuid)
{
    AUTO_FREE char *text = file_read_value("%s", path);
    AUTO_FREE char *unit_where = text ? unit_value(text, "Where") : NULL;
    AUTO_FREE char *unit_what = text ? unit_value(text, "What") : NULL;

    return (where && unit_where && text_equal(unit_where, where)) ||
           (unit_what && names_source(unit_what, device, uuid));
}

int unit_find(const char *where, const char *device, const char *uuid, char **ret_path,
              struct error *error)
{
    /* Not /run/systemd/generator: those units come from fstab, where they are seen as lines. */
    static const char *const directories[] = {
        "/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient",
        "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"};

    *ret_path = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        AUTO_CLOSEDIR DIR *directory = opendir(directories[i]);
        struct dirent *entry;

        while (directory && (entry = readdir(directory))) {
            if (!text_ends_with(entry->d_name, ".mount") && !text_ends_with(entry->d_name, ".swap"))
                continue;
            AUTO_FREE char *path = text_format("%s/%s", directories[i], entry->d_name);
            if (!path)
                return error_oom(error);
            if (claims(path, where, device, uuid)) {
                *ret_path = TAKE_PTR(path);
                return 0;
            }
        }
    }
    return 0;
}

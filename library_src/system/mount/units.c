/* SPDX-License-Identifier: BSD-2-Clause */
#include "mount/mount.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "fields.h"
#include "file.h"
#include "process.h"
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
        value = text_trim(alloc_string_part(start, (size_t)(end - start)));
    }
    return value;
}

static bool unit_names_source(const char *what, const char *device, const char *uuid)
{
    if (device && text_equal(what, device))
        return true;
    return uuid &&
           (text_starts_with(what, "UUID=") || text_starts_with(what, "/dev/disk/by-uuid/")) &&
           text_ends_with(what, uuid);
}

static const struct fields unit_fields = {
    .size = sizeof(struct unit),
    .rows = (const struct field[]){
        {.name = "path", .kind = FIELD_STRING, .offset = offsetof(struct unit, path)},
        {.name = "where", .kind = FIELD_STRING, .offset = offsetof(struct unit, where)},
        {.name = "what", .kind = FIELD_STRING, .offset = offsetof(struct unit, what)},
        {0}}};

static void units_add(struct unit_list *units, const char *directory, const char *name)
{
    struct unit *unit = fields_append(&unit_fields, units);

    unit->path = text_format("%s/%s", directory, name);
    AUTO_FREE char *text = file_read_value("%s", unit->path);
    if (text) {
        unit->where = text_trim_slashes(unit_value(text, "Where"));
        unit->what = unit_value(text, "What");
    }
}

struct unit_list units_read(void)
{
    /* Not /run/systemd/generator: those units come from fstab, where they are seen as lines. */
    static const char *const directories[] = {
        "/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient",
        "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"};
    struct unit_list units = {0};

    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        AUTO_CLOSEDIR DIR *directory = opendir(directories[i]);
        struct dirent *entry;

        if (!directory && errno == ENOMEM)
            alloc_failed();
        while (directory && (entry = readdir(directory)))
            if (text_ends_with(entry->d_name, ".mount") || text_ends_with(entry->d_name, ".swap"))
                units_add(&units, directories[i], entry->d_name);
    }
    return units;
}

const struct unit *units_find(const struct unit_list *units, const char *where, const char *device,
                              const char *uuid)
{
    for (size_t i = 0; i < units->count; i++) {
        const struct unit *unit = &units->items[i];

        if ((where && unit->where && text_equal(unit->where, where)) ||
            (unit->what && unit_names_source(unit->what, device, uuid)))
            return unit;
    }
    return NULL;
}

void units_release(struct unit_list *units)
{
    for (size_t i = 0; i < units->count; i++)
        fields_release(&unit_fields, &units->items[i]);
    free(units->items);
    *units = (struct unit_list){0};
}

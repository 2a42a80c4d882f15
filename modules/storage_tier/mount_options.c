/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount_options.h"

#include <errno.h>
#include <libmount.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "filesystems.h"
#include "text.h"

/* Options that are never given, in the order in which they are refused. */
static const struct refused_option {
    const char *name;
    enum { REFUSED_ALWAYS, REFUSED_WITH_VALUE, REFUSED_WITHOUT_VALUE } when;
    const char *value;  /* refused with this one only; NULL: with any */
    const char *reason; /* follows the name */
} refused_options[] = {
    {"comment", REFUSED_WITH_VALUE, "cloudconfig",
     "=cloudconfig marks lines of cloud-init, which this module never touches"},
    {"x-systemd.automount", REFUSED_WITHOUT_VALUE, NULL,
     " is not supported: the tier's disk has to be mounted at its path, nothing over it"},
#define OTHER_OPERATION(name)                                                                      \
    {                                                                                              \
        name, REFUSED_ALWAYS, NULL,                                                                \
            " can't be given: the whole of the disk is mounted at the tier's path"                 \
    }
    OTHER_OPERATION("bind"),
    OTHER_OPERATION("rbind"),
    OTHER_OPERATION("move"),
    OTHER_OPERATION("remount"),
    OTHER_OPERATION("loop"),
    OTHER_OPERATION("offset"),
    OTHER_OPERATION("sizelimit"),
    OTHER_OPERATION("X-mount.subdir"),
#undef OTHER_OPERATION
};

/* The flags of the mount itself, which the kernel shows. */
static const unsigned long mount_flags = MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_NOATIME |
                                         MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;

/* What fstab tells mount(8), systemd and swapon(8), and no filesystem sees; and x-…. */
static const char userspace_options[] =
    "defaults,auto,noauto,nofail,_netdev,user,nouser,users,owner,group";

/* One of these says what becomes of the access times. */
static const char access_times[] = "noatime,nodiratime,relatime,strictatime";

struct option {
    const char *name, *value; /* parts of the list; value NULL: none */
    size_t length, value_length;
};

/* The first option of a list in which a quote isn't closed: it quotes nothing then. */
static char *option_unquoted(char *list, struct option *ret)
{
    char *name = list + strspn(list, ",");
    size_t length = strcspn(name, "=,"), rest = strcspn(name + length, ",");

    *ret = (struct option){name, rest ? name + length + 1 : NULL, length, rest ? rest - 1 : 0};
    return name + length + rest;
}

/* The next option, and the list without it; false: there is none. libmount ends at a quote that
 * isn't closed, as it does at the list's end. */
static bool option_next(const char **list, struct option *ret)
{
    char *rest = (char *)*list, *name = NULL, *value = NULL;
    size_t length = 0, value_length = 0;

    if (!rest || !rest[strspn(rest, ",")])
        return false;
    if (mnt_optstr_next_option(&rest, &name, &length, &value, &value_length) == 0)
        *ret = (struct option){name, value, length, value_length};
    else
        rest = option_unquoted((char *)*list, ret);
    *list = rest;
    return true;
}

static bool option_is(const struct option *option, const char *name)
{
    return strlen(name) == option->length && strncmp(option->name, name, option->length) == 0;
}

/* Whether the list has an option of that name, with whatever value. */
static bool option_is_in(const struct option *option, const char *list)
{
    struct option other;

    while (option_next(&list, &other))
        if (other.length == option->length && strncmp(other.name, option->name, other.length) == 0)
            return true;
    return false;
}

static bool list_mentions(const char *list, const char *name)
{
    return option_is_in(&(struct option){.name = name, .length = strlen(name)}, list);
}

static void list_add(struct text *list, const struct option *option)
{
    size_t length = option->length + (option->value ? option->value_length + 1 : 0);

    text_add(list, list->length ? "," : "");
    text_add_bytes(list, option->name, length);
}

bool mount_options_has(const char *list, const char *name)
{
    struct option option;

    while (option_next(&list, &option))
        if (option_is(&option, name) && !option.value)
            return true;
    return false;
}

char *mount_options_value(const char *list, const char *name)
{
    struct option option;

    while (option_next(&list, &option))
        if (option_is(&option, name) && option.value)
            return alloc_string_part(option.value, option.value_length);
    return NULL;
}

static bool option_is_refused(const struct option *option, const struct refused_option *refused)
{
    AUTO_FREE char *value =
        option->value ? alloc_string_part(option->value, option->value_length) : NULL;

    if (!option_is(option, refused->name))
        return false;
    if (refused->when == REFUSED_WITH_VALUE)
        return value && (!refused->value || text_equal(value, refused->value));
    return !value || refused->when == REFUSED_ALWAYS;
}

/* Each time that the option stands in the list, not only the first one. */
static bool list_has_refused(const char *list, const struct refused_option *refused)
{
    struct option option;

    while (option_next(&list, &option))
        if (option_is_refused(&option, refused))
            return true;
    return false;
}

int mount_options_check(const struct disk_request *disk, struct error *error)
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
    for (size_t i = 0; i < ARRAY_SIZE(refused_options); i++)
        if (list_has_refused(options, &refused_options[i]))
            return error_set(error, -EINVAL, "disk %s: mount_options: %s%s", disk->name,
                             refused_options[i].name, refused_options[i].reason);
    if (mount_options_has(options, "ro") && (disk->owner || disk->group || disk->mode))
        return error_set(
            error, -EINVAL,
            "disk %s: owner, group and mode can't be changed on a read-only mount (ro)",
            disk->name);
    return 0;
}

/* As mount(8) reads them. To the kernel strictatime says more than noatime, wherever it stands. */
static unsigned long flags_of(const char *list)
{
    unsigned long flags = 0;

    if (list)
        mnt_optstr_get_flags(list, &flags, mnt_get_builtin_optmap(MNT_LINUX_MAP));
    return flags & MS_STRICTATIME ? flags & ~(unsigned long)MS_NOATIME : flags;
}

bool mount_options_flags_differ(const char *wanted, const char *shown)
{
    const unsigned long compared = mount_flags & ~(unsigned long)(MS_RELATIME | MS_STRICTATIME);

    return (flags_of(wanted) ^ flags_of(shown)) & compared;
}

/* Such a flag, or what takes it back. */
static bool option_is_mount_flag(const struct option *option)
{
    for (const struct libmnt_optmap *entry = mnt_get_builtin_optmap(MNT_LINUX_MAP); entry->name;
         entry++)
        if (!option->value && (unsigned long)entry->id & mount_flags &&
            strncmp(entry->name, option->name, option->length) == 0 &&
            strchr("=[", entry->name[option->length]))
            return true;
    return false;
}

static bool option_concerns_filesystem(const struct option *option)
{
    bool is_userspace = !option->value && option_is_in(option, userspace_options);

    return !is_userspace && !option_is_mount_flag(option) && strncmp(option->name, "x-", 2) != 0;
}

static char *options_of_filesystem(const char *list)
{
    AUTO_TEXT struct text kept = {0};
    struct option option;

    while (option_next(&list, &option))
        if (option_concerns_filesystem(&option))
            list_add(&kept, &option);
    return text_take(&kept);
}

bool mount_options_same_for_filesystem(const char *a, const char *b)
{
    AUTO_FREE char *left = options_of_filesystem(a), *right = options_of_filesystem(b);

    return text_equal(left, right);
}

/* Of whatever type. */
static bool option_is_for_mount_only(const struct option *option)
{
    for (const char *const *type = filesystem_types; *type; type++)
        if (option_is_in(option, filesystem_find(*type)->mount_only))
            return true;
    return false;
}

char *mount_options_for_remount(const char *options)
{
    AUTO_TEXT struct text kept = {0};
    struct option option;

    while (option_next(&options, &option))
        if (!option_is_for_mount_only(&option))
            list_add(&kept, &option);
    return text_take(&kept);
}

/* Without a word about access times a remount keeps the present ones: relatime is the default, said
 * aloud. */
char *mount_options_remount(const char *fstype, const char *before, const char *after,
                            const char *given)
{
    AUTO_FREE char *negation = mount_options_negation(fstype, before, after);
    const char *times = access_times;
    struct option time;
    bool said = false;

    while (option_next(&times, &time)) {
        AUTO_FREE char *name = alloc_string_part(time.name, time.length);
        said |= mount_options_has(given, name);
    }
    return text_format("%s%s%s%s%s", said ? "" : "relatime,", negation, *negation ? "," : "",
                       mount_options_has(given, "ro") ? "" : "rw,", given);
}

static const struct option_negation *option_negations(const char *fstype)
{
    static const struct option_negation none;
    const struct filesystem *filesystem = filesystem_find(fstype);

    return filesystem && filesystem->negations ? filesystem->negations : &none;
}

static const char *option_negation(const char *fstype, const struct option *option)
{
    for (const struct option_negation *row = option_negations(fstype); row->name; row++)
        if (option_is(option, row->name))
            return row->negation;
    return NULL;
}

/* Whether what the negation takes back is asked for, by whichever option. */
static bool list_wants_negated(const char *fstype, const char *list, const char *negation)
{
    for (const struct option_negation *row = option_negations(fstype); row->name; row++)
        if (text_equal(row->negation, negation) && list_mentions(list, row->name))
            return true;
    return false;
}

char *mount_options_negation(const char *fstype, const char *before, const char *after)
{
    AUTO_TEXT struct text text = {0};
    struct option option;

    while (option_next(&before, &option)) {
        const char *negation = option_negation(fstype, &option);

        if (negation && !list_wants_negated(fstype, after, negation))
            text_addf(&text, "%s%s", text.length ? "," : "", negation);
    }
    return text_take(&text);
}

char *mount_options_staying(const char *fstype, const char *before, const char *after,
                            const char *shown)
{
    struct option option;

    while (option_next(&before, &option)) {
        if (option_negation(fstype, &option) || option_is_in(&option, after) ||
            !option_is_in(&option, shown) || option_is(&option, "rw") || option_is(&option, "ro"))
            continue;
        AUTO_TEXT struct text text = {0};
        list_add(&text, &option);
        return text_take(&text);
    }
    return NULL;
}

/* A number that isn't the default, which isn't shown. */
static bool is_shown_commit(const struct filesystem *filesystem, const char *value)
{
    return filesystem->commit_default && value && *value >= '1' && *value <= '9' &&
           !value[strspn(value, "0123456789")] && !text_equal(value, filesystem->commit_default);
}

bool mount_options_missing(const char *fstype, const char *wanted, const char *shown, bool discards)
{
    const struct filesystem *filesystem = filesystem_find(fstype);
    AUTO_FREE char *commit = mount_options_value(wanted, "commit");
    AUTO_FREE char *commit_now = mount_options_value(shown, "commit");

    if (!filesystem)
        return false;
    bool discard = discards && filesystem->shows_discard && mount_options_has(wanted, "discard") &&
                   !mount_options_has(wanted, "nodiscard");
    return (discard && !mount_options_has(shown, "discard")) ||
           (is_shown_commit(filesystem, commit) && !text_equal(commit, commit_now));
}

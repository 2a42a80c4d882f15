/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "filesystems.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "params.h"
#include "text.h"

#define MIB (1024ULL * 1024)

enum { MKFS_OPTIONS_LIMIT = 32 };

#define NEGATIONS(...) ((const struct option_negation[]){__VA_ARGS__, {NULL, NULL}})
#define SIZES(...) ((const struct size_option[]){__VA_ARGS__, {NULL, NULL}})

static const struct filesystem filesystems[] = {
#define FOR_FILES(type_, ...) {.type = type_, .use = FILESYSTEM_FOR_FILES, __VA_ARGS__},
#define FOR_SWAP(type_, ...) {.type = type_, .use = FILESYSTEM_FOR_SWAP, __VA_ARGS__},
#define FOR_ADOPTING(type_, ...) {.type = type_, .use = FILESYSTEM_ADOPTED, __VA_ARGS__},
#include "filesystems.def"
#undef FOR_FILES
#undef FOR_SWAP
#undef FOR_ADOPTING
};

const char *const filesystem_types[] = {
#define FOR_FILES(type_, ...) type_,
#define FOR_SWAP(type_, ...) type_,
#define FOR_ADOPTING(type_, ...) type_,
#include "filesystems.def"
#undef FOR_SWAP
#undef FOR_ADOPTING
    NULL};

const char *const filesystem_choices[] = {
#define FOR_SWAP(...)
#define FOR_ADOPTING(...)
#include "filesystems.def"
    NULL};

const struct filesystem *filesystem_find(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++)
        if (text_equal(filesystems[i].type, type))
            return &filesystems[i];
    return NULL;
}

bool tier_takes(const char *type, enum tier tier)
{
    const struct filesystem *filesystem = filesystem_find(type);

    return filesystem &&
           filesystem->use == (tier == TIER_SWAP ? FILESYSTEM_FOR_SWAP : FILESYSTEM_FOR_FILES);
}

bool tier_can_adopt(const char *type, enum tier tier)
{
    const struct filesystem *filesystem = filesystem_find(type);

    return tier_takes(type, tier) ||
           (filesystem && filesystem->use == FILESYSTEM_ADOPTED && tier != TIER_SWAP);
}

/* What the user says with the option that is taken once only, each with a comma before it; the
 * others go to `ret_others`. */
static char *arguments_join(const struct filesystem *filesystem, const struct string_list *options,
                            struct string_list *ret_others)
{
    AUTO_TEXT struct text joined = {0};
    size_t length = filesystem->joined ? strlen(filesystem->joined) : 0;

    for (size_t i = 0; options && i < options->count; i++) {
        const char *option = options->items[i];
        bool is_joined = length && strncmp(option, filesystem->joined, length) == 0;

        if (is_joined && option[length])
            text_addf(&joined, ",%s", option + length);
        else if (is_joined && i + 1 < options->count)
            text_addf(&joined, ",%s", options->items[++i]);
        else
            string_list_add(ret_others, option);
    }
    return text_take(&joined);
}

/* One argument with the values in place of their names. */
static char *arguments_fill(const char *argument, const struct filesystem_values *values,
                            const char *joined)
{
    AUTO_FREE char *number = text_format("%llu", (unsigned long long)values->number);
    const struct {
        const char *name, *value;
    } names[] = {{"{device}", values->device}, {"{path}", values->path}, {"{label}", values->label},
                 {"{uuid}", values->uuid},     {"{number}", number},     {"{joined}", joined}};
    AUTO_TEXT struct text text = {0};

    while (*argument) {
        size_t length = 1;

        for (size_t i = 0; i < ARRAY_SIZE(names) && length == 1; i++)
            if (text_starts_with(argument, names[i].name)) {
                text_add(&text, names[i].value);
                length = strlen(names[i].name);
            }
        if (length == 1)
            text_add_bytes(&text, argument, 1);
        argument += length;
    }
    return text_take(&text);
}

struct string_list filesystem_arguments(const struct filesystem *filesystem,
                                        const char *const *program,
                                        const struct filesystem_values *values)
{
    struct string_list arguments = {0}, others = {0};
    AUTO_FREE char *joined = arguments_join(filesystem, values->options, &others);

    for (; *program; program++) {
        AUTO_FREE char *argument = arguments_fill(*program, values, joined);

        if (!text_equal(*program, "{options}"))
            string_list_add(&arguments, argument);
        for (size_t i = 0; text_equal(*program, "{options}") && i < others.count; i++)
            string_list_add(&arguments, others.items[i]);
    }
    string_list_add(&arguments, NULL);
    string_list_release(&others);
    return arguments;
}

const char *filesystem_grow_program(const struct filesystem *filesystem)
{
    if (filesystem->grow)
        return filesystem->grow[0];
    return filesystem->mkfs ? filesystem->mkfs[0] : NULL;
}

bool filesystem_is_worth_growing(const struct filesystem *filesystem, uint64_t now, uint64_t device)
{
    return device >= filesystem->grow_smallest_mib * MIB &&
           device >= now + filesystem->grow_step_mib * MIB;
}

const struct filesystem *filesystem_in_progress(const char *head)
{
    for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
        const struct filesystem *filesystem = &filesystems[i];

        if (filesystem->magic && memcmp(head, filesystem->magic, strlen(filesystem->magic)) == 0 &&
            head[filesystem->in_progress_offset] != 0)
            return filesystem;
    }
    return NULL;
}

char *filesystem_grow_programs(void)
{
    AUTO_TEXT struct text text = {0};

    for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++)
        if (filesystems[i].use == FILESYSTEM_FOR_FILES)
            text_addf(&text, "%s%s", text.length ? ", " : "", filesystems[i].grow[0]);
    return text_take(&text);
}

char *filesystem_uuid_commands(bool missing)
{
    AUTO_TEXT struct text text = {0};

    for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
        const struct filesystem *row = &filesystems[i];

        if (missing ? row->uuid_may_be_missing : row->use == FILESYSTEM_FOR_FILES)
            text_addf(&text, "%s%s", text.length ? ", " : "", row->new_uuid);
    }
    return text_take(&text);
}

static bool mkfs_option_is_reserved(const char *option, const struct filesystem *filesystem)
{
    static const char *const names[] = {"force", "label", "uuid", "quiet", "version", "help"};
    const char *p = option + 1;

    if (*p == '-') /* getopt takes abbreviations */
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            if (strncmp(names[i], p + 1, strcspn(p + 1, "=")) == 0)
                return true;
    while (*p && strchr(filesystem->letters_alone, *p) && !strchr(filesystem->letters_own, *p))
        p++;
    return *p && strchr(filesystem->letters_own, *p);
}

/* Whether the next item is this option's value. */
static bool mkfs_option_wants_value(const char *option, const struct filesystem *filesystem)
{
    const char *p = option + 1;

    if (*p == '-')
        return !strchr(p, '=');
    p += strspn(p, filesystem->letters_alone);
    return *p && !p[1];
}

/* What names a device makes mkfs write to a disk that nobody looked at. */
static bool mkfs_option_names_device(const char *option)
{
    return strstr(option, "/dev/") != NULL;
}

static bool mkfs_option_is_own_value(const char *option, const struct filesystem *filesystem)
{
    const char *joined = filesystem->joined;
    const char *list =
        joined && text_starts_with(option, joined) ? option + strlen(joined) : option;

    return strstr(option, "uuid=") || (joined && text_list_has(list, filesystem->joined_own));
}

static bool mkfs_option_gives_size(const struct string_list *options, size_t index,
                                   const struct filesystem *filesystem)
{
    const char *option = options->items[index];
    const char *next = index + 1 < options->count ? options->items[index + 1] : "";

    for (const struct size_option *size = filesystem->sizes; size && size->option; size++) {
        if (!text_starts_with(option, size->option))
            continue;
        const char *value = option + strlen(size->option);
        AUTO_FREE char *given =
            size->key ? text_list_value(*value ? value : next, size->key) : NULL;
        if (!size->key || given)
            return true;
    }
    return false;
}

static int mkfs_check_size(const struct disk_request *disk, const struct filesystem *filesystem,
                           struct error *error)
{
    for (size_t i = 0; i < disk->mkfs_options.count; i++)
        if (mkfs_option_gives_size(&disk->mkfs_options, i, filesystem))
            return error_set(error, -EINVAL,
                             "disk %s: mkfs_options: %s gives the filesystem a size, and grow "
                             "would make it as large as its device; write grow: false, or leave "
                             "the size out",
                             disk->name, disk->mkfs_options.items[i]);
    return 0;
}

int filesystem_check_options(const struct disk_request *disk, bool grow, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(disk->fstype);
    bool value = false;

    if (disk->mkfs_options.count > MKFS_OPTIONS_LIMIT)
        return error_set(error, -EINVAL, "disk %s: mkfs_options: more than %d", disk->name,
                         MKFS_OPTIONS_LIMIT);
    for (size_t i = 0; i < disk->mkfs_options.count; i++) {
        const char *option = disk->mkfs_options.items[i];
        bool is_option = option[0] == '-' && option[1];

        if (mkfs_option_names_device(option) || (!is_option && !value))
            return error_set(error, -EINVAL,
                             "disk %s: mkfs_options: %s is no option of mkfs with a value; which "
                             "device it works on can't be given",
                             disk->name, option);
        if ((is_option && mkfs_option_is_reserved(option, filesystem)) ||
            mkfs_option_is_own_value(option, filesystem))
            return error_set(error, -EINVAL,
                             "disk %s: mkfs_options: %s is the module's own and can't be given",
                             disk->name, option);
        value = is_option && mkfs_option_wants_value(option, filesystem);
    }
    return grow ? mkfs_check_size(disk, filesystem, error) : 0;
}

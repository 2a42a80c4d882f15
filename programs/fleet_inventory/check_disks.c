/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <string.h>

#include "check.h"
#include "cleanup.h"
#include "disk_keys.h"
#include "names.h"
#include "text.h"

enum { DISK_LIMIT = 4 };

static const char *const mounted_tiers[] = {"hot", "warm", "cold", NULL};

/* Which disk of a node was the first to name a tier, and which the first of a name. */
struct disks_seen {
    const char *provider; /* of the node; NULL: none that is known */
    json_t *tiers;        /* tier → {"os": n, "data": n} */
    json_t *names;
    bool unknown_tier;
};

static bool is_given(const json_t *disk, const char *key)
{
    const json_t *value = json_object_get(disk, key);

    return value && !json_is_null(value);
}

static bool is_texts(const json_t *value)
{
    json_t *item;
    size_t i;

    json_array_foreach (value, i, item)
        if (!json_is_string(item))
            return false;
    return json_is_array(value) || json_is_string(value);
}

static void check_kind(const struct disk_key *known, const json_t *disk,
                       const struct place *disk_place, struct problems *problems)
{
    const json_t *value = json_object_get(disk, known->name);
    const struct place *place = PLACE_KEY(disk_place, known->name);
    const char *text;

    switch (known->kind) {
    case DISK_KEY_TEXTS:
        if (!is_texts(value))
            problem_error(problems, place, "must be a list of strings, not %s",
                          json_is_array(value) ? "of other things" : json_type_name(value));
        return;
    case DISK_KEY_MODE:
        if (json_is_integer(value))
            problem_warning(problems, place,
                            "a number, which Ansible takes as decimal; write the "
                            "mode as a string");
        else
            check_text(disk, known->name, disk_place, problems);
        return;
    case DISK_KEY_PATH:
    case DISK_KEY_TEXT:
        break;
    }
    text = check_text(disk, known->name, disk_place, problems);
    if (!text)
        return;
    AUTO_FREE char *quoted = name_quoted(text);
    AUTO_FREE char *choices = known->choices ? words_joined(known->choices) : NULL;
    if (known->kind == DISK_KEY_PATH && text[0] != '/')
        problem_error(problems, place, "%s is no absolute path", quoted);
    if (known->choices && !word_in(known->choices, text))
        problem_error(problems, place, "%s is none of %s", quoted, choices);
}

static void check_key_use(const struct disk_key *known, const json_t *disk, bool is_os,
                          const struct place *disk_place, struct problems *problems)
{
    const struct place *place = PLACE_KEY(disk_place, known->name);
    const char *tier = json_string_value(json_object_get(disk, "tier"));
    const char *existing = json_string_value(json_object_get(disk, "existing"));

    if (is_os && text_equal(known->name, "existing") && text_equal(existing, "adopt"))
        problem_error(problems, place, "adopt is not for the OS disk, which is used as it is");
    if (is_os && known->not_for_os)
        problem_error(problems, place, "not for the OS disk, which is the root filesystem");
    if (text_equal(tier, "swap") && known->not_for_swap)
        problem_error(problems, place, "not for a swap disk");
    if (text_equal(existing, "adopt") && known->not_for_adopted)
        problem_error(problems, place, "not with existing: adopt, which changes nothing");
}

static void check_keys(const json_t *disk, bool is_os, const struct place *place,
                       struct problems *problems)
{
    const char *key;
    json_t *value;

    for (const struct disk_key *known = disk_keys; known->name; known++)
        if (!known->required && is_given(disk, known->name)) {
            check_kind(known, disk, place, problems);
            check_key_use(known, disk, is_os, place, problems);
        }
    json_object_foreach ((json_t *)disk, key, value)
        if (!disk_key_find(key))
            check_unknown(key, value, place,
                          "terraform.disks of this host, storage_tier ignores it", problems);
}

static bool has_others(const json_t *disk)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)disk, key, value)
        if (!disk_key_find(key) && !json_is_null(value))
            return true;
    return false;
}

static void check_name(const char *name, const json_t *disk, const struct place *place,
                       struct disks_seen *seen, struct problems *problems)
{
    AUTO_FREE char *quoted = name_quoted(name);
    const struct place *here = PLACE_KEY(place, "name");
    const json_t *before = json_object_get(seen->names, name);
    bool explicit = is_given(disk, "device") || is_given(disk, "serial") || is_given(disk, "wwn");

    if (name_has_controls(name)) {
        problem_error(problems, here, "%s has control characters in it", quoted);
        return;
    }
    if (has_others(disk)) /* below terraform.disks the name is their key */
        check_key(name, here, problems);
    if (before)
        problem_error(problems, here, "%s is there twice, first as disks[%" JSON_INTEGER_FORMAT "]",
                      quoted, json_integer_value(before));
    else
        json_object_set_new(seen->names, name, json_integer((json_int_t)place->index));
    if (text_equal(name, "os") || explicit)
        return;
    if (!name_is_data_disk(name))
        problem_warning(problems, here,
                        "%s is neither os nor data-N: only device, serial or wwn can tell which "
                        "disk it is",
                        quoted);
    else if (text_equal(seen->provider, "generic"))
        problem_warning(problems, here,
                        "provider generic says nothing about %s: give device, serial or wwn",
                        quoted);
}

/* One disk per tier; only the OS disk may have to step back for a data disk. */
static void check_tier_free(const char *tier, bool is_os, const struct place *place,
                            struct disks_seen *seen, struct problems *problems)
{
    const char *kind = is_os ? "os" : "data", *other = is_os ? "data" : "os";
    json_t *holders = json_object_get(seen->tiers, tier);
    const json_t *before = json_object_get(holders, kind);

    if (before)
        problem_error(problems, place,
                      "a second disk of tier %s, after disks[%" JSON_INTEGER_FORMAT "]", tier,
                      json_integer_value(before));
    else if (json_object_get(holders, other))
        problem_warning(problems, place,
                        "shared by the OS disk and a data disk: the data disk serves tier %s, the "
                        "OS disk none",
                        tier);
    if (!holders)
        json_object_set_new(seen->tiers, tier, holders = json_object());
    if (!before)
        json_object_set_new(holders, kind, json_integer((json_int_t)place->parent->index));
}

static void check_tier(const json_t *disk, bool is_os, const struct place *place,
                       struct disks_seen *seen, struct problems *problems)
{
    const char *tier = check_text(disk, "tier", place, problems);
    const struct place *here = PLACE_KEY(place, "tier");

    if (!tier || !word_in(tier_names, tier))
        seen->unknown_tier = true;
    if (!tier)
        return;
    if (!word_in(tier_names, tier)) {
        AUTO_FREE char *quoted = name_quoted(tier), *list = words_joined(tier_names);
        problem_error(problems, here, "%s is no tier (%s)", quoted, list);
    } else if (is_os && text_equal(tier, "swap")) {
        problem_error(problems, here, "the OS disk can't be swap");
    } else {
        check_tier_free(tier, is_os, here, seen, problems);
    }
}

static void check_disk(const json_t *disk, const struct place *place, struct disks_seen *seen,
                       struct problems *problems)
{
    if (!json_is_object(disk)) {
        problem_error(problems, place, "must be an object (name, tier), not %s",
                      json_type_name(disk));
        return;
    }
    const char *name = check_text(disk, "name", place, problems);
    bool is_os = text_equal(name, "os");
    if (name)
        check_name(name, disk, place, seen, problems);
    check_tier(disk, is_os, place, seen, problems);
    check_keys(disk, is_os, place, problems);
}

static void check_whole(const json_t *disks, const struct disks_seen *seen,
                        const struct place *place, struct problems *problems)
{
    bool mounted = false;

    if (json_array_size(disks) > DISK_LIMIT)
        problem_error(problems, place, "%zu disks, where a node has at most %d",
                      json_array_size(disks), DISK_LIMIT);
    if (!json_object_get(seen->names, "os"))
        problem_error(problems, place, "no disk named os, which every node has");
    for (const char *const *tier = mounted_tiers; *tier; tier++)
        mounted = mounted || json_object_get(seen->tiers, *tier);
    if (!mounted && !seen->unknown_tier)
        problem_error(problems, place, "none of tier hot, warm or cold, and a node needs one");
}

void check_disks(const json_t *disks, const char *provider, const struct place *node,
                 struct problems *problems)
{
    AUTO_JSON json_t *tiers = json_object(), *names = json_object();
    struct disks_seen seen = {.provider = provider, .tiers = tiers, .names = names};
    const struct place *place = PLACE_KEY(node, "disks");
    json_t *disk;
    size_t i;

    if (!json_is_array(disks)) {
        problem_error(problems, place, disks ? "must be a list of disks, not %s" : "is %s",
                      json_type_name(disks));
        return;
    }
    json_array_foreach (disks, i, disk)
        check_disk(disk, PLACE_ITEM(place, i), &seen, problems);
    check_whole(disks, &seen, place, problems);
}

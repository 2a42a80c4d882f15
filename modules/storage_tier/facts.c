/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "facts.h"

#include <stdlib.h>

#include "text.h"

#define ROW(kind_, type_, member)                                                                  \
    {                                                                                              \
#member, FIELD_##kind_, offsetof(struct type_, member), NULL, NULL                         \
    }
#define NESTED(kind_, type_, member, fields_)                                                      \
    {                                                                                              \
#member, FIELD_##kind_, offsetof(struct type_, member), &fields_, NULL                     \
    }

static const struct fields visible_directory_fields = {
    sizeof(struct visible_directory), (const struct field[]){
                                          ROW(BOOL, visible_directory, exists),
                                          ROW(INT, visible_directory, mode),
                                          ROW(INT, visible_directory, uid),
                                          ROW(INT, visible_directory, gid),
                                          ROW(U64, visible_directory, size_bytes),
                                          ROW(U64, visible_directory, available_bytes),
                                          ROW(STRING, visible_directory, unreadable),
                                          {0},
                                      }};

const struct fields intent_fields = {sizeof(struct intent),
                                     (const struct field[]){
                                         ROW(STRING, intent, uuid),
                                         ROW(STRING, intent, identity),
                                         ROW(U64, intent, size_bytes),
                                         ROW(STRING, intent, fstype),
                                         ROW(STRING, intent, tier),
                                         ROW(BOOL, intent, moves),
                                         ROW(STRING, intent, wipe),
                                         NESTED(ARRAY, intent, signatures, signature_fields),
                                         {0},
                                     }};

const struct fields found_fields = {sizeof(struct found),
                                    (const struct field[]){
                                        NESTED(OBJECT, found, disk, disk_fields),
                                        NESTED(ARRAY, found, parts, disk_fields),
                                        ROW(STRING, found, found_by),
                                        ROW(STRING, found, new_uuid),
                                        NESTED(ARRAY, found, intents, intent_fields),
                                        ROW(BOOL, found, stamped),
                                        ROW(BOOL, found, head_zero),
                                        ROW(BOOL, found, in_progress),
                                        ROW(STRING, found, unfinished),
                                        ROW(STRING, found, orphan_stamp),
                                        ROW(STRING, found, duplicate),
                                        ROW(STRING, found, line_device),
                                        ROW(STRING, found, unit),
                                        ROW(STRING, found, users),
                                        NESTED(OBJECT, found, mount_point, directory_fields),
                                        NESTED(OBJECT, found, visible, visible_directory_fields),
                                        ROW(INT, found, owner_uid),
                                        ROW(INT, found, group_gid),
                                        ROW(STRING, found, tool),
                                        ROW(BOOL, found, tool_missing),
                                        ROW(BOOL, found, grow_tool_missing),
                                        ROW(BOOL, found, discards),
                                        ROW(STRING, found, filesystem),
                                        {0},
                                    }};

const struct fields previous_fields = {sizeof(struct previous),
                                       (const struct field[]){
                                           ROW(STRING, previous, path),
                                           ROW(STRING, previous, device),
                                           ROW(U64, previous, devno),
                                           ROW(STRING, previous, fstype),
                                           ROW(STRING, previous, label),
                                           ROW(STRING, previous, uuid),
                                           ROW(BOOL, previous, mounted),
                                           ROW(BOOL, previous, swap_active),
                                           ROW(U64, previous, swap_used_bytes),
                                           ROW(STRING, previous, users),
                                           NESTED(OBJECT, previous, directory, directory_fields),
                                           NESTED(OBJECT, previous, declared, directory_fields),
                                           {0},
                                       }};

const struct fields facts_fields = {sizeof(struct facts),
                                    (const struct field[]){
                                        ROW(BOOL, facts, root_user),
                                        ROW(STRING, facts, cannot_mount),
                                        ROW(BOOL, facts, systemd),
                                        NESTED(OBJECT, facts, fstab, fstab_fields),
                                        ROW(STRING, facts, records_unwritable),
                                        NESTED(OBJECT, facts, root, directory_fields),
                                        ROW(STRING, facts, root_unwritable),
                                        ROW(STRING, facts, real_root),
                                        NESTED(ARRAY, facts, mounts, mount_fields),
                                        NESTED(ARRAY, facts, swaps, swap_fields),
                                        ROW(U64, facts, memory_available_bytes),
                                        NESTED(ARRAY, facts, found, found_fields),
                                        NESTED(ARRAY, facts, previous, previous_fields),
                                        ROW(BOOL, facts, restorecon),
                                        {0},
                                    }};

const struct signature *found_filesystem(const struct found *found)
{
    const struct content *content = &found->disk.content;

    bool there = content->kind == CONTENT_FILESYSTEM && content->signatures.count > 0;

    return there ? &content->signatures.items[0] : NULL;
}

const struct fstab_line *fstab_line_of_tier(const struct fstab *fstab, const char *tier)
{
    for (size_t i = 0; i < fstab->lines.count; i++)
        if (text_equal(fstab->lines.items[i].tier, tier) && !fstab->lines.items[i].cloud_init)
            return &fstab->lines.items[i];
    return NULL;
}

const struct fstab_line *fstab_line_of_uuid(const struct fstab *fstab, const char *uuid)
{
    for (size_t i = 0; uuid && i < fstab->lines.count; i++)
        if (fstab->lines.items[i].tier && text_equal(fstab->lines.items[i].uuid, uuid))
            return &fstab->lines.items[i];
    return NULL;
}

void facts_free(void *facts)
{
    if (!facts)
        return;
    fields_release(&facts_fields, facts);
    free(facts);
}

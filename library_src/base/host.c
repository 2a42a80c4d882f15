/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <inttypes.h>

#include "cleanup.h"
#include "text.h"

#define ROW(kind_, type_, member)                                                                  \
    {                                                                                              \
#member, FIELD_##kind_, offsetof(struct type_, member), NULL, NULL                         \
    }
#define NESTED(kind_, type_, member, fields_)                                                      \
    {                                                                                              \
#member, FIELD_##kind_, offsetof(struct type_, member), &fields_, NULL                     \
    }

static const char *const content_kinds[] = {"unknown", "blank",      "filesystem", "signatures",
                                            "data",    "unreadable", NULL};

const struct fields signature_fields = {sizeof(struct signature),
                                        (const struct field[]){
                                            ROW(STRING, signature, type),
                                            ROW(STRING, signature, usage),
                                            ROW(STRING, signature, uuid),
                                            ROW(STRING, signature, label),
                                            ROW(U64, signature, offset),
                                            ROW(U64, signature, length),
                                            ROW(BOOL, signature, bad_checksum),
                                            {0},
                                        }};

const struct fields content_fields = {
    sizeof(struct content),
    (const struct field[]){
        {"kind", FIELD_ENUM, offsetof(struct content, kind), NULL, content_kinds},
        NESTED(ARRAY, content, signatures, signature_fields),
        ROW(STRING, content, token),
        ROW(U64, content, data_offset),
        ROW(U64, content, error_offset),
        ROW(U64, content, filesystem_bytes),
        {0},
    }};

const struct fields disk_fields = {sizeof(struct disk),
                                   (const struct field[]){
                                       ROW(STRING, disk, name),
                                       ROW(STRING, disk, path),
                                       ROW(STRING, disk, type),
                                       ROW(U64, disk, devno),
                                       ROW(U64, disk, diskseq),
                                       ROW(U64, disk, size_bytes),
                                       ROW(U64, disk, logical_block_size),
                                       ROW(BOOL, disk, read_only),
                                       ROW(BOOL, disk, removable),
                                       ROW(STRING, disk, model),
                                       ROW(STRING, disk, serial),
                                       ROW(STRING, disk, wwn),
                                       ROW(STRING, disk, designator),
                                       ROW(STRING, disk, attachment),
                                       ROW(STRING, disk, backing_file),
                                       ROW(STRING, disk, parent),
                                       ROW(STRING, disk, by_id),
                                       ROW(STRINGS, disk, holders),
                                       ROW(STRINGS, disk, partitions),
                                       ROW(STRINGS, disk, mounts),
                                       ROW(BOOL, disk, swap_active),
                                       ROW(BOOL, disk, os),
                                       ROW(BOOL, disk, busy),
                                       ROW(BOOL, disk, network),
                                       NESTED(OBJECT, disk, content, content_fields),
                                       {0},
                                   }};

const struct fields mount_fields = {sizeof(struct mount), (const struct field[]){
                                                              ROW(U64, mount, devno),
                                                              ROW(STRING, mount, root),
                                                              ROW(STRING, mount, target),
                                                              ROW(STRING, mount, fstype),
                                                              ROW(STRING, mount, source),
                                                              ROW(STRING, mount, options),
                                                              ROW(STRING, mount, fs_options),
                                                              ROW(BOOL, mount, read_only),
                                                              {0},
                                                          }};

const struct fields swap_fields = {sizeof(struct swap), (const struct field[]){
                                                            ROW(STRING, swap, path),
                                                            ROW(U64, swap, devno),
                                                            ROW(INT, swap, priority),
                                                            ROW(U64, swap, used_bytes),
                                                            ROW(U64, swap, size_bytes),
                                                            {0},
                                                        }};

const struct fields fstab_line_fields = {sizeof(struct fstab_line),
                                         (const struct field[]){
                                             ROW(INT, fstab_line, number),
                                             ROW(STRING, fstab_line, text),
                                             ROW(STRING, fstab_line, source),
                                             ROW(STRING, fstab_line, uuid),
                                             ROW(STRING, fstab_line, label),
                                             ROW(U64, fstab_line, devno),
                                             ROW(STRING, fstab_line, target),
                                             ROW(STRING, fstab_line, fstype),
                                             ROW(STRING, fstab_line, options),
                                             ROW(STRING, fstab_line, tier),
                                             ROW(BOOL, fstab_line, cloud_init),
                                             {0},
                                         }};

const struct fields fstab_fields = {sizeof(struct fstab),
                                    (const struct field[]){
                                        ROW(STRING, fstab, path),
                                        ROW(STRING, fstab, text),
                                        NESTED(ARRAY, fstab, lines, fstab_line_fields),
                                        ROW(STRINGS, fstab, broken),
                                        ROW(STRING, fstab, unwritable),
                                        {0},
                                    }};

const struct fields directory_fields = {sizeof(struct directory),
                                        (const struct field[]){
                                            ROW(BOOL, directory, exists),
                                            ROW(BOOL, directory, is_directory),
                                            ROW(STRINGS, directory, entries),
                                            ROW(BOOL, directory, immutable),
                                            ROW(BOOL, directory, immutable_possible),
                                            ROW(STRING, directory, inaccessible),
                                            {0},
                                        }};

static void describe_signature(struct text *text, const struct signature *signature)
{
    text_addf(text, "%s%s at offset %" PRIu64, signature->bad_checksum ? "damaged " : "",
              signature->type, signature->offset);
    if (!signature->uuid && !signature->label)
        return;
    text_addf(text, " (%s%s%s%s%s)", signature->uuid ? "uuid " : "",
              signature->uuid ? signature->uuid : "",
              signature->uuid && signature->label ? ", " : "", signature->label ? "label " : "",
              signature->label ? signature->label : "");
}

char *content_describe(const struct content *content)
{
    AUTO_TEXT struct text text = {0};

    for (size_t i = 0; i < content->signatures.count; i++) {
        text_add(&text, i ? ", " : "");
        describe_signature(&text, &content->signatures.items[i]);
    }
    if (content->signatures.count == 0 && content->kind == CONTENT_BLANK)
        text_add(&text, "nothing");
    if (content->signatures.count == 0 && content->kind == CONTENT_DATA)
        text_addf(&text, "data without a known signature at offset %" PRIu64, content->data_offset);
    if (content->kind == CONTENT_UNREADABLE)
        text_addf(&text, "%san unreadable block at offset %" PRIu64,
                  content->signatures.count ? ", " : "", content->error_offset);
    if (content->kind == CONTENT_UNKNOWN)
        text_add(&text, "something that was not looked at");
    return text_take(&text);
}

char *size_describe(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
        value /= 1024;
        unit++;
    }
    return text_format(unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

char *disk_describe(const struct disk *disk)
{
    AUTO_TEXT struct text text = {0};
    AUTO_FREE char *size = size_describe(disk->size_bytes);

    text_addf(&text, "%s (", disk->path ? disk->path : disk->name);
    if (disk->serial)
        text_addf(&text, "serial %s, ", disk->serial);
    if (disk->wwn)
        text_addf(&text, "wwn %s, ", disk->wwn);
    if (disk->attachment)
        text_addf(&text, "attached as %s, ", disk->attachment);
    else if (disk->designator)
        text_addf(&text, "designator %s, ", disk->designator);
    if (disk->backing_file)
        text_addf(&text, "backing file %s, ", disk->backing_file);
    text_addf(&text, "%s)", size ? size : "?");
    return text_take(&text);
}

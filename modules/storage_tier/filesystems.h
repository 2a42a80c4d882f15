/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of filesystem types: a table with one row a type, filesystems.def. Whatever depends
 * on a type is a column here, and no other file of the module compares a type's name. Pure. */
#pragma once

#include <stdint.h>

#include "request.h"

struct filesystem {
    const char *type; /* as libblkid, mount(8) and the option fstype name it */
    enum {
        FILESYSTEM_FOR_FILES, /* can be made, and be a tier of files */
        FILESYSTEM_FOR_SWAP,  /* can be made, and be the tier swap */
        FILESYSTEM_ADOPTED,   /* is never made, and can be a tier of files when it is adopted */
    } use;

    /* Making it. Never with discard, which is slower on thin volumes and which the stamps would not
     * survive. Never with force: that mkfs refuses what it recognises is a second guard. */
    const char *const *mkfs;   /* program and arguments, see filesystem_arguments(); NULL: none */
    const char *joined;        /* an option that the program takes once only, NULL: none */
    const char *joined_own;    /* what the module alone says with that option */
    const char *letters_own;   /* options that the module relies on, and that nobody else gives */
    const char *letters_alone; /* options without a value */
    const struct size_option {
        const char *option, *key; /* the option, and where its value is a list, the key in it */
    } * sizes;                    /* give the filesystem a size; ends with .option == NULL */
    const char *package;          /* Debian's, which has the program */
    unsigned smallest_mib;        /* what the mkfs of today accept at the least */

    /* Growing it to its device: files while they are mounted, swap by making it anew. */
    const char *const *grow;    /* program and arguments; NULL: it is made anew, or stays */
    unsigned grow_step_mib;     /* what mkfs and growing round away is less than this */
    unsigned grow_smallest_mib; /* a smaller device is not grown to */

    const char *const *label; /* sets the label where the kernel can't, NULL: nothing does */
    const char *new_uuid;     /* the command that gives it another UUID, for a refusal */
    bool uuid_may_be_missing;
    const char *const *check;  /* looks whether one that an interrupted run made is in order */
    const char *magic;         /* first bytes of a superblock that says that mkfs is at work */
    size_t in_progress_offset; /* of the byte that says so, when it isn't zero */

    int fsck_pass;       /* the last field of its line in fstab */
    bool has_subvolumes; /* a mount of a part of it is nothing odd */
    const struct option_negation {
        const char *name, *negation;
    } * negations;              /* of options that are off where nobody asks for them, and can be
                                   switched off; ends with .name == NULL */
    const char *mount_only;     /* options that count at mount only, separated by commas */
    const char *commit_default; /* `commit`, where the kernel doesn't show it; NULL: has none */
    bool shows_discard;         /* the kernel shows `discard` as it was given */
};

/* What stands for {device}, {path}, {label}, {uuid} and {number} in the arguments of a program. */
struct filesystem_values {
    const char *device, *path, *label, *uuid;
    uint64_t number;                   /* of the device in its filesystem */
    const struct string_list *options; /* the user's, for mkfs; NULL: none */
};

/* The types that can be asked for, and all that can be a tier. NULL-ended. */
extern const char *const filesystem_choices[];
extern const char *const filesystem_types[];

/* The row of a type, NULL: a type that can't be a tier. */
const struct filesystem *filesystem_find(const char *type);

/* Program and arguments, NULL-ended, with the user's options in place of {options}; those that the
 * program takes once only (mke2fs' -E) are joined with the module's own in place of {joined}. Owned
 * by the caller: string_list_release(). */
struct string_list filesystem_arguments(const struct filesystem *filesystem,
                                        const char *const *program,
                                        const struct filesystem_values *values);

/* The program that grows it, NULL: none does. Static. */
const char *filesystem_grow_program(const struct filesystem *filesystem);

/* Whether a filesystem that has `now` bytes is to be grown to a device of `device` bytes. */
bool filesystem_is_worth_growing(const struct filesystem *filesystem, uint64_t now,
                                 uint64_t device);

/* The type whose superblock says, in the device's first 4 KiB, that its mkfs has not finished;
 * NULL: none. */
const struct filesystem *filesystem_in_progress(const char *head);

/* For refusals: the programs that grow tiers of files, and the commands that give a filesystem a
 * UUID, of tiers of files or of all that may have none. Owned by the caller. */
char *filesystem_grow_programs(void);
char *filesystem_uuid_commands(bool missing);

/* Whether a filesystem of this type can be the tier, made by this module or, with adopt, by others.
 */
bool tier_takes(const char *type, enum tier tier);
bool tier_can_adopt(const char *type, enum tier tier);

/* Refuses options of mkfs that would take away what the module relies on, and, with `grow`, a size,
 * which growing would undo at once. */
int filesystem_check_options(const struct disk_request *disk, bool grow, struct error *error);

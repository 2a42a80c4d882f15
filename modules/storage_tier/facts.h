/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the probe found. Everything the plan decides upon is here, so that a plan can be made from a
 * data file as well as from a host.
 */
#pragma once

#include "host.h"
#include "request.h"

/* Where a tier's files are now: mode and owner as users see them, and the space. */
struct visible_directory {
    bool exists;
    int mode; /* permission bits */
    int uid, gid;
    uint64_t size_bytes, available_bytes;
    char *unreadable; /* why it can't be opened, NULL: it can */
};

/* What an intent record says: a filesystem that this host set out to make, and on which disk. */
struct intent {
    char *uuid;     /* of the filesystem that was to be made; the record's name */
    char *identity; /* see intent_identity() */
    uint64_t size_bytes;
    char *fstype, *tier;
    bool moves; /* it is a tier already, and has files: only its line in fstab is to be another */
    char *wipe; /* token of content that was to be destroyed first; NULL: none */
    struct signature_list signatures; /* that content's */
};

struct intent_list {
    struct intent *items;
    size_t count;
};

/* One declared disk, in the order of the request. */
struct found {
    struct disk
        disk; /* for `os`: the device of the filesystem that holds the directory, as far as known */
    struct disk_list parts; /* its partitions, with their signatures */
    char *found_by;
    char *new_uuid;             /* drawn for a filesystem that may have to be made */
    struct intent_list intents; /* at most one: the record that is about this disk */
    bool stamped;               /* a stamp of that record is on the disk */
    bool head_zero;             /* its first KiB is zero */
    bool in_progress;           /* its superblock says that its mkfs has not finished */
    char *unfinished;   /* why a filesystem with the record's UUID can't be taken as finished */
    char *orphan_stamp; /* UUID of a stamp of ours without a record on this host */
    char *duplicate;    /* another device with the same filesystem UUID */
    char *line_device;  /* another device that has the UUID of our fstab line for this tier */
    char *unit;         /* a systemd unit written by someone else for this tier */
    char *users;        /* processes and places that use the device, for a refusal */
    struct directory mount_point;
    struct visible_directory visible;
    int owner_uid, group_gid; /* of the request's names; -1: not asked for, -2: unknown here */
    char *tool;               /* mkfs program that the request needs, NULL: none needed */
    bool tool_missing;
    bool grow_tool_missing; /* of what grows the filesystem that is there */
    bool discards;    /* its device can discard; on others ext4 drops the option without a word */
    char *filesystem; /* `os`: type of the filesystem that holds the directory */
};

/* What a tier was before this run: by our fstab line, or by our label on what is at its path. */
struct previous {
    char *path;                  /* where it is or was mounted; NULL: below the request's root */
    char *device;                /* NULL: not attached, or not known */
    uint64_t devno;              /* 0: the same */
    char *fstype, *label, *uuid; /* of what is on it, NULL: unknown */
    bool mounted;                /* that device, at `path` */
    bool swap_active;
    uint64_t swap_used_bytes;
    char *users; /* what keeps the mount busy; looked for only where it may have to go */
    struct directory directory; /* at `path` */
    struct directory declared;  /* below the request's root, where `path` is elsewhere */
};

struct facts {
    bool root_user;
    char *cannot_mount; /* why mounts made here would not be the host's, NULL: they are */
    bool systemd;       /* runs as the init system */
    struct fstab fstab;
    char *records_unwritable; /* why intent records can't be written, NULL: they can */
    struct directory root;    /* the request's `root` */
    char *root_unwritable;    /* why no directory can be made there, NULL: it can */
    char *real_root;          /* where `root` leads to; differs when a symlink is on the way */
    struct mount_list mounts;
    struct swap_list swaps;
    uint64_t memory_available_bytes;
    struct {
        struct found *items;
        size_t count;
    } found;
    struct {
        struct previous *items; /* by enum tier; none where nothing was probed */
        size_t count;
    } previous;
    bool restorecon; /* SELinux is on and restorecon is there */
};

extern const struct fields facts_fields, found_fields, previous_fields, intent_fields;

void facts_free(void *facts);

/* The one undamaged filesystem on the disk, NULL: none. */
const struct signature *found_filesystem(const struct found *found);

/* Our line for a tier, and our line that names a UUID; NULL: none. */
const struct fstab_line *fstab_line_of_tier(const struct fstab *fstab, const char *tier);
const struct fstab_line *fstab_line_of_uuid(const struct fstab *fstab, const char *uuid);

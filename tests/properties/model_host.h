/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small model of a host: derives the facts that a probe would find, and carries actions out. */
#pragma once

#include "actions.h"
#include "facts.h"

enum { MODEL_DISKS = 3, MODEL_UUID = 37, MODEL_TEXT = 4096 };

enum model_content { MODEL_BLANK, MODEL_FILESYSTEM, MODEL_TABLE, MODEL_DATA };

struct model_disk {
    enum model_content content;
    char fstype[8], uuid[MODEL_UUID], label[16];
    bool precious;  /* somebody's content: lost when it is destroyed without its token */
    bool half_made; /* blank or table-free, with record and stamp of an interrupted run */
    bool record;    /* a record names `uuid`, or with half_made what is to be made */
    uint64_t size, filesystem_bytes;
    int mounted; /* tier, -1: nowhere */
    bool swap_active;
    int priority;
};

struct model_host {
    struct model_disk disks[MODEL_DISKS];
    char fstab[MODEL_TEXT];
    bool systemd, root_exists;
    struct {
        bool exists, immutable, filled;
    } directories[TIER_COUNT];
    unsigned uuids;     /* drawn so far */
    const char *broken; /* the first thing that must never happen, NULL: nothing did */
};

/* What `wipe` must be to have the disk's content destroyed; owned by the caller, NULL: nothing is
 * there. */
char *model_token(const struct model_disk *disk);

void model_uuid(struct model_host *host, char ret_uuid[MODEL_UUID]);

/* The data disk that a declared disk is: data-N is disk N. -1: `os`. */
int model_disk_of(const struct disk_request *want);

/* Facts as storage_probe() would find them; freed with facts_free(). */
struct facts *model_facts(struct model_host *host, const struct request *request);

/* One action of a plan that was made from `facts`. What must not happen is noted in `broken`. */
void model_apply(struct model_host *host, const struct request *request, const struct facts *facts,
                 const struct action *action);

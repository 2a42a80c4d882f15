/* SPDX-License-Identifier: BSD-2-Clause */
/* content_read_signatures: what libblkid sees. A negative answer of libblkid is never "nothing". */

#include "content/content.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

/* More magics than any real content has (the labels of a ZFS member have some 500). */
enum { MAX_PROBES = 10000, REREADS = 2 };

/* What both ways of asking libblkid gave. */
struct answers {
    struct signature_list list;   /* of every signature, one after the other */
    char *safe_type;              /* the one type that a safe probe settled on */
    bool failed;                  /* a negative answer */
    struct superblock superblock; /* of the last signature */
};

static void answers_release(struct answers *answers)
{
    fields_release(&content_fields, &(struct content){.signatures = answers->list});
    free(answers->safe_type);
    *answers = (struct answers){0};
}
#define AUTO_ANSWERS __attribute__((cleanup(answers_release)))

static void cleanup_probe(blkid_probe *probe)
{
    if (*probe)
        blkid_free_probe(*probe);
}
#define AUTO_PROBE __attribute__((cleanup(cleanup_probe)))

/* NULL when it fails. The flags are those of wipefs: FORCE_GPT finds a GPT without protective MBR
 * or with only its backup; without BADCSUM a damaged superblock reads as nothing. */
static blkid_probe probe_new(int fd, const char *const *types, struct error *error)
{
    AUTO_PROBE blkid_probe probe = alloc_check(blkid_new_probe());

    errno = 0;
    if (blkid_probe_set_device(probe, fd, 0, 0) != 0) {
        error_set_errno(error, errno ? -errno : -EIO, "libblkid can't open the device");
        return NULL;
    }
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
                                                 BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL |
                                                 BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM);
    blkid_probe_enable_partitions(probe, !types);
    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT);
    if (types && blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_ONLYIN, (char **)types)) {
        error_set(error, -EINVAL, "libblkid refuses the filter of types");
        return NULL;
    }
    return TAKE_PTR(probe);
}

static const char *probe_value(blkid_probe probe, const char *name)
{
    const char *value;

    return blkid_probe_lookup_value(probe, name, &value, NULL) == 0 ? value : NULL;
}

/* Two signatures make this −2 in libblkid 2.38 and −1 with errno 0 in 2.41. */
static int signatures_ask_safely(int fd, const char *const *types, struct answers *answers,
                                 struct error *error)
{
    AUTO_PROBE blkid_probe probe = probe_new(fd, types, error);

    if (!probe)
        return error->code;
    int r = blkid_do_safeprobe(probe);
    if (r < 0)
        answers->failed = true;
    if (r != 0)
        return 0;
    const char *type = probe_value(probe, "PTTYPE");
    if (!type)
        type = probe_value(probe, "TYPE");
    answers->safe_type = alloc_string(type ? type : "");
    return 0;
}

/* Fills a signature from the probe's present result; offset and length 0 where libblkid names no
 * magic. */
static void probe_describe(blkid_probe probe, struct signature *signature)
{
    const char *superblock = probe_value(probe, "TYPE");
    const char *offset = probe_value(probe, superblock ? "SBMAGIC_OFFSET" : "PTMAGIC_OFFSET");
    const char *magic;
    size_t length = 0;

    blkid_probe_lookup_value(probe, superblock ? "SBMAGIC" : "PTMAGIC", &magic, &length);
    signature->offset = offset ? strtoull(offset, NULL, 10) : 0;
    signature->length = offset ? length : 0;
    signature->bad_checksum = probe_value(probe, "SBBADCSUM") != NULL;
    signature->type = alloc_string(superblock ? superblock : probe_value(probe, "PTTYPE"));
    signature->usage = alloc_string(superblock ? probe_value(probe, "USAGE") : "partition-table");
    signature->uuid = alloc_string(probe_value(probe, superblock ? "UUID" : "PTUUID"));
    signature->label = alloc_string(probe_value(probe, "LABEL"));
}

/* True when the list's last signature is in it already: hiding it had no effect. */
static bool signatures_last_is_repeated(const struct signature_list *list)
{
    const struct signature *last = &list->items[list->count - 1];

    for (size_t i = 0; i + 1 < list->count; i++)
        if (list->items[i].offset == last->offset && text_equal(list->items[i].type, last->type))
            return true;
    return false;
}

static void signatures_drop_last(struct signature_list *list)
{
    list->count--;
    fields_release(&signature_fields, &list->items[list->count]);
}

/* As wipefs does: each signature found is hidden from libblkid, then the same prober is asked
 * again; so a GPT's backup appears after its primary. */
static int signatures_ask_one_by_one(int fd, const char *const *types, struct answers *answers,
                                     struct error *error)
{
    AUTO_PROBE blkid_probe probe = probe_new(fd, types, error);

    if (!probe)
        return error->code;
    for (int i = 0; i < MAX_PROBES; i++) {
        int r = blkid_do_probe(probe);
        if (r == 1)
            return 0;
        if (r < 0) {
            answers->failed = true;
            continue;
        }
        struct signature *signature = fields_append(&signature_fields, &answers->list);
        probe_describe(probe, signature);
        if (!signature->type || signatures_last_is_repeated(&answers->list)) {
            signatures_drop_last(&answers->list);
        } else if (signature->length) {
            blkid_probe_hide_range(probe, signature->offset, signature->length);
            blkid_probe_step_back(probe);
        }
    }
    answers->failed = true;
    return 0;
}

static bool signature_is_gpt(const struct signature *signature)
{
    return text_equal(signature->type, "gpt") || text_equal(signature->type, "PMBR");
}

/* Several magics of one thing: vfat has three, a GPT two headers and a protective MBR. */
static bool signatures_one_kind(const struct signature_list *list)
{
    const struct signature *first = &list->items[0];

    for (size_t i = 1; i < list->count; i++) {
        const struct signature *other = &list->items[i];

        if (signature_is_gpt(first) && text_equal(other->type, "PMBR"))
            continue;
        if (!text_equal(first->type, other->type) || !text_equal(first->uuid, other->uuid) ||
            !text_equal(first->label, other->label))
            return false;
    }
    return true;
}

static bool signatures_damaged(const struct signature_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].bad_checksum)
            return true;
    return false;
}

/* A member of a set of devices: its id is the set's, and so on other disks too. */
static bool signature_belongs_to_a_set(const struct signature *signature)
{
    return text_equal(signature->type, "zfs_member") ||
           (text_equal(signature->usage, "raid") && !text_equal(signature->type, "LVM2_member"));
}

static bool signature_is_filesystem_or_swap(const struct signature *signature)
{
    return text_equal(signature->type, "swap") ||
           (text_equal(signature->usage, "filesystem") && !signature_belongs_to_a_set(signature));
}

/* Judges what was answered; the list goes over to the content. */
static void signatures_judge(struct answers *answers, struct content *content)
{
    const struct signature *first = answers->list.items;

    if (answers->list.count == 0) {
        content->kind =
            answers->failed || answers->safe_type ? CONTENT_UNREADABLE : CONTENT_UNKNOWN;
        return;
    }
    bool clear = signatures_one_kind(&answers->list) && !signatures_damaged(&answers->list) &&
                 !answers->failed;

    content->kind = CONTENT_SIGNATURES;
    if (clear && signature_is_filesystem_or_swap(first) &&
        text_equal(first->type, answers->safe_type)) {
        content->kind = CONTENT_FILESYSTEM;
        content->filesystem_bytes = answers->superblock.bytes;
    }
    if (clear && first->uuid && !signature_belongs_to_a_set(first) &&
        answers->superblock.devices <= 1)
        content->token = text_format("%s:%s", first->type, first->uuid);
    content->signatures = answers->list;
    answers->list = (struct signature_list){0};
}

static int signatures_ask(int fd, const char *const *types, struct answers *answers,
                          struct error *error)
{
    int r = signatures_ask_safely(fd, types, answers, error);

    if (r >= 0)
        r = signatures_ask_one_by_one(fd, types, answers, error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < answers->list.count; i++) {
        answers->superblock = superblock_read(fd, &answers->list.items[i]);
        if (answers->superblock.damaged)
            answers->list.items[i].bad_checksum = true;
    }
    return 0;
}

/* A mounted filesystem may be writing its superblock: one found damaged is read again. */
int content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                            struct error *error)
{
    AUTO_ANSWERS struct answers answers = {0};
    int r = signatures_ask(fd, types, &answers, error);

    for (int i = 0; r >= 0 && i < REREADS && signatures_damaged(&answers.list); i++) {
        answers_release(&answers);
        usleep(10000);
        r = signatures_ask(fd, types, &answers, error);
    }
    if (r < 0)
        return r;
    struct content content = {0};
    signatures_judge(&answers, &content);
    *ret_content = content;
    return 0;
}

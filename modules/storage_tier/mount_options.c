#include "mount_options.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

static size_t name_length(const char *option)
{
    return strcspn(option, "=,");
}

/* Whether the list has the option, with whatever value. */
static bool mentions(const char *list, const char *option, size_t length)
{
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
        if (name_length(p) == length && strncmp(p, option, length) == 0)
            return true;
    return false;
}

static bool is_for_mount_only(const char *option, size_t length)
{
    /* Of ext4, xfs, btrfs. */
    static const char names[] =
        "data,data_err,journal_dev,journal_path,journal_checksum,nojournal_checksum,"
        "journal_async_commit,dax,sb,noload,norecovery,jqfmt,usrjquota,grpjquota,quota,noquota,"
        "usrquota,grpquota,prjquota,inlinecrypt,delalloc,nodelalloc,dioread_nolock,dioread_lock,"
        "logbufs,logbsize,logdev,rtdev,sunit,swidth,noalign,uquota,gquota,pquota,uqnoenforce,"
        "gqnoenforce,pqnoenforce,wsync,nouuid,allocsize,largeio,filestreams,swalloc,attr2,"
        "noattr2,ikeep,subvol,subvolid,device,degraded,space_cache,nospace_cache,clear_cache,"
        "rescue,usebackuproot,nologreplay,skip_balance,nodatacow,nodatasum,fatal_errors";

    return mentions(names, option, length);
}

char *mount_options_for_remount(const char *options)
{
    AUTO_TEXT struct text text = {0};
    size_t length;

    text_add(&text, "");
    for (const char *p = options; *p; p += length, p += *p == ',') {
        length = strcspn(p, ",");
        if (is_for_mount_only(p, name_length(p)))
            continue;
        text_add(&text, text.length ? "," : "");
        text_add_bytes(&text, p, length);
    }
    return text_take(&text);
}

/* Of options that are off where nobody asks for them. */
static const char *negation_of(const char *fstype, const char *option, size_t length)
{
    static const struct {
        const char *fstypes, *name, *negation;
    } negations[] = {
        {"ext4", "discard", "nodiscard"}, /* xfs ignores it, btrfs has discard=async by itself */
        {"ext4,xfs,btrfs", "lazytime", "nolazytime"},
        {"ext4,btrfs", "commit", "commit=0"}, /* the default */
        {"ext4", "nobarrier", "barrier"},
        {"ext4", "noauto_da_alloc", "auto_da_alloc"},
        {"btrfs", "nobarrier", "barrier"},
        {"btrfs", "compress", "compress=no"},
        {"btrfs", "compress-force", "compress=no"},
        {"btrfs", "autodefrag", "noautodefrag"},
        {"btrfs", "flushoncommit", "noflushoncommit"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(negations); i++)
        if (text_list_has(negations[i].fstypes, fstype) && strlen(negations[i].name) == length &&
            strncmp(negations[i].name, option, length) == 0)
            return negations[i].negation;
    return NULL;
}

char *mount_options_negation(const char *fstype, const char *before, const char *after)
{
    AUTO_TEXT struct text text = {0};

    text_add(&text, "");
    for (const char *p = before; *p; p += strcspn(p, ","), p += *p == ',') {
        size_t length = name_length(p);
        const char *negation = negation_of(fstype, p, length);

        if (!negation || mentions(after, p, length) ||
            (text_starts_with(negation, "compress") &&
             (mentions(after, "compress", 8) || mentions(after, "compress-force", 14))))
            continue;
        text_addf(&text, "%s%s", text.length ? "," : "", negation);
    }
    return text_take(&text);
}

char *mount_options_staying(const char *fstype, const char *before, const char *after,
                            const char *shown)
{
    for (const char *p = before; *p; p += strcspn(p, ","), p += *p == ',') {
        size_t length = name_length(p);

        if (length && !negation_of(fstype, p, length) && !mentions(after, p, length) &&
            mentions(shown, p, length) && strncmp(p, "rw", length) != 0 &&
            strncmp(p, "ro", length) != 0)
            return alloc_string_part(p, strcspn(p, ","));
    }
    return NULL;
}

/* A number that isn't the default, which isn't shown. */
static bool is_shown_commit(const char *fstype, const char *value)
{
    bool number = value && *value >= '1' && *value <= '9' && !value[strspn(value, "0123456789")];

    return number && ((text_equal(fstype, "ext4") && !text_equal(value, "5")) ||
                      (text_equal(fstype, "btrfs") && !text_equal(value, "30")));
}

bool mount_options_missing(const char *fstype, const char *wanted, const char *shown, bool discards)
{
    AUTO_FREE char *commit = text_list_value(wanted, "commit");
    AUTO_FREE char *commit_now = text_list_value(shown, "commit");
    bool discard = discards && text_equal(fstype, "ext4") && text_list_has(wanted, "discard") &&
                   !text_list_has(wanted, "nodiscard");

    return (discard && !text_list_has(shown, "discard")) ||
           (is_shown_commit(fstype, commit) && !text_equal(commit, commit_now));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fstab_fuzz SEED COUNT [DIRECTORY STEP]: edits COUNT mutated files as the module edits /etc/fstab
 * (read, check, make the line, edit, replace) and checks each against the bytes before and against
 * libmount's own reading of both. Of every STEP-th one that was edited, DIRECTORY gets
 * NUMBER.before and NUMBER.after. Stops at the first mistake, with its number and files.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "facts.h"
#include "mount/mount.h"
#include "mutate.h"
#include "plan/plan.h"

#define UUID "7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11"

static struct {
    unsigned long edited, unchanged, refused, unwritable;
} counts;

static const char *work_file;
static uint64_t number;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "case %llu (%s): %s:%d: not so: %s\n", (unsigned long long)number,     \
                    work_file, __FILE__, __LINE__, #condition);                                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* What is asked for in one case. */
struct wish {
    struct disk_request want;
    struct request request;
    struct found found;
    bool remove; /* the tier's line, instead of writing it */
};

static struct wish draw_wish(uint64_t *state)
{
    static const enum tier tiers[] = {TIER_HOT, TIER_COLD, TIER_SWAP};
    struct wish wish = {
        .want = {.name = (char *)"data-0",
                 .tier = tiers[draw(state, ARRAY_SIZE(tiers))],
                 .mount_options = (char *)"noatime,nofail"},
        .request = {.root = (char *)"/var/storage", .swap_priority = draw(state, 2) ? 5 : -1},
        .found = {.disk = {.path = (char *)"/dev/sdx", .network = draw(state, 2)}},
        .remove = draw(state, 4) == 0,
    };

    wish.want.fstype = (char *)(wish.want.tier == TIER_SWAP ? "swap"
                                : draw(state, 2)            ? "ext4"
                                                            : "xfs");
    return wish;
}

static void write_file(const char *path, const struct text *file)
{
    AUTO_FCLOSE FILE *stream = fopen(path, "we");

    CHECK(stream && fwrite(file->data ? file->data : "", 1, file->length, stream) == file->length);
}

static struct text read_file(const char *path)
{
    AUTO_FCLOSE FILE *stream = fopen(path, "re");
    struct text file = {0};
    char part[4096];

    CHECK(stream);
    text_add(&file, "");
    for (size_t n; (n = fread(part, 1, sizeof(part), stream)) > 0;)
        text_add_bytes(&file, part, n);
    return file;
}

static bool same_bytes(const struct text *a, const struct text *b)
{
    return a->length == b->length && memcmp(a->data ? a->data : "", b->data, a->length) == 0;
}

/* Line `at` of the file, from 0: its start, and its length without line end. */
static const char *line_at(const struct text *file, size_t at, size_t *ret_length)
{
    const char *line = file->data;

    for (; at > 0; at--) {
        line = strchr(line, '\n');
        CHECK(line);
        line++;
    }
    *ret_length = strcspn(line, "\n");
    return line;
}

/* The bytes of `after` are those of `before`, but for line `at`, which was ours. */
static void check_bytes(const struct text *before, const struct text *after, int at,
                        const char *wanted)
{
    AUTO_TEXT struct text expected = {0};
    size_t length;

    if (at < 0) {
        text_add_bytes(&expected, before->data ? before->data : "", before->length);
        if (expected.length > 0 && expected.data[expected.length - 1] != '\n')
            text_add(&expected, "\n");
        text_addf(&expected, "%s\n", wanted);
    } else {
        const char *line = line_at(before, (size_t)at, &length);
        AUTO_FREE char *ours = strndup(line, length);

        CHECK(strstr(ours, "x-storage-tier=") && ours[strspn(ours, " \t")] != '#');
        text_add_bytes(&expected, before->data, (size_t)(line - before->data));
        text_add(&expected, wanted ? wanted : "");
        text_add(&expected, line + length + (!wanted && line[length] == '\n'));
    }
    CHECK(same_bytes(&expected, after));
}

static int count_error(struct libmnt_table *table, const char *filename, int line)
{
    int *errors = mnt_table_get_userdata(table);

    (void)filename, (void)line;
    (*errors)++;
    return 1;
}

/* What libmount makes of the file: each entry's fields as a line, and how many lines it can't read.
 */
static struct text understood(const char *path, int *ret_errors)
{
    struct libmnt_table *table = mnt_new_table();
    struct libmnt_iter *iterator = mnt_new_iter(MNT_ITER_FORWARD);
    struct libmnt_fs *fs;
    struct text text = {0};

    *ret_errors = 0;
    CHECK(table && iterator);
    mnt_table_set_userdata(table, ret_errors);
    mnt_table_set_parser_errcb(table, count_error);
    CHECK(mnt_table_parse_fstab(table, path) == 0);
    text_add(&text, "");
    while (mnt_table_next_fs(table, iterator, &fs) == 0) {
        const char *const fields[] = {mnt_fs_get_source(fs), mnt_fs_get_target(fs),
                                      mnt_fs_get_fstype(fs), mnt_fs_get_options(fs)};

        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
            for (const char *p = fields[i] ? fields[i] : "-"; *p || *p++; p++)
                text_addf(&text, "%02x", (unsigned char)*p);
        text_addf(&text, " %d %d\n", mnt_fs_get_freq(fs), mnt_fs_get_passno(fs));
    }
    mnt_free_iter(iterator);
    mnt_unref_table(table);
    return text;
}

static size_t count_lines(const struct text *text)
{
    size_t count = 0;

    for (size_t i = 0; i < text->length; i++)
        count += text->data[i] == '\n';
    return count;
}

/* libmount reads the others' lines as before, and ours as what it should be. */
static void check_understood(const char *before_path, const char *after_path, bool had_line,
                             const char *wanted)
{
    AUTO_TEXT struct text alone = {0};
    int errors_before, errors_after, errors_alone;
    AUTO_TEXT struct text before = understood(before_path, &errors_before);
    AUTO_TEXT struct text after = understood(after_path, &errors_after);
    size_t common = 0;

    CHECK(errors_after == errors_before);
    CHECK(count_lines(&after) + had_line == count_lines(&before) + (wanted != NULL));
    if (!wanted)
        return;
    AUTO_FREE char *alone_path = text_format("%s.alone", after_path);
    text_addf(&alone, "%s\n", wanted);
    write_file(alone_path, &alone);
    AUTO_TEXT struct text ours = understood(alone_path, &errors_alone);
    CHECK(errors_alone == 0 && count_lines(&ours) == 1);
    while (common < before.length && common < after.length &&
           before.data[common] == after.data[common])
        common++;
    while (common > 0 && after.data[common - 1] != '\n')
        common--;
    CHECK(strncmp(after.data + common, ours.data, ours.length) == 0);
    const char *rest = before.data + common;
    if (had_line)
        rest = strchr(rest, '\n') + 1;
    CHECK(strcmp(after.data + common + ours.length, rest) == 0);
}

/* As apply.c does it. False when nothing is to be changed. */
static bool edit(struct fstab *fstab, const struct wish *wish, int *ret_at, char **ret_wanted)
{
    const struct fstab_line *line = fstab_line_of_tier(fstab, tier_names[wish->want.tier]);
    AUTO_FREE char *wanted = NULL, *backup = NULL;
    struct error error = ERROR_INIT;

    if (!wish->remove)
        wanted = fstab_line_text(&wish->request, &wish->want, &wish->found.disk, UUID,
                                 wish->want.fstype);
    CHECK(wanted || wish->remove);
    if (wish->remove ? !line : line && fstab_same_fields(line->text, wanted))
        return false;
    AUTO_FREE char *text = fstab_text_edit(fstab->text, line ? line->text : NULL, wanted);
    CHECK(text);
    *ret_at = line ? line->number - 1 : -1;
    if (fstab_replace(fstab, text, number % 16 ? NULL : &backup, &error) < 0) {
        fprintf(stderr, "case %llu: %s\n", (unsigned long long)number, error_message(&error));
        exit(1);
    }
    CHECK(strcmp(fstab->text, text) == 0);
    if (backup)
        CHECK(unlink(backup) == 0);
    *ret_wanted = TAKE_PTR(wanted);
    return true;
}

static bool is_refused(const struct fstab *fstab, const struct wish *wish)
{
    AUTO_FREE char *path = tier_path(&wish->request, wish->want.tier);
    struct error error = ERROR_INIT;
    const struct surroundings around = {.target = path, .fstab = fstab};
    int r = fstab_check(&wish->want, &wish->found, &around, UUID, &error);

    CHECK(r == 0 || error.id);
    error_clear(&error);
    return r < 0;
}

static void set_owner_and_mode(uint64_t *state, struct stat *ret_status)
{
    if (geteuid() == 0)
        CHECK(chown(work_file, (uid_t)draw(state, 2000), (gid_t)draw(state, 2000)) == 0);
    CHECK(chmod(work_file, 0400 | (mode_t)draw(state, 0400)) == 0);
    CHECK(stat(work_file, ret_status) == 0);
}

static bool run_case(uint64_t seed, const char *before_path)
{
    uint64_t state = seed + number * UINT64_C(0x5851f42d4c957f2d);
    AUTO_TEXT struct text before = mutated_fstab(&state);
    struct wish wish = draw_wish(&state);
    bool has_nul = before.length && memchr(before.data, '\0', before.length);
    AUTO_FREE char *wanted = NULL;
    struct error error = ERROR_INIT;
    struct stat old_status, status;
    struct fstab fstab;
    bool edited = false;
    int at = -1;

    unlink(work_file);
    write_file(before_path, &before);
    write_file(work_file, &before);
    set_owner_and_mode(&state, &old_status);
    if (fstab_read(work_file, &fstab, &error) < 0) {
        fprintf(stderr, "case %llu: %s\n", (unsigned long long)number, error_message(&error));
        exit(1);
    }
    CHECK(has_nul == (fstab.unwritable != NULL));
    if (has_nul)
        counts.unwritable++;
    else if (!wish.remove && is_refused(&fstab, &wish))
        counts.refused++;
    else if (!(edited = edit(&fstab, &wish, &at, &wanted)))
        counts.unchanged++;
    AUTO_TEXT struct text after = read_file(work_file);
    CHECK(stat(work_file, &status) == 0);
    CHECK(status.st_mode == old_status.st_mode && status.st_uid == old_status.st_uid &&
          status.st_gid == old_status.st_gid);
    if (edited) {
        counts.edited++;
        check_bytes(&before, &after, at, wanted);
        check_understood(before_path, work_file, at >= 0, wanted);
    } else {
        CHECK(same_bytes(&before, &after));
    }
    fields_release(&fstab_fields, &fstab);
    return edited;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000;
    uint64_t step = argc > 4 ? strtoull(argv[4], NULL, 0) : 0;
    char directory[] = "/dev/shm/fstab_fuzz.XXXXXX";

    if (!mkdtemp(directory))
        return perror(directory), 1;
    AUTO_FREE char *file = text_format("%s/fstab", directory);
    AUTO_FREE char *before = text_format("%s/before", directory);
    AUTO_FREE char *alone = text_format("%s.alone", file);
    work_file = file;
    for (number = 0; number < count; number++) {
        if (!run_case(seed, before) || step == 0 || counts.edited % step != 0)
            continue;
        AUTO_FREE char *kept_before =
            text_format("%s/%llu.before", argv[3], (unsigned long long)number);
        AUTO_FREE char *kept_after =
            text_format("%s/%llu.after", argv[3], (unsigned long long)number);
        AUTO_TEXT struct text bytes = read_file(before), edited = read_file(file);
        write_file(kept_before, &bytes);
        write_file(kept_after, &edited);
    }
    unlink(file);
    unlink(before);
    unlink(alone);
    rmdir(directory);
    printf("seed %llu: %llu files: %lu edited, %lu left as they are, %lu refused, %lu not to be "
           "written (NUL bytes)\n",
           (unsigned long long)seed, (unsigned long long)count, counts.edited, counts.unchanged,
           counts.refused, counts.unwritable);
    return 0;
}

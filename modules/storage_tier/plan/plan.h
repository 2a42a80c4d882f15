/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From request and facts to ordered actions: what storage_plan()'s parts share, and what apply and
 * storage_tier_info use. Pure. */
#pragma once

#include "actions.h"
#include "facts.h"

/* plan.c */

/* The module's plan function: from struct request and struct facts. */
int storage_plan(const void *request, const void *facts, struct plan *plan, struct error *error);

/* refuse.c: a refusal names the disk, the device with its identifiers, what was found, and what to
 * write to go on */

/* "disk NAME: DEVICE " + text; details: disk, device, serial, wwn, found, token. Returns -EPERM. */
int refuse_disk(struct error *error, const char *id, const struct disk_request *want,
                const struct found *found, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* What is not ours; ours and torn by a power cut; ours of a kind that can't become the tier; ours
 * by label alone, of another tier; ours by label, while fstab names another filesystem. */
int refuse_foreign(const struct disk_request *want, const struct found *found, struct error *error);
int refuse_unfinished(const struct disk_request *want, const struct found *found,
                      struct error *error);
int refuse_change(const struct disk_request *want, const struct found *found, const char *tier,
                  struct error *error);
int refuse_label(const struct disk_request *want, const struct found *found, const char *tier,
                 struct error *error);
int refuse_other_line(const struct disk_request *want, const struct found *found,
                      const struct fstab_line *line, struct error *error);

/* judge.c: what is to become of a declared disk, from what is on it */

enum verdict {
    VERDICT_DIRECTORY, /* `os`: nothing is judged */
    VERDICT_KEEP,      /* a finished filesystem or swap of ours */
    VERDICT_ADOPT,     /* somebody else's, kept as it is */
    VERDICT_FINISH,    /* ours, made by a run that was interrupted after mkfs */
    VERDICT_MAKE,      /* blank */
    VERDICT_REMAKE,    /* provably half-made and ours */
    VERDICT_WIPE,      /* content whose destruction the user named by its token */
};

/* What lies around a disk that is judged. */
struct surroundings {
    const char *root;   /* of the tiers: /var/storage */
    const char *target; /* where the tier is, or is to be, mounted */
    const struct fstab *fstab;
    const struct fstab_line
        *line; /* our line for the tier, unless its filesystem moves away; NULL */
};

/* Decides, or refuses. */
int judge_disk(const struct disk_request *want, const struct found *found,
               const struct surroundings *around, enum verdict *ret_verdict, struct error *error);

/* Whether a filesystem will be made: its UUID is yet to be drawn. */
bool verdict_makes(enum verdict verdict);

/* fstab_lines.c: our lines of fstab, as bytes */

/* The line that a tier should have, without line end. uuid NULL gives UUID=<new>. `fstype` as
 * mount(8) wants it. Owned by the caller. */
char *fstab_line_text(const struct request *request, const struct disk_request *want,
                      const struct disk *disk, const char *uuid, const char *fstype);

/* Mount options of a tier with what the module appends. Owned by the caller. */
char *fstab_options_text(const struct disk_request *want, const struct disk *disk);

/* Whether both lines say the same: white space between fields does not count. */
bool fstab_same_fields(const char *a, const char *b);

/* `text` with the first line that equals `old_line` replaced by `new_line` (NULL: removed with its
 * line end), or with `new_line` appended (a missing final newline is added first) where old_line is
 * NULL. No other byte changes. Owned by the caller; NULL when old_line isn't there (errno ENOENT).
 */
char *fstab_text_edit(const char *text, const char *old_line, const char *new_line);

/* The first line that mounts something at `path` and is no tier's; NULL: none. */
const struct fstab_line *fstab_line_of_others(const struct fstab *fstab, const char *path);

/* Refuses what stands in the way in fstab: lines of others for this tier's path or device,
 * or for what is on it now, lines nobody can parse that name the path, our line twice. `uuid` is
 * the filesystem's that will serve, NULL: not known yet. */
int fstab_check(const struct disk_request *want, const struct found *found,
                const struct surroundings *around, const char *uuid, struct error *error);

/* tiers.c */

/* One declared disk on its way through the plan: what is wanted, what was found, what follows. */
struct tier_view {
    size_t index;
    const struct request *request;
    const struct facts *facts;
    const struct disk_request *want;
    const struct found *found;
    enum verdict verdict;
    char *path;         /* /var/storage/hot; for swap too, where nothing lies */
    const char *uuid;   /* of the filesystem that will serve, NULL: yet to be drawn */
    const char *fstype; /* the same */
    const char *label;
    bool mounted;                  /* the disk is mounted at `path` */
    const struct mount *mount;     /* the entry, NULL: none, or one that leaves before */
    const struct fstab_line *line; /* the tier's line as long as it stays the tier's, NULL: none */
    bool hidden;                   /* another filesystem is at `path` still, and leaves */
    uint64_t grows_to;             /* bytes, 0: stays as it is */
    bool read_only;                /* `ro` is wanted: nothing is written to the filesystem */
    bool too_small;                /* it would grow, were it not for that */
};

struct tier_views {
    const struct request *request;
    const struct facts *facts;
    struct tier_view items[4];
    size_t count;
};

/* Judges every disk and checks what stands in the way; refuses before anything is planned. */
int tier_views_make(const struct request *request, const struct facts *facts,
                    struct tier_views *ret_views, struct error *error);
void tier_views_release(struct tier_views *views);

/* The disk's active swap, NULL: it is none. */
const struct swap *tier_swap(const struct tier_view *view);

/* Which of the declared disks has the tier from now on (a data disk before the OS disk), and which
 * one served it until now, by the tier's line or by what is in use as the tier; -1: none. */
int tier_declared_disk(const struct request *request, enum tier tier);
int tier_serving_disk(const struct request *request, const struct facts *facts, enum tier tier);

/* Whether what a tier has been so far goes in this run. */
bool tier_leaves(const struct request *request, const struct facts *facts, enum tier tier);

/* checks.c: what stands in the way of a disk or a tier */

/* Whether the filesystem has the label of another tier of ours. */
bool tier_moves(const struct found *found, enum tier tier);

/* The tier that this filesystem has been so far, by our line or by our label; NULL: none of ours.
 */
const char *previous_tier(const struct found *found, const struct fstab *fstab);

/* Whether `path` is where another tier of ours has this disk mounted: it will be unmounted there.
 */
bool check_mount_leaves(const struct found *found, const struct surroundings *around,
                        const char *path);

/* Who uses the disk; what making needs; what keeping needs. */
int check_use(const struct disk_request *want, const struct found *found,
              const struct surroundings *around, struct error *error);
int check_making(const struct disk_request *want, const struct found *found,
                 const struct surroundings *around, struct error *error);
int check_keeping(const struct disk_request *want, const struct found *found, struct error *error);

/* The user, the namespace and the root; the directory to mount at; owner and group; whether what is
 * mounted still works. */
int check_host(const struct request *request, const struct facts *facts, struct error *error);
int check_mount_point(const struct tier_view *view, struct error *error);
int check_names(const struct tier_view *view, struct error *error);
int check_health(const struct tier_view *view, struct error *error);

/* steps.c */

/* The kinds of action that a storage plan is made of: action.kind. Its subject is the index of the
 * disk. */
enum step {
    STEP_WIPE,
    STEP_MKFS,   /* mkfs or mkswap, on a blank or half-made disk, or after a wipe */
    STEP_FINISH, /* what follows mkfs in an interrupted run: sync, stamps away */
    STEP_LABEL,
    STEP_MKDIR_ROOT,
    STEP_MKDIR,
    STEP_IMMUTABLE_SET,
    STEP_IMMUTABLE_CLEAR,
    STEP_FSTAB, /* the tier's line; then its intent record goes */
    STEP_DAEMON_RELOAD,
    STEP_MOUNT,
    STEP_REMOUNT,
    STEP_SWAPON,
    STEP_SWAPOFF,
    STEP_CHOWN,
    STEP_CHMOD,
    STEP_GROW,
    /* Of a tier that goes: the subject is the tier; with TIER_COUNT added it means the directory
     * below the request's root, where the tier itself was elsewhere. */
    STEP_LEAVE_FSTAB,
    STEP_LEAVE_UMOUNT,
    STEP_LEAVE_SWAPOFF,
    STEP_LEAVE_IMMUTABLE,
    STEP_LEAVE_RMDIR,
    STEP_LEAVE_ROOT,
};

/* What an action is about: the tier and the device that it shows, NULL: none. */
struct plan_subject {
    const char *tier, *device;
    size_t index; /* action.subject */
};

/* Adds an action, which is valid until the next one; steals `detail`. */
struct action *plan_tier_step(struct plan *plan, const struct plan_subject *subject, enum step step,
                              const char *op, char *detail);

/* The same for a declared disk. `view` NULL: about no tier. Steals `detail`. */
struct action *plan_step(struct plan *plan, const struct tier_view *view, enum step step,
                         const char *op, char *detail);

/* What the parts of a plan are made from, and what they add to. */
struct planning {
    struct plan *plan;
    const struct tier_views *views;
    const struct departures *departures;
    char *fstab_after; /* fstab as it will be */
};

/* plan_tier.c: the actions for one declared disk */

void plan_making(struct plan *plan, const struct tier_view *view);
int plan_swapoff(struct plan *plan, const struct tier_view *view, struct error *error);
void plan_swap_growing(struct plan *plan, const struct tier_view *view);
void plan_swap_label(struct plan *plan, const struct tier_view *view);
void plan_directory(struct plan *plan, const struct tier_view *view);
void plan_remount(struct plan *plan, const struct tier_view *view);
int plan_fstab(struct planning *planning, const struct tier_view *view, struct error *error);
void plan_mount(struct plan *plan, const struct tier_view *view);
void plan_mounted_label(struct plan *plan, const struct tier_view *view);
void plan_mounted_growing(struct plan *plan, const struct tier_view *view);
void plan_swapon(struct plan *plan, const struct tier_view *view);
int plan_permissions(struct plan *plan, const struct tier_view *view, struct error *error);

/* leaving.c: tiers that go: moved to another tier, replaced by the OS disk, no longer declared
 * (prune), or all of them (absent). Their line goes first, then systemd is told, then they are
 * unmounted: in another order systemd would mount them again. */

struct departure {
    enum tier tier;
    size_t subject;                /* of its actions */
    const struct fstab_line *line; /* ours, NULL: an earlier run removed it */
    const struct previous *previous;
    const struct tier_view *disk; /* the declared disk that served the tier, NULL: none */
    const struct tier_view *now;  /* who declares the tier, NULL: nobody */
    const struct directory *directory;
    char *path;
    bool declared_path;  /* it is where the request has the tier */
    bool directory_goes; /* nobody declares the tier there: its empty directory goes too */
    bool leaves;         /* the tier was set up; otherwise a directory is all there is of it */
};

struct departures {
    struct departure items[2 * TIER_COUNT]; /* a second one: below another root than the tier was */
    size_t count;
};

void departures_make(const struct tier_views *views, struct departures *ret_departures);
void departures_release(struct departures *departures);

/* Adds their actions, or refuses; edits `fstab_after`. */
int plan_departures(struct planning *planning, struct error *error);

/* report.c */

/* Result keys, facts and warnings of what the host will be after the plan. */
void tier_report(const struct tier_views *views, struct plan *plan);

/* Before and after as text, for the diff. */
void tier_diff(const struct planning *planning);

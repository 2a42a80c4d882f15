#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "mounts.h"
#include "text.h"

enum { TRIES = 20, POLL_MILLISECONDS = 100 };

static void release_context(struct libmnt_context **context)
{
    mnt_free_context(*context);
}

/* libmount's own failures; those of mount(2) have errno's text. */
static const char *failure_text(int code)
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {{MNT_ERR_NOFSTAB, "there is nothing about it in fstab"},
                 {MNT_ERR_NOFSTYPE, "the filesystem's type can't be told"},
                 {MNT_ERR_NOSOURCE, "the device can't be found"},
                 {MNT_ERR_LOOPDEV, "no loop device could be set up"},
                 {MNT_ERR_MOUNTOPT, "the options can't be parsed"},
                 {MNT_ERR_APPLYFLAGS, "the propagation flags couldn't be set"},
                 {MNT_ERR_AMBIFS, "more than one filesystem is on the device"},
                 {MNT_ERR_LOOPOVERLAP, "a loop device overlaps"},
                 {MNT_ERR_LOCK, "a lock couldn't be had"},
                 {MNT_ERR_NAMESPACE, "the mount namespace couldn't be changed"}};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (code == -texts[i].code)
            return texts[i].text;
    return strerror(code < 0 ? -code : EIO);
}

static int run_context(struct libmnt_context *context, const char *source, const char *target,
                       struct error *error)
{
    char reason[512] = "";

    /* The new mount API would stack a second mount over an equal one without a word. */
    setenv("LIBMOUNT_FORCE_MOUNT2", "always", 1);
    mnt_context_disable_helpers(context, 1);
    mnt_context_disable_mtab(context, 1);
    mnt_context_set_optsmode(context, MNT_OMODE_NOTAB);
    int r = mnt_context_mount(context);
    if (r == 0 && mnt_context_get_status(context) == 1)
        return 0;
    mnt_context_get_excode(context, r, reason, sizeof(reason));
    int code = mnt_context_syscall_called(context) ? mnt_context_get_syscall_errno(context) : 0;
    return error_set(error, code == EINVAL || code == EBUSY ? -code : -EIO,
                     "mounting %s on %s failed: %s", source, target,
                     *reason ? reason : failure_text(r));
}

/* libmount judges what it is given when it mounts: setting it fails only for lack of memory. */
int mount_device(const char *source, const char *target, const char *fstype, const char *options,
                 struct error *error)
{
    __attribute__((cleanup(release_context))) struct libmnt_context *context =
        alloc_check(mnt_new_context());

    if (mnt_context_set_source(context, source) != 0 ||
        mnt_context_set_target(context, target) != 0 ||
        mnt_context_set_fstype(context, fstype) != 0 ||
        mnt_context_set_options(context, options) != 0)
        alloc_failed();
    return run_context(context, source, target, error);
}

int mount_change_options(const char *source, const char *target, const char *options,
                         struct error *error)
{
    __attribute__((cleanup(release_context))) struct libmnt_context *context =
        alloc_check(mnt_new_context());
    AUTO_FREE char *all = text_format("remount,%s", options);

    if (mnt_context_set_source(context, source) != 0 ||
        mnt_context_set_target(context, target) != 0 || mnt_context_set_options(context, all) != 0)
        alloc_failed();
    return run_context(context, source, target, error);
}

bool mounts_pause_busy(int tried)
{
    if (tried == TRIES)
        return false;
    nanosleep(&(struct timespec){0, POLL_MILLISECONDS * 1000000L}, NULL);
    return true;
}

int swap_activate(const char *path, int priority, struct error *error)
{
    int flags = priority < 0
                    ? 0
                    : SWAP_FLAG_PREFER | ((priority << SWAP_FLAG_PRIO_SHIFT) & SWAP_FLAG_PRIO_MASK);

    for (int i = 0; swapon(path, flags) < 0; i++)
        if (errno != EBUSY || !mounts_pause_busy(i))
            return error_set_errno(error, -errno, "activating swap on %s", path);
    return 0;
}

int swap_deactivate(const char *path, struct error *error)
{
    if (swapoff(path) < 0)
        return error_set_errno(error, -errno, "deactivating swap on %s", path);
    return 0;
}

uint64_t memory_available(void)
{
    AUTO_FREE char *text = file_read_value("/proc/meminfo");
    const char *line = text ? strstr(text, "MemAvailable:") : NULL;

    return line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024 : 0;
}

/* Not readable without the rights over PID 1 that some hosts withhold: then the tables decide. */
static bool same_namespace_as_init(void)
{
    char mine[64] = "", init[64] = "";

    if (readlink("/proc/self/ns/mnt", mine, sizeof(mine) - 1) > 0 &&
        readlink("/proc/1/ns/mnt", init, sizeof(init) - 1) > 0)
        return strcmp(mine, init) == 0;
    AUTO_FREE char *my_table = file_read_value("/proc/self/mountinfo");
    AUTO_FREE char *init_table = file_read_value("/proc/1/mountinfo");
    return my_table && init_table && strcmp(my_table, init_table) == 0;
}

static bool may_mount(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};

    return syscall(SYS_capget, &header, data) == 0 && data[0].effective & (1U << CAP_SYS_ADMIN);
}

char *mounts_hidden_reason(void)
{
    if (!may_mount())
        return alloc_string("this process has no right to mount (CAP_SYS_ADMIN); an unprivileged "
                            "container can't set up its host's storage");
    if (!same_namespace_as_init())
        return alloc_string("this process runs in another mount namespace than the init system "
                            "(PID 1): the host would not see what is mounted here");
    return NULL;
}

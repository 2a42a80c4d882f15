/* The kinds of action that a storage plan is made of: action.kind. Its subject is the index of the
 * disk. */
#pragma once

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

/* The kernel's word that a block device came or changed, and udev's that it has dealt with it. */
#pragma once

/* A descriptor for uevents_wait, owned by the caller, or a negative errno where none is to be had.
 * What comes from then on isn't missed. In a container's network namespace nothing may ever come.
 */
int uevents_open(void);

/* Waits for the next event of a block device, at most so many milliseconds, and takes all that are
 * there: 1, or 0 when the time was over. `fd` may be negative: then only time passes. */
int uevents_wait(int fd, int milliseconds);

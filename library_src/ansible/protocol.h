/* SPDX-License-Identifier: BSD-2-Clause */
/* What surrounds a module's own work: its arguments, the line in the log, the lock and the
 * documentation. */
#pragma once

#include "module.h"

/*
 * arguments.c: what ansible-core hands over, one JSON object in a file or on standard input.
 * arguments_read() reads `path`, or standard input for "-": to its end, or that many bytes when
 * `length` isn't 0. Whatever is wrong is said with the place in the arguments; no text of theirs is
 * quoted, since it can be a secret.
 */
int arguments_read(const char *path, size_t length, json_t **ret_arguments, struct error *error);

/* The same for a text in memory; `name` is what errors call it. */
int arguments_parse(const char *text, size_t length, const char *name, json_t **ret_arguments,
                    struct error *error);

/* log.c: "Invoked with a=1 b=x", without what is no_log, looks like a password or holds a secret.
 * `prefix` is _ansible_target_log_info, or NULL. Owned by the caller. */
char *log_text(const struct param *table, const struct validation *validation, const char *prefix);

/* Writes it as `ansible-NAME` to the facility of _ansible_syslog_facility ("LOG_USER"). */
void log_invocation(const char *name, const char *facility, const char *text);

/* lock.c: takes flock() on `path` (made with mode 0600), waiting up to `seconds` for who holds it.
 * The lock lasts as long as *ret_fd is open. -EAGAIN names the holder, when the kernel tells it. */
int lock_take(const char *path, int seconds, int *ret_fd, struct error *error);

/* doc.c: the sidecar file NAME.yml, from which ansible-doc shows DOCUMENTATION, EXAMPLES and
 * RETURN, made from the table. Owned by the caller. */
char *doc_text(const struct module *module);

/* The line in the journal or syslog that tells who was called with what. */
#pragma once

#include "validate.h"

/* "Invoked with a=1 b=x": without what is no_log, looks like a password or holds a secret. `prefix`
 * is _ansible_target_log_info, or NULL. */
char *log_text(const struct param *table, const struct validation *validation, const char *prefix);

/* Writes it as `ansible-NAME` to the facility of _ansible_syslog_facility ("LOG_USER"). */
void log_invocation(const char *name, const char *facility, const char *text);

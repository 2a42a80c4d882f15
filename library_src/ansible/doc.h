/* The documentation that ansible-doc shows, made from the table. */
#pragma once

#include "module.h"

/* The sidecar file NAME.yml: DOCUMENTATION, EXAMPLES, RETURN. Owned by the caller. */
char *doc_text(const struct module *module);

/* SPDX-License-Identifier: BSD-2-Clause */
/* File names that match a pattern. */
#pragma once

#include "userland/vsh/directory.h"
#include "userland/vsh/names.h"

/* Appends the matching paths, sorted; tells whether there were any. Names that begin with a dot only match a pattern that has the dot. */
bool glob_expand(struct names *names, const char *pattern, const struct directory_ops *ops);

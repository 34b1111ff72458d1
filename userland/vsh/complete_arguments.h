/* SPDX-License-Identifier: BSD-2-Clause */
/* What can stand as an argument of the commands that the shell knows something about. */
#pragma once

#include "userland/vsh/names.h"
#include "userland/vsh/shell.h"

enum argument_kind {
	ARGUMENT_PATH, /* nothing is known: a file */
	ARGUMENT_DIRECTORY,
	ARGUMENT_COMMAND,
	ARGUMENT_NAMES, /* one of those in the list */
};

/* Of the argument `index` (from 1) of the command, which begins with `typed`; `first` is the argument 1, "" if there is none. */
enum argument_kind complete_argument(const struct shell *shell, const char *command, unsigned index, const char *first,
				     const char *typed, struct names *names);

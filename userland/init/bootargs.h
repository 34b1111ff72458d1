/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot arguments ask of init. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BOOTARGS_MAX     1024 /* bytes of the whole line */
#define BOOTARGS_ARG_MAX 32

struct bootargs {
	const char *program;                    /* init=PATH[,ARG...]: run this alone; NULL: services */
	const char *services;                   /* services=PATH; NULL: the default file */
	const char *args[BOOTARGS_ARG_MAX + 2]; /* of the program, argv[0] first, NULL-terminated */
	unsigned argc;
	char line[BOOTARGS_MAX]; /* holds the strings */
};

/* Words are separated by blanks; those of others (the kernel's) are skipped; the last of several counts. A leading '/' of paths is
 * dropped: the archive's names have none. False: the line or the argument list is too long (what fits was taken). */
bool bootargs_parse(struct bootargs *args, const char *line);

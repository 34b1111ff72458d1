/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot arguments for init: init= and services=. */
#include "userland/init/bootargs.h"

#include <string.h>

static const char *archive_path(const char *path)
{
	return path + strspn(path, "/");
}

static bool split_program(struct bootargs *args, char *value)
{
	args->program = NULL;
	args->argc = 0;
	args->args[0] = NULL;
	for (char *next = value; next;) {
		char *word = next;
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		if (args->argc == BOOTARGS_ARG_MAX + 1)
			return false;
		args->args[args->argc] = args->argc == 0 ? archive_path(word) : word;
		args->args[++args->argc] = NULL;
	}
	if (args->args[0][0] != '\0')
		args->program = args->args[0];
	return true;
}

bool bootargs_parse(struct bootargs *args, const char *line)
{
	bool complete = strlen(line) < sizeof(args->line);
	char *save = NULL;

	memset(args, 0, sizeof(*args));
	strncpy(args->line, line, sizeof(args->line) - 1);
	if (!complete) { /* a word that was cut must not be taken for a whole one */
		char *last = strrchr(args->line, ' ');
		*(last ? last : args->line) = '\0';
	}
	for (char *word = strtok_r(args->line, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
		if (strncmp(word, "init=", 5) == 0)
			complete &= split_program(args, word + 5);
		else if (strncmp(word, "services=", 9) == 0)
			args->services = archive_path(word + 9);
	}
	return complete;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints what files do here: posix_files DIRECTORY [CHAPTER...]. The directory is where to work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/system.h"

#define PATH_BYTES 1024

static bool is_wanted(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return count == 0;
}

static bool is_chapter(const char *name)
{
	for (const struct chapter *c = chapters; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return true;
	}
	return false;
}

/* The program must be found from other working directories too. */
static int program_find(const char *argv0)
{
	static char path[PATH_BYTES];
	char top[PATH_BYTES];

	if (argv0[0] == '/') {
		program_path = argv0;
		return 0;
	}
	if (!getcwd(top, sizeof(top)))
		return -1;
	program_path = path;
	return snprintf(path, sizeof(path), "%s/%s", top, argv0) < (int)sizeof(path) ? 0 : -1;
}

int main(int argc, char **argv)
{
	int status;

	if (argc > 2 && strcmp(argv[1], "--errand") == 0) {
		program_path = argv[0];
		return errand_main(argc - 2, argv + 2);
	}
	if (system_prepare(argc, argv, &status))
		return status;
	if (argc < 2) {
		fprintf(stderr, "usage: %s DIRECTORY [CHAPTER...]\n", argv[0]);
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		if (!is_chapter(argv[i])) {
			fprintf(stderr, "no chapter %s\n", argv[i]);
			return 2;
		}
	}
	if (program_find(argv[0]) < 0 || chdir(argv[1]) < 0) {
		perror(argv[1]);
		return 1;
	}
	for (const struct chapter *c = chapters; c->name; c++) {
		if (is_wanted(c->name, argc - 2, argv + 2))
			chapter_run(c->name, c->run);
	}
	printf("facts: %u\n", facts_count());
	return 0;
}

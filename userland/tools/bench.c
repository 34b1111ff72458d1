/* SPDX-License-Identifier: BSD-2-Clause */
/* bench: runs the benchmark programs of /bench. */
#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

#define FOLDER "/bench"

static const struct tool tool = {
	.name = "bench",
	.summary = TOOL_SUMMARY,
	.usage = "[-l] [GROUP [ARGUMENT...]]",
	.details = "  -l   list the groups\n"
		   "Without a group all are run. Each prints lines \"name value unit budget\".\n",
	.options = "+l",
};

static int run(const char *name, char **arguments)
{
	extern char **environ;
	char path[256];
	char *argv[64] = {path};
	int status, error;
	pid_t pid;

	for (size_t i = 0; arguments && arguments[i] && i < 62; i++)
		argv[i + 1] = arguments[i];
	if (snprintf(path, sizeof(path), FOLDER "/%s", name) >= (int)sizeof(path) || strchr(name, '/'))
		tool_usage("'%s' is not a group", name);
	fflush(stdout);
	error = posix_spawn(&pid, path, NULL, NULL, argv, environ);
	if (error) {
		tool_error("%s: %s", name, error == ENOENT ? "no such group (bench -l lists them)" : strerror(error));
		return TOOL_FAILED;
	}
	if (waitpid(pid, &status, 0) < 0)
		tool_fail("%s: cannot wait for it: %s", name, strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		tool_error("%s: ended by signal %d", name, WTERMSIG(status));
	else
		tool_error("%s: failed with status %d", name, WEXITSTATUS(status));
	return TOOL_FAILED;
}

static int for_all(bool list)
{
	DIR *directory = opendir(FOLDER);
	int status = 0;
	if (!directory)
		tool_fail("there are no benchmarks in this system (%s)", FOLDER);
	for (const struct dirent *d = readdir(directory); d; d = readdir(directory)) {
		if (d->d_name[0] == '.')
			continue;
		if (list)
			puts(d->d_name);
		else
			status |= run(d->d_name, NULL);
	}
	closedir(directory);
	return status;
}

int main(int argc, char **argv)
{
	bool list = false;
	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		list = true;
	if (list)
		tool_arguments(argc, 0);
	return tool_end(list || optind == argc ? for_all(list) : run(argv[optind], argv + optind + 1));
}

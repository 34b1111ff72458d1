/* SPDX-License-Identifier: BSD-2-Clause */
/* env: shows the environment, or runs a program in a changed one. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "env",
	.summary = TOOL_SUMMARY,
	.usage = "[-i] [-u NAME] [NAME=VALUE...] [PROGRAM [ARGUMENT...]]",
	.details = "  -i        begin with an empty environment\n"
		   "  -u NAME   without this variable\n",
	.options = "+iu:",
};

#define STATUS_NOT_RUNNING 126
#define STATUS_NOT_FOUND   127

static int run(char **argv)
{
	extern char **environ;
	pid_t pid;
	int status;
	fflush(stdout);
	int error = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (error) {
		tool_error("%s: %s", argv[0], strerror(error));
		return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNING;
	}
	if (waitpid(pid, &status, 0) < 0)
		tool_fail("%s: cannot wait for it: %s", argv[0], strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	extern char **environ;
	static char *empty[] = {NULL};
	int letter;
	tool_begin(&tool, argc, argv);
	while ((letter = tool_option(argc, argv)) != -1) {
		if (letter == 'i')
			environ = empty;
		else
			unsetenv(optarg);
	}
	int i = optind;
	for (; i < argc && strchr(argv[i], '='); i++) {
		if (putenv(argv[i]) != 0)
			tool_fail("%s: %s", argv[i], strerror(errno));
	}
	if (i < argc)
		return run(argv + i);
	for (char **variable = environ; *variable; variable++)
		puts(*variable);
	return tool_end(0);
}

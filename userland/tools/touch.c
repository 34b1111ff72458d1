/* SPDX-License-Identifier: BSD-2-Clause */
/* touch: makes files, or makes them new. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "touch",
	.summary = TOOL_SUMMARY,
	.usage = "[-c] FILE...",
	.details = "  -c   makes no file that is not there\n",
	.options = "c",
};

static int touch(const char *path, bool make)
{
	if (utimensat(AT_FDCWD, path, NULL, 0) == 0)
		return 0;
	if (errno == ENOENT && !make)
		return 0;
	int fd = errno == ENOENT ? open(path, O_WRONLY | O_CREAT, 0666) : -1;
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	tool_error("%s: %s", path, strerror(errno));
	return TOOL_FAILED;
}

int main(int argc, char **argv)
{
	bool make = true;
	int status = 0;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		make = false;
	if (optind == argc)
		tool_usage("which file?");
	for (int i = optind; i < argc; i++)
		status |= touch(argv[i], make);
	return status;
}

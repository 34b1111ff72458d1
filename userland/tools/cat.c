/* SPDX-License-Identifier: BSD-2-Clause */
/* cat: copies files to its output. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "cat",
	.summary = TOOL_SUMMARY,
	.usage = "[FILE...]",
	.details = "Without files, or for the file -, it reads its input (Ctrl-D ends it).\n",
	.options = "u",
};

static void write_all(const char *bytes, size_t len)
{
	while (len != 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			tool_fail("cannot write: %s", strerror(errno));
		bytes += n;
		len -= (size_t)n;
	}
}

static int copy(const char *name)
{
	static char buffer[16384];
	bool own = strcmp(name, "-") != 0;
	int fd = own ? open(name, O_RDONLY) : STDIN_FILENO;
	ssize_t n = 0;
	if (fd < 0) {
		tool_error("%s: %s", name, strerror(errno));
		return TOOL_FAILED;
	}
	do {
		n = read(fd, buffer, sizeof(buffer));
		if (n > 0)
			write_all(buffer, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		tool_error("%s: %s", name, strerror(errno));
	if (own)
		close(fd);
	return n < 0 ? TOOL_FAILED : 0;
}

int main(int argc, char **argv)
{
	int status = 0;
	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		; /* -u: nothing is buffered anyway */
	if (optind == argc)
		status = copy("-");
	for (int i = optind; i < argc; i++)
		status |= copy(argv[i]);
	return status;
}

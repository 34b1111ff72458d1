/* SPDX-License-Identifier: BSD-2-Clause */
/* hexdump: bytes as hexadecimal numbers and characters. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "hexdump",
	.summary = TOOL_SUMMARY,
	.usage = "[-s SKIP] [-n COUNT] [-v] [FILE]",
	.details = "  -s SKIP    begin at that byte\n"
		   "  -n COUNT   show at most so many bytes\n"
		   "  -v         also lines that repeat the one before (otherwise one * stands for them)\n",
	.options = "s:n:v",
};

#define LINE 16

static void show_line(uint64_t offset, const unsigned char *bytes, size_t len)
{
	printf("%08" PRIx64 " ", offset);
	for (size_t i = 0; i < LINE; i++) {
		if (i < len)
			printf("%s%02x", i == LINE / 2 ? "  " : " ", bytes[i]);
		else
			printf("%s", i == LINE / 2 ? "    " : "   ");
	}
	printf("  |");
	for (size_t i = 0; i < len; i++)
		putchar(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
	printf("|\n");
}

/* As much as there is up to len; short only at the end. */
static size_t read_full(int fd, unsigned char *buffer, size_t len, const char *name)
{
	size_t have = 0;
	while (have < len) {
		ssize_t n = read(fd, buffer + have, len - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			tool_fail("%s: %s", name, strerror(errno));
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return have;
}

static void skip_bytes(int fd, uint64_t count, const char *name)
{
	unsigned char buffer[512];
	if (count == 0 || lseek(fd, (off_t)count, SEEK_SET) >= 0)
		return;
	while (count != 0) {
		size_t part = count < sizeof(buffer) ? (size_t)count : sizeof(buffer);
		if (read_full(fd, buffer, part, name) != part)
			return;
		count -= part;
	}
}

int main(int argc, char **argv)
{
	extern char *optarg;
	extern int optind;
	uint64_t skip = 0, left = UINT64_MAX;
	unsigned char line[LINE], before[LINE];
	bool all = false, repeating = false, any = false;
	int letter;

	tool_begin(&tool, argc, argv);
	while ((letter = tool_option(argc, argv)) != -1) {
		if (letter == 's')
			skip = number_argument(optarg, INT64_MAX, "a number of bytes");
		else if (letter == 'n')
			left = number_argument(optarg, INT64_MAX, "a number of bytes");
		else
			all = true;
	}
	tool_arguments(argc, 1);
	const char *name = optind < argc ? argv[optind] : "standard input";
	int fd = optind < argc ? open(name, O_RDONLY) : STDIN_FILENO;
	if (fd < 0)
		tool_fail("%s: %s", name, strerror(errno));
	skip_bytes(fd, skip, name);
	uint64_t offset = skip;
	while (left != 0) {
		size_t len = read_full(fd, line, left < LINE ? (size_t)left : LINE, name);
		if (len == 0)
			break;
		bool same = any && !all && len == LINE && memcmp(line, before, LINE) == 0;
		if (!same)
			show_line(offset, line, len);
		else if (!repeating)
			puts("*");
		repeating = same;
		memcpy(before, line, LINE);
		any = len == LINE;
		offset += len;
		left -= len;
	}
	printf("%08" PRIx64 "\n", offset);
	return tool_end(0);
}

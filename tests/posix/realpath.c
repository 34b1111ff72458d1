/* SPDX-License-Identifier: BSD-2-Clause */
/* realpath: what is printed is the path from this directory on. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static char top[512];

static const char *real(const char *path)
{
	static char buffer[PATH_MAX];
	size_t size = strlen(top);

	if (!realpath(path, buffer))
		return NULL;
	return strncmp(buffer, top, size) == 0 ? buffer + size : buffer;
}

void chapter_realpath(void)
{
	char text[600], *own;

	MUST_BE(realpath(".", top) != NULL);
	MUST(put("file", "text"));
	MUST(mkdir("dir", 0755));
	MUST(mkdir("dir/inner", 0755));
	MUST_IF_OFFERED(symlink("../file", "dir/up"));
	MUST_IF_OFFERED(symlink("dir/inner", "deep"));
	MUST_IF_OFFERED(symlink("deep", "deeper"));
	MUST_IF_OFFERED(symlink("none", "dangling"));
	MUST_IF_OFFERED(symlink("loop", "loop"));
	snprintf(text, sizeof(text), "%s/dir", top);
	MUST_IF_OFFERED(symlink(text, "absolute"));
	FACT_TEXT("file", real("file"));
	FACT_TEXT("./dir//inner/", real("./dir//inner/"));
	FACT_TEXT("dir/inner/..", real("dir/inner/.."));
	FACT_TEXT("link to a file", real("dir/up"));
	FACT_TEXT("link to a link to a directory", real("deeper"));
	FACT_TEXT("link/..", real("deeper/.."));
	FACT_TEXT("absolute link", real("absolute/inner"));
	FACT_TEXT("absolute path", real(text));
	FACT_TEXT("/", realpath("/", text));
	FACT_TEXT("/..", realpath("/..", text));
	FACT_TEXT("//", realpath("//", text));
	FACT_TEXT("missing file", real("none"));
	FACT_TEXT("missing file in a missing directory", real("none/x"));
	FACT_TEXT("below a file", real("file/x"));
	FACT_TEXT("file with a slash", real("file/"));
	FACT_TEXT("file/..", real("file/.."));
	FACT_TEXT("empty path", real(""));
	FACT_TEXT("link to nothing", real("dangling"));
	FACT_TEXT("link to itself", real("loop"));
	own = realpath("dir", NULL);
	FACT_YES("into a buffer of its own", own && strcmp(own + strlen(top), "/dir") == 0);
	free(own);
	MUST(chdir("dir/inner"));
	FACT_TEXT("from elsewhere", real("../up"));
	MUST(chdir("../.."));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths: dots, slashes, lengths, chdir and getcwd. */
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

static char top[256];

static void dots(void)
{
	MUST(put("file", "text"));
	MUST(mkdir("dir", 0755));
	MUST(mkdir("dir/inner", 0755));
	MUST_IF_OFFERED(symlink("dir/inner", "deep"));
	FACT_TEXT("./file", get("./file"));
	FACT_TEXT("././/file", get("././/file"));
	FACT_TEXT("dir/../file", get("dir/../file"));
	FACT_TEXT("dir/inner/../../file", get("dir/inner/../../file"));
	FACT_TEXT("none/../file", get("none/../file"));
	FACT_TEXT("file/../file", get("file/../file"));
	FACT_TEXT("file/.", get("file/."));
	FACT_TEXT("file/./", get("file/./"));
	FACT_TEXT("link/.. is beside the target", names_in("deep/.."));
	FACT_YES("dir/. is dir", same_file("dir/.", "dir"));
	FACT_YES("dir/inner/.. is dir", same_file("dir/inner/..", "dir"));
	FACT_YES("/.. is /", same_file("/..", "/"));
	FACT_YES("/../.. is /", same_file("/../..", "/"));
	FACT_YES("/. is /", same_file("/.", "/"));
	FACT_YES("// is /", same_file("//", "/"));
	FACT("a name of three dots", put("...", "dots"));
	FACT("a name that starts with two dots", put("..x", "dots"));
	FACT_TEXT("such names", names_in("."));
	MUST(tree_remove("..."));
	MUST(unlink("..x"));
}

static void slashes(void)
{
	FACT_TEXT("file//", get("file//"));
	FACT_TEXT("dir//inner", type_of("dir//inner"));
	FACT_TEXT("dir///", type_of("dir///"));
	FACT("stat of file/", exists("file/"));
	FACT("stat of none/", exists("none/"));
	FACT("access of file/", access("file/", F_OK));
	FACT("chmod of file/", chmod("file/", 0644));
	FACT("chdir to dir/", chdir("dir/"));
	MUST(chdir(".."));
	FACT("open of a missing name with a slash", shut(open("none/", O_RDONLY)));
	FACT("open of a missing name with a slash to make it", shut(open("none/", O_WRONLY | O_CREAT, 0644)));
	FACT("open of file/ to make it", shut(open("file/", O_WRONLY | O_CREAT, 0644)));
	FACT("open of dir/. to make it", shut(open("dir/.", O_WRONLY | O_CREAT, 0644)));
	FACT("open of none/. to make it", shut(open("none/.", O_WRONLY | O_CREAT, 0644)));
}

static int name_made(size_t size)
{
	static char name[NAME_MAX + 2];

	memset(name, 'n', size);
	name[size] = '\0';
	if (put(name, "") < 0)
		return -1;
	return unlink(name);
}

/* "./././file", with that many bytes in all */
static const char *long_path(size_t size)
{
	static char path[PATH_MAX + 4096];
	size_t used = 0;

	for (; used + 6 <= size; used += 2)
		memcpy(path + used, "./", 2);
	if (used + 4 < size)
		path[used++] = '/';
	memcpy(path + used, "file", 5);
	return path;
}

static void lengths(void)
{
	FACT("name of 254 bytes", name_made(254));
	FACT("name of 255 bytes", name_made(255));
	FACT("name of 256 bytes", name_made(256));
	FACT_TEXT("path of 500 bytes", get(long_path(500)));
	FACT_TEXT("path of 1000 bytes", get(long_path(1000)));
	FACT_TEXT("path of 1023 bytes", get(long_path(1023)));
	FACT_TEXT("path of 1024 bytes", get(long_path(1024)));
	FACT_TEXT("path of 4095 bytes", get(long_path(4095)));
	FACT_TEXT("path of PATH_MAX - 1 bytes", get(long_path(PATH_MAX - 1)));
	FACT_TEXT("path of PATH_MAX bytes", get(long_path(PATH_MAX)));
	FACT("stat of a path of PATH_MAX bytes", exists(long_path(PATH_MAX)));
	FACT("unlink of a path of PATH_MAX bytes", unlink(long_path(PATH_MAX)));
	FACT("rename of a path of PATH_MAX bytes", rename(long_path(PATH_MAX), "x"));
	FACT("rename to a path of PATH_MAX bytes", rename("file", long_path(PATH_MAX)));
	FACT("symlink at a path of PATH_MAX bytes", symlink("x", long_path(PATH_MAX)));
	FACT("chdir to a path of PATH_MAX bytes", chdir(long_path(PATH_MAX)));
	FACT_TEXT("the file is still there", get("file"));
}

/* Deeper than a path is long, one step at a time. */
static void deep(void)
{
	const char name[] = "a_directory_with_a_name_of_fifty_characters_or_so_";
	int depth = 0;

	for (; depth < 100; depth++) {
		if (mkdir(name, 0755) < 0 || chdir(name) < 0)
			break;
	}
	FACT("directories below each other", depth);
	FACT("file in the last", put("file", "deep"));
	FACT_TEXT("read there", get("file"));
	FACT_TEXT("getcwd into a small buffer", getcwd((char[40]){0}, 40));
	while (depth > 0 && chdir("..") == 0)
		depth--;
	FACT("the way back", depth);
	FACT_TEXT("where that is", get("file"));
}

static void working_directory(void)
{
	char buffer[300], expected[300];
	char *given;

	FACT_YES("getcwd is absolute", top[0] == '/');
	MUST(chdir("dir/inner"));
	snprintf(expected, sizeof(expected), "%s/dir/inner", top);
	FACT_YES("getcwd after chdir", getcwd(buffer, sizeof(buffer)) && strcmp(buffer, expected) == 0);
	MUST_IF_OFFERED(chdir("../../deep"));
	FACT_YES("getcwd after chdir through a link", getcwd(buffer, sizeof(buffer)) && strcmp(buffer, expected) == 0);
	FACT_YES("getcwd into its exact size", getcwd(buffer, strlen(expected) + 1) == buffer);
	FACT_TEXT("getcwd into one byte less", getcwd(buffer, strlen(expected)));
	volatile size_t none = 0; /* compilers know that it is wrong */
	FACT_TEXT("getcwd into nothing", getcwd(buffer, none));
	given = getcwd(NULL, 0);
	FACT_YES("getcwd into a buffer of its own", given && strcmp(given, expected) == 0);
	free(given);
	MUST(chdir("../.."));
	FACT("chdir to a missing directory", chdir("none"));
	FACT("chdir to a file", chdir("file"));
	FACT("chdir to an empty path", chdir(""));
	FACT("chdir below a file", chdir("file/x"));
	FACT_TEXT("none of those moved", get("file"));
	FACT_YES("chdir to /", chdir("/") == 0 && getcwd(buffer, sizeof(buffer)) && strcmp(buffer, "/") == 0);
	MUST(chdir(top));
	int fd = MUST(open("file", O_RDONLY));
	FACT("fchdir to a file", fchdir(fd));
	close(fd);
	fd = MUST(open("dir", O_RDONLY));
	FACT("fchdir to a directory", fchdir(fd));
	FACT_TEXT("what is in it", names_in("."));
	close(fd);
	FACT("fchdir to what is closed", fchdir(fd));
	MUST(chdir(top));
}

static void bytes_in_names(void)
{
	FACT("name with blanks", put(" a b ", "x"));
	FACT("name with a newline", put("new\nline", "x"));
	FACT("name that is not UTF-8", put("\xff\xfe", "x"));
	FACT("name in upper case", put("UPPER", "upper"));
	FACT("is another than in lower case", exists("upper"));
	FACT("entries with those", entries_of("."));
}

void chapter_paths(void)
{
	MUST_BE(getcwd(top, sizeof(top)) != NULL);
	dots();
	slashes();
	lengths();
	working_directory();
	bytes_in_names();
	deep();
}

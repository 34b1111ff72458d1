/* SPDX-License-Identifier: BSD-2-Clause */
/* glob and fnmatch: names by pattern. */
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static int failures;

static int count_failure(const char *path, int error)
{
	(void)path, (void)error;
	failures++;
	return 0;
}

/* The names with a blank between them; or what glob says. */
static const char *found(const char *pattern, int flags)
{
	static char text[600];
	glob_t out;
	int result = glob(pattern, flags, NULL, &out);

	text[0] = '\0';
	if (result)
		return result == GLOB_NOMATCH ? "no match" : result == GLOB_ABORTED ? "aborted" : "no space";
	for (size_t i = 0; i < out.gl_pathc; i++) {
		strcat(text, i ? " " : "");
		strcat(text, out.gl_pathv[i]);
	}
	strcat(text, out.gl_pathv[out.gl_pathc] ? "!" : "");
	globfree(&out);
	return text;
}

void chapter_glob(void)
{
	char many[40];
	glob_t out = {0};

	MUST(put("a.c", ""));
	MUST(put("b.c", ""));
	MUST(put(".hidden.c", ""));
	MUST(put("[x]", ""));
	MUST(mkdir("dir", 0755));
	MUST(mkdir("dir/one", 0755));
	MUST(mkdir("dir/two", 0755));
	MUST(put("dir/one/f", ""));
	MUST(put("dir/two/f", ""));
	MUST(put("dir/two/g", ""));
	MUST_IF_OFFERED(symlink("nowhere", "dangling"));
	MUST_IF_OFFERED(symlink("dir", "link"));
	FACT_TEXT("*.c", found("*.c", 0));
	FACT_TEXT(".*.c", found(".*.c", 0));
	FACT_TEXT("?.c", found("?.c", 0));
	FACT_TEXT("[ab].c", found("[ab].c", 0));
	FACT_TEXT("[!a].c", found("[!a].c", 0));
	FACT_TEXT("[[:alpha:]].c", found("[[:alpha:]].c", 0));
	FACT_TEXT("[x]", found("[x]", 0));
	FACT_TEXT("\\[x]", found("\\[x]", 0));
	FACT_TEXT("\\[x] without escapes", found("\\[x]", GLOB_NOESCAPE));
	FACT_TEXT("no special characters", found("a.c", 0));
	FACT_TEXT("no such file", found("none", 0));
	FACT_TEXT("no such file, GLOB_NOCHECK", found("none", GLOB_NOCHECK));
	FACT_TEXT("no match, GLOB_NOCHECK", found("*.none", GLOB_NOCHECK));
	FACT_TEXT("empty pattern", found("", 0));
	FACT_TEXT("dir/*", found("dir/*", 0));
	FACT_TEXT("dir/*/f", found("dir/*/f", 0));
	FACT_TEXT("*/*/*", found("d*/*/*", 0));
	FACT_TEXT("d*//*", found("d*//*", 0));
	FACT_TEXT("a.c/*", found("a.c/*", 0));
	FACT_TEXT("d*/", found("dir*/", 0));
	FACT_TEXT("GLOB_MARK", found("[a]*", GLOB_MARK));
	FACT_TEXT("GLOB_MARK of a directory", found("dir*", GLOB_MARK));
	FACT_TEXT("link to nothing", found("dang*", 0));
	FACT_TEXT("link to a directory, GLOB_MARK", found("lin*", GLOB_MARK));
	FACT_TEXT("below a link", found("lin*/o*", 0));
	FACT("a first time", glob("*.c", 0, NULL, &out));
	FACT("and GLOB_APPEND", glob("dir/*", GLOB_APPEND, NULL, &out));
	FACT("names then", (long)out.gl_pathc);
	FACT_TEXT("the last of them", out.gl_pathv[3]);
	globfree(&out);
	for (int i = 0; i < 100; i++) {
		snprintf(many, sizeof(many), "dir/one/many%02d", i);
		MUST(put(many, ""));
	}
	FACT("a hundred names", glob("dir/*/many*", 0, NULL, &out));
	FACT("how many", (long)out.gl_pathc);
	FACT_TEXT("the 50th", out.gl_pathv[49]);
	globfree(&out);
	failures = 0;
	FACT("a directory that is none", glob("a.c/*/x", GLOB_ERR, count_failure, &out));
	FACT("is no failure", failures);

	FACT("fnmatch a*", fnmatch("a*", "abc", 0));
	FACT("fnmatch a* other", fnmatch("a*", "bc", 0) != 0);
	FACT("fnmatch * and a slash", fnmatch("*", "a/b", 0));
	FACT("fnmatch * and a slash, FNM_PATHNAME", fnmatch("*", "a/b", FNM_PATHNAME) != 0);
	FACT("fnmatch * and a dot", fnmatch("*", ".a", 0));
	FACT("fnmatch * and a dot, FNM_PERIOD", fnmatch("*", ".a", FNM_PERIOD) != 0);
	FACT("fnmatch */* and a dot, FNM_PERIOD FNM_PATHNAME", fnmatch("*/*", "a/.b", FNM_PERIOD | FNM_PATHNAME) != 0);
	FACT("fnmatch [a-c]", fnmatch("[a-c]", "b", 0));
	FACT("fnmatch [!a-c]", fnmatch("[!a-c]", "b", 0) != 0);
	FACT("fnmatch []]", fnmatch("[]]", "]", 0));
	FACT("fnmatch [a", fnmatch("[a", "[a", 0));
	FACT("fnmatch \\*", fnmatch("\\*", "*", 0));
	FACT("fnmatch \\* FNM_NOESCAPE", fnmatch("\\*", "\\abc", FNM_NOESCAPE));
	FACT("fnmatch many asterisks", fnmatch("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0) != 0);
}

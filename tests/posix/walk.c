/* SPDX-License-Identifier: BSD-2-Clause */
/* ftw and nftw: walks over trees. Directories have one entry each, as the order of more is nobody's promise. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static char seen[4000];
static const char *end_at;

static const char *kind_name(int kind)
{
	switch (kind) {
	case FTW_F: return "F";
	case FTW_D: return "D";
	case FTW_DP: return "DP";
	case FTW_DNR: return "DNR";
	case FTW_SL: return "SL";
	case FTW_SLN: return "SLN";
	case FTW_NS: return "NS";
	default: return "?";
	}
}

static int note(const char *path, const char *kind, int level, int base)
{
	size_t used = strlen(seen);

	snprintf(seen + used, sizeof(seen) - used, "%s%s %s %d %s", used ? ", " : "", path, kind, level, path + base);
	return end_at && strcmp(path, end_at) == 0 ? 7 : 0;
}

static int note_full(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	return note(path, kind_name(kind), where->level, where->base);
}

static int note_here(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	struct stat here;

	(void)kind;
	/* With FTW_CHDIR a file is found by the last part of its name. */
	return note(path, lstat(path + where->base, &here) == 0 && here.st_ino == st->st_ino ? "here" : "elsewhere",
		    where->level, where->base);
}

static int note_plain(const char *path, const struct stat *st, int kind)
{
	(void)st;
	return note(path, kind_name(kind), 0, 0);
}

static int count_full(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)path, (void)st, (void)kind, (void)where;
	seen[0]++;
	return 0;
}

static const char *walked(const char *path, int depth, int flags)
{
	int result;

	seen[0] = '\0';
	result = nftw(path, note_full, depth, flags);
	if (result < 0)
		return NULL;
	if (result)
		strcat(seen, " ended");
	return seen;
}

void chapter_walk(void)
{
	char path[600] = "deep";

	MUST(mkdir("top", 0755));
	MUST(mkdir("top/mid", 0755));
	MUST(put("top/mid/leaf", "x"));
	MUST(mkdir("links", 0755));
	MUST_IF_OFFERED(symlink("../top/mid", "links/to"));
	MUST(mkdir("dead", 0755));
	MUST_IF_OFFERED(symlink("nowhere", "dead/to"));
	MUST(mkdir("circle", 0755));
	MUST_IF_OFFERED(symlink(".", "circle/self"));
	FACT_TEXT("FTW_PHYS", walked("top", 10, FTW_PHYS));
	FACT_TEXT("FTW_DEPTH", walked("top", 10, FTW_PHYS | FTW_DEPTH));
	FACT_TEXT("with one descriptor", walked("top", 1, FTW_PHYS));
	FACT_TEXT("links followed", walked("links", 10, 0));
	FACT_TEXT("links not followed", walked("links", 10, FTW_PHYS));
	FACT_TEXT("link to nothing", walked("dead", 10, 0));
	FACT_TEXT("a circle", walked("circle", 10, 0));
	FACT_TEXT("slash behind", walked("top/", 10, FTW_PHYS));
	FACT_TEXT("a file", walked("top/mid/leaf", 10, FTW_PHYS));
	FACT_TEXT("from .", walked("./top", 10, FTW_PHYS | FTW_MOUNT));
	FACT_TEXT("nothing there", walked("none", 10, FTW_PHYS));
	end_at = "top/mid";
	FACT_TEXT("ended by the function", walked("top", 10, FTW_PHYS));
	end_at = NULL;
	seen[0] = '\0';
	FACT("FTW_CHDIR", nftw("top", note_here, 10, FTW_PHYS | FTW_CHDIR));
	FACT_TEXT("what it saw", seen);
	FACT("it came back", exists("top"));
	seen[0] = '\0';
	FACT("ftw", ftw("top", note_plain, 3));
	FACT_TEXT("what ftw saw", seen);
	MUST(mkdir("deep", 0755));
	for (int i = 0; i < 40; i++) {
		strcat(path, "/d");
		MUST(mkdir(path, 0755));
	}
	seen[0] = '\0';
	FACT("40 levels with 5 descriptors", nftw("deep", count_full, 5, FTW_PHYS));
	FACT("how many were there", seen[0]);
	seen[0] = '\0';
}

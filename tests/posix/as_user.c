/* SPDX-License-Identifier: BSD-2-Clause */
/* What others than user 0 and the owner may do. This process is user 0; children become the others, and ask. */
#include "tests/posix/as_user.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"
#include "tests/posix/system.h"

enum { OWNER = 1001, GROUP = 2001, MEMBER = 1002, OTHER = 1003, SECOND = 2002 };

static char top[512];

/* USER:GROUP:SECOND DIRECTORY PART FACT: SECOND is a supplementary group or 0. How many facts. */
static long errand_as(int argc, char **argv)
{
	unsigned user, group, second;
	gid_t groups[1];

	if (argc != 4 || sscanf(argv[0], "%u:%u:%u", &user, &group, &second) != 3)
		return -1;
	groups[0] = second;
	if (system_become(user, group, groups, second != 0) < 0 || chdir(argv[1]) < 0)
		return -1;
	for (const struct user_part *part = user_parts; part->name; part++) {
		if (strcmp(part->name, argv[2]) == 0)
			return part_run("as_user", part->run, argv[3]);
	}
	return as_errno(ENOSYS);
}

const struct errand user_errands[] = {
	{"as", errand_as},
	{NULL, NULL},
};

static long ask(unsigned user, unsigned group, unsigned second, const char *part, const char *fact)
{
	char who[64];

	snprintf(who, sizeof(who), "%u:%u:%u", user, group, second);
	return child_run("as", who, top, part, fact);
}

static void as(unsigned user, unsigned group, unsigned second, const char *part, const char *fact)
{
	facts_add((unsigned)MUST(ask(user, group, second, part, fact)));
}

static void classes(void)
{
	MUST(put("file", "text"));
	MUST(chown("file", OWNER, GROUP));
	MUST(chmod("file", 0751));
	as(OWNER, OWNER, 0, "allowed", "owner of 0751");
	as(MEMBER, GROUP, 0, "allowed", "group of 0751");
	as(OTHER, OTHER, 0, "allowed", "others of 0751");
	MUST(chmod("file", 0077));
	as(OWNER, GROUP, 0, "allowed", "owner of 0077");
	as(OWNER, GROUP, 0, "chmod", "chmod by the owner");
	MUST(chmod("file", 0707));
	as(MEMBER, GROUP, 0, "allowed", "group of 0707");
	as(MEMBER, GROUP, 0, "chmod", "chmod by the group");
	MUST(chown("file", OWNER, SECOND));
	MUST(chmod("file", 0060));
	as(MEMBER, GROUP, SECOND, "allowed", "second group of 0060");
	as(MEMBER, GROUP, 0, "allowed", "others of 0060");
	as(OTHER, OTHER, 0, "identity", "who this is");
}

static void directories(void)
{
	MUST(mkdir("dir", 0755));
	MUST(put("dir/file", "text"));
	as(OTHER, OTHER, 0, "directory 0755", "");
	MUST(chmod("dir", 0744));
	as(OTHER, OTHER, 0, "directory 0744", "");
	MUST(chmod("dir", 0711));
	as(OTHER, OTHER, 0, "directory 0711", "");
	MUST(chmod("dir", 0777));
	as(OTHER, OTHER, 0, "directory 0777", "");
	MUST(mkdir("closed", 0700));
	MUST(mkdir("closed/open", 0777));
	MUST(symlink("closed/open", "through"));
	as(OTHER, OTHER, 0, "directory 0700", "");
}

static void sticky(void)
{
	MUST(mkdir("tmp", 0777));
	MUST(chmod("tmp", 01777));
	as(OWNER, GROUP, 0, "sticky make", "");
	as(OTHER, OTHER, 0, "sticky others", "");
	as(OWNER, GROUP, 0, "sticky owner", "");
	MUST(chown("tmp", MEMBER, MEMBER));
	MUST(put("tmp/own", "x"));
	as(MEMBER, MEMBER, 0, "sticky owner", " of the directory");
}

static void changing(void)
{
	MUST(put("theirs", "x"));
	MUST(chown("theirs", OWNER, GROUP));
	MUST(chmod("theirs", 0666));
	as(OTHER, OTHER, 0, "change 0666", "");
	MUST(chmod("theirs", 0644));
	as(OTHER, OTHER, 0, "change 0644", "");
	as(OWNER, GROUP, SECOND, "change own", "");
	MUST(chown("theirs", OWNER, OTHER));
	as(OWNER, GROUP, 0, "change group", "");
	FACT_OCTAL("set-group-ID by an owner who is not in the group", mode_of("theirs"));
	MUST(mkdir("shared", 0777));
	MUST(chown("shared", OWNER, SECOND));
	MUST(chmod("shared", 02777));
	as(OTHER, OTHER, 0, "set-group-ID directory", "");
}

void chapter_as_user(void)
{
	if (geteuid() != 0 || !owners_offered() || !getcwd(top, sizeof(top)) || ask(OTHER, OTHER, 0, "nothing", "") < 0)
		chapter_leave_out();
	classes();
	directories();
	sticky();
	changing();
}

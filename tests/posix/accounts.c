/* SPDX-License-Identifier: BSD-2-Clause */
/* Users and groups as the system's files have them: what is the same everywhere. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"

void chapter_accounts(void)
{
	struct passwd user, *found_user;
	struct group group, *found_group;
	char buffer[4096];
	gid_t groups[4];
	int count = 0;
	bool seen = false;

	FACT_YES("getpwnam root",
		 (found_user = getpwnam("root")) && found_user->pw_uid == 0 && found_user->pw_gid == 0);
	FACT_YES("getpwuid 0", (found_user = getpwuid(0)) && strcmp(found_user->pw_name, "root") == 0);
	errno = 0;
	FACT_YES("getpwnam of nobody there", getpwnam("no such user") == NULL);
	FACT_YES("getpwuid of nobody there", getpwuid(54321) == NULL);
	FACT("getpwnam_r", getpwnam_r("root", &user, buffer, sizeof(buffer), &found_user));
	FACT_YES("it is root", found_user == &user && strcmp(user.pw_name, "root") == 0 && user.pw_dir[0] == '/' &&
				       user.pw_shell[0] == '/');
	FACT("getpwuid_r of nobody there", getpwuid_r(54321, &user, buffer, sizeof(buffer), &found_user));
	FACT_YES("says so by NULL", found_user == NULL);
	FACT("getpwnam_r with a small buffer", as_errno(getpwnam_r("root", &user, buffer, 3, &found_user)));
	FACT_YES("getgrnam root", (found_group = getgrnam("root")) && found_group->gr_gid == 0 && found_group->gr_mem);
	FACT_YES("getgrgid 0", (found_group = getgrgid(0)) && strcmp(found_group->gr_name, "root") == 0);
	FACT("getgrnam_r", getgrnam_r("root", &group, buffer, sizeof(buffer), &found_group));
	FACT_YES("it is root's", found_group == &group && group.gr_gid == 0);
	FACT("getgrgid_r with a small buffer", as_errno(getgrgid_r(0, &group, buffer, 3, &found_group)));
	FACT("getgrgid_r of nobody there", getgrgid_r(54321, &group, buffer, sizeof(buffer), &found_group));
	FACT_YES("says so by NULL, too", found_group == NULL);
	setpwent();
	while ((found_user = getpwent()))
		seen |= strcmp(found_user->pw_name, "root") == 0;
	endpwent();
	FACT_YES("getpwent goes by root", seen);
	seen = false;
	setgrent();
	while ((found_group = getgrent()))
		seen |= strcmp(found_group->gr_name, "root") == 0;
	endgrent();
	FACT_YES("getgrent goes by root", seen);
	FACT_YES("getgrouplist without room", getgrouplist("no such user", 77, groups, &count) == -1);
	FACT("and how many there are", count);
	FACT("getgrouplist", getgrouplist("no such user", 77, groups, &count));
	FACT("the first", (long)groups[0]);
	FACT("setuid to the own", setuid(getuid()));
	FACT("setegid to the own", setegid(getegid()));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* <pwd.h> over /etc/passwd, and the name of who runs the program. */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "sys/posix/accounts.h"
#include "sys/posix/errno_map.h"

#define PASSWD_FILE "/etc/passwd"

enum { NAME, PASSWORD, USER, GROUP, COMMENT, HOME, SHELL, FIELDS };

static struct passwd shared_entry; /* what the functions without a buffer answer; these are for one thread by POSIX */
static char shared_line[ACCOUNT_LINE_MAX];
static FILE *listing; /* of getpwent */

static int entry_parse(void *out, char *line, size_t size)
{
	char *fields[FIELDS];
	unsigned user, group;

	(void)size;
	if (line[0] == '#' || account_fields(line, fields, FIELDS) != FIELDS || fields[NAME][0] == '\0' ||
	    !account_number(fields[USER], &user) || !account_number(fields[GROUP], &group))
		return ENOENT;
	*(struct passwd *)out = (struct passwd){
		.pw_name = fields[NAME],
		.pw_passwd = fields[PASSWORD],
		.pw_uid = user,
		.pw_gid = group,
		.pw_comment = fields[COMMENT],
		.pw_gecos = fields[COMMENT],
		.pw_dir = fields[HOME],
		.pw_shell = fields[SHELL],
	};
	return 0;
}

static bool name_matches(const void *entry, const void *name)
{
	return strcmp(((const struct passwd *)entry)->pw_name, name) == 0;
}

static bool id_matches(const void *entry, const void *id)
{
	return ((const struct passwd *)entry)->pw_uid == *(const uid_t *)id;
}

static int find(account_match *match, const void *wanted, struct passwd *out, char *buffer, size_t size,
		struct passwd **result)
{
	bool found;
	int error = account_find(PASSWD_FILE, entry_parse, match, wanted, out, buffer, size, &found);

	*result = error == 0 && found ? out : NULL;
	return error;
}

int getpwnam_r(const char *name, struct passwd *out, char *buffer, size_t size, struct passwd **result)
{
	return find(name_matches, name, out, buffer, size, result);
}

int getpwuid_r(uid_t id, struct passwd *out, char *buffer, size_t size, struct passwd **result)
{
	return find(id_matches, &id, out, buffer, size, result);
}

static struct passwd *find_shared(account_match *match, const void *wanted)
{
	struct passwd *result;
	int error = find(match, wanted, &shared_entry, shared_line, sizeof(shared_line), &result);

	if (error)
		errno = error;
	return result;
}

struct passwd *getpwnam(const char *name)
{
	return find_shared(name_matches, name);
}

struct passwd *getpwuid(uid_t id)
{
	return find_shared(id_matches, &id);
}

struct passwd *getpwent(void)
{
	bool found;
	int error;

	if (!listing)
		listing = fopen(PASSWD_FILE, "re");
	if (!listing)
		return NULL;
	error = account_next(listing, entry_parse, &shared_entry, shared_line, sizeof(shared_line), &found);
	if (error)
		errno = error;
	return found ? &shared_entry : NULL;
}

void setpwent(void)
{
	if (listing)
		rewind(listing);
}

void endpwent(void)
{
	if (listing)
		fclose(listing);
	listing = NULL;
}

/* There are no log-ins: it is the user's name. */
int getlogin_r(char *out, size_t size)
{
	char line[ACCOUNT_LINE_MAX];
	struct passwd entry, *result;
	int error = getpwuid_r(getuid(), &entry, line, sizeof(line), &result);

	if (error || !result)
		return error ? error : ENXIO;
	if (strlen(result->pw_name) >= size)
		return ERANGE;
	strcpy(out, result->pw_name);
	return 0;
}

char *getlogin(void)
{
	static char name[256];
	int error = getlogin_r(name, sizeof(name));

	if (error)
		errno = error;
	return error ? NULL : name;
}

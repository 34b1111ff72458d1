/* SPDX-License-Identifier: BSD-2-Clause */
/* <grp.h> over /etc/group. */
#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "sys/posix/accounts.h"
#include "sys/posix/errno_map.h"

#define GROUP_FILE "/etc/group"

enum { NAME, PASSWORD, ID, MEMBERS, FIELDS };

static struct group shared_entry; /* what the functions without a buffer answer; these are for one thread by POSIX */
static char shared_line[2 * ACCOUNT_LINE_MAX];
static FILE *listing; /* of getgrent */

/* The members' names stay where they are; the list of them goes behind the line. */
static int members_split(char *members, char *end, size_t size, char ***out)
{
	size_t count = 0, skip = -(uintptr_t)end % sizeof(char *), room;
	char **list;

	if (size < skip)
		return ERANGE;
	list = (char **)(void *)(end + skip);
	room = (size - skip) / sizeof(char *);
	for (char *at = members; at && *at;) {
		char *comma = strchr(at, ',');

		if (count >= room)
			return ERANGE;
		list[count++] = at;
		if (comma)
			*comma++ = '\0';
		at = comma;
	}
	if (count >= room)
		return ERANGE;
	list[count] = NULL;
	*out = list;
	return 0;
}

static int entry_parse(void *out, char *line, size_t size)
{
	size_t len = strlen(line) + 1;
	char *fields[FIELDS];
	struct group entry;
	unsigned id;

	if (line[0] == '#' || account_fields(line, fields, FIELDS) != FIELDS || fields[NAME][0] == '\0' ||
	    !account_number(fields[ID], &id))
		return ENOENT;
	entry = (struct group){.gr_name = fields[NAME], .gr_passwd = fields[PASSWORD], .gr_gid = id};
	*(struct group *)out = entry;
	return members_split(fields[MEMBERS], line + len, size - len, &((struct group *)out)->gr_mem);
}

static bool name_matches(const void *entry, const void *name)
{
	return strcmp(((const struct group *)entry)->gr_name, name) == 0;
}

static bool id_matches(const void *entry, const void *id)
{
	return ((const struct group *)entry)->gr_gid == *(const gid_t *)id;
}

static int find(account_match *match, const void *wanted, struct group *out, char *buffer, size_t size,
		struct group **result)
{
	bool found;
	int error = account_find(GROUP_FILE, entry_parse, match, wanted, out, buffer, size, &found);

	*result = error == 0 && found ? out : NULL;
	return error;
}

int getgrnam_r(const char *name, struct group *out, char *buffer, size_t size, struct group **result)
{
	return find(name_matches, name, out, buffer, size, result);
}

int getgrgid_r(gid_t id, struct group *out, char *buffer, size_t size, struct group **result)
{
	return find(id_matches, &id, out, buffer, size, result);
}

static struct group *find_shared(account_match *match, const void *wanted)
{
	struct group *result;
	int error = find(match, wanted, &shared_entry, shared_line, sizeof(shared_line), &result);

	if (error)
		errno = error;
	return result;
}

struct group *getgrnam(const char *name)
{
	return find_shared(name_matches, name);
}

struct group *getgrgid(gid_t id)
{
	return find_shared(id_matches, &id);
}

struct group *getgrent(void)
{
	bool found;
	int error;

	if (!listing)
		listing = fopen(GROUP_FILE, "re");
	if (!listing)
		return NULL;
	error = account_next(listing, entry_parse, &shared_entry, shared_line, sizeof(shared_line), &found);
	if (error)
		errno = error;
	return found ? &shared_entry : NULL;
}

void setgrent(void)
{
	if (listing)
		rewind(listing);
}

void endgrent(void)
{
	if (listing)
		fclose(listing);
	listing = NULL;
}

int getgrouplist(const char *user, gid_t first, gid_t *out, int *count)
{
	char line[2 * ACCOUNT_LINE_MAX];
	FILE *file = fopen(GROUP_FILE, "re");
	struct group entry;
	int n = 0, room = *count;
	bool found = true;

	if (n < room)
		out[n] = first;
	n++;
	while (file && found && account_next(file, entry_parse, &entry, line, sizeof(line), &found) == 0 && found) {
		bool member = false;

		for (char **name = entry.gr_mem; *name; name++)
			member |= strcmp(*name, user) == 0;
		if (!member || entry.gr_gid == first)
			continue;
		if (n < room)
			out[n] = entry.gr_gid;
		n++;
	}
	if (file)
		fclose(file);
	*count = n;
	return n > room ? -1 : n;
}

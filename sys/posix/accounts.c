/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading of /etc/passwd and /etc/group, for users.c and groups.c. */
#include "sys/posix/accounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A line into the buffer, without its end: 0, ERANGE (the rest is still there), ENOENT at the end, or another errno. */
static int line_read(FILE *file, char *buffer, size_t size)
{
	size_t len;

	if (size < 2 || size > 0x7fffffff)
		return size < 2 ? ERANGE : EINVAL;
	errno = 0;
	if (!fgets(buffer, (int)size, file))
		return ferror(file) ? errno ? errno : EIO : ENOENT;
	len = strlen(buffer);
	if (len && buffer[len - 1] == '\n')
		buffer[len - 1] = '\0';
	else if (len + 1 == size && !feof(file))
		return ERANGE;
	return 0;
}

static void line_skip(FILE *file)
{
	int c;

	do {
		c = getc(file);
	} while (c != '\n' && c != EOF);
}

int account_next(FILE *file, int (*parse)(void *, char *, size_t), void *entry, char *buffer, size_t size, bool *found)
{
	*found = false;
	for (;;) {
		int result = line_read(file, buffer, size);

		if (result == ENOENT)
			return 0;
		if (result == 0)
			result = parse(entry, buffer, size);
		else if (result == ERANGE)
			line_skip(file);
		if (result == ENOENT)
			continue;
		*found = result == 0;
		return result;
	}
}

int account_find(const char *path, int (*parse)(void *, char *, size_t), account_match *match, const void *wanted,
		 void *entry, char *buffer, size_t size, bool *found)
{
	FILE *file = fopen(path, "re");
	int result = 0;

	*found = false;
	if (!file)
		return errno == ENOENT ? 0 : errno;
	do {
		result = account_next(file, parse, entry, buffer, size, found);
	} while (result == 0 && *found && !match(entry, wanted));
	fclose(file);
	return result;
}

size_t account_fields(char *line, char **fields, size_t max)
{
	size_t count = 0;

	while (count < max) {
		fields[count++] = line;
		line = strchr(line, ':');
		if (!line)
			return count;
		*line++ = '\0';
	}
	return max + 1;
}

bool account_number(const char *field, unsigned *out)
{
	unsigned long value;
	char *end;

	if (field[0] < '0' || field[0] > '9')
		return false;
	value = strtoul(field, &end, 10);
	*out = (unsigned)value;
	return *end == '\0' && value <= 0xffffffff;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* getdelim and getline, in the place of the C library's, which write behind the end of the buffer, end no last line with a NUL and
 * answer 0 at the end of the file. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_START 120 /* bytes of the first buffer */

/* Room for one more byte and the NUL. */
static bool room_make(char **line, size_t *size, size_t used)
{
	size_t wanted = *line ? 2 * *size : LINE_START;
	char *more;

	if (*line && *size >= used + 2)
		return true;
	if (used >= (size_t)PTRDIFF_MAX - 2) {
		errno = EOVERFLOW;
		return false;
	}
	wanted = wanted < used + 2 ? used + 2 : wanted;
	more = realloc(*line, wanted);
	if (!more)
		return false;
	*line = more;
	*size = wanted;
	return true;
}

ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter, FILE *restrict file)
{
	size_t used = 0;
	bool failed = false;
	int c = 0;

	if (!line || !size) {
		errno = EINVAL;
		return -1;
	}
	flockfile(file);
	while (!failed) {
		failed = !room_make(line, size, used);
		if (failed)
			break;
		c = getc_unlocked(file);
		if (c == EOF)
			break;
		(*line)[used++] = (char)c;
		if (c == delimiter)
			break;
	}
	failed |= c == EOF && (used == 0 || ferror_unlocked(file));
	funlockfile(file);
	if (failed)
		return -1;
	(*line)[used] = '\0';
	return (ssize_t)used;
}

ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict file)
{
	return getdelim(line, size, '\n', file);
}

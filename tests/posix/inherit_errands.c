/* SPDX-License-Identifier: BSD-2-Clause */
/* What children do with descriptors and with the working directory that they are given. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"

/* FD TEXT: how many bytes were written */
static long errand_write(int argc, char **argv)
{
	return argc == 2 ? (long)write(atoi(argv[0]), argv[1], strlen(argv[1])) : -1;
}

/* FD TEXT: is that what is read? The number of bytes, or 99. */
static long errand_read(int argc, char **argv)
{
	char buffer[64];
	ssize_t n = argc == 2 ? read(atoi(argv[0]), buffer, strlen(argv[1])) : -1;

	if (n < 0)
		return -1;
	return memcmp(buffer, argv[1], (size_t)n) == 0 ? (long)n : 99;
}

/* FD OFFSET: the position then */
static long errand_seek(int argc, char **argv)
{
	return argc == 2 ? (long)lseek(atoi(argv[0]), atol(argv[1]), SEEK_SET) : -1;
}

static long errand_close(int argc, char **argv)
{
	return argc == 1 ? close(atoi(argv[0])) : -1;
}

/* Is the descriptor open? Its F_GETFD. */
static long errand_getfd(int argc, char **argv)
{
	return argc == 1 ? fcntl(atoi(argv[0]), F_GETFD) : -1;
}

/* FD on|off: O_APPEND */
static long errand_append(int argc, char **argv)
{
	return argc == 2 ? fcntl(atoi(argv[0]), F_SETFL, strcmp(argv[1], "on") == 0 ? O_APPEND : 0) : -1;
}

/* How many descriptors from 3 to 99 are open */
static long errand_count(int argc, char **argv)
{
	long count = 0;

	(void)argc, (void)argv;
	for (int fd = 3; fd < 100; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* PATH: size */
static long errand_size(int argc, char **argv)
{
	return argc == 1 ? size_of(argv[0]) : -1;
}

static long errand_chdir(int argc, char **argv)
{
	return argc == 1 ? chdir(argv[0]) : -1;
}

/* PATH: makes a file with mode 0666, which the umask then cuts */
static long errand_make(int argc, char **argv)
{
	return argc == 1 ? shut(open(argv[0], O_WRONLY | O_CREAT | O_EXCL, 0666)) : -1;
}

static long errand_umask(int argc, char **argv)
{
	(void)argc, (void)argv;
	umask(0777);
	return 0;
}

const struct errand inherit_errands[] = {
	{"write", errand_write}, {"read", errand_read},     {"seek", errand_seek},   {"close", errand_close},
	{"getfd", errand_getfd}, {"append", errand_append}, {"count", errand_count}, {"size", errand_size},
	{"chdir", errand_chdir}, {"make", errand_make},     {"umask", errand_umask}, {NULL, NULL},
};

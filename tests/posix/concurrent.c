/* SPDX-License-Identifier: BSD-2-Clause */
/* Several processes at once: what must come out whatever their order is. */
#include "tests/posix/concurrent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"

#define CHILDREN 4

static const char *const words[CHILDREN] = {"a", "b", "c", "d"};

/* The sum of their results; -1 and the errno of one if any of them failed. */
static long all(pid_t pids[CHILDREN])
{
	long sum = 0;
	int error = 0;

	for (int i = 0; i < CHILDREN; i++) {
		long result = child_result(pids[i]);

		if (result < 0)
			error = errno;
		sum += result;
	}
	errno = error;
	return error ? -1 : sum;
}

static void start(pid_t pids[CHILDREN], const char *errand, const char *argument)
{
	for (int i = 0; i < CHILDREN; i++)
		pids[i] = MUST(child_start(NULL, errand, argument ? argument : words[i], NULL, NULL, NULL));
}

static long together(const char *errand, const char *argument)
{
	pid_t pids[CHILDREN];

	start(pids, errand, argument);
	return all(pids);
}

/* O_APPEND: no record is lost or torn. */
static void adding(void)
{
	int counts[CHILDREN] = {0}, torn = 0, fd;
	char line[RECORD];

	MUST(put("log", ""));
	FACT("four add lines", together("add", NULL));
	FACT("bytes of all lines", size_of("log"));
	fd = MUST(open("log", O_RDONLY));
	while (read(fd, line, RECORD) == RECORD) {
		bool whole = line[RECORD - 1] == '\n' && line[0] >= 'a' && line[0] < 'a' + CHILDREN;

		for (int i = 0; i < RECORD - 1; i++)
			whole = whole && line[i] == line[0];
		if (whole)
			counts[line[0] - 'a']++;
		else
			torn++;
	}
	close(fd);
	FACT("torn lines", torn);
	FACT_YES("each has its lines", counts[0] == ROUNDS && counts[1] == ROUNDS && counts[2] == ROUNDS);
}

/* O_EXCL: each name is made once. */
static void claiming(void)
{
	FACT("names that four made by O_EXCL", together("claim", NULL));
	FACT("names that there are", entries_of("."));
}

/* The file that is replaced by rename is there at any time, and whole. */
static void replacing(void)
{
	static char text[WHOLE + 1];
	int missing = 0, torn = 0, running = CHILDREN;
	bool failed = false;
	pid_t pids[CHILDREN];

	memset(text, 'z', WHOLE);
	MUST(put("current", text));
	start(pids, "replace", NULL);
	while (running > 0) {
		int fd = open("current", O_RDONLY), status;
		ssize_t n = fd < 0 ? 0 : read(fd, text, WHOLE + 1);

		missing += fd < 0;
		for (ssize_t i = 1; i < n; i++)
			torn += text[i] != text[0];
		torn += fd >= 0 && n != WHOLE;
		if (fd >= 0)
			close(fd);
		usleep(100); /* lets them run where they are of a lower priority */
		if (waitpid(pids[running - 1], &status, WNOHANG) == pids[running - 1]) {
			failed = failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
			running--;
		}
	}
	FACT_YES("four replace a file", !failed);
	FACT("times that it was not there", missing);
	FACT("times that it was not whole", torn);
	FACT("links in the end", links_of("current"));
}

static void counting(void)
{
	MUST(put("number", "0"));
	FACT("four count with fcntl's locks", together("count_up", "l"));
	FACT_TEXT("their number", get("number"));
	MUST(put("number", "0"));
	FACT("four count with flock", together("count_up", "f"));
	FACT_TEXT("their number by flock", get("number"));
}

static void churning(void)
{
	MUST(mkdir("churn", 0755));
	FACT("four in one directory", together("churn", NULL));
	FACT_TEXT("what is left", names_in("churn"));
	FACT("links of the directory", links_of("churn"));
	FACT_TEXT("one of the files", get("churn/c-a"));
}

void chapter_concurrent(void)
{
	adding();
	MUST(mkdir("claims", 0755));
	MUST(chdir("claims"));
	claiming();
	MUST(chdir(".."));
	replacing();
	counting();
	churning();
}

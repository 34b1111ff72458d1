/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits, niceness and usage. What cannot be undone is done by children. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/process.h"

static long result(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WIFSIGNALED(status);
}

static void numbers(void)
{
	struct rlimit limit, before;
	char which[8];

	FACT("getrlimit of none", getrlimit(-1, &limit));
	FACT("getrlimit of too much", getrlimit(1000, &limit));
	FACT("setrlimit of none", setrlimit(-1, &(struct rlimit){0, 0}));
	FACT("soft above hard", setrlimit(RLIMIT_CORE, &(struct rlimit){2, 1}));
	MUST(getrlimit(RLIMIT_FSIZE, &before));
	limit = (struct rlimit){before.rlim_max == RLIM_INFINITY ? 1ul << 40 : before.rlim_max, before.rlim_max};
	limit.rlim_cur -= limit.rlim_cur % 90;
	limit.rlim_cur += 17 - 90;
	FACT("a soft limit", setrlimit(RLIMIT_FSIZE, &limit));
	FACT_YES("is what it is", getrlimit(RLIMIT_FSIZE, &before) == 0 && before.rlim_cur == limit.rlim_cur &&
					  before.rlim_max == limit.rlim_max);
	snprintf(which, sizeof(which), "%d", RLIMIT_FSIZE);
	FACT("a child has it too", result(process_start(NULL, "limit", which)));
	limit.rlim_cur = limit.rlim_max;
	FACT("and back", setrlimit(RLIMIT_FSIZE, &limit));
	FACT("prlimit of itself", prlimit(0, RLIMIT_FSIZE, NULL, &limit));
	FACT("prlimit of nobody", prlimit(0x3ffffff0, RLIMIT_FSIZE, NULL, &limit));
}

static void descriptors(void)
{
	struct rlimit before, limit;
	int top = MUST(dup(0)), fd;

	close(top);
	MUST(getrlimit(RLIMIT_NOFILE, &before));
	limit = (struct rlimit){(rlim_t)top + 2, before.rlim_max};
	FACT("few descriptors", setrlimit(RLIMIT_NOFILE, &limit));
	FACT_YES("one", (fd = dup(0)) == top);
	FACT_YES("two", dup(0) == top + 1);
	FACT("three", dup(0));
	FACT("open", open(".", O_RDONLY));
	FACT("dup2 to one above", dup2(0, top + 2));
	FACT("dup2 to one below", dup2(0, top) == top ? 0 : -1);
	FACT("F_DUPFD from above", fcntl(0, F_DUPFD, top + 2));
	close(top);
	close(top + 1);
	FACT_YES("a child has as few", result(process_start(NULL, "descriptors", NULL)) <= top + 2);
	FACT("as before", setrlimit(RLIMIT_NOFILE, &before));
	FACT_YES("more than before", (fd = fcntl(0, F_DUPFD, top + 5)) == top + 5);
	close(fd);
}

static void time_used(void)
{
	struct rusage usage;
	int status;
	pid_t pid = MUST(process_start(NULL, "spin", NULL));

	FACT_YES("CPU time ends it", waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	FACT_YES("by XCPU", WTERMSIG(status) == SIGXCPU);
	FACT_YES("its time counts",
		 getrusage(RUSAGE_CHILDREN, &usage) == 0 && usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + 1 >= 1);
	FACT("getrusage of nobody", getrusage(77, &usage));
	FACT("getrusage", getrusage(RUSAGE_SELF, &usage));
	FACT_YES("there is some",
		 usage.ru_utime.tv_sec || usage.ru_utime.tv_usec || usage.ru_stime.tv_sec || usage.ru_stime.tv_usec);
}

static void niceness(void)
{
	pid_t pid = MUST(process_start(NULL, "stay", NULL));

	FACT("getpriority", getpriority(PRIO_PROCESS, 0));
	FACT("getpriority of something", getpriority(77, 0));
	FACT("getpriority of nobody", getpriority(PRIO_PROCESS, 0x3ffffff0));
	FACT("setpriority of a child", setpriority(PRIO_PROCESS, (id_t)pid, 7));
	FACT("it is so", getpriority(PRIO_PROCESS, (id_t)pid));
	FACT("more than there is", setpriority(PRIO_PROCESS, (id_t)pid, 100));
	FACT("counts as most", getpriority(PRIO_PROCESS, (id_t)pid));
	process_end(pid);
	FACT("a child begins with", result(process_start(NULL, "niceness", NULL)));
}

void chapter_limits(void)
{
	numbers();
	descriptors();
	time_used();
	niceness();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands by the shell: system, popen and pclose. Only what every shell has built in. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define LINES 3000

/* On one line. */
static const char *plain(const char *text)
{
	static char copy[256];
	size_t i = 0;

	if (!text)
		return NULL;
	for (; text[i] && i < sizeof(copy) - 1; i++)
		copy[i] = text[i] == '\n' ? ';' : text[i];
	copy[i] = '\0';
	return copy;
}

/* The exit status of what ended by itself; -1 as it is, -2 for others. */
static int ended(int status)
{
	return status == -1 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static void commands(void)
{
	FACT_YES("there is a shell", system(NULL) != 0);
	FACT("nothing", ended(system("")));
	FACT("true", ended(system("true")));
	FACT("exit 3", ended(system("exit 3")));
	FACT("a command that is not there", ended(system("exec 2>/dev/null; no-such-command-anywhere")));
	MUST(setenv("TOLD", "what the environment says", 1));
	FACT("output to a file", ended(system("echo \"$TOLD\" > said")));
	FACT_TEXT("what was said", plain(get("said")));
	FACT("input and a condition", ended(system("read a b < said && test \"$a\" = what")));
	FACT("the working directory is ours", ended(system("test -f said")));
}

static char line[256];

static const char *told(FILE *from)
{
	return fgets(line, sizeof(line), from) ? line : NULL;
}

static void reading(void)
{
	FILE *from = popen("echo hello", "r");
	int n = 0;

	MUST_BE(from != NULL);
	FACT("close-on-exec", fcntl(fileno(from), F_GETFD));
	FACT_TEXT("a command's output", plain(told(from)));
	FACT("pclose of it at its end", ended(pclose(from)));
	from = popen("echo first; exit 7", "r");
	MUST_BE(from != NULL);
	FACT_TEXT("before it fails", plain(told(from)));
	FACT_YES("then there is no more", told(from) == NULL && feof(from));
	FACT("pclose tells its status", ended(pclose(from)));
	from = popen("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done", "re");
	MUST_BE(from != NULL);
	FACT_YES("close-on-exec by its mode", fcntl(fileno(from), F_GETFD) == FD_CLOEXEC);
	for (; n < LINES; n++) {
		char want[32];

		snprintf(want, sizeof(want), "line %d\n", n);
		if (!told(from) || strcmp(line, want) != 0)
			break;
	}
	FACT("lines of many", n);
	FACT("its status", ended(pclose(from)));
	from = popen("exec 2>/dev/null; echo at once", "r");
	MUST_BE(from != NULL);
	FACT("pclose without a look", ended(pclose(from)) >= 0 ? 0 : -1);
	from = popen("exec 2>/dev/null; no-such-command-anywhere", "r");
	MUST_BE(from != NULL);
	FACT("one that is not there", ended(pclose(from)));
}

static void writing(void)
{
	FILE *to = popen("read a b; echo $b-$a > made; exit 4", "w"), *second, *third;

	MUST_BE(to != NULL);
	FACT("what it reads", fprintf(to, "one two\n"));
	FACT("pclose of it", ended(pclose(to)));
	FACT_TEXT("what it made of it", plain(get("made")));
	/* The second command does not hold the first one's end: the first sees the end of its input. */
	to = popen("while read x; do echo $x >> all; done", "w");
	second = popen("read y; echo second $y >> all", "w");
	third = popen("echo third", "r");
	MUST_BE(to != NULL && second != NULL && third != NULL);
	fputs("1\n2\n", to);
	FACT("pclose of the first of several", ended(pclose(to)));
	fputs("3\n", second);
	FACT("of the second", ended(pclose(second)));
	FACT_TEXT("all of it", plain(get("all")));
	FACT_TEXT("what the third says", plain(told(third)));
	FACT("of the third", ended(pclose(third)));
	FACT_YES("a mode that is none", popen("true", "x") == NULL);
	FACT("by its errno", popen("true", "rw") == NULL ? -1 : 0);
}

void chapter_shell(void)
{
	commands();
	reading();
	writing();
}

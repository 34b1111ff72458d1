/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints facts, and runs chapters. */
#include "tests/posix/check.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/files.h"

#define E(name)             \
	{                   \
		name, #name \
	}

/* The place in this table is the error's number between processes; errno values differ from system to system. */
static const struct {
	int value;
	const char *name;
} errors[] = {
	E(EPERM),   E(ENOENT),    E(ESRCH),     E(EINTR),  E(EIO),     E(ENXIO),      E(E2BIG),
	E(ENOEXEC), E(EBADF),     E(ECHILD),    E(EAGAIN), E(ENOMEM),  E(EACCES),     E(EFAULT),
	E(EBUSY),   E(EEXIST),    E(EXDEV),     E(ENODEV), E(ENOTDIR), E(EISDIR),     E(EINVAL),
	E(ENFILE),  E(EMFILE),    E(ENOTTY),    E(EFBIG),  E(ENOSPC),  E(ESPIPE),     E(EROFS),
	E(EMLINK),  E(EPIPE),     E(EDOM),      E(ERANGE), E(ENOSYS),  E(ENOTEMPTY),  E(ENAMETOOLONG),
	E(ELOOP),   E(EOVERFLOW), E(EDEADLK),   E(ENOLCK), E(ENOTSUP), E(EOWNERDEAD), E(ENOTRECOVERABLE),
	E(EPROTO),  E(ETXTBSY),   E(ETIMEDOUT), E(ESTALE), E(EDQUOT),  E(EOPNOTSUPP),
};
#define ERRORS (sizeof(errors) / sizeof(errors[0]))

static const char *chapter_name;
static jmp_buf chapter_end;
static unsigned facts;

int error_code(int error)
{
	for (size_t i = 0; i < ERRORS; i++) {
		if (errors[i].value == error)
			return (int)i;
	}
	return ERRORS;
}

int error_from_code(int code)
{
	return code >= 0 && (size_t)code < ERRORS ? errors[code].value : EPROTO;
}

static const char *error_name(int error)
{
	static char number[24];

	for (size_t i = 0; i < ERRORS; i++) {
		if (errors[i].value == error)
			return errors[i].name;
	}
	snprintf(number, sizeof(number), "errno %d", error);
	return number;
}

/* One write for each line: a log that others write to keeps it whole. */
static void line_print(const char *name, const char *result)
{
	facts++;
	printf("%s: %s: %s\n", chapter_name, name, result);
	fflush(stdout);
}

static void number_print(const char *name, const char *format, long result)
{
	char text[32];

	if (result == -1) {
		line_print(name, error_name(errno));
		return;
	}
	snprintf(text, sizeof(text), format, result);
	line_print(name, text);
}

void fact_number(const char *name, long result)
{
	number_print(name, "%ld", result);
}

void fact_octal(const char *name, long result)
{
	number_print(name, "%#lo", result);
}

void fact_text(const char *name, const char *text)
{
	char quoted[512];

	if (text) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", text);
		line_print(name, quoted);
	} else {
		line_print(name, error_name(errno));
	}
}

void fact_yes(const char *name, bool yes)
{
	line_print(name, yes ? "yes" : "no");
}

long must(const char *call, int line, long result)
{
	if (result != -1)
		return result;
	int error = errno;
	printf("%s: line %d, %s: %s\n", chapter_name, line, call, error_name(error));
	fflush(stdout);
	longjmp(chapter_end, 1);
}

void must_if_offered(const char *call, int line, long result)
{
	if (result != -1 || (errno != EPERM && errno != ENOENT))
		must(call, line, result);
}

int as_errno(int error)
{
	errno = error;
	return error ? -1 : 0;
}

void chapter_leave_out(void)
{
	printf("%s: left out\n", chapter_name);
	fflush(stdout);
	longjmp(chapter_end, 1);
}

void chapter_run(const char *name, void (*chapter)(void))
{
	char top[512];

	chapter_name = name;
	if (!getcwd(top, sizeof(top)) || mkdir(name, 0755) < 0 || chdir(name) < 0) {
		printf("%s: its directory: %s\n", name, error_name(errno));
		return;
	}
	umask(022);
	if (setjmp(chapter_end) == 0) {
		if (!chapter)
			chapter_leave_out();
		chapter();
	}
	umask(022);
	if (chdir(top) < 0 || tree_remove(name) < 0)
		printf("%s: cannot be cleared away: %s\n", name, error_name(errno));
	fflush(stdout);
}

long part_run(const char *chapter, void (*part)(const char *name), const char *name)
{
	chapter_name = chapter;
	if (setjmp(chapter_end) == 0) {
		part(name);
		return facts;
	}
	errno = ECHILD;
	return -1;
}

void facts_add(unsigned count)
{
	facts += count;
}

unsigned facts_count(void)
{
	return facts;
}

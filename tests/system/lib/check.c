/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks and their report, the program's handles and arguments, the end. */

#include "tests/system/lib/test.h"

#include "sys/lib/startup.h"
#include "tests/system/lib/internal.h"

#define REPORTS_MAX 10 /* failed checks shown of one case */

static const char *case_name = "start";
static unsigned case_failures;
static const char *case_skipped;

void case_begin(const char *name)
{
	case_name = name;
	case_failures = 0;
	case_skipped = NULL;
}

const char *case_skip_reason(void)
{
	return case_skipped;
}

/* Threads report too: the first failure names the case's reason, whoever finds it. */
static unsigned count_failure(void)
{
	return __atomic_fetch_add(&case_failures, 1, __ATOMIC_SEQ_CST);
}

static void report(const char *file, int line, const char *text)
{
	unsigned before = count_failure();
	const char *verdict = before ? "also" : "FAIL";

	if (before == REPORTS_MAX)
		print("also %s.%s: more", test_group, case_name);
	if (before >= REPORTS_MAX)
		return;
	print("%s %s.%s: %s:%d: %s", verdict, test_group, case_name, file, line, text);
}

void test_fail(const char *file, int line, const char *what)
{
	report(file, line, what);
}

bool test_check(bool good, const char *file, int line, const char *what)
{
	if (!good)
		report(file, line, what);
	return good;
}

bool test_check_eq(uint64_t got, uint64_t want, const char *file, int line, const char *what)
{
	char text[256];

	if (got == want)
		return true;
	format_text(text, sizeof(text), "%s is %lu (0x%lx), not %lu (0x%lx)", what, got, got, want, want);
	report(file, line, text);
	return false;
}

static const char *const status_names[] = {
	"OK",
	"ERR_INVALID",
	"ERR_HANDLE",
	"ERR_TYPE",
	"ERR_RIGHTS",
	"ERR_NO_MEMORY",
	"ERR_NO_HANDLES",
	"ERR_QUOTA",
	"ERR_FAULT",
	"ERR_PEER_DIED",
	"ERR_CLOSED",
	"ERR_CANCELLED",
	"ERR_TIMED_OUT",
	"ERR_WOULD_BLOCK",
	"ERR_BUSY",
	"ERR_EXISTS",
	"ERR_NOT_FOUND",
	"ERR_STATE",
	"ERR_RANGE",
	"ERR_NO_SYSCALL",
	"ERR_UNSUPPORTED",
	"ERR_PROTOCOL",
	"ERR_IO",
	"ERR_ACCESS",
	"ERR_AGAIN",
	"ERR_BAD_FORMAT",
	"ERR_ELSEWHERE",
	"ERR_ELSEWHERE_TO",
	"ERR_NOT_DIRECTORY",
	"ERR_IS_DIRECTORY",
	"ERR_NOT_EMPTY",
	"ERR_LOOP",
	"ERR_NAME_TOO_LONG",
	"ERR_READ_ONLY",
	"ERR_NO_SPACE",
	"ERR_TOO_BIG",
	"ERR_TOO_MANY_LINKS",
	"ERR_CROSS_DEVICE",
	"ERR_NOT_OWNER",
	"ERR_DEVICE",
	"ERR_DEADLOCK",
	"ERR_STREAM",
	"ERR_NO_READER",
	"ERR_INTERRUPTED",
};
_Static_assert(ARRAY_SIZE(status_names) == 1 - ERR_LAST, "a name for every status");

static const char *status_name(status_t status)
{
	return status <= 0 && status >= ERR_LAST ? status_names[-status] : "no status";
}

bool test_check_status(status_t got, status_t want, const char *file, int line, const char *what)
{
	char text[256];

	if (got == want)
		return true;
	format_text(text, sizeof(text), "%s is %s (%ld), not %s", what, status_name(got), (long)got, status_name(want));
	report(file, line, text);
	return false;
}

void test_skip(const char *why)
{
	case_skipped = why;
}

unsigned test_failures(void)
{
	return case_failures;
}

/* ---- the program's handles and arguments ---- */

const struct startup *test_startup(void)
{
	return startup_get();
}

handle_t test_handle(const char *name)
{
	return startup_handle(name);
}

handle_t test_self(void)
{
	return test_handle(HND_SELF);
}

handle_t test_system_resource(unsigned which)
{
	handle_t resource = HANDLE_NONE;

	CHECK_OK(resource_create(test_handle(HND_RES_SYSTEM), which, 1, &resource));
	return resource;
}

const char *test_argument(uint32_t index)
{
	const struct startup *startup = startup_get();
	const char *base = (const char *)startup;
	uint32_t offset = ((const uint32_t *)(const void *)(base + startup->argv))[index];

	return base + offset;
}

uint64_t test_option(const char *key, uint64_t otherwise)
{
	for (uint32_t i = 1; i < startup_get()->argc; i++) {
		const char *text = test_argument(i), *k = key;
		uint64_t value = 0;

		while (*k && *k == *text) {
			k++;
			text++;
		}
		if (*k || *text++ != '=')
			continue;
		for (; *text >= '0' && *text <= '9'; text++)
			value = value * 10 + (uint64_t)(*text - '0');
		return value;
	}
	return otherwise;
}

/* ---- the end ---- */

/* As the first process nobody is there to end the system for us; below init the effect is the same. */
_Noreturn void test_finish(unsigned failed)
{
	handle_t resource;

	if (test_handle(HND_RES_SYSTEM) != HANDLE_NONE &&
	    resource_create(test_handle(HND_RES_SYSTEM), SYSTEM_RESET, 1, &resource) == OK)
		system_reset(resource, RESET_POWER_OFF);
	process_exit(failed ? 1 : 0);
	for (;;)
		;
}

/* A child reports under its parent's case; its count travels in its exit status. */
_Noreturn void test_child_start(const struct child_args *args)
{
	case_failures = 0;
	images_inherited();
	args->run(args);
	child_exit(0);
}

_Noreturn void child_exit(int64_t status)
{
	process_exit(case_failures ? CHILD_FAILED + (int64_t)case_failures : status);
	for (;;)
		;
}

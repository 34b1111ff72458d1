/* SPDX-License-Identifier: BSD-2-Clause */
/* The main of test programs: runs the cases that are wanted and sums up. */

#include "sys/lib/startup.h"
#include "tests/system/lib/internal.h"

#ifndef VERBOSE
#define VERBOSE 0 /* 1: each case is named before it runs too, for hangs; or the argument verbose=1 */
#endif

/* Without names among the arguments every case runs. */
static bool is_wanted(const char *name)
{
	bool any = false;

	for (uint32_t i = 1; i < startup_get()->argc; i++) {
		const char *text = test_argument(i);
		bool option = false;

		for (const char *p = text; *p; p++)
			option |= *p == '=';
		if (option || !*text)
			continue;
		any = true;
		if (text_equal(text, name))
			return true;
	}
	return !any;
}

int main(void)
{
	unsigned passed = 0, failed = 0;
	bool any_ran = false, verbose = test_option("verbose", VERBOSE);

	images_prepare();
	thread_set_prio(HANDLE_NONE, PRIO_DEFAULT); /* the first thread of the system starts above all */
	for (size_t i = 0; i < test_case_count; i++) {
		if (!is_wanted(test_cases[i].name))
			continue;
		any_ran = true;
		case_begin(test_cases[i].name);
		if (verbose)
			print("run %s.%s", test_group, test_cases[i].name);
		test_cases[i].run();
		if (test_failures()) {
			failed++;
			continue;
		}
		if (case_skip_reason()) {
			print("SKIP %s.%s: %s", test_group, test_cases[i].name, case_skip_reason());
			continue;
		}
		print("PASS %s.%s", test_group, test_cases[i].name);
		passed++;
	}
	if (!any_ran) {
		print("FAIL %s: no case of the given name", test_group);
		failed++;
	}
	print("DONE %u passed, %u failed", passed, failed);
	test_finish(failed);
}

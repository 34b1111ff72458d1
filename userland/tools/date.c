/* SPDX-License-Identifier: BSD-2-Clause */
/* date: what the real-time clock says. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "protocols/devmgr.h"
#include "protocols/rtc.h"
#include "sys/abi/startup.h"
#include "sys/lib/syscall.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "date",
	.summary = TOOL_SUMMARY,
	.usage = "[-s SECONDS] [+FORMAT]",
	.details = "  -s SECONDS   set the clock to that many seconds after 1970-01-01 00:00:00 UTC\n"
		   "  +FORMAT      as strftime has it: +%Y-%m-%d, +%s, ...\n"
		   "Times are UTC.\n",
	.options = "s:",
};

#define WAIT_NS 5000000000ull

static uint64_t deadline(void)
{
	uint64_t now = 0;
	clock_get(&now);
	return now + WAIT_NS;
}

static handle_t open_clock(void)
{
	handle_t device;
	enum devmgr_class class;
	uint32_t index;
	handle_t devmgr = tool_handle(HND_DEVMGR, "devices");
	status_t status = devmgr_open_until(devmgr, deadline(), "rtc:0", &device, &class, &index);
	if (status == ERR_NOT_FOUND)
		tool_fail("this machine has no clock with a driver");
	if (status != OK)
		tool_fail("cannot open the clock: %s", status_text(status));
	if (class != DEVMGR_CLASS_RTC)
		tool_fail("rtc:0 is not a clock");
	return device;
}

int main(int argc, char **argv)
{
	extern char *optarg;
	extern int optind;
	const char *format = "%a %b %d %H:%M:%S UTC %Y", *set = NULL;
	char text[256];
	uint64_t ns = 0;
	struct tm tm;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		set = optarg;
	tool_arguments(argc, 1);
	if (optind < argc && argv[optind][0] != '+')
		tool_usage("a format begins with +");
	if (optind < argc)
		format = argv[optind] + 1;
	handle_t clock = open_clock();
	status_t status = OK;
	if (set)
		status = rtc_set_until(clock, deadline(),
				       number_argument(set, UINT64_MAX / 1000000000, "a number of seconds") *
					       1000000000);
	if (status == OK)
		status = rtc_get_until(clock, deadline(), &ns);
	if (status != OK)
		tool_fail("the clock does not answer: %s", status_text(status));
	time_t seconds = (time_t)(ns / 1000000000);
	if (!gmtime_r(&seconds, &tm) || (strftime(text, sizeof(text), format, &tm) == 0 && *format))
		tool_fail("the date cannot be shown in this format");
	puts(*format ? text : "");
	return tool_end(0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* kill: ends processes. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "kill",
	.summary = TOOL_SUMMARY,
	.usage = "[-SIGNAL] PID... | -l",
	.details = "  -SIGNAL   a number or name (-9, -KILL, -SIGTERM); without it TERM\n"
		   "  -l        list the names\n"
		   "Signals are not delivered to handlers yet: whatever is sent ends the process.\n",
	.options = "",
};

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL}, {"TRAP", SIGTRAP},
	{"ABRT", SIGABRT}, {"FPE", SIGFPE},   {"KILL", SIGKILL}, {"BUS", SIGBUS}, {"SEGV", SIGSEGV},
	{"PIPE", SIGPIPE}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},
};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static int parse_signal(const char *text)
{
	if (isdigit((unsigned char)*text))
		return (int)number_argument(text, 31, "a signal number from 0 to 31");
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < SIGNALS; i++) {
		if (strcasecmp(signals[i].name, text) == 0)
			return signals[i].number;
	}
	tool_usage("'%s' is not a signal (kill -l lists them)", text);
}

/* The first process is the root of all others; the machine cannot go on without it. */
static bool is_init(pid_t pid)
{
	struct process_info info;
	handle_t process;
	if (process_open(startup_handle("res.process"), (uint64_t)pid, &process) != OK)
		return false;
	bool first = process_info(process, &info) == OK && info.parent_koid == 0;
	handle_close(process);
	return first;
}

static int end_process(const char *argument, int signal)
{
	pid_t pid = (pid_t)number_argument(argument, INT32_MAX, "a process number (see ps)");
	if (signal != 0 && is_init(pid)) {
		tool_error("%ld: this is init; use shutdown", (long)pid);
		return TOOL_FAILED;
	}
	if (kill(pid, signal) == 0)
		return 0;
	if (errno == ESRCH)
		tool_error("%ld: no such process", (long)pid);
	else if (errno == EPERM)
		tool_error("%ld: not allowed (the capability 'process_control' is needed)", (long)pid);
	else if (errno == ENOSYS)
		tool_error("stopping and continuing processes is not supported yet");
	else
		tool_error("%ld: %s", (long)pid, strerror(errno));
	return TOOL_FAILED;
}

int main(int argc, char **argv)
{
	int first = 1, signal = SIGTERM, status = 0;

	tool_begin(&tool, argc, argv);
	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		for (size_t i = 0; i < SIGNALS; i++)
			printf("%2d %s\n", signals[i].number, signals[i].name);
		return tool_end(0);
	}
	if (argc > 2 && (strcmp(argv[1], "-s") == 0 || strcmp(argv[1], "-n") == 0)) {
		signal = parse_signal(argv[2]);
		first = 3;
	} else if (argc > 1 && argv[1][0] == '-' && argv[1][1] && strcmp(argv[1], "--") != 0) {
		signal = parse_signal(argv[1] + 1);
		first = 2;
	}
	if (first < argc && strcmp(argv[first], "--") == 0)
		first++;
	if (first >= argc)
		tool_usage("which process?");
	for (int i = first; i < argc; i++)
		status |= end_process(argv[i], signal);
	return tool_end(status);
}

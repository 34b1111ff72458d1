/* SPDX-License-Identifier: BSD-2-Clause */
/* kill: signals to processes. */
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
	.usage = "[-SIGNAL | -s SIGNAL] PID... | -l [STATUS...]",
	.details = "  -SIGNAL   a number or name (-9, -KILL, -SIGTERM); without it TERM; 0 only looks\n"
		   "  -s        the same\n"
		   "  -l        list the names; of a number, or of a status as $? has it, its name\n"
		   "A PID below 0 is the group of that number, 0 the own group, -1 all (behind -SIGNAL or --).\n",
	.options = "",
};

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},     {"TRAP", SIGTRAP},
	{"ABRT", SIGABRT}, {"FPE", SIGFPE},       {"KILL", SIGKILL}, {"BUS", SIGBUS},     {"SEGV", SIGSEGV},
	{"SYS", SIGSYS},   {"PIPE", SIGPIPE},     {"ALRM", SIGALRM}, {"TERM", SIGTERM},   {"URG", SIGURG},
	{"STOP", SIGSTOP}, {"TSTP", SIGTSTP},     {"CONT", SIGCONT}, {"CHLD", SIGCHLD},   {"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU}, {"IO", SIGIO},         {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},   {"PROF", SIGPROF},
	{"USR1", SIGUSR1}, {"VTALRM", SIGVTALRM}, {"USR2", SIGUSR2}, {"WINCH", SIGWINCH},
};
#define SIGNALS    (sizeof(signals) / sizeof(signals[0]))
#define SIGNAL_MAX 63

static int parse_signal(const char *text)
{
	if (isdigit((unsigned char)*text))
		return (int)number_argument(text, SIGNAL_MAX, "a signal number from 0 to 63");
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < SIGNALS; i++) {
		if (strcasecmp(signals[i].name, text) == 0)
			return signals[i].number;
	}
	tool_usage("'%s' is not a signal (kill -l lists them)", text);
}

/* -l: all, or what these are. */
static int list_signals(int count, char **arguments)
{
	for (size_t i = 0; count == 0 && i < SIGNALS; i++)
		printf("%2d %s\n", signals[i].number, signals[i].name);
	for (int a = 0; a < count; a++) {
		int number;
		size_t i = 0;

		if (!isdigit((unsigned char)arguments[a][0])) {
			printf("%d\n", parse_signal(arguments[a]));
			continue;
		}
		number = (int)number_argument(arguments[a], 255, "a signal number or an exit status");
		number = number > 128 ? number - 128 : number;
		while (i < SIGNALS && signals[i].number != number)
			i++;
		if (i < SIGNALS)
			printf("%s\n", signals[i].name);
		else
			printf("%d\n", number);
	}
	return 0;
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

static int send_signal(const char *argument, int signal)
{
	bool group = argument[0] == '-';
	pid_t pid = (pid_t)number_argument(argument + group, INT32_MAX, "a process number (see ps)");

	if (!group && pid > 0 && signal != 0 && is_init(pid)) {
		tool_error("%ld: this is init; use shutdown", (long)pid);
		return TOOL_FAILED;
	}
	pid = group ? -pid : pid;
	if (kill(pid, signal) == 0)
		return 0;
	if (errno == ESRCH)
		tool_error("%ld: no such process", (long)pid);
	else if (errno == EPERM)
		tool_error(
			"%ld: not allowed (another user's, or none for signals: then the capability 'process_control' is needed)",
			(long)pid);
	else
		tool_error("%ld: %s", (long)pid, strerror(errno));
	return TOOL_FAILED;
}

int main(int argc, char **argv)
{
	int first = 1, signal = SIGTERM, status = 0;

	tool_begin(&tool, argc, argv);
	if (argc > 1 && strcmp(argv[1], "-l") == 0)
		return tool_end(list_signals(argc - 2, argv + 2));
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
		status |= send_signal(argv[i], signal);
	return tool_end(status);
}

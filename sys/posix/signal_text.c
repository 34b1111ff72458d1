/* SPDX-License-Identifier: BSD-2-Clause */
/* What signals are called. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "sys/posix/signal_thread.h"

static const char *const texts[] = {
	[SIGHUP] = "Hangup",
	[SIGINT] = "Interrupt",
	[SIGQUIT] = "Quit",
	[SIGILL] = "Illegal instruction",
	[SIGTRAP] = "Trace or breakpoint trap",
	[SIGABRT] = "Aborted",
	[SIGEMT] = "Emulator trap",
	[SIGFPE] = "Arithmetic exception",
	[SIGKILL] = "Killed",
	[SIGBUS] = "Bus error",
	[SIGSEGV] = "Segmentation fault",
	[SIGSYS] = "Bad system call",
	[SIGPIPE] = "Broken pipe",
	[SIGALRM] = "Alarm clock",
	[SIGTERM] = "Terminated",
	[SIGURG] = "Urgent data",
	[SIGSTOP] = "Stopped (signal)",
	[SIGTSTP] = "Stopped",
	[SIGCONT] = "Continued",
	[SIGCHLD] = "Child changed",
	[SIGTTIN] = "Stopped (terminal input)",
	[SIGTTOU] = "Stopped (terminal output)",
	[SIGIO] = "Input or output possible",
	[SIGXCPU] = "CPU time limit exceeded",
	[SIGXFSZ] = "File size limit exceeded",
	[SIGVTALRM] = "Virtual timer expired",
	[SIGPROF] = "Profiling timer expired",
	[SIGWINCH] = "Window changed",
	[SIGLOST] = "Resource lost",
	[SIGUSR1] = "User defined signal 1",
	[SIGUSR2] = "User defined signal 2",
};

char *__wrap_strsignal(int sig);
void __wrap_psignal(int sig, const char *text);

char *__wrap_strsignal(int sig)
{
	static _Thread_local char other[40];

	if (signal_valid(sig) && sig < SIGRTMIN)
		return (char *)(uintptr_t)texts[sig];
	if (signal_valid(sig))
		(void)snprintf(other, sizeof(other), "Real-time signal %d", sig - SIGRTMIN);
	else
		(void)snprintf(other, sizeof(other), "Unknown signal %d", sig);
	return other;
}

void __wrap_psignal(int sig, const char *text)
{
	bool named = text && *text;

	(void)fprintf(stderr, "%s%s%s\n", named ? text : "", named ? ": " : "", __wrap_strsignal(sig));
}

void psiginfo(const siginfo_t *info, const char *text)
{
	__wrap_psignal(info->si_signo, text);
}

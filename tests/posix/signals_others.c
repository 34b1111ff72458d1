/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals between processes, and those that faults and children send. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"

static volatile sig_atomic_t count, code, status_seen, sender, value;
static volatile unsigned long address;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	count++;
	code = info->si_code;
	sender = info->si_pid;
	status_seen = info->si_status;
	value = info->si_value.sival_int;
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_sigaction = handler;
	act.sa_flags = SA_SIGINFO | flags;
	MUST(sigaction(sig, &act, NULL));
	count = 0;
}

static void say(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	close(fd);
}

/* ---- errands ---- */

/* SIGNAL: waits for it with a handler; says `ready` first. The sender is the parent: 1, and the value. */
static long errand_catch(int argc, char **argv)
{
	int sig = argc > 0 ? atoi(argv[0]) : 0;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, &old);
	handle(sig, note, 0);
	say("ready");
	sigdelset(&old, sig);
	sigsuspend(&old);
	return count * 10 + (sender == getppid()) + (value == 33 ? 50 : 0);
}

/* Takes SIGUSR1 with sigwaitinfo, blocked. */
static long errand_await(int argc, char **argv)
{
	sigset_t set;
	siginfo_t info;

	(void)argc, (void)argv;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say("ready");
	return sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == getppid() ? 7 : 8;
}

/* Says `ready` and does nothing. */
static long errand_sit(int argc, char **argv)
{
	struct timespec hour = {3600, 0};

	(void)argc, (void)argv;
	say("ready");
	nanosleep(&hour, NULL);
	return 9;
}

/* What it has from its parent: bit 0 SIGUSR1 is ignored, bit 1 SIGUSR2 is blocked, bit 2 SIGHUP is caught */
static long errand_have(int argc, char **argv)
{
	struct sigaction act;
	sigset_t set;
	long have;

	(void)argc, (void)argv;
	sigprocmask(SIG_BLOCK, NULL, &set);
	have = sigismember(&set, SIGUSR2) << 1;
	sigaction(SIGUSR1, NULL, &act);
	have |= act.sa_handler == SIG_IGN;
	sigaction(SIGHUP, NULL, &act);
	return have | (act.sa_handler != SIG_DFL) << 2;
}

static char alternate[65536];

static void at_fault(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	_exit((sig == SIGSEGV) + 2 * ((unsigned long)info->si_addr == address) + 4 * (info->si_code > 0) +
	      8 * (&here > alternate && &here < alternate + sizeof(alternate)));
}

static __attribute__((noinline)) int deep(int n)
{
	volatile char much[1024];

	much[n % 1024] = (char)n;
	return n == 0 ? 0 : deep(n + 1) + much[0];
}

/* bad: reads where nothing is; deep: runs over its stack; blocked: with the signal blocked; again: its handler faults */
static long errand_fault(int argc, char **argv)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	const char *how = argc > 0 ? argv[0] : "";
	sigset_t set;

	address = 0x10;
	if (strcmp(how, "default") != 0)
		handle(SIGSEGV, at_fault, SA_ONSTACK);
	if (strcmp(how, "deep") == 0) {
		sigaltstack(&stack, NULL);
		return deep(1);
	}
	if (strcmp(how, "blocked") == 0) {
		sigemptyset(&set);
		sigaddset(&set, SIGSEGV);
		sigprocmask(SIG_BLOCK, &set, NULL);
	}
	return *(volatile char *)address;
}

/* Raises a signal that it does nothing about. */
static long errand_raise(int argc, char **argv)
{
	int sig = argc > 0 ? atoi(argv[0]) : 0;

	if (argc > 1) {
		sigset_t all;

		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		handle(SIGABRT, note, 0);
	}
	if (sig == SIGABRT)
		abort();
	raise(sig);
	return 55;
}

const struct errand signal_errands[] = {
	{"signal-catch", errand_catch},
	{"signal-await", errand_await},
	{"signal-sit", errand_sit},
	{"signal-have", errand_have},
	{"signal-fault", errand_fault},
	{"signal-raise", errand_raise},
	{NULL, NULL},
};

/* ---- the chapter ---- */

/* 1000 + the signal that ended it, or its status */
static long end_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static pid_t start(const char *errand, const char *a)
{
	pid_t pid = child_start(NULL, errand, a, NULL, NULL, NULL);

	MUST(pid);
	return pid;
}

static pid_t start_ready(const char *errand, const char *a)
{
	pid_t pid;

	unlink("ready");
	pid = start(errand, a);
	MUST(file_await("ready"));
	return pid;
}

static void sending(void)
{
	union sigval v = {.sival_int = 33};
	char number[12];
	pid_t pid;

	snprintf(number, sizeof(number), "%d", SIGUSR1);
	pid = start_ready("signal-catch", number);
	FACT("kill of a child that catches it", kill(pid, SIGUSR1));
	FACT("caught once, by the parent", end_of(pid));
	snprintf(number, sizeof(number), "%d", SIGRTMIN + 1);
	pid = start_ready("signal-catch", number);
	FACT("sigqueue to a child", sigqueue(pid, SIGRTMIN + 1, v));
	FACT("with its value", end_of(pid));
	pid = start_ready("signal-await", NULL);
	FACT("kill of one that waits for it", kill(pid, SIGUSR1));
	FACT("it was taken", end_of(pid));
	pid = start_ready("signal-sit", NULL);
	FACT("kill with 0", kill(pid, 0));
	kill(pid, SIGTERM);
	FACT_YES("SIGTERM ends a child", end_of(pid) == 1000 + SIGTERM);
	pid = start_ready("signal-sit", NULL);
	kill(pid, SIGKILL);
	FACT_YES("SIGKILL ends a child", end_of(pid) == 1000 + SIGKILL);
	FACT("kill of one that is gone", kill(pid, SIGTERM));
	FACT("sigqueue to one that is gone", sigqueue(pid, SIGTERM, v));
	snprintf(number, sizeof(number), "%d", SIGABRT);
	FACT_YES("abort", end_of(start("signal-raise", number)) == 1000 + SIGABRT);
	FACT_YES("abort, with a handler and blocked",
		 end_of(child_start(NULL, "signal-raise", number, "x", NULL, NULL)) == 1000 + SIGABRT);
	snprintf(number, sizeof(number), "%d", SIGINT);
	FACT_YES("raise of SIGINT", end_of(start("signal-raise", number)) == 1000 + SIGINT);
	snprintf(number, sizeof(number), "%d", SIGRTMAX);
	FACT_YES("raise of SIGRTMAX", end_of(start("signal-raise", number)) == 1000 + SIGRTMAX);
}

static void inheriting(void)
{
	sigset_t set, old;

	FACT("a child has by default", end_of(start("signal-have", NULL)));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGUSR1, SIG_IGN);
	handle(SIGHUP, note, 0);
	FACT("ignored and blocked are inherited, handlers are not", end_of(start("signal-have", NULL)));
	signal(SIGUSR1, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	FACT("and no more", end_of(start("signal-have", NULL)));
}

static void faulting(void)
{
	FACT_YES("a fault by default", end_of(start("signal-fault", "default")) == 1000 + SIGSEGV);
	FACT("a fault that is caught", end_of(start("signal-fault", "bad")));
	FACT_YES("a fault that is blocked", end_of(start("signal-fault", "blocked")) == 1000 + SIGSEGV);
	FACT("a stack that overflows, on another stack", end_of(start("signal-fault", "deep")) & 13);
}

static void of_children(void)
{
	struct timespec ts = {0, 5000000};
	char number[12];
	sigset_t set, old;
	pid_t pid;
	int status;

	handle(SIGCHLD, note, SA_RESTART);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid = start("signal-have", NULL);
	sigsuspend(&old);
	FACT("SIGCHLD when a child ends", count);
	FACT_YES("its code is CLD_EXITED", code == CLD_EXITED);
	FACT_YES("it names the child", sender == pid);
	FACT("it has the status", status_seen);
	end_of(pid);
	snprintf(number, sizeof(number), "%d", SIGTERM);
	pid = start("signal-raise", number);
	sigsuspend(&old);
	FACT_YES("its code is CLD_KILLED", code == CLD_KILLED);
	FACT_YES("it has the signal", status_seen == SIGTERM);
	end_of(pid);
	sigprocmask(SIG_SETMASK, &old, NULL);
	pid = start_ready("signal-sit", NULL);
	count = 0;
	kill(pid, SIGSTOP);
	FACT_YES("stopped",
		 waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	while (!count)
		nanosleep(&ts, NULL);
	FACT_YES("SIGCHLD of that: CLD_STOPPED", code == CLD_STOPPED);
	kill(pid, SIGCONT);
	FACT_YES("continued", waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	/* waitpid is interrupted */
	handle(SIGALRM, note, 0);
	alarm(1);
	FACT("waitpid that a signal interrupts", waitpid(pid, &status, 0));
	FACT_YES("its handler ran", count > 0);
	kill(pid, SIGKILL);
	end_of(pid);
	signal(SIGCHLD, SIG_IGN);
	pid = start("signal-have", NULL);
	FACT("waitpid while SIGCHLD is ignored", waitpid(pid, &status, 0));
	signal(SIGCHLD, SIG_DFL);
}

void chapter_signals_others(void)
{
	sending();
	inheriting();
	faulting();
	of_children();
	unlink("ready");
}

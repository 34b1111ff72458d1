/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals inside of one process: actions, masks, pending ones, what handlers see, waits that they end. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static volatile sig_atomic_t count, last, order[16], code, value, blocked_inside, on_alternate, context_seen;
static char alternate[65536];

static void note(int sig)
{
	if (count < 16)
		order[count] = sig;
	count++;
	last = sig;
}

static void note_info(int sig, siginfo_t *info, void *context)
{
	sigset_t now;

	note(sig);
	code = info->si_code;
	value = info->si_value.sival_int;
	sigprocmask(SIG_BLOCK, NULL, &now);
	blocked_inside = sigismember(&now, sig) + 2 * sigismember(&now, SIGUSR2);
	on_alternate = (char *)&now > alternate && (char *)&now < alternate + sizeof(alternate);
	context_seen = context != NULL;
}

static void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = handler;
	act.sa_flags = flags;
	sigemptyset(&act.sa_mask);
	MUST(sigaction(sig, &act, NULL));
}

static void begin(void)
{
	count = last = 0;
	for (int i = 0; i < 16; i++)
		order[i] = 0;
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	if (a)
		sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static void sets(void)
{
	sigset_t set;

	FACT("sigemptyset", sigemptyset(&set));
	FACT("sigismember of none", sigismember(&set, SIGUSR1));
	FACT("sigaddset", sigaddset(&set, SIGUSR1));
	FACT("sigismember", sigismember(&set, SIGUSR1));
	FACT("sigaddset of the last real-time signal", sigaddset(&set, SIGRTMAX));
	FACT("sigismember of it", sigismember(&set, SIGRTMAX));
	FACT("sigdelset", sigdelset(&set, SIGUSR1));
	FACT("sigismember afterwards", sigismember(&set, SIGUSR1));
	FACT("sigaddset of 0", sigaddset(&set, 0));
	FACT("sigaddset of too much", sigaddset(&set, SIGRTMAX + 1));
	FACT("sigismember of -1", sigismember(&set, -1));
	FACT("sigfillset", sigfillset(&set));
	FACT("sigismember of all", sigismember(&set, SIGRTMIN));
	FACT_YES("eight real-time signals at least", SIGRTMAX - SIGRTMIN >= 7);
}

static void actions(void)
{
	struct sigaction act, old;

	memset(&act, 0, sizeof(act));
	act.sa_handler = note;
	FACT("sigaction of SIGKILL", sigaction(SIGKILL, &act, NULL));
	FACT("sigaction of SIGSTOP", sigaction(SIGSTOP, &act, NULL));
	FACT("sigaction of 0", sigaction(0, &act, NULL));
	FACT("sigaction of -1", sigaction(-1, &act, NULL));
	FACT("sigaction of 1000", sigaction(1000, &act, NULL));
	FACT("asking for SIGKILL's", sigaction(SIGKILL, NULL, &old));
	FACT("sigaction", sigaction(SIGUSR1, &act, &old));
	FACT_YES("the old one is the default", old.sa_handler == SIG_DFL);
	FACT("asking", sigaction(SIGUSR1, NULL, &old));
	FACT_YES("it is the one that was set", old.sa_handler == note);
	begin();
	FACT("raise", raise(SIGUSR1));
	FACT("handlers run before raise returns", count);
	FACT("raise of -1", raise(-1));
	FACT("raise of 1000", raise(1000));
	FACT("kill of itself", kill(getpid(), SIGUSR1));
	FACT("handlers run before kill returns", count);
	FACT("kill with 0", kill(getpid(), 0));
	FACT("pthread_kill of itself", as_errno(pthread_kill(pthread_self(), SIGUSR1)));
	FACT("handlers run before it returns", count);
	FACT("pthread_kill of 0", as_errno(pthread_kill(pthread_self(), 0)));
	FACT("pthread_kill of 1000", as_errno(pthread_kill(pthread_self(), 1000)));
	FACT_YES("signal tells the last", signal(SIGUSR1, SIG_IGN) == note);
	begin();
	FACT("raise of an ignored one", raise(SIGUSR1));
	FACT("no handler ran", count);
	handle(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	MUST(sigaction(SIGUSR1, NULL, &old));
	FACT_YES("SA_RESETHAND: the default is back", old.sa_handler == SIG_DFL);
	FACT("raise of SIGCHLD by default", raise(SIGCHLD));
	FACT("raise of SIGURG by default", raise(SIGURG));
	FACT("raise of SIGCONT by default", raise(SIGCONT));
	FACT_YES("signal of SIGKILL", signal(SIGKILL, note) == SIG_ERR && errno == EINVAL);
}

static void again(int sig)
{
	note(sig);
	if (count < 3)
		raise(sig);
	order[count + 8] = count; /* how deep it is when this one ends */
}

static void nesting(void)
{
	handle(SIGUSR1, again, 0);
	begin();
	raise(SIGUSR1);
	FACT("raised in its handler: how often it ran", count);
	FACT("each ended before the next began", order[9] == 1 || order[10] == 2);
	handle(SIGUSR1, again, SA_NODEFER);
	begin();
	raise(SIGUSR1);
	FACT("with SA_NODEFER", count);
	FACT("the first ended last", order[11]);
}

static void masks(void)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR2), old, pending;

	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, 0);
	begin();
	FACT("SIG_BLOCK", sigprocmask(SIG_BLOCK, &set, &old));
	FACT("it was not blocked", sigismember(&old, SIGUSR1));
	FACT("raise of a blocked one", raise(SIGUSR1));
	raise(SIGUSR1);
	kill(getpid(), SIGUSR2);
	FACT("nothing ran", count);
	FACT("sigpending", sigpending(&pending));
	FACT("the thread's is pending", sigismember(&pending, SIGUSR1));
	FACT("the process's is pending", sigismember(&pending, SIGUSR2));
	FACT("another is not", sigismember(&pending, SIGHUP));
	sigdelset(&set, SIGUSR1);
	FACT("SIG_UNBLOCK of one", sigprocmask(SIG_UNBLOCK, &set, NULL));
	FACT("it ran before that returned", last == SIGUSR2 ? count : -1);
	FACT("SIG_SETMASK", sigprocmask(SIG_SETMASK, &old, NULL));
	FACT("the other ran once", count);
	FACT("a bad how", sigprocmask(77, &set, NULL));
	FACT("a bad how without a set", sigprocmask(77, NULL, &set));
	sigfillset(&set);
	FACT("all blocked", as_errno(pthread_sigmask(SIG_SETMASK, &set, NULL)));
	sigprocmask(SIG_BLOCK, NULL, &set);
	FACT("SIGKILL is not", sigismember(&set, SIGKILL));
	FACT("SIGSTOP is not", sigismember(&set, SIGSTOP));
	FACT("SIGUSR1 is", sigismember(&set, SIGUSR1));
	begin();
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	handle(SIGUSR1, note, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	FACT("what was pending when it became ignored is gone", count);
}

static void infos(void)
{
	struct sigaction act;
	union sigval v = {.sival_int = 1234};
	sigset_t set = set_of(SIGRTMIN, SIGRTMIN + 1), old;
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, was;

	memset(&act, 0, sizeof(act));
	act.sa_sigaction = note_info;
	act.sa_flags = SA_SIGINFO;
	sigaddset(&act.sa_mask, SIGUSR2);
	MUST(sigaction(SIGUSR1, &act, NULL));
	begin();
	FACT("sigqueue", sigqueue(getpid(), SIGUSR1, v));
	FACT("its value", value);
	FACT("its context is there", context_seen);
	FACT_YES("its code is SI_QUEUE", code == SI_QUEUE);
	FACT("inside it and sa_mask are blocked", blocked_inside);
	kill(getpid(), SIGUSR1);
	FACT_YES("kill's code is SI_USER", code == SI_USER);
	pthread_kill(pthread_self(), SIGUSR1);
	FACT_YES("pthread_kill's is another", code != SI_USER && code <= 0);
	MUST(sigaction(SIGRTMIN, &act, NULL));
	MUST(sigaction(SIGRTMIN + 1, &act, NULL));
	sigprocmask(SIG_BLOCK, &set, &old);
	begin();
	for (int i = 0; i < 3; i++) {
		v.sival_int = i + 1;
		sigqueue(getpid(), SIGRTMIN + 1, v);
		sigqueue(getpid(), SIGRTMIN, v);
	}
	set = set_of(SIGRTMIN, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	FACT("real-time signals queue", count);
	FACT("in order, the last is", value);
	sigprocmask(SIG_SETMASK, &old, NULL);
	FACT("all of both", count);
	FACT("sigqueue of 1000", sigqueue(getpid(), 1000, v));
	FACT("sigqueue of 0", sigqueue(getpid(), 0, v));
	/* Alternate stacks */
	FACT("sigaltstack asked", sigaltstack(NULL, &was));
	FACT("sigaltstack", sigaltstack(&stack, NULL));
	raise(SIGUSR1);
	FACT("without SA_ONSTACK", on_alternate);
	kill(getpid(), SIGUSR1);
	FACT("by kill", on_alternate);
	act.sa_flags = SA_SIGINFO | SA_ONSTACK;
	MUST(sigaction(SIGUSR1, &act, NULL));
	raise(SIGUSR1);
	FACT("with SA_ONSTACK", on_alternate);
	kill(getpid(), SIGUSR1);
	FACT("by kill with it", on_alternate);
	stack.ss_size = 100;
	FACT("too small", sigaltstack(&stack, NULL));
	stack.ss_flags = 0x700;
	FACT("bad flags", sigaltstack(&stack, NULL));
	stack.ss_flags = SS_DISABLE;
	FACT("off", sigaltstack(&stack, NULL));
	raise(SIGUSR1);
	FACT("off again", on_alternate);
}

static sigjmp_buf back;

static void jump(int sig)
{
	note(sig);
	siglongjmp(back, sig);
}

static void jumping(void)
{
	sigset_t now;

	handle(SIGUSR1, jump, 0);
	begin();
	for (volatile int i = 0; i < 3; i++) {
		if (sigsetjmp(back, 1) == 0)
			kill(getpid(), SIGUSR1);
	}
	FACT("siglongjmp out of a handler", count);
	sigprocmask(SIG_BLOCK, NULL, &now);
	FACT("the mask is back", sigismember(&now, SIGUSR1));
}

static void waiting(void)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN), old, empty = set_of(0, 0);
	struct timespec none = {0, 0}, bad = {0, 1000000000}, soon = {0, 10000000};
	siginfo_t info;
	union sigval v = {.sival_int = 77};
	int sig = 0;

	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, 0);
	sigprocmask(SIG_BLOCK, &set, &old);
	begin();
	raise(SIGUSR1);
	FACT("sigwait", as_errno(sigwait(&set, &sig)));
	FACT_YES("which", sig == SIGUSR1);
	FACT("and no handler did", count);
	FACT("sigtimedwait of none", sigtimedwait(&set, &info, &none));
	FACT("sigtimedwait, later", sigtimedwait(&set, &info, &soon));
	FACT("sigtimedwait, a bad time", sigtimedwait(&set, &info, &bad));
	sigqueue(getpid(), SIGRTMIN, v);
	raise(SIGUSR1);
	FACT_YES("sigwaitinfo: the lower first", sigwaitinfo(&set, &info) == SIGUSR1);
	FACT_YES("sigwaitinfo: then the other", sigwaitinfo(&set, &info) == SIGRTMIN);
	FACT("what it was sent with", info.si_value.sival_int);
	FACT_YES("its code", info.si_code == SI_QUEUE);
	raise(SIGUSR1);
	FACT("sigsuspend", sigsuspend(&empty));
	FACT("the handler ran", count);
	sigprocmask(SIG_BLOCK, NULL, &set);
	FACT("blocked again", sigismember(&set, SIGUSR1));
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* ---- other threads ---- */

static pthread_t main_thread;
static volatile int stage;
static sem_t semaphore;

static void soon(void)
{
	struct timespec ts = {0, 20000000};

	while (nanosleep(&ts, &ts) < 0)
		;
}

static void *kicker(void *sig)
{
	soon();
	pthread_kill(main_thread, (int)(intptr_t)sig);
	return NULL;
}

/* The call, while another thread sends SIGUSR1 to this one. */
#define KICKED(name, call)                                                                       \
	do {                                                                                     \
		pthread_t thread_;                                                               \
		begin();                                                                         \
		MUST_BE(pthread_create(&thread_, NULL, kicker, (void *)(intptr_t)SIGUSR1) == 0); \
		FACT(name, call);                                                                \
		pthread_join(thread_, NULL);                                                     \
		FACT(name ": handlers", count);                                                  \
	} while (0)

static void *write_later(void *fd)
{
	soon();
	pthread_kill(main_thread, SIGUSR1);
	soon();
	return (void *)(intptr_t)write((int)(intptr_t)fd, "x", 1);
}

static void interrupted(void)
{
	struct timespec hour = {3600, 0}, left = {0, 0};
	pthread_t thread;
	sigset_t set;
	char c;
	int ends[2];

	main_thread = pthread_self();
	sem_init(&semaphore, 0, 0);
	handle(SIGUSR1, note, 0);
	KICKED("nanosleep", nanosleep(&hour, &left));
	FACT_YES("what is left", left.tv_sec == 3599 && left.tv_nsec > 0);
	KICKED("clock_nanosleep", as_errno(clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, NULL)));
	KICKED("sleep", sleep(1000) > 900);
	KICKED("pause", pause());
	KICKED("sem_wait", sem_wait(&semaphore));
	sigemptyset(&set);
	KICKED("sigsuspend, kicked", sigsuspend(&set));
	set = set_of(SIGUSR2, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	KICKED("sigwaitinfo", sigwaitinfo(&set, NULL));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	MUST_IF_OFFERED(mkfifo("fifo", 0600));
	KICKED("open of a FIFO", open("fifo", O_RDONLY));
	unlink("fifo");
	MUST(pipe(ends));
	KICKED("read of a pipe", read(ends[0], &c, 1));
	handle(SIGUSR1, note, SA_RESTART);
	KICKED("nanosleep with SA_RESTART", nanosleep(&hour, NULL));
	KICKED("pause with SA_RESTART", pause());
	begin();
	MUST_BE(pthread_create(&thread, NULL, write_later, (void *)(intptr_t)ends[1]) == 0);
	FACT("read of a pipe with SA_RESTART", read(ends[0], &c, 1));
	FACT("the handler ran meanwhile", count);
	pthread_join(thread, NULL);
	handle(SIGPIPE, note, 0);
	close(ends[0]);
	begin();
	FACT("write that nobody reads", write(ends[1], "x", 1));
	FACT_YES("SIGPIPE", last == SIGPIPE);
	FACT("once", count);
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

static pthread_t ran_in;

static void where(int sig)
{
	note(sig);
	ran_in = pthread_self();
}

static void *takes(void *unused)
{
	sigset_t none;

	(void)unused;
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	stage = 1;
	while (stage == 1)
		soon();
	return NULL;
}

static void *tells_mask(void *unused)
{
	sigset_t now;

	(void)unused;
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	return (void *)(intptr_t)sigismember(&now, SIGUSR2);
}

static void threads(void)
{
	pthread_t thread;
	sigset_t set = set_of(SIGUSR1, SIGUSR2), old;
	void *result;

	handle(SIGUSR1, where, 0);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	pthread_create(&thread, NULL, tells_mask, NULL);
	pthread_join(thread, &result);
	FACT("a new thread has its maker's mask", (long)(intptr_t)result);
	begin();
	stage = 0;
	pthread_create(&thread, NULL, takes, NULL);
	while (!stage)
		soon();
	kill(getpid(), SIGUSR1);
	while (count == 0)
		soon();
	FACT_YES("a process's signal goes to the thread that takes it", pthread_equal(ran_in, thread));
	pthread_kill(thread, SIGUSR1);
	while (count == 1)
		soon();
	FACT_YES("pthread_kill: in that thread", pthread_equal(ran_in, thread));
	stage = 2;
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Registers and floating-point state over many handlers at any place. */
static volatile int stop;
static volatile double noise;

static void disturb(int sig)
{
	note(sig);
	noise = noise * 1.5 + 1 / (noise + 2);
}

static void *many_kicks(void *unused)
{
	(void)unused;
	for (int i = 0; i < 500; i++)
		pthread_kill(main_thread, SIGUSR1);
	stop = 1;
	return NULL;
}

static void undisturbed(void)
{
	pthread_t thread;
	unsigned long sum = 1, wrong = 0, rounds = 0;

	main_thread = pthread_self();
	handle(SIGUSR1, disturb, SA_RESTART);
	begin();
	stop = 0;
	pthread_create(&thread, NULL, many_kicks, NULL);
	do {
		double x = 1, y = 0;

		for (int i = 1; i < 200; i++) {
			x = x * 1.25 + i;
			y += x / (i + 0.5);
			if (x > 1e9)
				x = 1;
			sum = sum * 31 + (unsigned long)i;
		}
		static double first;
		if (rounds++ == 0)
			first = y;
		wrong += y != first;
		char *text = malloc(sum % 300 + 1);
		wrong += !text;
		free(text);
		int fd = dup(1);
		wrong += fd < 0;
		close(fd);
	} while (!stop);
	pthread_join(thread, NULL);
	FACT("wrong results under a storm of handlers", (long)wrong);
	FACT_YES("handlers ran", count > 0);
}

void chapter_signals(void)
{
	sets();
	actions();
	nesting();
	masks();
	infos();
	jumping();
	waiting();
	interrupted();
	threads();
	undisturbed();
}

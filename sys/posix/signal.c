/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals inside of a process: actions, what is pending, who takes it, and running handlers. A standard signal that is pending already is not kept
 * again; real-time ones are, in order, as many as there is room for.
 */
#include "sys/posix/signal_thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/lib/tls.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/signal_outside.h"

void __signal_upcall_entry(void);
void __signal_upcall(struct upcall_frame *f);
void __signal_call_on(void *top, void (*handler)(int, siginfo_t *, void *), int sig, siginfo_t *info, void *context);

_Static_assert(sizeof(mcontext_t) == sizeof(struct upcall_frame), "one is the other");
_Static_assert(offsetof(mcontext_t, __fpregs) == offsetof(struct upcall_frame, f), "one is the other");

#define QUEUE_MAX 64 /* signals with their siginfo_t; of standard ones beyond it only the number is kept */

struct queued {
	struct queued *next;
	struct signal_thread *to; /* NULL: whoever takes it */
	siginfo_t info;
};

/* Of everything here, and of the threads' pending bits. */
static struct mutex lock;
static struct sigaction actions[_NSIG];
static _Atomic uint64_t caught, ignored; /* SIG_IGN said so; written with the lock */
static _Atomic uint64_t process_pending;
static struct queued *queue, **queue_end = &queue;
static struct queued entries[QUEUE_MAX];
static uint64_t entries_used; /* a bit for each */
_Static_assert(QUEUE_MAX <= 64, "bits of a word");
static struct signal_thread *threads;

struct signal_thread __signal_first;
/* Of threads that take no signals: the timers', and those that are ending, whose own part may be gone before they are. */
static struct signal_thread nobody = {.mask = SIGNALS_ALL};
static _Thread_local struct signal_thread *current = &nobody;

struct signal_thread *signal_self(void)
{
	return current;
}

/* ---- threads ---- */

static void released(void)
{
	tcb_self()->held_back = 0;
	signal_deliver(NULL);
	/* The rest of what the upcall would have done, and what came from outside. */
	(void)thread_interrupt(HANDLE_NONE, NULL);
}

static void thread_add(struct signal_thread *self, handle_t handle)
{
	current = self;
	tcb_self()->released = released;
	self->handle = handle;
	self->stack.ss_flags = SS_DISABLE;
	mutex_lock(&lock);
	self->next = threads;
	self->link = &threads;
	if (threads)
		threads->link = &self->next;
	threads = self;
	mutex_unlock(&lock);
}

void __signal_start(void)
{
	handle_t handle = tcb_self()->handle;

	thread_add(&__signal_first, handle != HANDLE_NONE ? handle : startup_handle(HND_THREAD));
	signal_outside_start();
	(void)thread_upcall(__signal_upcall_entry, NULL, 0);
}

void __signal_thread_begin(struct signal_thread *self)
{
	thread_add(self, tcb_self()->handle);
	/* Somebody may have interrupted it before it could be found. */
	signal_deliver(NULL);
}

void __signal_thread_end(void)
{
	struct signal_thread *self = current;
	uint64_t left;

	atomic_store(&self->mask, SIGNALS_ALL);
	mutex_lock(&lock);
	self->handle = HANDLE_NONE;
	self->ended = true;
	*self->link = self->next;
	if (self->next)
		self->next->link = self->link;
	/* What was meant for it alone goes with it; what it might have taken of the process's others take. */
	for (struct queued **at = &queue; *at;) {
		struct queued *q = *at;

		if (q->to == self) {
			*at = q->next;
			entries_used &= ~(1ull << (q - entries));
		} else {
			at = &q->next;
		}
	}
	for (queue_end = &queue; *queue_end;)
		queue_end = &(*queue_end)->next;
	left = atomic_load(&process_pending) | signal_outside_pending();
	for (struct signal_thread *t = threads; t && left; t = t->next)
		if (left & ~atomic_load(&t->mask))
			(void)thread_interrupt(t->handle, NULL);
	current = &nobody;
	mutex_unlock(&lock);
}

uint64_t __signal_mask_get(void)
{
	return atomic_load_explicit(&current->mask, memory_order_relaxed);
}

/* ---- sending ---- */

/* The lock is held: by the action alone. */
static bool is_ignored(int sig)
{
	if (actions[sig].sa_handler == SIG_IGN)
		return true;
	if (actions[sig].sa_handler != SIG_DFL)
		return false;
	enum signal_action act = signal_default(sig);
	return act == ACT_NOTHING || act == ACT_CONTINUE;
}

static int queue_add(struct signal_thread *to, const siginfo_t *info)
{
	_Atomic uint64_t *pending = to ? &to->pending : &process_pending;
	bool standard = info->si_signo < SIGRTMIN;
	unsigned i = (unsigned)__builtin_ctzll(~entries_used);

	if (standard && atomic_load(pending) & SIGNAL_BIT(info->si_signo))
		return 0;
	if (entries_used == ~0ull) {
		if (!standard)
			return -EAGAIN;
	} else {
		struct queued *q = &entries[i];

		entries_used |= 1ull << i;
		*q = (struct queued){.to = to, .info = *info};
		*queue_end = q;
		queue_end = &q->next;
	}
	atomic_fetch_or(pending, SIGNAL_BIT(info->si_signo));
	return 0;
}

/* The lock is held: who is to look at a signal of the process. The caller itself if it may, as POSIX wants of kill. */
static struct signal_thread *taker(uint64_t bit)
{
	struct signal_thread *open = NULL;

	if (current != &nobody && bit & ~(atomic_load(&current->mask) & ~atomic_load(&current->waits)))
		return current;
	for (struct signal_thread *t = threads; t; t = t->next) {
		if (atomic_load(&t->waits) & bit)
			return t;
		if (bit & ~atomic_load(&t->mask))
			open = t;
	}
	return open;
}

int signal_send(struct signal_thread *to, const siginfo_t *info)
{
	int sig = info->si_signo, result = 0;
	uint64_t bit = SIGNAL_BIT(sig);
	struct signal_thread *t;

	if (bit & SIGNALS_FIXED)
		return signal_act_default(sig);
	mutex_lock(&lock);
	if (to && to->ended) {
		mutex_unlock(&lock);
		return 0;
	}
	t = to ? to : taker(bit);
	/* One that is blocked is kept: its action may be another when it no longer is. */
	if (!(t && !(bit & atomic_load(&t->mask)) && is_ignored(sig)))
		result = queue_add(to, info);
	if (t && t != current && result == 0 && t->handle != HANDLE_NONE)
		(void)thread_interrupt(t->handle, NULL);
	mutex_unlock(&lock);
	/* The caller's own needs no upcall. */
	if (t == current && t && tcb_self()->hold)
		tcb_self()->held_back = 1;
	else if (t == current && t)
		signal_deliver(NULL);
	return result;
}

int signal_send_timer(const siginfo_t *info)
{
	int overrun = info->si_overrun;

	mutex_lock(&lock);
	for (struct queued *q = queue; q; q = q->next) {
		if (q->to || q->info.si_signo != info->si_signo || q->info.si_code != info->si_code ||
		    q->info.si_timerid != info->si_timerid)
			continue;
		q->info.si_overrun += overrun + 1;
		overrun = q->info.si_overrun;
		mutex_unlock(&lock);
		return overrun;
	}
	mutex_unlock(&lock);
	(void)signal_send(NULL, info);
	return overrun;
}

int signal_cancel(struct signal_thread *to)
{
	mutex_lock(&lock);
	atomic_fetch_or(&to->pending, PENDING_CANCEL);
	if (to->handle != HANDLE_NONE)
		(void)thread_interrupt(to == current ? HANDLE_NONE : to->handle, NULL);
	mutex_unlock(&lock);
	return 0;
}

/* ---- taking ---- */

/* The lock is held. */
static void unqueue(struct signal_thread *to, int sig, siginfo_t *info)
{
	struct queued **found = NULL;
	bool more = false;

	for (struct queued **at = &queue; *at; at = &(*at)->next) {
		if ((*at)->to != to || (*at)->info.si_signo != sig)
			continue;
		more = found;
		if (found)
			break;
		found = at;
	}
	*info = (siginfo_t){.si_signo = sig};
	if (found) {
		struct queued *q = *found;

		*info = q->info;
		*found = q->next;
		if (!*found)
			queue_end = found;
		entries_used &= ~(1ull << (q - entries));
	}
	if (!more)
		atomic_fetch_and(to ? &to->pending : &process_pending, ~SIGNAL_BIT(sig));
}

bool signal_take(uint64_t set, siginfo_t *info)
{
	struct signal_thread *self = current, *to = self;
	uint64_t bits;
	bool found;

	set &= SIGNALS_ALL; /* a cancellation is not taken */
	/* Most who look find nothing. */
	if (!((atomic_load(&self->pending) | atomic_load(&process_pending)) & set))
		return signal_outside_take(set, info);
	mutex_lock(&lock);
	bits = atomic_load(&self->pending) & set;
	if (!bits) {
		bits = atomic_load(&process_pending) & set;
		to = NULL;
	}
	found = bits;
	if (found)
		unqueue(to, __builtin_ctzll(bits), info);
	mutex_unlock(&lock);
	if (found && info->si_code == SI_TIMER && __timer_taken)
		__timer_taken(info->si_timerid, info->si_overrun);
	return found || signal_outside_take(set, info);
}

uint64_t signal_pending(void)
{
	return (atomic_load(&current->pending) | atomic_load(&process_pending) | signal_outside_pending()) &
	       SIGNALS_ALL;
}

/* ---- running handlers ---- */

static bool on_stack(const stack_t *s, uintptr_t sp)
{
	return !(s->ss_flags & SS_DISABLE) && sp - (uintptr_t)s->ss_sp - 1 < s->ss_size;
}

void signal_upcalls_allow(void)
{
	const stack_t *s = &current->stack;

	(void)thread_upcall(__signal_upcall_entry, s->ss_sp, s->ss_flags & SS_DISABLE ? 0 : s->ss_size);
}

/* frame: of the upcall, whose stack this is; NULL: a call. True: the handler wants interrupted waits to be made again. */
static void handler_run(const struct sigaction *act, siginfo_t *info, struct upcall_frame *frame)
{
	struct signal_thread *self = current;
	uint64_t mask = atomic_load_explicit(&self->mask, memory_order_relaxed);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t was = frame ? frame->x[2] : here;
	bool changes = (act->sa_flags & SA_ONSTACK) && !(self->stack.ss_flags & SS_DISABLE) &&
		       !on_stack(&self->stack, was);
	void *top = NULL;

	/* The kernel puts frames onto the alternate stack if there is one; a handler that did not ask for that runs where its thread was. */
	if (changes && !on_stack(&self->stack, here))
		top = (char *)self->stack.ss_sp + self->stack.ss_size;
	else if (!changes && frame && on_stack(&self->stack, here) && !on_stack(&self->stack, was))
		top = (void *)was;
	self->handled++;
	uint64_t blocked = mask | (act->sa_mask & SIGNALS_ALL & ~SIGNALS_FIXED);
	if (!(act->sa_flags & SA_NODEFER))
		blocked |= SIGNAL_BIT(info->si_signo);
	atomic_store_explicit(&self->mask, blocked, memory_order_relaxed);
	if (frame)
		signal_upcalls_allow();
	if (act->sa_flags & SA_SIGINFO) {
		ucontext_t context = {.uc_sigmask = mask, .uc_stack = self->stack};

		if (frame)
			memcpy(&context.uc_mcontext, frame, sizeof(*frame));
		else
			context.uc_mcontext.__pc = (uintptr_t)__builtin_return_address(0),
			context.uc_mcontext.__gregs[2] = here;
		if (top)
			__signal_call_on(top, act->sa_sigaction, info->si_signo, info, &context);
		else
			act->sa_sigaction(info->si_signo, info, &context);
		if (frame)
			memcpy(frame, &context.uc_mcontext, sizeof(*frame));
		mask = context.uc_sigmask & SIGNALS_ALL & ~SIGNALS_FIXED;
	} else if (top) {
		__signal_call_on(top, (void (*)(int, siginfo_t *, void *))(void (*)(void))act->sa_handler,
				 info->si_signo, info, NULL);
	} else {
		act->sa_handler(info->si_signo);
	}
	atomic_store_explicit(&self->mask, mask, memory_order_relaxed);
}

static bool fault_signal(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGTRAP;
}

/* Does what the action of a signal that was taken says. Returns the flags of the handler that ran, -1: none did. */
static int act_on(siginfo_t *info, struct upcall_frame *frame)
{
	int sig = info->si_signo;
	struct sigaction act;

	/* A fault of its own that it blocks would come again and again. */
	bool forced = info->si_code > 0 && info->si_code != SI_KERNEL && fault_signal(sig) &&
		      SIGNAL_BIT(sig) & atomic_load_explicit(&current->mask, memory_order_relaxed);
	mutex_lock(&lock);
	if (forced) {
		actions[sig].sa_handler = SIG_DFL;
		atomic_fetch_and(&caught, ~SIGNAL_BIT(sig));
		atomic_fetch_and(&current->mask, ~SIGNAL_BIT(sig));
	}
	act = actions[sig];
	if (act.sa_flags & SA_RESETHAND && act.sa_handler != SIG_DFL && act.sa_handler != SIG_IGN) {
		actions[sig].sa_handler = SIG_DFL;
		actions[sig].sa_flags &= ~SA_SIGINFO;
		atomic_fetch_and(&caught, ~SIGNAL_BIT(sig));
	}
	mutex_unlock(&lock);
	if (forced || act.sa_flags & SA_RESETHAND)
		signal_outside_tell();
	if (act.sa_handler == SIG_IGN)
		return -1;
	if (act.sa_handler == SIG_DFL) {
		(void)signal_act_default(sig);
		return -1;
	}
	handler_run(&act, info, frame);
	return act.sa_flags;
}

/* All that is pending and not blocked. What the handlers say about interrupted waits: 0 none ran, 1 all want them made again, 2 not all. */
static int deliver(struct upcall_frame *frame)
{
	siginfo_t info;
	int verdict = 0;

	while (signal_take(~atomic_load_explicit(&current->mask, memory_order_relaxed), &info)) {
		int flags = act_on(&info, frame);

		if (flags >= 0)
			verdict = flags & SA_RESTART && verdict != 2 ? 1 : 2;
	}
	return verdict;
}

void signal_deliver(const struct upcall_frame *frame)
{
	int saved = errno;

	(void)frame;
	if (tcb_self()->hold == 0)
		(void)deliver(NULL);
	errno = saved;
}

/* Did the upcall end a wait? The status is still in a0, and the instruction before was the system call. */
static bool wait_ended(const struct upcall_frame *f)
{
	return (f->x[10] == (uint64_t)ERR_INTERRUPTED || f->x[10] == (uint64_t)SIGNAL_RESTART) &&
	       *(const uint16_t *)(f->pc - 4) == 0x0073 && *(const uint16_t *)(f->pc - 2) == 0;
}

void __signal_upcall(struct upcall_frame *f)
{
	struct signal_thread *self = current;
	struct tcb *tcb = tcb_self();
	bool ended = wait_ended(f), stays = false;
	int verdict = 0;

	atomic_fetch_add_explicit(&self->upcalls, 1, memory_order_relaxed);
	if (f->flags & UPCALL_OUTSIDE)
		signal_outside_came();
	if (tcb->hold) {
		siginfo_t info;

		/* A fault in such a section cannot wait for its end. */
		if (f->flags & UPCALL_OUTSIDE && signal_outside_take(0, &info))
			(void)act_on(&info, f);
		tcb->held_back = 1;
	} else {
		int saved = errno;

		verdict = deliver(f);
		if (atomic_load(&self->pending) & PENDING_CANCEL && __cancel_upcall)
			stays = __cancel_upcall(self, f);
		errno = saved;
	}
	if (ended) {
		/* x11 says that it is decided: another upcall may come before the status has been looked at. */
		if (verdict == 2 || stays) {
			f->x[10] = (uint64_t)ERR_INTERRUPTED;
			f->x[11] = 1;
		} else if (!f->x[11]) {
			f->x[10] = (uint64_t)SIGNAL_RESTART;
		}
	} else if (stays || (verdict && self->sections)) {
		f->flags |= UPCALL_FAIL_NEXT;
		self->fail_next = true;
	}
}

/* ---- of the caller itself ---- */

int __signal_raise(int sig)
{
	struct signal_thread *self = current;
	siginfo_t info = {.si_signo = sig, .si_code = SI_TKILL, .si_pid = getpid(), .si_uid = getuid()};

	if (SIGNAL_BIT(sig) & SIGNALS_FIXED)
		return signal_act_default(sig);
	if (SIGNAL_BIT(sig) & atomic_load_explicit(&self->mask, memory_order_relaxed) || tcb_self()->hold)
		return signal_send(self, &info);
	(void)act_on(&info, NULL);
	signal_deliver(NULL);
	return 0;
}

void __signal_abort(void)
{
	struct sigaction act = {.sa_handler = SIG_DFL}, old;

	signal_mask_set(atomic_load(&current->mask) & ~SIGNAL_BIT(SIGABRT));
	if (sigaction(SIGABRT, NULL, &old) == 0 && old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN)
		(void)__signal_raise(SIGABRT);
	(void)sigaction(SIGABRT, &act, NULL);
	signal_mask_set(atomic_load(&current->mask) & ~SIGNAL_BIT(SIGABRT));
}

int __signal_kill(int sig)
{
	siginfo_t info = {.si_signo = sig, .si_code = SI_USER, .si_pid = getpid(), .si_uid = getuid()};

	return signal_send(NULL, &info);
}

void signal_mask_set(uint64_t mask)
{
	struct signal_thread *self = current;
	uint64_t old = atomic_exchange_explicit(&self->mask, mask & SIGNALS_ALL & ~SIGNALS_FIXED, memory_order_seq_cst);

	if ((old ^ mask) & ~atomic_load_explicit(&caught, memory_order_relaxed))
		signal_outside_tell();
	if (old & ~mask & signal_pending())
		signal_deliver(NULL);
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	uint64_t mask = atomic_load_explicit(&current->mask, memory_order_relaxed);

	if (set && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
		return EINVAL;
	uint64_t wanted = set ? *set : 0;
	if (old)
		*old = mask;
	if (set)
		signal_mask_set(how == SIG_BLOCK ? mask | wanted : how == SIG_UNBLOCK ? mask & ~wanted : wanted);
	return 0;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	return (int)posix_result(-pthread_sigmask(how, set, old));
}

int sigpending(sigset_t *set)
{
	*set = signal_pending() & atomic_load(&current->mask);
	return 0;
}

/* The lock is held: a signal that is ignored from now on is no longer pending. */
static void pending_drop(int sig)
{
	siginfo_t unused;

	while (atomic_load(&process_pending) & SIGNAL_BIT(sig))
		unqueue(NULL, sig, &unused);
	for (struct signal_thread *t = threads; t; t = t->next)
		while (atomic_load(&t->pending) & SIGNAL_BIT(sig))
			unqueue(t, sig, &unused);
}

int sigaction(int sig, const struct sigaction *restrict act, struct sigaction *restrict old)
{
	uint64_t bit;
	bool tell = false;

	if (!signal_valid(sig) || (act && SIGNAL_BIT(sig) & SIGNALS_FIXED))
		return (int)posix_result(-EINVAL);
	bit = SIGNAL_BIT(sig);
	mutex_lock(&lock);
	struct sigaction before = actions[sig];
	if (act) {
		uint64_t caught_before = atomic_load(&caught), ignored_before = atomic_load(&ignored);

		actions[sig] = *act;
		if (act->sa_handler == SIG_IGN)
			atomic_fetch_or(&ignored, bit);
		else
			atomic_fetch_and(&ignored, ~bit);
		if (act->sa_handler != SIG_IGN && act->sa_handler != SIG_DFL)
			atomic_fetch_or(&caught, bit);
		else
			atomic_fetch_and(&caught, ~bit);
		if (is_ignored(sig))
			pending_drop(sig);
		tell = caught_before != atomic_load(&caught) || ignored_before != atomic_load(&ignored) ||
		       (sig == SIGCHLD && before.sa_flags != act->sa_flags);
	}
	mutex_unlock(&lock);
	if (old)
		*old = before;
	if (tell)
		signal_outside_tell();
	return 0;
}

uint64_t signal_caught(void)
{
	return atomic_load(&caught);
}

uint64_t __signal_ignored_get(void)
{
	return signal_ignored();
}

uint64_t signal_ignored(void)
{
	return atomic_load(&ignored);
}

uint64_t signal_blocked_by_all(void)
{
	uint64_t blocked = SIGNALS_ALL;

	mutex_lock(&lock);
	for (struct signal_thread *t = threads; t; t = t->next)
		blocked &= atomic_load(&t->mask) | atomic_load(&t->waits);
	mutex_unlock(&lock);
	return blocked;
}

int signal_child_flags(void)
{
	return actions[SIGCHLD].sa_handler == SIG_IGN ? actions[SIGCHLD].sa_flags | SA_NOCLDWAIT
						      : actions[SIGCHLD].sa_flags;
}

void signal_inherit(uint64_t set_ignored, uint64_t blocked)
{
	for (int sig = 1; sig < _NSIG; sig++)
		if (set_ignored & SIGNAL_BIT(sig) & ~SIGNALS_FIXED)
			actions[sig].sa_handler = SIG_IGN;
	atomic_store(&ignored, set_ignored & ~SIGNALS_FIXED);
	atomic_store(&current->mask, blocked & ~SIGNALS_FIXED);
}

bool signal_forward(uint64_t pending)
{
	struct signal_thread *other = NULL;

	mutex_lock(&lock);
	for (struct signal_thread *t = threads; t && !other; t = t->next)
		if (t != current && pending & (~atomic_load(&t->mask) | atomic_load(&t->waits)))
			other = t;
	if (other)
		(void)thread_interrupt(other->handle, NULL);
	mutex_unlock(&lock);
	return other;
}

int sigaltstack(const stack_t *restrict new, stack_t *restrict old)
{
	struct signal_thread *self = current;
	stack_t before = self->stack;
	bool on = on_stack(&self->stack, (uintptr_t)__builtin_frame_address(0));

	if (new &&on)
		return (int)posix_result(-EPERM);
	if (new &&new->ss_flags & ~(SS_DISABLE | SS_ONSTACK))
		return (int)posix_result(-EINVAL);
	if (new && !(new->ss_flags &SS_DISABLE) && new->ss_size < MINSIGSTKSZ)
		return (int)posix_result(-ENOMEM);
	if (new) {
		self->stack = *new;
		self->stack.ss_flags &= SS_DISABLE;
		if (new->ss_flags & SS_DISABLE)
			self->stack = (stack_t){.ss_flags = SS_DISABLE};
		signal_upcalls_allow();
	}
	if (old) {
		*old = before;
		old->ss_flags |= on ? SS_ONSTACK : 0;
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of signals share. Each thread has its part; others touch its pending bits and interrupt it, it runs its handlers itself: in its
 * upcall (sys/abi/syscall.h), or at once when it raises a signal or unblocks one. A program that has no use for signals links nothing of this.
 *
 * Who holds a lock that a handler could need holds handlers back meanwhile (sys/lib/hold.h): then an upcall only leaves a mark.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/object.h"
#include "sys/abi/status.h"

#define SIGNAL_BIT(sig) (1ull << (sig))
#define SIGNALS_ALL     (~1ull)
/* Cannot be caught, blocked or ignored. */
#define SIGNALS_FIXED   (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define PENDING_CANCEL  1ull /* in the place of signal 0: pthread_cancel */

/* A wait that may be interrupted was, by handlers that all want it to go on (SA_RESTART). Of no other use. */
#define SIGNAL_RESTART ((status_t)-1003)

struct signal_thread {
	struct signal_thread *next, **link; /* of those that take signals; the lock of signals */
	handle_t handle;
	uint64_t koid;            /* its own; 0: not asked yet */
	_Atomic uint64_t mask;    /* blocked; only its own thread writes */
	_Atomic uint64_t pending; /* its own, beside the process's; the lock of signals, to clear too */
	_Atomic uint64_t waits;   /* sigwait and its kin: they are taken though they are blocked */
	_Atomic uint32_t upcalls; /* futex: counts them */
	uint32_t handled;         /* handlers run; its own */
	uint32_t sections;        /* from the change of a mask to the wait that belongs to it; its own */
	bool fail_next;           /* UPCALL_FAIL_NEXT was asked for */
	stack_t stack;            /* alternate; its own */
	bool ended;               /* the lock of signals */
	bool cancel_off, cancel_async, cancelling;
	void *cleanup;
};

struct signal_thread *signal_self(void);

static inline bool signal_valid(int sig)
{
	return sig > 0 && sig < _NSIG;
}

enum signal_action { ACT_END, ACT_CORE, ACT_NOTHING, ACT_STOP, ACT_CONTINUE };
enum signal_action signal_default(int sig);
/* Does what the default action of the signal is to this process. 0 or a negative errno value. */
int signal_act_default(int sig);

/* A signal for that thread, or for whichever takes it (NULL). The caller's info is copied. 0 or a negative errno value. */
int signal_send(struct signal_thread *to, const siginfo_t *info);
/* Of a timer, for the process; how often it has been sent while it was pending (beyond info->si_overrun the first time). */
int signal_send_timer(const siginfo_t *info);
/* One was taken. */
void __timer_taken(int id, int overrun) __attribute__((weak));
/* Asks a thread to end; an errno value. */
int signal_cancel(struct signal_thread *to);
/* Runs handlers, or default actions, of what is pending and not blocked. frame: where the thread was interrupted, NULL: at a call. */
void signal_deliver(const struct upcall_frame *frame);
/* Lets upcalls come again, to the alternate stack if there is one; forgets UPCALL_FAIL_NEXT. */
void signal_upcalls_allow(void);
/* Sets the calling thread's mask, and delivers what that lets through. */
void signal_mask_set(uint64_t mask);
/* Takes the next pending signal of the set: false if there is none. */
bool signal_take(uint64_t set, siginfo_t *info);
uint64_t signal_pending(void);

/* Masks for the time of a wait (sigsuspend, ppoll): what arrives after the mask changed and before the wait begins ends it too. The old mask comes
 * back with the end, and then what is pending is delivered that the old mask lets through. Waits between must be interruptible ones. */
void signal_section_begin(const sigset_t *mask, uint64_t *old);
void signal_section_end(uint64_t old);

/* Of the threads library, if the program has signals. */
struct __pthread;
struct signal_thread *pthread_signals(struct __pthread *p);
void __signal_thread_begin(struct signal_thread *self) __attribute__((weak));
extern struct signal_thread __signal_first __attribute__((weak)); /* of the first thread */
void __signal_thread_end(void) __attribute__((weak));
uint64_t __signal_mask_get(void) __attribute__((weak));
void __signal_start(void) __attribute__((weak));
int __signal_raise(int sig) __attribute__((weak));
/* Lets a handler of SIGABRT run; then its action is the default one. */
void __signal_abort(void) __attribute__((weak));
int __signal_kill(int sig) __attribute__((weak)); /* to the own process */
uint64_t __signal_ignored_get(void) __attribute__((weak));
void __cancel_test(void) __attribute__((weak));
bool __cancel_wanted(void) __attribute__((weak));
void __cancel_end(void) __attribute__((weak)); /* runs what pthread_cleanup_push left */
/* Acts on PENDING_CANCEL in an upcall; true: the wait that it ended stays ended, or the next one is. */
bool __cancel_upcall(struct signal_thread *self, struct upcall_frame *frame) __attribute__((weak));

/* An interruptible wait that is made again when handlers want that. */
#define SIGNAL_WAIT(status, wait)                                   \
	do {                                                        \
		if (__cancel_test)                                  \
			__cancel_test();                            \
		(status) = (wait);                                  \
	} while (__builtin_expect((status) == SIGNAL_RESTART, 0) || \
		 ((status) == ERR_INTERRUPTED && __cancel_test && (__cancel_test(), false)))

/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal signals Ctrl-C to a notification (op attention of protocol tty). A thread waits there, as the shell itself waits
 * for its programs. */
#include "userland/vsh/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "protocols/tty.h"
#include "sys/lib/mutex.h"
#include "sys/lib/syscall.h"
#include "sys/lib/thread.h"
#include "sys/posix/veridian.h"

#define BIT          1u
#define TARGETS      64
#define STACK_BYTES  (16 * 1024)
#define TELL_WAIT_NS 2000000000ull /* for the terminal server; it may be starting again */

static handle_t terminal; /* HANDLE_NONE: not in use */
static handle_t notification;
static atomic_bool seen;
static struct mutex lock;
static pid_t targets[TARGETS]; /* lock; 0: free */

static void end_targets(void)
{
	mutex_lock(&lock);
	for (unsigned i = 0; i < TARGETS; i++) {
		if (targets[i] != 0)
			kill(targets[i], SIGINT); /* it may have ended just now */
	}
	mutex_unlock(&lock);
}

static void wait_for_interrupts(void *unused)
{
	uint64_t bits;
	(void)unused;
	while (notification_wait(notification, DEADLINE_NEVER, &bits) == OK) {
		static const char shown[] = "\n"; /* behind the terminal's ^C */
		atomic_store(&seen, true);
		if (write(STDOUT_FILENO, shown, sizeof(shown) - 1) < 0)
			continue; /* the terminal is gone: so will be the shell */
		end_targets();
	}
}

static status_t tell_terminal(uint64_t bits)
{
	uint64_t now = 0;
	handle_t copy;
	status_t status = handle_dup(notification, RIGHT_NT_SIGNAL | RIGHT_MOVE | RIGHT_INFO, &copy);
	if (status != OK)
		return status;
	clock_get(&now);
	return tty_attention_until(terminal, now + TELL_WAIT_NS, copy, bits);
}

bool interrupt_init(void)
{
	struct thread *thread;
	terminal = veridian_fd_handle(STDIN_FILENO);
	if (terminal == HANDLE_NONE)
		return false;
	status_t status = notification_create(&notification);
	if (status == OK)
		status = tell_terminal(BIT);
	if (status == OK)
		status = thread_run(wait_for_interrupts, NULL, STACK_BYTES, 0, &thread);
	if (status == OK)
		thread_detach(thread);
	else
		terminal = HANDLE_NONE;
	return status == OK;
}

/* The terminal knows it from the time before as a rule, so that no moment is left out between the line editor, which gets Ctrl-C as a byte, and this. */
void interrupt_on(void)
{
	if (terminal != HANDLE_NONE)
		tell_terminal(BIT); /* if it fails, Ctrl-C does nothing this time */
}

void interrupt_off(void)
{
	atomic_store(&seen, false);
}

bool interrupt_seen(void)
{
	return atomic_load(&seen);
}

void interrupt_target(pid_t pid)
{
	mutex_lock(&lock);
	for (unsigned i = 0; i < TARGETS; i++) {
		if (targets[i] == 0) {
			targets[i] = pid;
			break;
		}
	}
	mutex_unlock(&lock);
	if (interrupt_seen())
		end_targets();
}

void interrupt_target_gone(pid_t pid)
{
	mutex_lock(&lock);
	for (unsigned i = 0; i < TARGETS; i++) {
		if (targets[i] == pid)
			targets[i] = 0;
	}
	mutex_unlock(&lock);
}

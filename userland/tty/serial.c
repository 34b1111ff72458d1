/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serial lines. Two threads of each wait for its driver, so that the server never does: one reads, one does what it is told. Each has one buffer that is
 * either the server's or its own; handing it over is a store to `full` (`work`), then a signal, or a futex.
 *
 * A driver that dies and comes back behind the same endpoint costs no byte: a call that it took along is sent again under the same id. When devmgr was
 * started again the endpoint is another one, and it is opened anew.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/devmgr.h"
#include "protocols/serial.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/lib/thread.h"
#include "userland/tty/tty.h"

#define STACK_BYTES   (16 * 1024)
#define OPEN_AGAIN_NS 100000000ull /* between two tries while devmgr is starting again */
#define OPEN_TRIES    50u          /* then there is no such device */
#define DISCARD_NS    100000000ull /* most that the server waits for a driver; it is one that is busy, or starting again */

enum work { WORK_NONE, WORK_WRITE, WORK_DRAIN, WORK_FORMAT };

struct serial {
	struct terminal *terminal;
	char device[16];   /* devmgr's name for it */
	handle_t bell;     /* what the threads signal, */
	uint64_t bits;     /* and how */
	_Atomic bool lost; /* a thread found no such device, and ended */
	/* the reader's; the server's while full */
	uint32_t full;  /* bytes */
	uint32_t taken; /* the server's own */
	uint8_t in[PIECE];
	/* the writer's; the server's while there is no work */
	uint32_t work; /* enum work */
	uint32_t out_len;
	uint8_t out[PIECE];
	struct serial_line line;
	status_t result;
	_Atomic handle_t writing; /* its handle to the device, for discard */
	/* the server's own */
	bool unsent;       /* written since the last drain */
	bool format_due;   /* the line's format is to change when the writer is free, */
	bool format_given; /* or the writer is at it: `before` is what it was */
	struct tty_attributes before;
};

static uint32_t word_get(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void word_set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* ---- the threads ---------------------------------------------------------------------------------------------- */

/* A number that no other call through this endpoint used lately. */
static uint64_t call_id(void)
{
	static _Atomic uint64_t last;
	uint64_t now = time_now(), seen = atomic_load(&last), id;

	do {
		id = now > seen ? now : seen + 1;
	} while (!atomic_compare_exchange_weak(&last, &seen, id));
	return id;
}

static void pause_for(uint64_t ns)
{
	static const uint32_t never;

	(void)futex_wait(&never, 0, time_now() + ns);
}

/* HANDLE_NONE: there is none. */
static handle_t device_open(const struct serial *s)
{
	enum devmgr_class class;
	handle_t device;
	uint32_t index;

	for (unsigned tries = 0; tries < OPEN_TRIES; tries++) {
		status_t status = devmgr_open(tty.devmgr, s->device, &device, &class, &index);

		if (status == OK && class == DEVMGR_CLASS_SERIAL)
			return device;
		if (status == OK)
			(void)handle_close(device);
		pause_for(OPEN_AGAIN_NS);
	}
	return HANDLE_NONE;
}

static void bell(struct serial *s)
{
	(void)notification_signal(s->bell, s->bits); /* the server's own: it is there */
}

static void reader(void *arg)
{
	struct serial *s = arg;
	handle_t device = device_open(s);

	while (device != HANDLE_NONE) {
		uint64_t id = call_id();
		uint32_t count = 0;
		status_t status;

		do
			status = serial_read(device, id, 0, s->in, sizeof(s->in), &count);
		while (status == ERR_PEER_DIED);
		if (status == ERR_CLOSED) {
			(void)handle_close(device);
			device = device_open(s);
			continue;
		}
		if (status != OK) {
			pause_for(OPEN_AGAIN_NS);
			continue;
		}
		if (!count)
			continue;
		word_set(&s->full, count);
		bell(s);
		while (word_get(&s->full))
			(void)futex_wait(&s->full, count, DEADLINE_NEVER);
	}
	atomic_store(&s->lost, true);
	bell(s);
}

static status_t write_all(struct serial *s, handle_t device)
{
	for (uint32_t done = 0; done < s->out_len;) {
		uint64_t id = call_id();
		uint32_t count = 0;
		status_t status;

		do
			status = serial_write(device, id, 0, s->out + done, s->out_len - done, &count);
		while (status == ERR_PEER_DIED);
		if (status != OK)
			return status;
		if (count > s->out_len - done)
			return ERR_PROTOCOL;
		done += count;
	}
	return OK;
}

static status_t work_do(struct serial *s, handle_t device, uint32_t work)
{
	status_t status = OK;

	if (work == WORK_WRITE)
		return write_all(s, device);
	do
		status = work == WORK_DRAIN ? serial_drain(device) : serial_line_set(device, &s->line);
	while (status == ERR_PEER_DIED);
	return status;
}

static void writer(void *arg)
{
	struct serial *s = arg;
	handle_t device = device_open(s);

	while (device != HANDLE_NONE) {
		uint32_t work = word_get(&s->work);

		atomic_store(&s->writing, device);
		if (work == WORK_NONE) {
			(void)futex_wait(&s->work, WORK_NONE, DEADLINE_NEVER);
			continue;
		}
		s->result = work_do(s, device, work);
		if (s->result == ERR_CLOSED) {
			atomic_store(&s->writing, HANDLE_NONE);
			(void)handle_close(device);
			device = device_open(s);
			continue; /* the same again */
		}
		word_set(&s->work, WORK_NONE);
		bell(s);
	}
	atomic_store(&s->lost, true);
	bell(s);
}

/* ---- the server ------------------------------------------------------------------------------------------------- */

/* What the reader has, as far as there is room for it. */
static bool input_take(struct serial *s)
{
	uint32_t full = word_get(&s->full);
	struct terminal *t = s->terminal;
	bool any = false;

	if (!full)
		return false;
	for (; s->taken < full && discipline_room(&t->d); any = true)
		terminal_receive(t, s->in[s->taken++]);
	if (any)
		t->last_input = time_now();
	if (s->taken == full) {
		s->taken = 0;
		word_set(&s->full, 0);
		(void)futex_wake(&s->full, 1, NULL);
	}
	return any;
}

static void work_give(struct serial *s, enum work work)
{
	word_set(&s->work, work);
	(void)futex_wake(&s->work, 1, NULL);
}

static bool working(const struct serial *s)
{
	return word_get(&s->work) != WORK_NONE;
}

/* What the device could not do stays as it was. */
static void format_settle(struct serial *s)
{
	struct tty_attributes *a = &s->terminal->d.t;

	if (!s->format_given)
		return;
	s->format_given = false;
	if (s->result == OK || s->format_due)
		return;
	a->control = s->before.control;
	a->input_speed = s->before.input_speed;
	a->output_speed = s->before.output_speed;
}

static bool serial_progress(struct terminal *t)
{
	struct serial *s = t->serial;
	bool any = input_take(s);

	if (working(s))
		return any;
	format_settle(s);
	if (s->format_due) {
		s->format_due = false;
		s->format_given = true;
		work_give(s, WORK_FORMAT);
		return any;
	}
	s->out_len = (uint32_t)discipline_output(&t->d, s->out, sizeof(s->out));
	if (!s->out_len)
		return any;
	s->unsent = true;
	work_give(s, WORK_WRITE);
	return true;
}

static bool serial_sent(struct terminal *t)
{
	struct serial *s = t->serial;

	if (working(s) || s->format_due)
		return false;
	if (!s->unsent)
		return true;
	s->unsent = false;
	work_give(s, WORK_DRAIN);
	return false;
}

static void serial_discard_device(struct terminal *t, uint32_t queues)
{
	struct serial *s = t->serial;
	handle_t device = atomic_load(&s->writing);

	if (queues & TTY_QUEUE_INPUT && word_get(&s->full))
		s->taken = word_get(&s->full);
	/* The flags are the same in both protocols. A driver that does not answer has lost what it had queued, or keeps it. */
	_Static_assert(TTY_QUEUE_INPUT == SERIAL_QUEUE_INPUT && TTY_QUEUE_OUTPUT == SERIAL_QUEUE_OUTPUT, "flags");
	if (device != HANDLE_NONE)
		(void)serial_discard_until(device, time_now() + DISCARD_NS, queues);
}

static void serial_format(struct terminal *t, const struct tty_attributes *old)
{
	static const uint8_t sizes[] = {5, 6, 7, 8};
	const struct tty_attributes *a = &t->d.t;
	struct serial *s = t->serial;

	if (a->control == old->control && a->output_speed == old->output_speed)
		return;
	s->line = (struct serial_line){
		.baud = a->output_speed,
		.data_bits = sizes[a->control / TTY_CONTROL_SIZE_LOW & 3],
		.stop_bits = a->control & TTY_CONTROL_CSTOPB ? 2 : 1,
		.parity = !(a->control & TTY_CONTROL_PARENB) ? SERIAL_PARITY_NONE
			  : a->control & TTY_CONTROL_PARODD  ? SERIAL_PARITY_ODD
							     : SERIAL_PARITY_EVEN,
	};
	if (!s->format_due)
		s->before = *old;
	s->format_due = true;
}

static const struct device_ops line_ops = {
	.progress = serial_progress,
	.discard = serial_discard_device,
	.sent = serial_sent,
	.format = serial_format,
};

static void on_bell(void *context)
{
	struct serial *s = context;

	if (atomic_load(&s->lost) && !s->terminal->hung)
		terminal_hang_up(s->terminal);
	terminal_progress(s->terminal);
}

static status_t serial_start(struct serial *s)
{
	struct thread *thread;
	status_t status = server_add_signal(&tty.server, on_bell, s, &s->bell, &s->bits);

	if (status == OK)
		status = thread_run(reader, s, STACK_BYTES, 0, &thread);
	if (status != OK)
		return status;
	thread_detach(thread);
	status = thread_run(writer, s, STACK_BYTES, 0, &thread);
	if (status == OK)
		thread_detach(thread);
	return status;
}

status_t serial_find(enum tty_kind kind, uint32_t number, struct terminal **out)
{
	struct terminal *t;
	struct serial *s;
	unsigned place = SERIALS_MAX;
	status_t status;

	for (unsigned i = SERIALS_MAX; i-- > 0;) {
		if (!tty.serials[i])
			place = i;
		else if (tty.serials[i]->kind == kind && tty.serials[i]->number == number) {
			*out = tty.serials[i];
			return OK;
		}
	}
	if (place == SERIALS_MAX || tty.devmgr == HANDLE_NONE)
		return ERR_NOT_FOUND;
	t = terminal_new(kind, number, &line_ops);
	s = calloc(1, sizeof(*s));
	if (!t || !s) {
		free(t);
		free(s);
		return ERR_NO_MEMORY;
	}
	if (kind == TTY_KIND_CONSOLE)
		strcpy(s->device, "stdout");
	else
		snprintf(s->device, sizeof(s->device), "serial:%u", (unsigned)number);
	s->terminal = t;
	s->writing = HANDLE_NONE;
	t->serial = s;
	tty.serials[place] = t;
	/* From here on a thread may know it: it stays, and if it does not work, as one that is gone. */
	status = serial_start(s);
	if (status != OK)
		t->hung = true;
	*out = t;
	return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading, writing and waiting at a terminal: between the calls of programs and the line discipline. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"
#include "userland/tty/tty.h"

#define TENTH_NS 100000000ull

uint64_t time_now(void)
{
	uint64_t ns = 0;

	(void)clock_get(&ns); /* has no way to fail */
	return ns;
}

/* ---- calls that wait --------------------------------------------------------------------------------------- */

bool pending_alive(const struct pending *p)
{
	uint64_t len;
	uint32_t access;
	status_t status = lease_info(p->reply, 0, &len, &access);

	/* One who is there may have lent nothing. */
	return status == OK || status == ERR_RANGE || status == ERR_INVALID || status == ERR_NOT_FOUND;
}

static void sweep(struct queue *q)
{
	for (struct pending **at = &q->first; *at;) {
		struct pending *p = *at;

		if (pending_alive(p)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		q->count--;
		(void)handle_close(p->reply);
		free(p);
	}
}

status_t pending_add(struct terminal *t, enum wait wait, struct ipc_request *rq, struct pending what)
{
	struct queue *q = &t->waits[wait];
	struct pending *p, **at = &q->first;
	status_t status;

	if (q->count == PENDING_MAX)
		sweep(q);
	if (q->count == PENDING_MAX)
		return ERR_BUSY;
	p = malloc(sizeof(*p));
	if (!p)
		return ERR_NO_MEMORY;
	status = ipc_request_save(rq, &what.reply);
	if (status != OK) {
		free(p);
		return status;
	}
	*p = what;
	p->next = NULL;
	while (*at)
		at = &(*at)->next;
	*at = p;
	q->count++;
	return IPC_DEFERRED;
}

handle_t pending_take(struct terminal *t, enum wait wait)
{
	struct queue *q = &t->waits[wait];
	struct pending *p = q->first;
	handle_t reply = p->reply;

	q->first = p->next;
	q->count--;
	free(p);
	return reply;
}

void pending_fail(struct terminal *t, enum wait wait, status_t status)
{
	while (t->waits[wait].first) {
		struct ipc_msg answer = {0};

		(void)ipc_answer(pending_take(t, wait), &answer, status, 0);
	}
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

/* May a read of that length be answered now? *deadline: if not, when it may, by time alone. */
static bool read_due(const struct terminal *t, uint64_t len, uint64_t begun_deadline, uint64_t *deadline)
{
	const struct tty_attributes *a = &t->d.t;
	uint32_t there = discipline_readable(&t->d);
	uint8_t min = a->characters[TTY_KEY_MIN];
	uint64_t time = a->characters[TTY_KEY_TIME] * TENTH_NS;

	*deadline = DEADLINE_NEVER;
	if (a->local & TTY_LOCAL_ICANON)
		return there != 0;
	if (min == 0) {
		*deadline = begun_deadline;
		return there != 0 || time == 0 || time_now() >= begun_deadline;
	}
	if (there >= min || there >= len)
		return true;
	if (!there || !time)
		return false;
	*deadline = t->last_input + time;
	return time_now() >= *deadline;
}

/* The reader's bytes; reply HANDLE_NONE: of the present caller. What he did not get is still there. */
static status_t give(struct terminal *t, handle_t reply, uint64_t len, uint64_t *count)
{
	static uint8_t bytes[TTY_INPUT_MAX];
	uint32_t tail = t->d.tail, lined = t->d.lined;
	status_t status = OK;

	*count = discipline_readable(&t->d) ? discipline_take(&t->d, bytes, len < sizeof(bytes) ? len : sizeof(bytes))
					    : 0;
	if (*count)
		status = lease_write(reply, FILE_READ_LEASE_DATA, 0, bytes, *count);
	if (status != OK) {
		t->d.tail = tail;
		t->d.lined = lined;
	}
	return status;
}

static bool readers_serve(struct terminal *t)
{
	bool any = false;

	while (t->waits[WAIT_READ].first) {
		struct pending *p = t->waits[WAIT_READ].first;
		uint64_t count = 0, deadline;
		uint32_t tail = t->d.tail, lined = t->d.lined;
		status_t status;

		if (!read_due(t, p->len, p->deadline, &deadline))
			break;
		status = give(t, p->reply, p->len, &count);
		if (file_read_reply(pending_take(t, WAIT_READ), status, count) != OK && status == OK) {
			t->d.tail = tail;
			t->d.lined = lined;
		}
		any = true;
	}
	return any;
}

status_t terminal_read(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len,
		       uint64_t *count)
{
	struct pending p = {.len = len, .deadline = time_now() + t->d.t.characters[TTY_KEY_TIME] * TENTH_NS};
	uint64_t deadline;
	status_t status;

	if (t->hung)
		return OK;
	status = group_may_read(t, rq);
	if (status != OK || !len)
		return status;
	if (!t->waits[WAIT_READ].first && (read_due(t, len, p.deadline, &deadline) ||
					   (by->mode & FILE_MODE_NONBLOCK && discipline_readable(&t->d)))) {
		status = give(t, HANDLE_NONE, len, count);
		terminal_progress(t);
		return status;
	}
	if (by->mode & FILE_MODE_NONBLOCK)
		return ERR_WOULD_BLOCK;
	status = pending_add(t, WAIT_READ, rq, p);
	terminal_progress(t);
	return status;
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

/* As much as there is room for. */
static status_t take(struct terminal *t, handle_t reply, uint64_t len, uint64_t *done)
{
	uint8_t bytes[PIECE];

	while (*done < len && discipline_writable(&t->d)) {
		size_t piece = len - *done < sizeof(bytes) ? len - *done : sizeof(bytes);
		status_t status = lease_read(reply, FILE_WRITE_LEASE_DATA, *done, bytes, piece);

		if (status != OK)
			return status;
		*done += discipline_write(&t->d, bytes, piece);
	}
	return OK;
}

static bool writers_serve(struct terminal *t)
{
	bool any = false;

	while (t->waits[WAIT_WRITE].first && discipline_writable(&t->d)) {
		struct pending *p = t->waits[WAIT_WRITE].first;
		status_t status = take(t, p->reply, p->len, &p->done);
		uint64_t done = p->done;

		any = true;
		if (status == OK && done < p->len)
			break;
		(void)file_write_reply(pending_take(t, WAIT_WRITE), done ? OK : status, done, done);
	}
	return any;
}

status_t terminal_write(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len,
			uint64_t *count)
{
	struct pending p = {.len = len};
	status_t status;

	if (t->hung)
		return ERR_IO;
	status = group_may_write(t, rq);
	if (status != OK)
		return status;
	if (!t->waits[WAIT_WRITE].first) {
		/* The device takes some along the way, so that what fits into it need not wait. */
		do {
			status = take(t, HANDLE_NONE, len, &p.done);
			terminal_progress(t);
		} while (status == OK && p.done < len && discipline_writable(&t->d));
	}
	if (status != OK && !p.done)
		return status;
	if (status != OK || p.done == len || (by->mode & FILE_MODE_NONBLOCK && p.done)) {
		*count = p.done;
		return OK;
	}
	if (by->mode & FILE_MODE_NONBLOCK)
		return ERR_WOULD_BLOCK;
	return pending_add(t, WAIT_WRITE, rq, p);
}

/* ---- waiting until all is sent, settings --------------------------------------------------------------------- */

void terminal_set(struct terminal *t, const struct tty_attributes *attributes)
{
	struct tty_attributes old = t->d.t;

	discipline_set(&t->d, attributes);
	t->device->format(t, &old);
	terminal_progress(t);
}

static bool all_sent(struct terminal *t)
{
	return !discipline_output_queued(&t->d) && !t->d.urgent && t->device->sent(t);
}

static bool sent_serve(struct terminal *t)
{
	bool any = false;

	while (t->waits[WAIT_SENT].first && all_sent(t)) {
		struct pending p = *t->waits[WAIT_SENT].first;
		handle_t reply = pending_take(t, WAIT_SENT);

		any = true;
		if (p.set && p.when == TTY_WHEN_FLUSH)
			discipline_flush_input(&t->d);
		if (p.set) {
			terminal_set(t, &p.attributes);
			(void)tty_attributes_set_reply(reply, OK);
		} else {
			(void)tty_drain_reply(reply, OK);
		}
	}
	return any;
}

status_t terminal_wait_sent(struct terminal *t, struct ipc_request *rq, const struct tty_attributes *attributes,
			    enum tty_when when)
{
	struct pending p = {.set = attributes != NULL, .when = when};
	status_t status;

	if (attributes)
		p.attributes = *attributes;
	status = pending_add(t, WAIT_SENT, rq, p);
	terminal_progress(t);
	return status;
}

void terminal_flush(struct terminal *t, uint32_t queues)
{
	if (queues & TTY_QUEUE_INPUT)
		discipline_flush_input(&t->d);
	if (queues & TTY_QUEUE_OUTPUT)
		discipline_flush_output(&t->d);
	t->device->discard(t, queues);
	terminal_progress(t);
}

void terminal_window(struct terminal *t, const struct tty_window *window)
{
	if (memcmp(&t->window, window, sizeof(*window)) == 0)
		return;
	t->window = *window;
	group_signal(t, SIGWINCH);
}

/* ---- the device's side ---------------------------------------------------------------------------------------- */

void terminal_receive(struct terminal *t, uint8_t byte)
{
	uint32_t events = discipline_receive(&t->d, byte);

	if (!events)
		return;
	if (events & DISCIPLINE_FLUSHED)
		t->device->discard(t, TTY_QUEUE_OUTPUT);
	if (events & DISCIPLINE_INTR)
		group_signal(t, SIGINT);
	if (events & DISCIPLINE_QUIT)
		group_signal(t, SIGQUIT);
	if (events & DISCIPLINE_SUSP)
		group_signal(t, SIGTSTP);
}

uint32_t terminal_ready(const struct terminal *t)
{
	const struct tty_attributes *a = &t->d.t;
	uint32_t there = discipline_readable(&t->d), wanted = 1;
	uint32_t ready = 0;

	if (t->hung)
		return FILE_READY_READ | FILE_READY_WRITE | FILE_READY_HANGUP;
	/* As a read without TIME would find it. */
	if (!(a->local & TTY_LOCAL_ICANON) && !a->characters[TTY_KEY_TIME] && a->characters[TTY_KEY_MIN])
		wanted = a->characters[TTY_KEY_MIN];
	if (there >= wanted)
		ready |= FILE_READY_READ;
	if (discipline_writable(&t->d) && !t->waits[WAIT_WRITE].first)
		ready |= FILE_READY_WRITE;
	return ready;
}

/* The earliest time at which some reader is due. */
static void due_set(void)
{
	struct terminal **const lists[] = {tty.serials, tty.ptys};
	const unsigned counts[] = {SERIALS_MAX, PTYS_MAX};
	uint64_t first = DEADLINE_NEVER;

	for (unsigned l = 0; l < 2; l++) {
		for (unsigned i = 0; i < counts[l]; i++) {
			const struct terminal *t = lists[l][i];
			uint64_t deadline = DEADLINE_NEVER;

			if (!t || !t->waits[WAIT_READ].first)
				continue;
			if (!read_due(t, t->waits[WAIT_READ].first->len, t->waits[WAIT_READ].first->deadline,
				      &deadline) &&
			    deadline < first)
				first = deadline;
		}
	}
	if (first != tty.timer.deadline)
		(void)server_timer_set(&tty.timer, first); /* it has its timer already: nothing to fail */
}

void terminal_progress(struct terminal *t)
{
	bool any;

	/* Devices call this, too, while they are asked. */
	if (t->progressing)
		return;
	t->progressing = true;
	do {
		any = t->device->progress(t);
		any |= readers_serve(t);
		any |= writers_serve(t);
		any |= sent_serve(t);
	} while (any);
	t->progressing = false;
	watch_tell(&tty.watches, &t->watches, terminal_ready(t));
	if (t->kind == TTY_KIND_SLAVE)
		watch_tell(&tty.watches, &t->master_watches, pty_ready(t));
	due_set();
}

void terminals_timer(void *context)
{
	(void)context;
	for (unsigned i = 0; i < SERIALS_MAX; i++) {
		if (tty.serials[i])
			terminal_progress(tty.serials[i]);
	}
	for (unsigned i = 0; i < PTYS_MAX; i++) {
		if (tty.ptys[i])
			terminal_progress(tty.ptys[i]);
	}
	due_set();
}

void terminal_hang_up(struct terminal *t)
{
	t->hung = true;
	group_hang_up(t);
	pending_fail(t, WAIT_READ, ERR_IO);
	pending_fail(t, WAIT_WRITE, ERR_IO);
	pending_fail(t, WAIT_SENT, ERR_IO);
	discipline_flush_input(&t->d);
	discipline_flush_output(&t->d);
	terminal_progress(t);
}

struct terminal *terminal_new(enum tty_kind kind, uint32_t number, const struct device_ops *device)
{
	struct terminal *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	discipline_init(&t->d);
	t->kind = kind;
	t->number = number;
	t->device = device;
	return t;
}

void terminal_free(struct terminal *t)
{
	watch_drop(&tty.watches, &t->watches);
	watch_drop(&tty.watches, &t->master_watches);
	free(t);
}

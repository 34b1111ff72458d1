/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo-terminals: the master as the device of a terminal. */
#include <signal.h>

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"
#include "userland/tty/tty.h"

struct terminal *pty_find(uint32_t number)
{
	return number < PTYS_MAX ? tty.ptys[number] : NULL;
}

/* ---- the master reads what programs write --------------------------------------------------------------------- */

/* The last slave was closed: there is nothing to come, until one is opened again. */
static bool slave_gone(const struct terminal *t)
{
	return t->slave_seen && !t->opened;
}

static status_t fetch(struct terminal *t, handle_t reply, uint64_t len, uint64_t *count)
{
	static uint8_t bytes[DISCIPLINE_OUTPUT_MAX + 1];
	uint32_t tail = t->d.out_tail;
	uint8_t urgent = t->d.urgent;
	status_t status;

	*count = discipline_output(&t->d, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
	status = lease_write(reply, FILE_READ_LEASE_DATA, 0, bytes, *count);
	if (status != OK) {
		t->d.out_tail = tail;
		t->d.urgent = urgent;
	}
	return status;
}

static bool fetchers_serve(struct terminal *t)
{
	bool any = false;

	while (t->waits[WAIT_FETCH].first && (discipline_output_ready(&t->d) || slave_gone(t))) {
		struct pending *p = t->waits[WAIT_FETCH].first;
		uint64_t count = 0;
		uint32_t tail = t->d.out_tail;
		status_t status = discipline_output_ready(&t->d) ? fetch(t, p->reply, p->len, &count) : ERR_IO;

		if (file_read_reply(pending_take(t, WAIT_FETCH), status, count) != OK && status == OK)
			t->d.out_tail = tail;
		any = true;
	}
	return any;
}

status_t pty_read(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len, uint64_t *count)
{
	status_t status;

	if (!len)
		return OK;
	if (!t->waits[WAIT_FETCH].first && discipline_output_ready(&t->d)) {
		status = fetch(t, HANDLE_NONE, len, count);
		terminal_progress(t);
		return status;
	}
	if (slave_gone(t))
		return ERR_IO;
	if (by->mode & FILE_MODE_NONBLOCK)
		return ERR_WOULD_BLOCK;
	return pending_add(t, WAIT_FETCH, rq, (struct pending){.len = len});
}

/* ---- and writes what they read ----------------------------------------------------------------------------------- */

static status_t receive(struct terminal *t, handle_t reply, uint64_t len, uint64_t *done)
{
	uint8_t bytes[PIECE];

	while (*done < len) {
		uint64_t piece = len - *done < sizeof(bytes) ? len - *done : sizeof(bytes);
		status_t status;

		if (discipline_room(&t->d) < piece)
			piece = discipline_room(&t->d);
		if (!piece)
			return OK;
		status = lease_read(reply, FILE_WRITE_LEASE_DATA, *done, bytes, piece);
		if (status != OK)
			return status;
		/* A line that ends in the middle takes room from what follows. */
		for (uint64_t i = 0; i < piece && discipline_room(&t->d); i++, (*done)++)
			terminal_receive(t, bytes[i]);
		t->last_input = time_now();
	}
	return OK;
}

static bool receivers_serve(struct terminal *t)
{
	bool any = false;

	while (t->waits[WAIT_RECEIVE].first && discipline_room(&t->d)) {
		struct pending *p = t->waits[WAIT_RECEIVE].first;
		status_t status = receive(t, p->reply, p->len, &p->done);
		uint64_t done = p->done;

		any = true;
		if (status == OK && done < p->len)
			break;
		(void)file_write_reply(pending_take(t, WAIT_RECEIVE), done ? OK : status, done, done);
	}
	return any;
}

status_t pty_write(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len,
		   uint64_t *count)
{
	struct pending p = {.len = len};
	status_t status = OK;

	if (slave_gone(t))
		return ERR_IO;
	if (!t->waits[WAIT_RECEIVE].first)
		status = receive(t, HANDLE_NONE, len, &p.done);
	terminal_progress(t);
	if (status != OK && !p.done)
		return status;
	if (status != OK || p.done == len || (by->mode & FILE_MODE_NONBLOCK && p.done)) {
		*count = p.done;
		return OK;
	}
	if (by->mode & FILE_MODE_NONBLOCK)
		return ERR_WOULD_BLOCK;
	return pending_add(t, WAIT_RECEIVE, rq, p);
}

uint32_t pty_ready(const struct terminal *t)
{
	uint32_t ready = 0;

	if (slave_gone(t))
		ready |= FILE_READY_READ | FILE_READY_HANGUP;
	if (discipline_output_ready(&t->d))
		ready |= FILE_READY_READ;
	if (discipline_room(&t->d) && !t->waits[WAIT_RECEIVE].first)
		ready |= FILE_READY_WRITE;
	return ready;
}

/* ---- as a device -------------------------------------------------------------------------------------------------- */

static bool pty_progress(struct terminal *t)
{
	bool any = fetchers_serve(t);

	return receivers_serve(t) || any;
}

static void pty_discard(struct terminal *t, uint32_t queues)
{
	(void)t, (void)queues;
}

static bool pty_sent(struct terminal *t)
{
	(void)t;
	return true;
}

static void pty_format(struct terminal *t, const struct tty_attributes *old)
{
	(void)t, (void)old;
}

static const struct device_ops pty_ops = {
	.progress = pty_progress,
	.discard = pty_discard,
	.sent = pty_sent,
	.format = pty_format,
};

status_t pty_new(uint32_t user, uint32_t group, struct terminal **out)
{
	uint32_t number = PTYS_MAX, of_user = 0;

	for (uint32_t i = PTYS_MAX; i-- > 0;) {
		if (!tty.ptys[i])
			number = i;
		else
			of_user += tty.ptys[i]->user == user;
	}
	if (number == PTYS_MAX || (user && of_user >= PTYS_USER))
		return ERR_BUSY;
	*out = terminal_new(TTY_KIND_SLAVE, number, &pty_ops);
	if (!*out)
		return ERR_NO_MEMORY;
	(*out)->user = user;
	(*out)->owner_group = group;
	(*out)->locked = true;
	(*out)->d.t.input_speed = (*out)->d.t.output_speed = 38400;
	tty.ptys[number] = *out;
	return OK;
}

void pty_opened(struct terminal *t, bool master)
{
	if (master) {
		t->master_open = true;
		return;
	}
	t->opened++;
	t->slave_seen = true;
}

void pty_closed(struct terminal *t, bool master)
{
	if (master) {
		t->master_open = false;
		pending_fail(t, WAIT_FETCH, ERR_IO);
		pending_fail(t, WAIT_RECEIVE, ERR_IO);
		terminal_hang_up(t);
	} else {
		t->opened--;
		terminal_progress(t);
	}
	if (t->master_open || t->opened)
		return;
	tty.ptys[t->number] = NULL;
	terminal_free(t);
}

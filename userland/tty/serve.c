/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of the protocols `file` and `tty`. */
#include "userland/tty/serve.h"

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

#define MODES (FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_NONBLOCK)

/* Whom the call is for; *t is there whenever it is OK. */
static status_t by_of(struct ipc_request *rq, struct description **by, struct terminal **t)
{
	*by = description_find(rq);
	if (!*by)
		return ERR_IO;
	*t = (*by)->terminal;
	return OK;
}

/* The same for what a terminal that is gone does not do. */
static status_t live_of(struct ipc_request *rq, struct description **by, struct terminal **t)
{
	status_t status = by_of(rq, by, t);

	return status == OK && (*t)->hung && !(*by)->master ? ERR_IO : status;
}

/* And for what changes something: the background may not. The master is no program at the terminal. */
static status_t change_of(struct ipc_request *rq, struct description **by, struct terminal **t)
{
	status_t status = live_of(rq, by, t);

	return status == OK && !(*by)->master ? group_may_change(*t, rq) : status;
}

/* ---- file ------------------------------------------------------------------------------------------------------ */

static status_t on_read(void *ctx, struct ipc_request *rq, uint64_t offset, size_t len, uint64_t *count)
{
	struct description *by;
	struct terminal *t;
	status_t status = by_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	if (offset != FILE_AT_POSITION)
		return ERR_STREAM;
	if (!(by->mode & FILE_MODE_READ))
		return ERR_ACCESS;
	return by->master ? pty_read(t, rq, by, len, count) : terminal_read(t, rq, by, len, count);
}

static status_t on_write(void *ctx, struct ipc_request *rq, uint64_t offset, size_t len, uint64_t *count,
			 uint64_t *position)
{
	struct description *by;
	struct terminal *t;
	status_t status = by_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	if (offset != FILE_AT_POSITION)
		return ERR_STREAM;
	if (!(by->mode & FILE_MODE_WRITE))
		return ERR_ACCESS;
	*position = 0;
	return by->master ? pty_write(t, rq, by, len, count) : terminal_write(t, rq, by, len, count);
}

static status_t on_seek(void *ctx, struct ipc_request *rq, int64_t offset, enum file_whence whence, uint64_t *position)
{
	(void)ctx, (void)rq, (void)offset, (void)whence, (void)position;
	return ERR_STREAM;
}

static status_t on_truncate(void *ctx, struct ipc_request *rq, uint64_t size)
{
	(void)ctx, (void)rq, (void)size;
	return ERR_INVALID;
}

static status_t on_mode(void *ctx, struct ipc_request *rq, bool set, uint32_t mode, uint32_t *now)
{
	struct description *by;
	struct terminal *t;
	status_t status = by_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	if (set)
		by->mode = (by->mode & ~FILE_MODE_NONBLOCK) | (mode & FILE_MODE_NONBLOCK);
	*now = by->mode;
	return OK;
}

static status_t on_attributes(void *ctx, struct ipc_request *rq, const char *path, bool follow, size_t room,
			      uint32_t *count)
{
	struct description *by;
	struct terminal *t;
	status_t status = by_of(rq, &by, &t);

	(void)ctx, (void)follow;
	if (status != OK)
		return status;
	if (path[0])
		return ERR_NOT_DIRECTORY;
	if (!room)
		return OK;
	const struct file_attributes attributes = {
		.inode = terminal_inode(t, by->master),
		.kind = FILE_KIND_CHARACTER,
		.permissions = by->master ? 0666 : 0620,
		.links = 1,
		.user = t->user,
		.group = t->owner_group,
		.block_size = 1024,
		.device = terminal_device(t, by->master),
	};
	*count = 1;
	return ipc_lease_write(rq, FILE_ATTRIBUTES_LEASE_ATTRIBUTES, 0, &attributes, sizeof(attributes));
}

static status_t on_watch(void *ctx, struct ipc_request *rq, uint32_t wanted, handle_t notification, uint64_t bits,
			 uint32_t *now)
{
	struct description *by;
	struct terminal *t;
	status_t status = by_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	const struct watch_wish wish = {
		.badge = by->badge, .user = by->user, .wanted = wanted, .notification = notification, .bits = bits};
	return watch_add(&tty.watches, by->master ? &t->master_watches : &t->watches, &wish,
			 by->master ? pty_ready(t) : terminal_ready(t), now);
}

const struct file_ops serve_file_ops = {
	.attributes = on_attributes,
	.read = on_read,
	.write = on_write,
	.seek = on_seek,
	.truncate = on_truncate,
	.mode = on_mode,
	.watch = on_watch,
};

/* ---- tty: opening ------------------------------------------------------------------------------------------------- */

static status_t find_to_open(enum tty_kind kind, uint32_t number, uint64_t process, struct terminal **t)
{
	switch (kind) {
	case TTY_KIND_CONSOLE:
	case TTY_KIND_SERIAL: return serial_find(kind, number, t);
	case TTY_KIND_CURRENT: return session_terminal(process, t);
	case TTY_KIND_SLAVE:
	case TTY_KIND_MASTER: break;
	}
	*t = pty_find(number);
	if (!*t)
		return ERR_NOT_FOUND;
	return (*t)->locked || (*t)->hung ? ERR_IO : OK;
}

static status_t on_open(void *ctx, struct ipc_request *rq, enum tty_kind kind, uint32_t number, uint32_t mode,
			uint64_t process, uint32_t user, uint32_t group, handle_t *terminal)
{
	struct terminal *t = NULL;
	status_t status;

	(void)ctx;
	if (rq->msg.badge != TTY_BADGE_OPENER)
		return ERR_ACCESS;
	if (kind != TTY_KIND_MASTER) {
		status = find_to_open(kind, number, process, &t);
		return status == OK ? description_make(t, false, mode & MODES, user, terminal) : status;
	}
	status = pty_new(user, group, &t);
	if (status != OK)
		return status;
	status = description_make(t, true, mode & MODES, user, terminal);
	if (status != OK)
		pty_closed(t, true);
	return status;
}

static status_t on_slaves(void *ctx, struct ipc_request *rq, uint32_t first, size_t room, uint32_t *count)
{
	(void)ctx;
	if (rq->msg.badge != TTY_BADGE_OPENER)
		return ERR_ACCESS;
	for (uint32_t i = first; i < PTYS_MAX && *count < room; i++) {
		const struct terminal *t = pty_find(i);
		struct tty_slave slave;
		status_t status;

		if (!t || t->hung)
			continue;
		slave = (struct tty_slave){.number = i, .user = t->user, .group = t->owner_group, .permissions = 0620};
		status = ipc_lease_write(rq, TTY_SLAVES_LEASE_SLAVES, *count * sizeof(slave), &slave, sizeof(slave));
		if (status != OK)
			return status;
		(*count)++;
	}
	return OK;
}

static status_t on_reopen(void *ctx, struct ipc_request *rq, uint32_t mode, handle_t *terminal)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status == OK && (t->hung || (by->master && t->locked)))
		status = ERR_IO;
	return status == OK ? description_make(t, false, mode & MODES, by->user, terminal) : status;
}

static status_t on_identity(void *ctx, struct ipc_request *rq, uint32_t *number, enum tty_kind *kind)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	*number = t->number;
	*kind = by->master ? TTY_KIND_MASTER : t->kind;
	return OK;
}

static status_t on_lock(void *ctx, struct ipc_request *rq, bool locked)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	if (!by->master)
		return ERR_INVALID;
	t->locked = locked;
	return OK;
}

/* ---- tty: settings --------------------------------------------------------------------------------------------------- */

static status_t on_attributes_get(void *ctx, struct ipc_request *rq, struct tty_attributes *attributes)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status == OK)
		*attributes = t->d.t;
	return status;
}

static status_t on_attributes_set(void *ctx, struct ipc_request *rq, const struct tty_attributes *attributes,
				  enum tty_when when)
{
	struct description *by;
	struct terminal *t;
	status_t status = change_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	/* The master would wait for what only it can read. */
	if (when != TTY_WHEN_NOW && !by->master)
		return terminal_wait_sent(t, rq, attributes, when);
	if (when == TTY_WHEN_FLUSH)
		discipline_flush_input(&t->d);
	terminal_set(t, attributes);
	return OK;
}

static status_t on_window_get(void *ctx, struct ipc_request *rq, struct tty_window *window)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status == OK)
		*window = t->window;
	return status;
}

static status_t on_window_set(void *ctx, struct ipc_request *rq, const struct tty_window *window)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status == OK)
		terminal_window(t, window);
	return status;
}

static status_t on_drain(void *ctx, struct ipc_request *rq)
{
	struct description *by;
	struct terminal *t;
	status_t status = change_of(rq, &by, &t);

	(void)ctx;
	if (status != OK || by->master)
		return status;
	return terminal_wait_sent(t, rq, NULL, TTY_WHEN_DRAIN);
}

static status_t on_flush(void *ctx, struct ipc_request *rq, uint32_t queue)
{
	struct description *by;
	struct terminal *t;
	status_t status = change_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	/* What the master has written is the terminal's input. */
	if (by->master)
		queue = (queue & TTY_QUEUE_INPUT ? TTY_QUEUE_OUTPUT : 0u) |
			(queue & TTY_QUEUE_OUTPUT ? TTY_QUEUE_INPUT : 0u);
	terminal_flush(t, queue);
	return OK;
}

static status_t on_flow(void *ctx, struct ipc_request *rq, enum tty_action action)
{
	struct description *by;
	struct terminal *t;
	status_t status = change_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	switch (action) {
	case TTY_ACTION_OUTPUT_OFF:
	case TTY_ACTION_OUTPUT_ON: discipline_hold(&t->d, action == TTY_ACTION_OUTPUT_OFF); break;
	case TTY_ACTION_INPUT_OFF:
	case TTY_ACTION_INPUT_ON: discipline_tell(&t->d, action == TTY_ACTION_INPUT_OFF); break;
	}
	terminal_progress(t);
	return OK;
}

/* No driver can do it yet. */
static status_t on_send_break(void *ctx, struct ipc_request *rq, uint32_t milliseconds)
{
	struct description *by;
	struct terminal *t;
	status_t status = change_of(rq, &by, &t);

	(void)ctx, (void)milliseconds;
	return status == OK && t->kind != TTY_KIND_SLAVE ? ERR_UNSUPPORTED : status;
}

static status_t on_queued(void *ctx, struct ipc_request *rq, uint32_t *input, uint32_t *output)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status != OK)
		return status;
	*input = by->master ? discipline_output_ready(&t->d) : discipline_readable(&t->d);
	*output = by->master ? 0 : discipline_output_queued(&t->d);
	return OK;
}

/* The console's is init's to give: the first leader of a session who asks has it. */
static status_t session_of(struct ipc_request *rq, struct description **by, struct terminal **t)
{
	status_t status = live_of(rq, by, t);

	if (status == OK && (*by)->badge >= TTY_BADGE_CONSOLE && !(*t)->session)
		(void)session_acquire(*t, rq);
	return status;
}

/* ---- tty: sessions --------------------------------------------------------------------------------------------------- */

static status_t on_group_get(void *ctx, struct ipc_request *rq, uint64_t *group)
{
	struct description *by;
	struct terminal *t;
	status_t status = session_of(rq, &by, &t);

	(void)ctx;
	return status == OK ? group_get(t, rq, by->master, group) : status;
}

static status_t on_group_set(void *ctx, struct ipc_request *rq, uint64_t group)
{
	struct description *by;
	struct terminal *t;
	status_t status = session_of(rq, &by, &t);

	(void)ctx;
	return status == OK ? group_set(t, rq, group) : status;
}

static status_t on_session_get(void *ctx, struct ipc_request *rq, uint64_t *session)
{
	struct description *by;
	struct terminal *t;
	status_t status = session_of(rq, &by, &t);

	(void)ctx;
	return status == OK ? session_get(t, rq, by->master, session) : status;
}

static status_t on_acquire(void *ctx, struct ipc_request *rq)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	if (status == OK && by->master)
		status = ERR_NOT_OWNER;
	return status == OK ? session_acquire(t, rq) : status;
}

static status_t on_release(void *ctx, struct ipc_request *rq)
{
	struct description *by;
	struct terminal *t;
	status_t status = live_of(rq, &by, &t);

	(void)ctx;
	return status == OK ? session_release(t, rq) : status;
}

const struct tty_ops serve_tty_ops = {
	.open = on_open,
	.slaves = on_slaves,
	.reopen = on_reopen,
	.identity = on_identity,
	.attributes_get = on_attributes_get,
	.attributes_set = on_attributes_set,
	.window_get = on_window_get,
	.window_set = on_window_set,
	.drain = on_drain,
	.flush = on_flush,
	.flow = on_flow,
	.send_break = on_send_break,
	.queued = on_queued,
	.group_get = on_group_get,
	.group_set = on_group_set,
	.session_get = on_session_get,
	.acquire = on_acquire,
	.release = on_release,
	.lock = on_lock,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal server's own: terminals, what calls of theirs wait, open descriptions. One thread does everything here; a serial line has two more
 * that wait for its driver (serial.c) and touch nothing but their own struct.
 *
 *   serve.c        the protocols file and tty
 *   description.c  handles and what they stand for
 *   terminal.c     reading, writing, waiting: between calls and the discipline
 *   serial.c, pty.c  the devices' side: a driver, a master
 *   group.c        process groups: who may, who gets signals
 */
#pragma once

#include "protocols/file.h"
#include "protocols/tty.h"
#include "sys/lib/server.h"
#include "sys/lib/watch.h"
#include "userland/tty/discipline.h"

#define PENDING_MAX 64u  /* calls that wait at one terminal */
#define PTYS_MAX    64u  /* pairs */
#define PTYS_USER   32u  /* of them, of one user other than 0 */
#define SERIALS_MAX 16u  /* lines, the console among them */
#define PIECE       512u /* bytes that are moved at a time */

struct terminal;

/* What a call that waits is waiting for */
enum wait {
	WAIT_READ,    /* input */
	WAIT_WRITE,   /* room for output */
	WAIT_SENT,    /* all output is sent: drain, and settings that are due then */
	WAIT_RECEIVE, /* a master's write: room for input */
	WAIT_FETCH,   /* a master's read: output */
	WAIT_KINDS
};

struct pending {
	struct pending *next;
	handle_t reply;
	uint64_t deadline; /* WAIT_READ, TIME without MIN */
	uint64_t done, len;
	bool set; /* WAIT_SENT: attributes_set with `attributes`, else drain */
	enum tty_when when;
	struct tty_attributes attributes;
};

struct queue {
	struct pending *first;
	uint32_t count;
};

/* The device's side of a terminal. */
struct device_ops {
	/* Output may be there, or room for input. */
	bool (*progress)(struct terminal *t);
	/* Output was thrown away (input too, if that is the device's): what the device holds of it is to go. */
	void (*discard)(struct terminal *t, uint32_t queues);
	/* Has everything that it took been sent? If not it tells when it has, by terminal_progress. */
	bool (*sent)(struct terminal *t);
	/* New settings: the line's format. */
	void (*format)(struct terminal *t, const struct tty_attributes *old);
};

struct terminal {
	struct discipline d;
	enum tty_kind kind; /* never MASTER: both sides are one terminal */
	uint32_t number;
	const struct device_ops *device;
	struct queue waits[WAIT_KINDS];
	struct tty_window window;
	uint64_t session, group; /* 0: none */
	uint64_t last_input;     /* time of the last byte, for TIME */
	uint32_t opened;         /* descriptions, of a pseudo-terminal: of the slave */
	bool hung;               /* the device is gone: reads end, everything else is ERR_IO */
	bool progressing;
	struct watch_list watches;
	/* pseudo-terminals */
	bool master_open, locked, slave_seen;
	uint32_t user, owner_group;
	struct watch_list master_watches;
	/* serial lines */
	struct serial *serial;
};

struct description {
	uint64_t badge; /* 0: free */
	struct terminal *terminal;
	bool master;
	uint32_t mode; /* FILE_MODE_READ, WRITE, NONBLOCK */
	uint32_t user;
};

struct tty_server {
	struct server server;
	handle_t endpoint, devmgr;
	uint32_t epoch; /* in badges: those of an earlier process are nobody's */
	struct terminal *serials[SERIALS_MAX];
	struct terminal *ptys[PTYS_MAX];
	struct description *descriptions;
	uint32_t description_count, description_room;
	struct watch_set watches;
	struct server_timer timer; /* TIME */
	handle_t notification;     /* of the server, for what threads signal */
	handle_t leaders;          /* a session's leader may have ended: this notification, these bits */
	uint64_t leader_bits;
};
extern struct tty_server tty;

uint64_t time_now(void);

/* Numbers for stat: devfs has the same device numbers (tty.idl), the inodes are the server's own. */
static inline uint64_t terminal_device(const struct terminal *t, bool master)
{
	return (uint64_t)(master ? TTY_KIND_MASTER : t->kind) * TTY_DEVICE_KIND + TTY_DEVICE_BASE + t->number;
}

static inline uint64_t terminal_inode(const struct terminal *t, bool master)
{
	return terminal_device(t, master);
}

/* ---- description.c */

/* A handle for a client. */
status_t description_make(struct terminal *t, bool master, uint32_t mode, uint32_t user, handle_t *out);
/* What a call's badge stands for; NULL: nothing (any more). */
struct description *description_find(struct ipc_request *rq);
/* Handles are gone. */
void descriptions_closed(void *context);

/* ---- terminal.c */

struct terminal *terminal_new(enum tty_kind kind, uint32_t number, const struct device_ops *device);
/* Nobody may have it open, nor wait. */
void terminal_free(struct terminal *t);
status_t terminal_read(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len,
		       uint64_t *count);
status_t terminal_write(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len,
			uint64_t *count);
/* drain, and attributes_set with DRAIN or FLUSH */
status_t terminal_wait_sent(struct terminal *t, struct ipc_request *rq, const struct tty_attributes *attributes,
			    enum tty_when when);
void terminal_set(struct terminal *t, const struct tty_attributes *attributes);
void terminal_flush(struct terminal *t, uint32_t queues);
void terminal_window(struct terminal *t, const struct tty_window *window);
/* A byte from the device. */
void terminal_receive(struct terminal *t, uint8_t byte);
/* Something changed: whoever can go on does. */
void terminal_progress(struct terminal *t);
/* The device is gone for good. */
void terminal_hang_up(struct terminal *t);
/* FILE_READY_* */
uint32_t terminal_ready(const struct terminal *t);
/* TIME has passed somewhere. */
void terminals_timer(void *context);

status_t pending_add(struct terminal *t, enum wait wait, struct ipc_request *rq, struct pending what);
/* The first is answered or given up: out of the queue, and freed; the reply handle is the caller's. */
handle_t pending_take(struct terminal *t, enum wait wait);
void pending_fail(struct terminal *t, enum wait wait, status_t status);
/* Is the caller still there? */
bool pending_alive(const struct pending *p);

/* ---- serial.c */

/* The console (number 0 of kind CONSOLE) or devmgr's line `number`, which is made when it is not there yet. */
status_t serial_find(enum tty_kind kind, uint32_t number, struct terminal **out);

/* ---- pty.c */

status_t pty_new(uint32_t user, uint32_t group, struct terminal **out);
struct terminal *pty_find(uint32_t number);
status_t pty_read(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len,
		  uint64_t *count);
status_t pty_write(struct terminal *t, struct ipc_request *rq, const struct description *by, size_t len,
		   uint64_t *count);
uint32_t pty_ready(const struct terminal *t);
void pty_opened(struct terminal *t, bool master);
/* May free it. */
void pty_closed(struct terminal *t, bool master);

/* ---- group.c */

void groups_begin(void);
/* Somebody of the background reads (writes, changes something)? The status that ends his call, or OK. */
status_t group_may_read(struct terminal *t, struct ipc_request *rq);
status_t group_may_write(struct terminal *t, struct ipc_request *rq);
status_t group_may_change(struct terminal *t, struct ipc_request *rq);
/* To the foreground group; signal numbers are those of <signal.h>. */
void group_signal(struct terminal *t, unsigned number);
void group_hang_up(struct terminal *t);
status_t group_get(struct terminal *t, struct ipc_request *rq, bool master, uint64_t *group);
status_t group_set(struct terminal *t, struct ipc_request *rq, uint64_t group);
status_t session_get(struct terminal *t, struct ipc_request *rq, bool master, uint64_t *session);
status_t session_acquire(struct terminal *t, struct ipc_request *rq);
status_t session_release(struct terminal *t, struct ipc_request *rq);
/* The controlling terminal of a process. */
status_t session_terminal(uint64_t process, struct terminal **out);

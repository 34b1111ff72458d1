/* SPDX-License-Identifier: BSD-2-Clause */
/* See fake_kernel.h. One lock, one condition variable that wakes everybody: slow and plain. */
#include "sys/lib/host/fake_kernel.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256, REAL_TIMEOUT_S = 60 };

enum call_state { CALL_QUEUED, CALL_TAKEN, CALL_DONE };

/* A call lives on its caller's stack until it is done; who serves it holds a pointer that is taken
 * away when the caller leaves. */
struct call {
	struct ipc_msg msg;
	uint64_t badge;
	const struct lease *leases;
	unsigned lease_count;
	enum call_state state;
	status_t status;
	struct object *endpoint;
	struct call *next;
};

struct object {
	uint32_t type;
	unsigned refs;
	struct call *queue; /* endpoint: waiting callers, oldest first */
	bool closed;        /* endpoint */
	uint64_t bits;      /* notification */
	struct object *nt;  /* thread: bound; irq, timer: to signal */
	uint64_t nt_bits;   /* irq, timer */
	uint64_t deadline;  /* timer */
	bool masked;        /* irq */
	unsigned acks;      /* irq */
	struct call *call;  /* thread: being served; reply: saved. NULL when the caller is gone */
};

struct slot {
	struct object *object;
	uint32_t rights;
	uint64_t badge;
	uint64_t generation;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct slot slots[SLOTS];
static uint64_t now_ns;
static uint64_t changes; /* counts them */
static unsigned calls_pending;
static struct fake_counts counts;
static struct {
	unsigned nth;
	status_t status;
} failures[FAKE_CALL_COUNT];

static _Thread_local struct object *self;
static _Thread_local handle_t self_handle;

/* All objects that hold a pointer to a call, so that a caller that leaves can take it away; and
 * all timers. */
static struct object *objects[4 * SLOTS];

static void die(const char *what)
{
	fprintf(stderr, "fake kernel: %s\n", what);
	abort();
}

/* Until something has changed. A test that hangs is a failed test; but waiters look by themselves, too: condition variables of glibc before 2.41
 * lose a wake-up now and then (its bug 25847). */
static void wait_change(void)
{
	const uint64_t seen = changes;

	for (unsigned i = 0; i < REAL_TIMEOUT_S * 20; i++) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 1000000000 / 20;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		(void)pthread_cond_timedwait(&changed, &lock, &until);
		if (changes != seen)
			return;
	}
	die("nothing happened for a minute: somebody waits for ever");
}

static void change(void)
{
	changes++;
	pthread_cond_broadcast(&changed);
}

static void enter(void)
{
	pthread_mutex_lock(&lock);
}

static status_t leave(status_t status)
{
	change();
	pthread_mutex_unlock(&lock);
	return status;
}

static bool failing(enum fake_call call, status_t *status)
{
	if (failures[call].nth == 0 || --failures[call].nth != 0)
		return false;
	*status = failures[call].status;
	return true;
}

void fake_fail(enum fake_call call, unsigned nth, status_t status)
{
	enter();
	failures[call].nth = nth;
	failures[call].status = status;
	leave(OK);
}

/* ---- objects and handles ----------------------------------------------------------------------- */

static struct object *object_new(uint32_t type)
{
	struct object *object = calloc(1, sizeof(*object));

	if (!object)
		die("out of memory");
	object->type = type;
	object->deadline = DEADLINE_NEVER;
	for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (!objects[i]) {
			objects[i] = object;
			return object;
		}
	}
	die("too many objects");
	return NULL;
}

static void call_finish(struct call *call, status_t status)
{
	call->status = status;
	call->state = CALL_DONE;
}

static void object_put(struct object *object)
{
	if (!object || --object->refs != 0)
		return;
	if (object->call)
		call_finish(object->call, ERR_PEER_DIED);
	object_put(object->nt);
	for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (objects[i] == object)
			objects[i] = NULL;
	free(object);
}

static handle_t handle_new(struct object *object, uint32_t rights, uint64_t badge)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (slots[i].object)
			continue;
		slots[i].object = object;
		slots[i].rights = rights;
		slots[i].badge = badge;
		slots[i].generation++;
		object->refs++;
		return slots[i].generation << HANDLE_INDEX_BITS | i;
	}
	die("handle table is full");
	return HANDLE_NONE;
}

static struct slot *handle_find(handle_t handle)
{
	unsigned i = (unsigned)(handle & (HANDLE_MAX_COUNT - 1));

	if (handle == HANDLE_NONE || i >= SLOTS || !slots[i].object ||
	    slots[i].generation != handle >> HANDLE_INDEX_BITS)
		return NULL;
	return &slots[i];
}

static status_t object_get(handle_t handle, uint32_t type, uint32_t rights, struct object **out)
{
	struct slot *slot = handle_find(handle);

	if (!slot)
		return ERR_HANDLE;
	if (slot->object->type != type)
		return ERR_TYPE;
	if ((slot->rights & rights) != rights)
		return ERR_RIGHTS;
	*out = slot->object;
	return OK;
}

static void slot_free(struct slot *slot)
{
	struct object *object = slot->object;

	slot->object = NULL;
	object_put(object);
}

unsigned fake_handle_count(void)
{
	unsigned n = 0;

	enter();
	for (unsigned i = 0; i < SLOTS; i++)
		n += slots[i].object != NULL;
	leave(OK);
	return n;
}

void fake_kernel_expect_empty(const char *where)
{
	unsigned n = fake_handle_count();

	if (n == 0 && calls_pending == 0)
		return;
	fprintf(stderr, "%s: %u handles and %u calls left behind\n", where, n, calls_pending);
	exit(1);
}

handle_t fake_object_create(uint32_t type, uint32_t rights)
{
	enter();
	handle_t handle = handle_new(object_new(type), rights, 0);
	leave(OK);
	return handle;
}

bool fake_handle_valid(handle_t handle)
{
	enter();
	bool valid = handle_find(handle) != NULL;
	leave(OK);
	return valid;
}

status_t handle_close(handle_t handle)
{
	enter();
	struct slot *slot = handle_find(handle);

	if (!slot)
		return leave(ERR_HANDLE);
	slot_free(slot);
	return leave(OK);
}

status_t handle_dup(handle_t handle, uint32_t rights, handle_t *out)
{
	enter();
	struct slot *slot = handle_find(handle);

	if (!slot)
		return leave(ERR_HANDLE);
	if (rights == (uint32_t)RIGHTS_SAME)
		rights = slot->rights;
	if (!(slot->rights & RIGHT_DUP) || (rights & ~slot->rights))
		return leave(ERR_RIGHTS);
	*out = handle_new(slot->object, rights, slot->badge);
	return leave(OK);
}

status_t handle_info(handle_t handle, struct handle_info *info)
{
	status_t status;

	enter();
	struct slot *slot = handle_find(handle);

	if (failing(FAKE_HANDLE_INFO, &status))
		return leave(status);
	if (!slot)
		return leave(ERR_HANDLE);
	*info = (struct handle_info){
		.type = slot->object->type, .rights = slot->rights, .badge = slot->badge, .refs = slot->object->refs};
	return leave(OK);
}

/* ---- threads ----------------------------------------------------------------------------------- */

handle_t fake_thread_self(void)
{
	if (!self) {
		enter();
		self = object_new(OBJ_THREAD);
		self_handle = handle_new(self, RIGHTS_ALL, 0);
		leave(OK);
	}
	return self_handle;
}

void fake_thread_leave(void)
{
	if (!self)
		return;
	enter();
	slot_free(handle_find(self_handle));
	leave(OK);
	self = NULL;
}

/* ---- notifications, timers, irqs ----------------------------------------------------------- */

status_t notification_create(handle_t *out)
{
	status_t status;

	enter();
	if (failing(FAKE_NOTIFICATION_CREATE, &status))
		return leave(status);
	*out = handle_new(object_new(OBJ_NOTIFICATION), RIGHTS_ALL, 0);
	return leave(OK);
}

status_t notification_signal(handle_t nt, uint64_t bits)
{
	struct object *object;

	enter();
	status_t status = object_get(nt, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL, &object);

	if (status == OK)
		object->bits |= bits;
	return leave(status);
}

static void nt_set(struct object **field, struct object *nt)
{
	struct object *old = *field;

	if (nt)
		nt->refs++;
	*field = nt;
	object_put(old);
}

status_t notification_bind(handle_t nt, handle_t thread)
{
	struct object *t, *n = NULL;
	status_t status;

	enter();
	if (failing(FAKE_NOTIFICATION_BIND, &status))
		return leave(status);
	status = object_get(thread, OBJ_THREAD, RIGHT_THREAD_MANAGE, &t);
	if (status == OK && nt != HANDLE_NONE)
		status = object_get(nt, OBJ_NOTIFICATION, RIGHT_NT_WAIT, &n);
	if (status == OK)
		nt_set(&t->nt, n);
	return leave(status);
}

status_t timer_object_create(handle_t nt, uint64_t bits, handle_t *out)
{
	struct object *n;
	status_t status;

	enter();
	if (failing(FAKE_TIMER_CREATE, &status))
		return leave(status);
	status = object_get(nt, OBJ_NOTIFICATION, RIGHT_NT_WAIT, &n);
	if (status != OK)
		return leave(status);
	struct object *timer = object_new(OBJ_TIMER);

	nt_set(&timer->nt, n);
	timer->nt_bits = bits;
	*out = handle_new(timer, RIGHTS_ALL, 0);
	return leave(OK);
}

static void timers_fire(void)
{
	for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		struct object *timer = objects[i];

		if (!timer || timer->type != OBJ_TIMER || timer->deadline > now_ns)
			continue;
		timer->deadline = DEADLINE_NEVER;
		timer->nt->bits |= timer->nt_bits;
	}
}

status_t timer_set(handle_t timer, uint64_t deadline, uint64_t period_ns)
{
	struct object *object;

	enter();
	status_t status = object_get(timer, OBJ_TIMER, RIGHT_TIMER_USE, &object);

	if (period_ns != 0)
		die("periodic timers are not played");
	if (status == OK) {
		object->deadline = deadline;
		timers_fire();
	}
	return leave(status);
}

status_t clock_get(uint64_t *ns)
{
	enter();
	*ns = now_ns;
	return leave(OK);
}

void fake_clock_advance(uint64_t ns)
{
	enter();
	now_ns += ns;
	timers_fire();
	leave(OK);
}

status_t irq_bind(handle_t irq, handle_t nt, uint64_t bits)
{
	struct object *object, *n;
	status_t status;

	enter();
	if (failing(FAKE_IRQ_BIND, &status))
		return leave(status);
	status = object_get(irq, OBJ_IRQ, RIGHT_IRQ_USE, &object);
	if (status == OK)
		status = object_get(nt, OBJ_NOTIFICATION, RIGHT_NT_WAIT, &n);
	if (status == OK) {
		nt_set(&object->nt, n);
		object->nt_bits = bits;
	}
	return leave(status);
}

static status_t irq_unmask(handle_t irq)
{
	struct object *object;
	status_t status = object_get(irq, OBJ_IRQ, RIGHT_IRQ_USE, &object);

	if (status == OK) {
		object->masked = false;
		object->acks++;
	}
	return status;
}

status_t irq_ack(handle_t irq)
{
	enter();
	return leave(irq_unmask(irq));
}

void fake_irq_fire(handle_t irq)
{
	struct object *object;

	enter();
	if (object_get(irq, OBJ_IRQ, 0, &object) != OK || !object->nt)
		die("fired an irq that nobody bound");
	if (!object->masked) {
		object->masked = true;
		object->nt->bits |= object->nt_bits;
	}
	leave(OK);
}

unsigned fake_irq_acks(handle_t irq)
{
	struct object *object;
	unsigned acks = 0;

	enter();
	if (object_get(irq, OBJ_IRQ, 0, &object) == OK)
		acks = object->acks;
	leave(OK);
	return acks;
}

/* ---- endpoints --------------------------------------------------------------------------------- */

status_t endpoint_create(handle_t *out)
{
	enter();
	*out = handle_new(object_new(OBJ_ENDPOINT), RIGHTS_ALL, 0);
	return leave(OK);
}

status_t endpoint_mint(handle_t ep, uint64_t badge, uint32_t rights, handle_t *out)
{
	struct object *object;

	enter();
	status_t status = object_get(ep, OBJ_ENDPOINT, RIGHT_EP_MINT, &object);

	if (status == OK)
		*out = handle_new(object, rights, badge);
	return leave(status);
}

void fake_endpoint_close(handle_t ep)
{
	struct object *object;

	enter();
	if (object_get(ep, OBJ_ENDPOINT, 0, &object) != OK)
		die("no such endpoint");
	object->closed = true;
	leave(OK);
}

void fake_calls_wait(unsigned calls)
{
	enter();
	while (calls_pending < calls)
		wait_change();
	leave(OK);
}

struct fake_counts fake_counts_get(void)
{
	enter();
	struct fake_counts copy = counts;
	leave(OK);
	return copy;
}

/* May these handles travel? */
static status_t handles_check(const struct ipc_msg *m)
{
	unsigned n = MSG_HANDLES(m->info);

	if (n > MSG_HANDLES_MAX)
		return ERR_INVALID;
	for (unsigned i = 0; i < n; i++) {
		const struct slot *slot = handle_find(m->handles[i]);

		if (!slot)
			return ERR_HANDLE;
		if (!(slot->rights & RIGHT_MOVE))
			return ERR_RIGHTS;
		for (unsigned j = 0; j < i; j++)
			if (m->handles[j] == m->handles[i])
				return ERR_INVALID;
	}
	return OK;
}

/* Handles get new values, as if they went into another table. */
static void handles_move(struct ipc_msg *m)
{
	for (unsigned i = 0; i < MSG_HANDLES(m->info); i++) {
		struct slot *slot = handle_find(m->handles[i]);
		struct slot moved = *slot;

		moved.object->refs++; /* the old slot's is dropped before the new one's is taken */
		slot_free(slot);
		m->handles[i] = handle_new(moved.object, moved.rights, moved.badge);
		object_put(moved.object);
	}
}

static void queue_remove(struct call *call)
{
	struct call **at = &call->endpoint->queue;

	while (*at && *at != call)
		at = &(*at)->next;
	if (*at)
		*at = call->next;
}

/* Whoever serves this call serves nobody now. */
static void call_forget(struct call *call)
{
	for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (objects[i] && objects[i]->call == call)
			objects[i]->call = NULL;
}

status_t ipc_call(handle_t ep, struct ipc_msg *m, const struct lease *leases, uint64_t deadline)
{
	struct object *endpoint;

	enter();
	counts.call++;
	status_t status = object_get(ep, OBJ_ENDPOINT, RIGHT_EP_CALL, &endpoint);

	if (status == OK && ((m->info & MSG_LABEL_KERNEL) || MSG_LEASES(m->info) > MSG_LEASES_MAX))
		status = ERR_INVALID;
	if (status == OK)
		status = handles_check(m);
	if (status == OK && endpoint->closed)
		status = ERR_CLOSED;
	if (status != OK)
		return leave(status);

	struct call call = {.msg = *m,
			    .badge = handle_find(ep)->badge,
			    .leases = leases,
			    .lease_count = MSG_LEASES(m->info),
			    .endpoint = endpoint};
	struct call **tail = &endpoint->queue;

	while (*tail)
		tail = &(*tail)->next;
	*tail = &call;
	calls_pending++;
	change();
	while (call.state != CALL_DONE) {
		if (deadline <= now_ns) {
			call_finish(&call, deadline == 0 ? ERR_WOULD_BLOCK : ERR_TIMED_OUT);
		} else if (call.state == CALL_QUEUED && endpoint->closed) {
			call_finish(&call, ERR_CLOSED);
		} else {
			wait_change();
			continue;
		}
		queue_remove(&call);
	}
	call_forget(&call);
	calls_pending--;
	if (call.status != OK)
		return leave(call.status);
	*m = call.msg;
	m->info &= ~(7ull << MSG_LEASES_SHIFT);
	return leave(OK);
}

static status_t answer(struct call *call, const struct ipc_msg *m)
{
	status_t status = handles_check(m);

	if (status == OK && (m->info & (MSG_LABEL_KERNEL | 7ull << MSG_LEASES_SHIFT)))
		status = ERR_INVALID;
	if (status != OK)
		return status;
	if (!call) {
		/* The caller is gone: what was sent to it is destroyed. */
		for (unsigned i = 0; i < MSG_HANDLES(m->info); i++)
			slot_free(handle_find(m->handles[i]));
		return OK;
	}
	uint64_t badge = call->msg.badge;

	call->msg = *m;
	call->msg.badge = badge;
	handles_move(&call->msg);
	call_finish(call, OK);
	return OK;
}

static status_t answer_current(const struct ipc_msg *m)
{
	status_t status = answer(self->call, m);

	if (status == OK)
		self->call = NULL;
	return status;
}

static status_t receive(handle_t ep, uint64_t deadline, struct ipc_msg *m)
{
	struct object *endpoint = NULL;
	status_t status;

	if (ep != HANDLE_NONE) {
		status = object_get(ep, OBJ_ENDPOINT, RIGHT_EP_RECV, &endpoint);
		if (status != OK)
			return status;
	}
	if (self->call) {
		call_finish(self->call, ERR_PEER_DIED);
		self->call = NULL;
	}
	change();
	for (;;) {
		if (self->nt && self->nt->bits != 0) {
			*m = (struct ipc_msg){.w = {self->nt->bits}};
			self->nt->bits = 0;
			return RECV_SIGNAL;
		}
		if (endpoint && endpoint->closed)
			return ERR_CANCELLED;
		if (endpoint && endpoint->queue) {
			struct call *call = endpoint->queue;

			endpoint->queue = call->next;
			call->state = CALL_TAKEN;
			handles_move(&call->msg);
			*m = call->msg;
			m->badge = call->badge;
			self->call = call;
			return RECV_CALL;
		}
		if (deadline == 0)
			return ERR_WOULD_BLOCK;
		if (deadline <= now_ns)
			return ERR_TIMED_OUT;
		wait_change();
	}
}

status_t ipc_recv(handle_t ep, handle_t ack_irq, uint64_t deadline, struct ipc_msg *m)
{
	status_t status = OK;

	fake_thread_self();
	enter();
	counts.recv++;
	if (ack_irq != HANDLE_NONE)
		status = irq_unmask(ack_irq);
	if (status == OK)
		status = receive(ep, deadline, m);
	return leave(status);
}

status_t ipc_reply_recv(handle_t ep, struct ipc_msg *m)
{
	fake_thread_self();
	enter();
	counts.reply_recv++;
	status_t status = answer_current(m);

	if (status == OK)
		status = receive(ep, DEADLINE_NEVER, m);
	return leave(status);
}

status_t ipc_reply(const struct ipc_msg *m)
{
	fake_thread_self();
	enter();
	counts.reply++;
	return leave(answer_current(m));
}

status_t ipc_save_caller(handle_t *reply)
{
	status_t status;

	fake_thread_self();
	enter();
	if (failing(FAKE_SAVE_CALLER, &status))
		return leave(status);
	if (!self->call)
		return leave(ERR_STATE);
	struct object *object = object_new(OBJ_REPLY);

	object->call = self->call;
	self->call = NULL;
	*reply = handle_new(object, RIGHT_REPLY | RIGHT_MOVE | RIGHT_INFO, 0);
	return leave(OK);
}

status_t ipc_reply_to(handle_t reply, const struct ipc_msg *m)
{
	struct object *object;

	enter();
	counts.reply_to++;
	status_t status = object_get(reply, OBJ_REPLY, RIGHT_REPLY, &object);

	if (status == OK)
		status = answer(object->call, m);
	if (status == OK) {
		object->call = NULL;
		slot_free(handle_find(reply));
	}
	return leave(status);
}

/* ---- leases ------------------------------------------------------------------------------------ */

static status_t lease_find(handle_t reply, unsigned index, const struct lease **out)
{
	struct object *holder = self;
	status_t status = OK;

	if (reply != HANDLE_NONE)
		status = object_get(reply, OBJ_REPLY, RIGHT_REPLY, &holder);
	if (status != OK)
		return status;
	if (!holder || !holder->call)
		return reply != HANDLE_NONE ? ERR_PEER_DIED : ERR_STATE;
	if (index >= holder->call->lease_count)
		return ERR_RANGE;
	*out = &holder->call->leases[index];
	return OK;
}

static status_t lease_move(handle_t reply, unsigned index, uint64_t offset, void *to, const void *from, uint64_t len)
{
	const struct lease *lease;
	status_t status = lease_find(reply, index, &lease);

	if (status != OK)
		return status;
	uint64_t size = lease->info & LEASE_LEN_MAX;
	uint64_t access = lease->info >> LEASE_ACCESS_SHIFT;

	if (!(access & (to ? LEASE_READ : LEASE_WRITE)))
		return ERR_RIGHTS;
	if (offset > size || len > size - offset)
		return ERR_RANGE;
	if (len == 0)
		return OK;
	if (lease->addr == 0)
		return ERR_FAULT;
	char *lent = (char *)(uintptr_t)lease->addr + offset;

	if (to)
		memcpy(to, lent, len);
	else
		memcpy(lent, from, len);
	return OK;
}

status_t lease_read(handle_t reply, unsigned lease, uint64_t offset, void *buffer, uint64_t len)
{
	status_t status;

	enter();
	if (failing(FAKE_LEASE_READ, &status))
		return leave(status);
	return leave(lease_move(reply, lease, offset, buffer, NULL, len));
}

status_t lease_write(handle_t reply, unsigned lease, uint64_t offset, const void *buffer, uint64_t len)
{
	status_t status;

	enter();
	if (failing(FAKE_LEASE_WRITE, &status))
		return leave(status);
	return leave(lease_move(reply, lease, offset, NULL, buffer, len));
}

status_t lease_info(handle_t reply, unsigned lease, uint64_t *len, uint32_t *access)
{
	const struct lease *found;
	status_t status;

	enter();
	if (failing(FAKE_LEASE_INFO, &status))
		return leave(status);
	status = lease_find(reply, lease, &found);
	if (status == OK) {
		*len = found->info & LEASE_LEN_MAX;
		*access = (uint32_t)(found->info >> LEASE_ACCESS_SHIFT);
	}
	return leave(status);
}

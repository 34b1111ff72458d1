/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel that fs_host.h needs, and nothing more. */
#include "tests/unit/fs_host.h"

#include <stdlib.h>
#include <string.h>

#include "fs/lib/clock.h"
#include "fs/lib/later.h"
#include "fs/pipefs/pipefs.h"
#include "fs/tmpfs/tmpfs.h"
#include "sys/lib/syscall.h"

#define HANDLES_MAX 4096
#define ENDPOINT    ((handle_t)1)
#define KOID        77
#define STORE_VMO   ((handle_t)2)
#define REPLIES     ((handle_t)100000) /* the first */
#define REPLIES_MAX 2048

struct handle {
	bool open;
	uint64_t badge;
	uint64_t object; /* duplicates of one handle have the same */
	uint64_t *bits;  /* of a notification */
};

/* Whoever called, until it is answered. */
struct saved {
	enum { SAVED_FREE, SAVED_WAITS, SAVED_ENDED, SAVED_ANSWERED, SAVED_DROPPED } state;
	struct host_lease leases[MSG_LEASES_MAX];
	unsigned lease_count;
	struct ipc_msg answer;
};

struct state *host_state;
uint8_t *host_store;
struct fs *host_fs;
status_t host_deferred = ERR_WOULD_BLOCK;
handle_t host_saved;
void (*host_meanwhile)(void);
void (*host_moved)(handle_t reply);
unsigned host_crash_at;
jmp_buf host_crash;

static struct store store;
static struct saved saved[REPLIES_MAX];

static struct saved *saved_of(handle_t reply)
{
	return reply >= REPLIES && reply < REPLIES + REPLIES_MAX ? &saved[reply - REPLIES] : NULL;
}

static struct handle handles[HANDLES_MAX];
static uint64_t objects, tickets, time_ns = 1000;
static uint64_t gone[HANDLES_MAX * 4];
static unsigned gone_first, gone_count;
static const struct host_lease *current;
static unsigned current_count;
static void *tables[16];
static unsigned table_count;

void host_crash_point(void)
{
	if (host_crash_at && --host_crash_at == 0)
		longjmp(host_crash, 1);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

void *table_allocate(size_t bytes)
{
	void *at = calloc(1, bytes);

	if (table_count == sizeof(tables) / sizeof(tables[0]))
		abort();
	return tables[table_count++] = at;
}

status_t vmo_op(handle_t vmo, uint32_t op, uint64_t offset, uint64_t size)
{
	if (vmo != STORE_VMO || offset > HOST_STORE_BYTES || size > HOST_STORE_BYTES - offset || offset % 4096 ||
	    size % 4096)
		abort();
	if (op == VMO_OP_DECOMMIT)
		memset(host_store + offset, 0, size);
	return OK;
}

status_t vmo_write(handle_t vmo, uint64_t offset, const void *buffer, uint64_t len)
{
	if (vmo != STORE_VMO)
		return OK;
	if (offset > HOST_STORE_BYTES || len > HOST_STORE_BYTES - offset)
		abort();
	memcpy(host_store + offset, buffer, len);
	return OK;
}

static handle_t handle_new(uint64_t badge, uint64_t object)
{
	for (unsigned i = 16; i < HANDLES_MAX; i++) {
		if (!handles[i].open) {
			handles[i] = (struct handle){.open = true, .badge = badge, .object = object};
			return i;
		}
	}
	return HANDLE_NONE;
}

status_t vmo_create(uint64_t size, uint32_t flags, handle_t res, handle_t *out)
{
	(void)size, (void)flags, (void)res;
	*out = handle_new(0, ++objects);
	return *out ? OK : ERR_NO_HANDLES;
}

status_t vmo_clone(handle_t vmo, uint64_t offset, uint64_t size, handle_t *out)
{
	if (vmo != STORE_VMO || offset > HOST_STORE_BYTES || size > HOST_STORE_BYTES - offset)
		abort();
	return vmo_create(size, 0, 0, out);
}

status_t vmo_sync_code(handle_t vmo)
{
	(void)vmo;
	return OK;
}

uint64_t clock_monotonic(void)
{
	return time_ns += 1000;
}

/* ---- handles ----------------------------------------------------------------------------------------------- */

status_t handle_close(handle_t handle)
{
	struct saved *waits = saved_of(handle);

	if (waits) {
		waits->state = waits->state == SAVED_WAITS ? SAVED_DROPPED : SAVED_FREE;
		return OK;
	}
	if (handle < 16)
		return OK;
	if (handle >= HANDLES_MAX || !handles[handle].open)
		return ERR_HANDLE;
	uint64_t object = handles[handle].object, badge = handles[handle].badge;

	handles[handle].open = false;
	for (unsigned i = 16; i < HANDLES_MAX; i++) {
		if (handles[i].open && handles[i].object == object)
			return OK;
	}
	if (badge && gone_first + gone_count < sizeof(gone) / sizeof(gone[0]))
		gone[gone_first + gone_count++] = badge;
	return OK;
}

static uint64_t bits_of[HANDLES_MAX];

handle_t host_notification(void)
{
	handle_t handle = handle_new(0, ++objects);

	if (handle) {
		bits_of[handle] = 0;
		handles[handle].bits = &bits_of[handle];
	}
	return handle;
}

handle_t host_notification_dup(handle_t notification)
{
	handle_t handle = handle_new(0, handles[notification].object);

	if (handle)
		handles[handle].bits = handles[notification].bits;
	return handle;
}

uint64_t host_signalled(handle_t notification)
{
	uint64_t bits = *handles[notification].bits;

	*handles[notification].bits = 0;
	return bits;
}

status_t notification_signal(handle_t notification, uint64_t bits)
{
	if (notification >= HANDLES_MAX || !handles[notification].open || !handles[notification].bits)
		abort();
	*handles[notification].bits |= bits;
	return OK;
}

handle_t host_object_handle(uint64_t badge)
{
	for (unsigned i = 16; i < HANDLES_MAX; i++) {
		if (handles[i].open && handles[i].badge == badge)
			return handle_new(badge, handles[i].object);
	}
	return handle_new(badge, ++objects);
}

bool host_object_used(uint64_t badge)
{
	for (unsigned i = 16; i < HANDLES_MAX; i++) {
		if (handles[i].open && handles[i].badge == badge)
			return true;
	}
	return false;
}

status_t handle_dup(handle_t handle, uint32_t rights, handle_t *out)
{
	(void)rights;
	if (handle >= HANDLES_MAX || (handle >= 16 && !handles[handle].open))
		return ERR_HANDLE;
	*out = handle_new(handles[handle].badge, handle < 16 ? ++objects : handles[handle].object);
	return *out ? OK : ERR_NO_HANDLES;
}

status_t handle_info(handle_t handle, struct handle_info *info)
{
	if (handle != ENDPOINT && (handle >= HANDLES_MAX || !handles[handle].open))
		return ERR_HANDLE;
	*info = (struct handle_info){.koid = KOID,
				     .badge = handle == ENDPOINT ? 0 : handles[handle].badge,
				     .type = OBJ_ENDPOINT,
				     .rights = RIGHTS_ALL};
	if (handle != ENDPOINT && handles[handle].bits) {
		info->type = OBJ_NOTIFICATION;
		info->koid = KOID + handles[handle].object;
		for (unsigned i = 16; i < HANDLES_MAX; i++)
			info->refs += handles[i].open && handles[i].object == handles[handle].object;
	}
	return OK;
}

unsigned host_handles(void)
{
	unsigned n = 0;

	for (unsigned i = 16; i < HANDLES_MAX; i++)
		n += handles[i].open;
	return n;
}

status_t endpoint_mint(handle_t ep, uint64_t badge, uint32_t rights, handle_t *out)
{
	(void)ep, (void)rights;
	*out = handle_new(badge, ++objects);
	return *out ? OK : ERR_NO_HANDLES;
}

status_t endpoint_watch(handle_t ep, handle_t nt, uint64_t bits)
{
	(void)ep, (void)nt, (void)bits;
	return OK;
}

status_t endpoint_gone(handle_t ep, uint32_t how, uint64_t *badge)
{
	(void)ep;
	if (how & GONE_DROP && gone_count) {
		gone_first++;
		gone_count--;
	}
	if (!gone_count) {
		gone_first = 0;
		return ERR_WOULD_BLOCK;
	}
	*badge = gone[gone_first];
	return how & GONE_TELL && gone_count == 1 ? GONE_LAST : OK;
}

status_t notification_create(handle_t *out)
{
	*out = 3;
	return OK;
}

status_t notification_bind(handle_t nt, handle_t thread)
{
	(void)nt, (void)thread;
	return OK;
}

/* The loop of sys/lib/server.c is not run. */
status_t ipc_recv(handle_t ep, handle_t ack_irq, uint64_t deadline, struct ipc_msg *m)
{
	(void)ep, (void)ack_irq, (void)deadline, (void)m;
	abort();
}
status_t ipc_reply_recv(handle_t ep, struct ipc_msg *m)
{
	return ipc_recv(ep, 0, 0, m);
}
status_t ipc_reply(const struct ipc_msg *m)
{
	(void)m;
	abort();
}
status_t clock_get(uint64_t *ns)
{
	*ns = clock_monotonic();
	return OK;
}
status_t irq_bind(handle_t irq, handle_t nt, uint64_t bits)
{
	(void)irq, (void)nt, (void)bits;
	abort();
}
status_t irq_ack(handle_t irq)
{
	return irq_bind(irq, 0, 0);
}
/* Timers are never due. */
status_t timer_object_create(handle_t nt, uint64_t bits, handle_t *out)
{
	(void)nt, (void)bits;
	*out = 5;
	return OK;
}
status_t timer_set(handle_t timer, uint64_t deadline, uint64_t period_ns)
{
	(void)timer, (void)deadline, (void)period_ns;
	return OK;
}

/* ---- calls ------------------------------------------------------------------------------------------------- */

static status_t lease_find(handle_t reply, unsigned lease, const struct host_lease **out)
{
	const struct saved *waits = saved_of(reply);

	if (waits && waits->state == SAVED_ENDED)
		return ERR_PEER_DIED;
	if (reply != HANDLE_NONE && (!waits || waits->state != SAVED_WAITS))
		abort(); /* a handle that is no caller's */
	if (lease >= (waits ? waits->lease_count : current_count))
		return ERR_RANGE;
	*out = waits ? &waits->leases[lease] : &current[lease];
	return OK;
}

static status_t lease_at(handle_t reply, unsigned lease, uint64_t offset, uint64_t len, unsigned access, uint8_t **out)
{
	const struct host_lease *found;
	status_t status = lease_find(reply, lease, &found);

	if (status != OK)
		return status;
	if (!(found->access & access))
		return ERR_RIGHTS;
	if (offset > found->len || len > found->len - offset)
		return ERR_RANGE;
	*out = (uint8_t *)found->memory + offset;
	return OK;
}

status_t lease_read(handle_t reply, unsigned lease, uint64_t offset, void *buffer, uint64_t len)
{
	uint8_t *at;
	status_t status = lease_at(reply, lease, offset, len, LEASE_READ, &at);

	if (status == OK && len)
		memcpy(buffer, at, len);
	if (status == OK && reply && host_moved)
		host_moved(reply);
	return status;
}

status_t lease_write(handle_t reply, unsigned lease, uint64_t offset, const void *buffer, uint64_t len)
{
	uint8_t *at;
	status_t status = lease_at(reply, lease, offset, len, LEASE_WRITE, &at);

	if (status == OK && len)
		memcpy(at, buffer, len);
	if (status == OK && reply && host_moved)
		host_moved(reply);
	return status;
}

status_t lease_info(handle_t reply, unsigned lease, uint64_t *len, uint32_t *access)
{
	const struct host_lease *found;
	status_t status;

	if (host_meanwhile)
		host_meanwhile();
	status = lease_find(reply, lease, &found);
	if (status == OK) {
		*len = found->len;
		*access = found->access;
	}
	return status;
}

status_t ipc_save_caller(handle_t *reply)
{
	unsigned i = 0;

	while (i < REPLIES_MAX && saved[i].state != SAVED_FREE)
		i++;
	if (i == REPLIES_MAX)
		return ERR_NO_HANDLES;
	saved[i] = (struct saved){.state = SAVED_WAITS, .lease_count = current_count};
	for (unsigned k = 0; k < current_count; k++)
		saved[i].leases[k] = current[k];
	*reply = host_saved = REPLIES + i;
	host_deferred = ERR_WOULD_BLOCK;
	return OK;
}

status_t ipc_reply_to(handle_t reply, const struct ipc_msg *m)
{
	struct saved *waits = saved_of(reply);

	if (waits && waits->state == SAVED_ENDED) {
		waits->state = SAVED_FREE; /* the handle is used up */
		return ERR_PEER_DIED;
	}
	if (!waits || waits->state != SAVED_WAITS)
		abort();
	waits->state = SAVED_ANSWERED;
	waits->answer = *m;
	host_deferred = -(status_t)MSG_LABEL(m->info);
	return OK;
}

void host_signal(void)
{
	const struct server_signal *s = &host_fs->server.signals[FS_SIGNAL_BIT];

	if (s->fn) /* not where the start has failed */
		s->fn(s->ctx);
}

status_t host_answer(handle_t reply, struct ipc_msg *answer)
{
	struct saved *waits = saved_of(reply);

	if (!waits || (waits->state != SAVED_ANSWERED && waits->state != SAVED_DROPPED))
		return ERR_WOULD_BLOCK;
	status_t status = waits->state == SAVED_DROPPED ? ERR_PEER_DIED : -(status_t)MSG_LABEL(waits->answer.info);

	if (answer)
		*answer = waits->answer;
	waits->state = SAVED_FREE;
	return status;
}

void host_caller_ends(handle_t reply)
{
	saved_of(reply)->state = SAVED_ENDED;
}

handle_t host_saved_any(unsigned n)
{
	handle_t found = HANDLE_NONE;

	for (unsigned i = 0; i < REPLIES_MAX; i++) {
		if (saved[i].state != SAVED_WAITS)
			continue;
		found = REPLIES + i;
		if (n-- == 0)
			break;
	}
	return found;
}

unsigned host_waiting(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < REPLIES_MAX; i++)
		n += saved[i].state == SAVED_WAITS;
	return n;
}

status_t host_message(uint64_t badge, struct ipc_msg *m, const struct host_lease *leases)
{
	struct ipc_request rq = {.msg = *m};
	const struct server_protocol *p = host_fs->server.protocols;

	if (p->protocol->number != IPC_LABEL_PROTOCOL(MSG_LABEL(m->info)))
		p++; /* there are two */
	rq.msg.badge = badge;
	current = leases;
	current_count = MSG_LEASES(m->info);
	if (current_count > MSG_LEASES_MAX)
		return ERR_INVALID;
	host_closed();
	status_t status = p->protocol->dispatch(p->ops, host_fs, &rq);
	current_count = 0;
	if (status == IPC_DEFERRED)
		return ERR_CANCELLED;
	*m = rq.msg;
	return OK;
}

status_t ipc_call(handle_t ep, struct ipc_msg *m, const struct lease *leases, uint64_t deadline)
{
	struct host_lease own[MSG_LEASES_MAX];

	(void)deadline;
	if (ep >= HANDLES_MAX || !handles[ep].open)
		return ERR_HANDLE;
	for (unsigned i = 0; i < MSG_LEASES(m->info); i++)
		own[i] = (struct host_lease){(void *)(uintptr_t)leases[i].addr, leases[i].info & LEASE_LEN_MAX,
					     (unsigned)(leases[i].info >> LEASE_ACCESS_SHIFT)};
	return host_message(handles[ep].badge, m, own);
}

/* ---- instances --------------------------------------------------------------------------------------------- */

void host_reset(void)
{
	if (host_fs)
		host_end();
	if (!host_state) {
		host_state = aligned_alloc(4096, STATE_BYTES);
		host_store = aligned_alloc(4096, HOST_STORE_BYTES);
		if (!host_state || !host_store)
			abort();
	}
	memset(host_state, 0, STATE_BYTES);
	memset(host_store, 0, HOST_STORE_BYTES);
	host_state->magic = STATE_MAGIC;
	host_state->version = STATE_VERSION;
	host_state->mount = 5;
	memset(handles, 0, sizeof(handles));
	memset(saved, 0, sizeof(saved));
	gone_first = gone_count = 0;
}

/* ---- a tmpfs that is slow to look up and to read */

unsigned host_slow;
bool host_arrived;

static status_t slow_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	if (fs_may_defer(fs) && host_slow && host_slow--)
		return ERR_WOULD_BLOCK;
	return tmpfs_ops.lookup(fs, dir, name, len, inode);
}

static status_t slow_read(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len)
{
	if (fs_may_defer(fs) && host_slow && host_slow--)
		return ERR_WOULD_BLOCK;
	return tmpfs_ops.read(fs, node, offset, io, len);
}

static uint64_t slow_missing(struct fs *fs)
{
	(void)fs;
	return 7;
}

static bool slow_arrived(struct fs *fs, uint64_t missing)
{
	(void)fs;
	return missing == 7 && host_arrived;
}

static void slow_signalled(struct fs *fs, bool late)
{
	(void)fs, (void)late;
}

bool host_pipes;

static status_t pipes_start(void)
{
	static struct pipes pipes;
	const struct fs_start start = {
		.ops = &pipefs_ops, .data = &pipes, .state = host_state, .endpoint = ENDPOINT, .notification = 6};
	status_t status;

	_Static_assert(HOST_STORE_BYTES >= FS_PIPES_STORE_BYTES, "it is pipefs's store as well");
	pipes = (struct pipes){0};
	status = pipes_open(&pipes, (struct fs_attr *)(void *)host_store);
	if (status != OK)
		return status;
	tables[table_count++] = pipes.free_places;
	host_fs = calloc(1, sizeof(*host_fs));
	if (!host_fs)
		abort();
	return fs_start(host_fs, &start);
}

status_t host_start(void)
{
	if (host_pipes)
		return pipes_start();

	static struct fs_ops ops;
	struct fs_start start = {
		.ops = &ops, .data = &store, .state = host_state, .endpoint = ENDPOINT, .notification = 6};
	bool fresh;
	status_t damaged = OK,
		 status = store_open(&store, host_store, HOST_STORE_BYTES, STORE_VMO, HOST_QUOTA, 0, &fresh);

	if (status == OK && !fresh) {
		damaged = store_check(&store);
		if (damaged != OK) {
			store.header->magic = 0;
			status = store_open(&store, host_store, HOST_STORE_BYTES, STORE_VMO, HOST_QUOTA, 0, &fresh);
		}
	}
	if (status == OK && store.header->inode_top == STORE_ROOT)
		status = store_make_root(&store, 0755, 0, 0, 0);
	if (status != OK)
		return status;
	host_fs = calloc(1, sizeof(*host_fs));
	if (!host_fs)
		abort();
	ops = tmpfs_ops;
	ops.flags |= FS_DEFERS;
	ops.direct_unit = 512;
	ops.lookup = slow_lookup;
	ops.read = slow_read;
	ops.missing = slow_missing;
	ops.arrived = slow_arrived;
	ops.signalled = slow_signalled;
	status = fs_start(host_fs, &start);
	return status == OK ? damaged : status;
}

void host_end(void)
{
	/* Slabs of nodes are the only memory that an instance takes: the process that it stands for gives it back. */
	fs_nodes_free(host_fs);
	free(host_fs->names.entries);
	free(host_fs->names.turn);
	fs_waiters_free(host_fs);
	later_forget(host_fs);
	memset(saved, 0, sizeof(saved)); /* with it go the reply handles */
	free(host_fs);
	host_fs = NULL;
	while (table_count)
		free(tables[--table_count]);
}

void host_closed(void)
{
	open_files_closed(host_fs);
}

handle_t host_root(uint32_t user, uint32_t group, bool read_only)
{
	uint32_t place = 0;
	handle_t out = HANDLE_NONE;

	while (host_state->tickets[place].state != STATE_TICKET_FREE)
		place++;
	if (place >= host_state->tickets_top)
		host_state->tickets_top = place + 1;
	struct state_ticket *ticket = &host_state->tickets[place];

	ticket->kind = STATE_TICKET_ROOT;
	ticket->badge = STATE_BADGE_TICKET | STATE_BADGE(++tickets, place);
	ticket->view = (struct state_view){.id = tickets,
					   .user = user,
					   .group = group,
					   .flags = read_only ? STATE_VIEW_READ_ONLY : 0,
					   .root = STORE_ROOT};
	ticket->state = STATE_TICKET_ISSUED;
	(void)endpoint_mint(ENDPOINT, ticket->badge, 0, &out);
	return out;
}

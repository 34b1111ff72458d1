/* SPDX-License-Identifier: BSD-2-Clause */
/* The process_*, quota_* system calls. */
#include "kernel/ipc/notification.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/user.h"
#include "kernel/mm/vmo.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "sys/abi/syscall.h"
#include <string.h>

#define RIGHTS_PROCESS (RIGHTS_GENERIC | RIGHT_PROC_MANAGE | RIGHT_PROC_WATCH | RIGHT_PROC_READ)

static status_t find_quota(uint64_t handle, uint32_t rights, struct quota **q)
{
	struct cap *c;
	status_t s;

	*q = process_self()->quota;
	if (handle == HANDLE_NONE)
		return OK;
	s = handle_find(process_self(), handle, OBJ_QUOTA, rights, &c);
	if (s == OK)
		*q = (struct quota *)c->obj;
	return s;
}

struct sysret sys_process_create(uint64_t quota, uint64_t name, uint64_t len)
{
	struct process *self = process_self(), *p;
	char text[NAME_MAX_BYTES] = {0};
	struct quota *q;
	status_t s = find_quota(quota, RIGHT_QUOTA_USE, &q);
	handle_t h;

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	if (s == OK)
		s = user_read(self, name, text, len);
	if (s == OK)
		s = process_create(q, text, len, &p);
	if (s != OK)
		return sysret_status(s);
	/* Names end up on people's screens. */
	for (unsigned i = 0; i < len; i++)
		if (p->name[i] < ' ' || p->name[i] > '~')
			p->name[i] = '?';
	p->parent_koid = self->obj.koid;
	s = handle_create(self, &p->obj, RIGHTS_PROCESS, &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_process_give(uint64_t process, uint64_t handle, uint64_t rights)
{
	struct process *self = process_self();
	struct cap *pc, *c;
	status_t s = handle_find(self, process, OBJ_PROCESS, RIGHT_PROC_MANAGE, &pc);
	handle_t out;

	if (s == OK)
		s = handle_find(self, handle, OBJ_NONE, RIGHT_DUP | RIGHT_MOVE, &c);
	if (s != OK)
		return sysret_status(s);
	struct process *p = (struct process *)pc->obj;
	if ((uint32_t)rights == (uint32_t)RIGHTS_SAME)
		rights = c->rights;
	if (rights & ~(uint64_t)c->rights)
		return sysret_status(ERR_RIGHTS);
	struct cap *d = cap_create(p->quota, c->obj, (uint32_t)rights, c->badge, c);
	if (!d)
		return sysret_status(ERR_NO_MEMORY);
	s = table_insert(p, d, &out);
	if (s != OK) {
		cap_destroy(d);
		return sysret_status(s);
	}
	return sysret_value(out);
}

struct sysret sys_process_kill(uint64_t process, uint64_t status)
{
	struct cap *c;
	status_t s = handle_find(process_self(), process, OBJ_PROCESS, RIGHT_PROC_MANAGE, &c);

	if (s != OK)
		return sysret_status(s);
	process_end((struct process *)c->obj, EXIT_KILLED | (int64_t)(status & 0xff));
	return sysret_status(OK);
}

struct sysret sys_process_exit(uint64_t status)
{
	process_end(process_self(), (int64_t)(status & 0xff));
	return sysret_blocked();
}

struct sysret sys_process_watch(uint64_t process, uint64_t nt, uint64_t bits)
{
	struct process *self = process_self();
	struct cap *c, *n;
	status_t s = handle_find(self, process, OBJ_PROCESS, RIGHT_PROC_WATCH, &c);

	if (s == OK)
		s = handle_find(self, nt, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL, &n);
	if (s == OK && !bits)
		s = ERR_INVALID;
	if (s != OK)
		return sysret_status(s);
	struct process *p = (struct process *)c->obj;
	if (p->state == PROCESS_ENDED) {
		notification_signal((struct notification *)n->obj, bits);
		return sysret_status(OK);
	}
	for (unsigned i = 0; i < 4; i++) {
		struct notification *old = p->watch_nt[i];

		/* Who watched before may have died: nobody can hear that one any more. */
		if (old && (old->obj.handles || old->bound))
			continue;
		if (old)
			object_put(&old->obj);
		p->watch_nt[i] = (struct notification *)n->obj;
		object_get(n->obj);
		p->watch_bits[i] = bits;
		return sysret_status(OK);
	}
	return sysret_status(ERR_BUSY);
}

struct sysret sys_process_info(uint64_t process, uint64_t buf)
{
	struct process *self = process_self(), *p = self;
	struct process_info info;

	if (process != HANDLE_NONE) {
		struct cap *c;
		status_t s = handle_find(self, process, OBJ_PROCESS, RIGHT_INFO, &c);

		if (s != OK)
			return sysret_status(s);
		p = (struct process *)c->obj;
	}
	process_fill_info(p, &info);
	return sysret_status(user_write(self, buf, &info, sizeof(info)));
}

struct sysret sys_process_open(uint64_t resource, uint64_t koid)
{
	struct process *self = process_self();
	uint32_t rights = RIGHTS_PROCESS;
	status_t s = resource_check(self, resource, RES_SYSTEM, SYSTEM_PROCESS, 1);
	handle_t h;

	if (s == ERR_RANGE) {
		s = resource_check(self, resource, RES_SYSTEM, SYSTEM_EXAMINE, 1);
		rights = RIGHT_INFO | RIGHT_PROC_READ;
	}
	if (s != OK)
		return sysret_status(s);
	list_for_each(n, &all_processes) {
		struct process *p = container_of(n, struct process, all_node);

		if (p->obj.koid != koid || p->state == PROCESS_ENDED)
			continue;
		object_get(&p->obj);
		s = handle_create(self, &p->obj, rights, &h);
		return s == OK ? sysret_value(h) : sysret_status(s);
	}
	return sysret_status(ERR_NOT_FOUND);
}

#define COPY_STEP 32768 /* bytes between looks at pending interrupts */

struct sysret sys_process_memory(uint64_t process, uint64_t op, uint64_t addr, uint64_t buf, uint64_t len)
{
	struct process *self = process_self(), *p;
	struct cap *c;
	status_t s = handle_find(self, process, OBJ_PROCESS, op == PROCESS_READ ? RIGHT_PROC_READ : RIGHT_PROC_MANAGE,
				 &c);

	if (s == OK && op != PROCESS_READ && op != PROCESS_WRITE)
		s = ERR_INVALID;
	if (s != OK)
		return sysret_status(s);
	p = (struct process *)c->obj;
	if (p->state >= PROCESS_ENDING)
		return sysret_status(ERR_STATE);
	uint64_t n = len < COPY_STEP ? len : COPY_STEP;
	s = op == PROCESS_READ ? user_copy(self, buf, p, addr, n) : user_copy(p, addr, self, buf, n);
	if (s == OK && n < len)
		return sysret_restart(SYS_PROCESS_MEMORY, process, op, addr + n, buf + n, len - n);
	return sysret_status(s);
}

#define SHARERS_LOOK 32 /* of its own mappings, before a memory object passes for a private one */

static bool mapping_shared(const struct mapping *m)
{
	unsigned own = 0;

	list_for_each(n, &m->vmo->mappings) {
		if (container_of(n, struct mapping, vmo_node)->proc != m->proc)
			return true;
		if (++own == SHARERS_LOOK)
			break;
	}
	return false;
}

struct sysret sys_process_mapping(uint64_t process, uint64_t addr, uint64_t buf)
{
	struct process *self = process_self(), *p = self;
	struct cap *c;
	status_t s = process == HANDLE_NONE ? OK : handle_find(self, process, OBJ_PROCESS, RIGHT_INFO, &c);

	if (s != OK)
		return sysret_status(s);
	if (process != HANDLE_NONE)
		p = (struct process *)c->obj;
	const struct mapping *m = aspace_find(p, addr);
	if (!m) {
		struct treap_node *next = treap_ceiling(&p->as.maps, addr);

		if (!next)
			return sysret_status(ERR_NOT_FOUND);
		m = container_of(next, struct mapping, node);
	}
	const struct mapping_info info = {
		.base = m->node.key,
		.size = m->size,
		.offset = m->offset,
		.vmo_koid = m->vmo->obj.koid,
		.prot = m->prot,
		.kind = m->vmo->kind,
		.flags = mapping_shared(m) ? MAPPING_SHARED : 0,
	};
	return sysret_status(user_write(self, buf, &info, sizeof(info)));
}

static status_t read_limits(uint64_t buf, struct quota_limits *l)
{
	status_t s = user_read(process_self(), buf, l, sizeof(*l));

	return s == OK && l->reserved ? ERR_INVALID : s;
}

struct sysret sys_quota_create(uint64_t parent, uint64_t limits)
{
	struct quota_limits l;
	struct quota *q, *child;
	status_t s = find_quota(parent, RIGHT_QUOTA_USE, &q);
	handle_t h;

	if (s == OK)
		s = read_limits(limits, &l);
	if (s == OK)
		s = quota_create(q, &l, &child);
	if (s == OK)
		s = handle_create(process_self(), &child->obj, RIGHTS_GENERIC | RIGHT_QUOTA_USE | RIGHT_QUOTA_MANAGE,
				  &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_quota_info(uint64_t quota, uint64_t buf)
{
	struct quota *q;
	status_t s = find_quota(quota, RIGHT_INFO, &q);

	if (s != OK)
		return sysret_status(s);
	struct quota_info info = {.koid = q->obj.koid, .limit = q->limit, .used = q->used};
	return sysret_status(user_write(process_self(), buf, &info, sizeof(info)));
}

struct sysret sys_quota_set(uint64_t quota, uint64_t limits)
{
	struct quota_limits l;
	struct cap *c;
	status_t s = handle_find(process_self(), quota, OBJ_QUOTA, RIGHT_QUOTA_MANAGE, &c);

	if (s == OK)
		s = read_limits(limits, &l);
	if (s == OK)
		s = quota_set((struct quota *)c->obj, &l);
	return sysret_status(s);
}

/* A process in the subtree that does not end yet; the tree is walked without recursion. */
static struct process *first_living(struct quota *root)
{
	struct quota *q = root;

	for (;;) {
		q->obj.dying = true;
		list_for_each(n, &q->processes) {
			struct process *p = container_of(n, struct process, quota_node);

			if (p->state < PROCESS_ENDING)
				return p;
		}
		if (!list_empty(&q->children)) {
			q = container_of(q->children.next, struct quota, sibling);
			continue;
		}
		while (q != root && q->sibling.next == &q->parent->children)
			q = q->parent;
		if (q == root)
			return NULL;
		q = container_of(q->sibling.next, struct quota, sibling);
	}
}

struct sysret sys_quota_kill(uint64_t quota)
{
	struct cap *c;
	status_t s = handle_find(process_self(), quota, OBJ_QUOTA, RIGHT_QUOTA_MANAGE, &c);

	if (s != OK)
		return sysret_status(s);
	struct quota *q = (struct quota *)c->obj;
	struct process *p = first_living(q);
	if (p) {
		process_end(p, EXIT_KILLED | 9);
		return sysret_restart(SYS_QUOTA_KILL, quota, 0, 0, 0, 0); /* preemption point after each */
	}
	q->obj.dying = false;
	return sysret_status(OK);
}

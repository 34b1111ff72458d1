/* SPDX-License-Identifier: BSD-2-Clause */
/* The vmo_* system calls. */
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/mm/user.h"
#include "kernel/mm/vmo.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/trap/calls.h"
#include "sys/abi/syscall.h"

#define COPY_STEP   32768 /* bytes between looks at pending interrupts */
#define COMMIT_STEP 64    /* pages likewise */
#define RIGHTS_VMO  (RIGHTS_GENERIC | RIGHT_VMO_READ | RIGHT_VMO_WRITE | RIGHT_VMO_EXEC)

static status_t find_vmo(uint64_t handle, uint32_t rights, struct cap **c, struct vmo **v)
{
	status_t s = handle_find(process_self(), handle, OBJ_VMO, rights, c);

	if (s != OK)
		return s;
	*v = (struct vmo *)(*c)->obj;
	return (*v)->kind == VMO_KIND_BUILDING ? ERR_STATE : OK;
}

static status_t find_target(uint64_t handle, struct process **p)
{
	struct cap *c;
	status_t s;

	*p = process_self();
	if (handle == HANDLE_NONE)
		return OK;
	s = handle_find(*p, handle, OBJ_PROCESS, RIGHT_PROC_MANAGE, &c);
	if (s != OK)
		return s;
	*p = (struct process *)c->obj;
	return (*p)->state >= PROCESS_ENDING ? ERR_STATE : OK;
}

/* The next part of the work behind vmo_create or vmo_clone. The handle is the process's from the start: whoever ends it meanwhile ends the object
 * in steps as well. */
static struct sysret build(handle_t handle, struct vmo *v)
{
	status_t s = vmo_build_step(v);

	if (s != OK && s != STATUS_RESTART) {
		status_t closed = handle_close(process_self(), handle);

		if (closed == STATUS_RESTART)
			s = STATUS_RESTART; /* comes here again for its error */
	}
	if (s == STATUS_RESTART)
		return sysret_restart(SYS_VMO_BUILD, handle, 0, 0, 0, 0);
	return s == OK ? sysret_value(handle) : sysret_status(s);
}

struct sysret sys_vmo_build(uint64_t handle)
{
	struct cap *c;
	status_t s = handle_find(process_self(), handle, OBJ_VMO, 0, &c);

	return s == OK ? build(handle, (struct vmo *)c->obj) : sysret_status(s);
}

struct sysret sys_vmo_create(uint64_t size, uint64_t flags, uint64_t resource)
{
	struct process *p = process_self();
	uint32_t rights = RIGHTS_VMO;
	struct vmo *v;
	handle_t h;

	if (flags & ~(uint64_t)(VMO_CONTIGUOUS | VMO_COMMIT))
		return sysret_status(ERR_INVALID);
	if (flags & VMO_CONTIGUOUS) {
		status_t s = resource_check(p, resource, RES_SYSTEM, SYSTEM_DMA, 1);

		if (s != OK)
			return sysret_status(s);
		rights |= RIGHT_VMO_PHYS;
	}
	status_t s = vmo_create(p->quota, size, (uint32_t)flags, &v);
	if (s == OK)
		s = handle_create(p, &v->obj, rights, &h);
	return s == OK ? build(h, v) : sysret_status(s);
}

struct sysret sys_vmo_create_device(uint64_t resource, uint64_t phys, uint64_t size)
{
	struct process *p = process_self();
	status_t s = resource_check(p, resource, RES_MMIO, phys, size);
	struct vmo *v;
	handle_t h;

	if (s != OK)
		return sysret_status(s);
	/* RAM is nobody's device, whatever the resource says. */
	for (uint64_t i = 0; i < platform.ram_count; i++) {
		const struct phys_range *r = &platform.ram[i];

		if (phys < r->base + r->size && r->base < phys + size)
			return sysret_status(ERR_ACCESS);
	}
	const struct phys_range *plic = &platform.plic;
	if (plic->size && phys < plic->base + plic->size && plic->base < phys + size)
		return sysret_status(ERR_ACCESS);
	s = vmo_create_device(p->quota, phys, size, &v);
	if (s == OK)
		s = handle_create(p, &v->obj, (RIGHTS_VMO | RIGHT_VMO_PHYS) & ~(uint32_t)RIGHT_VMO_EXEC, &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_vmo_clone(uint64_t handle, uint64_t offset, uint64_t size)
{
	struct process *p = process_self();
	struct cap *c;
	struct vmo *v, *clone;
	status_t s = find_vmo(handle, RIGHT_VMO_READ, &c, &v);
	handle_t h;

	if (s != OK)
		return sysret_status(s);
	if ((offset | size) & (PAGE_SIZE - 1))
		return sysret_status(ERR_INVALID);
	s = vmo_clone(p->quota, v, offset >> PAGE_SHIFT, size >> PAGE_SHIFT, &clone);
	if (s == OK)
		s = handle_create(p, &clone->obj, RIGHTS_VMO, &h);
	return s == OK ? build(h, clone) : sysret_status(s);
}

static struct sysret copy(uint64_t handle, uint64_t offset, uint64_t buf, uint64_t len, bool into_vmo)
{
	struct cap *c;
	struct vmo *v;
	status_t s = find_vmo(handle, into_vmo ? RIGHT_VMO_WRITE : RIGHT_VMO_READ, &c, &v);

	if (s != OK)
		return sysret_status(s);
	uint64_t size = v->pages << PAGE_SHIFT;
	if (offset > size || len > size - offset)
		return sysret_status(ERR_RANGE);
	if (v->kind == VMO_KIND_DEVICE || v->kind == VMO_KIND_PAGED || v->kind == VMO_KIND_VIEW)
		return sysret_status(ERR_UNSUPPORTED);
	uint64_t n = len < COPY_STEP ? len : COPY_STEP;
	s = vmo_copy(v, offset, process_self(), buf, n, into_vmo);
	if (s == OK && n < len)
		return sysret_restart(into_vmo ? SYS_VMO_WRITE : SYS_VMO_READ, handle, offset + n, buf + n, len - n, 0);
	return sysret_status(s);
}

struct sysret sys_vmo_read(uint64_t handle, uint64_t offset, uint64_t buf, uint64_t len)
{
	return copy(handle, offset, buf, len, false);
}

struct sysret sys_vmo_write(uint64_t handle, uint64_t offset, uint64_t buf, uint64_t len)
{
	return copy(handle, offset, buf, len, true);
}

struct sysret sys_vmo_info(uint64_t handle, uint64_t buf)
{
	struct cap *c;
	struct vmo *v;
	status_t s = find_vmo(handle, 0, &c, &v);

	if (s != OK)
		return sysret_status(s);
	struct vmo_info info = {
		.size = v->pages << PAGE_SHIFT,
		.committed = v->present << PAGE_SHIFT,
		.phys = c->rights & RIGHT_VMO_PHYS ? v->phys : 0,
		.kind = v->kind,
		.offset = v->kind == VMO_KIND_DEVICE ? v->offset : 0,
	};
	return sysret_status(user_write(process_self(), buf, &info, sizeof(info)));
}

struct sysret sys_vmo_map(uint64_t process, uint64_t handle, uint64_t offset, uint64_t addr, uint64_t size,
			  uint64_t flags)
{
	struct process *p;
	struct cap *c;
	struct vmo *v;
	status_t s = find_target(process, &p);
	uint64_t at;

	if (s == OK)
		s = find_vmo(handle, 0, &c, &v);
	if (s != OK)
		return sysret_status(s);
	if (flags & ~(uint64_t)(MAP_READ | MAP_WRITE | MAP_EXEC | MAP_FIXED | MAP_REPLACE))
		return sysret_status(ERR_INVALID);
	s = aspace_map(p, c, offset, addr, size, (uint32_t)flags, &at);
	if (s == STATUS_RESTART) {
		struct sysret r = sysret_restart(SYS_VMO_MAP, process, handle, offset, addr, size);

		hart_self()->cur->x[X_A0 + 5] = flags;
		return r;
	}
	return s == OK ? sysret_value(at) : sysret_status(s);
}

struct sysret sys_vmo_unmap(uint64_t process, uint64_t addr, uint64_t size)
{
	struct process *p;
	status_t s = find_target(process, &p);

	if (s == OK)
		s = aspace_unmap(p, addr, size);
	return s == STATUS_RESTART ? sysret_restart(SYS_VMO_UNMAP, process, addr, size, 0, 0) : sysret_status(s);
}

struct sysret sys_vmo_protect(uint64_t process, uint64_t addr, uint64_t size, uint64_t prot)
{
	struct process *p;
	status_t s = find_target(process, &p);

	if (s == OK && prot > (MAP_READ | MAP_WRITE | MAP_EXEC))
		s = ERR_INVALID;
	if (s == OK)
		s = aspace_protect(p, &addr, &size, (uint32_t)prot);
	return s == STATUS_RESTART ? sysret_restart(SYS_VMO_PROTECT, process, addr, size, prot, 0) : sysret_status(s);
}

struct sysret sys_vmo_sync_code(uint64_t handle)
{
	struct cap *c;
	struct vmo *v;
	status_t s = find_vmo(handle, RIGHT_VMO_EXEC, &c, &v);

	if (s == OK)
		code_sync(NULL);
	return sysret_status(s);
}

struct sysret sys_vmo_op(uint64_t handle, uint64_t op, uint64_t offset, uint64_t size)
{
	struct cap *c;
	struct vmo *v;
	status_t s = find_vmo(handle, RIGHT_VMO_WRITE, &c, &v);
	uint64_t first = offset >> PAGE_SHIFT, n = size >> PAGE_SHIFT;

	if (s != OK)
		return sysret_status(s);
	if ((offset | size) & (PAGE_SIZE - 1) || op > VMO_OP_DECOMMIT)
		return sysret_status(ERR_INVALID);
	if (first > v->pages || n > v->pages - first)
		return sysret_status(ERR_RANGE);
	if (v->kind != VMO_KIND_ANON)
		return sysret_status(op == VMO_OP_COMMIT && v->phys ? OK : ERR_UNSUPPORTED);
	uint64_t step = n < COMMIT_STEP ? n : COMMIT_STEP;
	if (op == VMO_OP_DECOMMIT) {
		vmo_decommit(v, first, step);
	} else {
		for (uint64_t i = 0; i < step && s == OK; i++) {
			uint64_t pa;
			bool w;

			s = vmo_page(v, first + i, true, &pa, &w);
		}
	}
	if (s == OK && step < n)
		return sysret_restart(SYS_VMO_OP, handle, op, offset + (step << PAGE_SHIFT),
				      size - (step << PAGE_SHIFT), 0);
	return sysret_status(s);
}

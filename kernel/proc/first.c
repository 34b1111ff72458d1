/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads the one program the kernel itself has to load, and hands it every right there is. */
#include "kernel/proc/first.h"

#include "kernel/irq_controller.h"
#include "kernel/layout.h"
#include "kernel/log/log.h"
#include "kernel/mm/page.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/vmo.h"
#include "kernel/panic.h"
#include "kernel/proc/cpio.h"
#include "kernel/proc/elf_image.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/sched/sched.h"
#include "sys/abi/startup.h"
#include "sys/abi/system.h"
#include <string.h>

#define STACK_PAGES 32
#define STACK_TOP   0x1f0000ull

static struct process *first;
static struct startup startup;

static void must(status_t s, const char *what)
{
	if (s != OK)
		panic("first process: %s: error %ld", what, (long)s);
}

static void give(const char *name, struct object *obj, uint32_t rights)
{
	struct startup_handle *sh = &startup.handles[startup.nhandles++];

	must(handle_create(first, obj, rights, &sh->handle), name);
	strncpy(sh->name, name, sizeof(sh->name) - 1);
}

static void give_resource(const char *name, uint32_t kind, uint64_t len)
{
	struct resource *r;

	must(resource_make(&root_quota, kind, 0, len, &r), name);
	give(name, &r->obj, RIGHTS_GENERIC | RIGHT_RES_MINT);
}

static struct vmo *give_memory(const char *name, struct phys_range range, uint32_t rights)
{
	struct vmo *v;

	must(vmo_create_from(&root_quota, range.base, range.size, &v), name);
	give(name, &v->obj, RIGHTS_GENERIC | RIGHT_VMO_READ | rights);
	return v;
}

static void vmo_fill(struct vmo *v, uint64_t offset, const void *data, size_t len)
{
	while (len) {
		uint64_t in_page = offset & (PAGE_SIZE - 1), n = PAGE_SIZE - in_page, pa;
		bool w;

		if (n > len)
			n = len;
		must(vmo_page(v, offset >> PAGE_SHIFT, true, &pa, &w), "memory");
		memcpy((char *)phys_to_virt(pa) + in_page, data, n);
		data = (const char *)data + n;
		offset += n;
		len -= n;
	}
}

/* Maps a new object of `size` bytes at addr and returns it; the mapping keeps it. */
static struct vmo *map_new(uint64_t addr, uint64_t size, uint32_t prot)
{
	struct vmo *v;
	struct cap *c;
	uint64_t at;

	must(vmo_create(&root_quota, size, 0, &v), "memory");
	c = cap_create(&root_quota, &v->obj, RIGHT_VMO_READ | RIGHT_VMO_WRITE | RIGHT_VMO_EXEC, 0, NULL);
	if (!c)
		panic("first process: no memory");
	must(aspace_map(first, c, 0, addr, (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), prot | MAP_FIXED, &at),
	     "mapping");
	cap_destroy(c);
	object_put(&v->obj);
	return v;
}

static void load_segments(const char *name, const void *image, size_t size, struct elf_image *elf)
{
	const char *why = elf_image_parse(image, size, elf);

	if (why)
		panic("the boot archive's first entry, %s, cannot be started: %s", name, why);
	for (unsigned i = 0; i < elf->segments; i++) {
		const struct elf_segment *s = &elf->segment[i];
		uint64_t base = s->vaddr & ~(PAGE_SIZE - 1);

		vmo_fill(map_new(base, s->vaddr + s->memsz - base, s->prot), s->vaddr - base,
			 (const char *)image + s->offset, s->filesz);
	}
	startup.image_base = elf->base;
	startup.heap_hint = elf->end;
	startup.image_phdr = elf->phdr;
	startup.image_phnum = elf->phnum;
}

void first_process_start(void)
{
	const void *archive = phys_to_virt(platform.initrd.base);
	struct cpio_entry entry;
	struct elf_image elf;
	struct thread *t;

	if (!platform.initrd.size)
		panic("no boot archive: the loader must pass an initrd (QEMU: -initrd, extlinux: initrd)");
	if (!cpio_first(archive, platform.initrd.size, &entry))
		panic("the boot archive is not a newc cpio archive with a first entry");
	must(process_create(&root_quota, entry.name, strlen(entry.name), &first), "process");
	must(thread_create(first, &t), "thread");

	uint64_t stack_base = STACK_TOP - STACK_PAGES * PAGE_SIZE;
	struct vmo *stack = map_new(stack_base, STACK_PAGES * PAGE_SIZE, MAP_READ | MAP_WRITE);
	load_segments(entry.name, entry.data, entry.size, &elf);

	startup.magic = STARTUP_MAGIC;
	startup.size = sizeof(startup) + 64;
	startup.timebase_hz = platform.timebase_hz;
	startup.stack_base = stack_base;
	startup.stack_size = STACK_PAGES * PAGE_SIZE;
	char strings[64] = {0}; /* argv: one offset, then the string */
	uint32_t offset = sizeof(startup) + 4;
	memcpy(strings, &offset, 4);
	strncpy(strings + 4, entry.name, sizeof(strings) - 5);
	startup.argc = 1;
	startup.argv = sizeof(startup);

	object_get(&first->obj);
	give(HND_SELF, &first->obj, RIGHTS_GENERIC | RIGHT_PROC_MANAGE | RIGHT_PROC_WATCH | RIGHT_PROC_READ);
	object_get(&t->obj);
	give(HND_THREAD, &t->obj, RIGHTS_GENERIC | RIGHT_THREAD_MANAGE);
	object_get(&root_quota.obj);
	give(HND_QUOTA, &root_quota.obj, RIGHTS_GENERIC | RIGHT_QUOTA_USE);
	/* The archive's image was read above: its pages may change hands now. */
	give_memory(HND_BOOTFS, platform.initrd, RIGHT_VMO_EXEC);
	give_memory(HND_FDT, platform.dtb, 0);
	give_resource(HND_RES_MMIO, RES_MMIO, 1ull << 56);
	give_resource(HND_RES_IRQ, RES_IRQ, (uint64_t)irqc_source_count() + 1);
	give_resource(HND_RES_SYSTEM, RES_SYSTEM, SYSTEM_COUNT);

	uint64_t at = (STACK_TOP - sizeof(startup) - sizeof(strings)) & ~15ull;
	vmo_fill(stack, at - stack_base, &startup, sizeof(startup));
	vmo_fill(stack, at - stack_base + sizeof(startup), strings, sizeof(strings));
	t->pc = elf.entry;
	t->x[X_SP] = at;
	t->x[X_A0] = at;
	t->prio = t->base_prio = PRIO_COUNT - 1;
	process_started(first, t);
	thread_ready(t);
	object_put(&t->obj);
	/* Its creator reference stays: the first process is never forgotten. */
}

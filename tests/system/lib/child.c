/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes without a loader: the child gets this program's own segments at the same addresses. Segments that
 * are not writable are copied into a vmo once and mapped into every child; the writable ones are copied as they are at that moment.
 */

#include "tests/system/lib/internal.h"

#include <string.h>

#define CHILD_STACK_TOP  0xf0000ull /* below the image: they share page tables */
#define CHILD_STACK_SIZE (32 * KIB)
#define SEGMENTS_MAX     8

struct elf_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
enum { PT_LOAD = 1, PF_X = 1, PF_W = 2, PF_R = 4 };

static struct segment {
	uint64_t base, size;
	uint32_t map_flags;
	handle_t vmo; /* of a segment that is not writable, once a child was made */
} segments[SEGMENTS_MAX];
static size_t segment_count;

/* Linked at fixed addresses (sys/lib/user.ld), so the program headers name the real ones. */
void images_prepare(void)
{
	const struct startup *s = test_startup();
	const struct elf_phdr *phdr = (const void *)s->image_phdr;
	uint32_t count = s->image_phnum;

	segment_count = 0;
	for (uint32_t i = 0; phdr && i < count && segment_count < SEGMENTS_MAX; i++) {
		struct segment *seg = &segments[segment_count];

		if (phdr[i].type != PT_LOAD || phdr[i].memsz == 0)
			continue;
		seg->base = phdr[i].vaddr & ~(PAGE_SIZE - 1);
		seg->size = ((phdr[i].vaddr + phdr[i].memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)) - seg->base;
		seg->map_flags = (phdr[i].flags & PF_R ? MAP_READ : 0) | (phdr[i].flags & PF_W ? MAP_WRITE : 0) |
				 (phdr[i].flags & PF_X ? MAP_EXEC : 0);
		seg->vmo = HANDLE_NONE;
		segment_count++;
	}
}

void images_inherited(void)
{
	for (size_t i = 0; i < segment_count; i++)
		segments[i].vmo = HANDLE_NONE;
}

static status_t segment_copy(const struct segment *seg, handle_t *vmo)
{
	status_t status = vmo_create(seg->size, 0, HANDLE_NONE, vmo);

	if (status != OK)
		return status;
	status = vmo_write(*vmo, 0, (const void *)seg->base, seg->size);
	if (status == OK && (seg->map_flags & MAP_EXEC))
		status = vmo_sync_code(*vmo);
	if (status != OK)
		handle_close(*vmo);
	return status;
}

static status_t segment_map(struct segment *seg, handle_t process)
{
	bool keep = !(seg->map_flags & MAP_WRITE);
	handle_t vmo = seg->vmo;
	status_t status;
	void *at;

	if (vmo == HANDLE_NONE) {
		status = segment_copy(seg, &vmo);
		if (status != OK)
			return status;
		if (keep)
			seg->vmo = vmo;
	}
	status = vmo_map(process, vmo, 0, (void *)seg->base, seg->size, seg->map_flags | MAP_FIXED, &at);
	if (!keep)
		handle_close(vmo);
	return status;
}

/* Maps the child's stack and writes its arguments at the top; *sp is their address in the child. */
static status_t stack_make(handle_t process, const struct child_args *args, uint64_t *sp)
{
	uint64_t space = (sizeof(*args) + 15) & ~15ull;
	handle_t vmo;
	void *at;
	status_t status = vmo_create(CHILD_STACK_SIZE, 0, HANDLE_NONE, &vmo);

	if (status != OK)
		return status;
	status = vmo_write(vmo, CHILD_STACK_SIZE - space, args, sizeof(*args));
	if (status == OK)
		status = vmo_map(process, vmo, 0, (void *)(CHILD_STACK_TOP - CHILD_STACK_SIZE), CHILD_STACK_SIZE,
				 MAP_READ | MAP_WRITE | MAP_FIXED, &at);
	handle_close(vmo);
	*sp = CHILD_STACK_TOP - space;
	return status;
}

static status_t child_give(handle_t process, const struct child_spec *spec, handle_t thread, struct child_args *args)
{
	status_t status = process_give(process, process, (uint32_t)RIGHTS_SAME, &args->self);

	if (status == OK && thread != HANDLE_NONE)
		status = process_give(process, thread, (uint32_t)RIGHTS_SAME, &args->thread);
	for (unsigned i = 0; i < CHILD_HANDLES && status == OK; i++) {
		uint32_t rights = spec->rights[i] ? spec->rights[i] : (uint32_t)RIGHTS_SAME;

		if (spec->h[i] != HANDLE_NONE)
			status = process_give(process, spec->h[i], rights, &args->h[i]);
	}
	return status;
}

static uint32_t own_prio(void)
{
	struct thread_info info = {0};

	thread_info(HANDLE_NONE, &info);
	return info.base_prio;
}

static status_t child_fill(struct child *c, const struct child_spec *spec)
{
	struct child_args args = {.run = spec->run};
	struct thread_args targs = {
		.entry = (uint64_t)test_child_entry,
		.stack = CHILD_STACK_TOP,
		.prio = spec->prio ? spec->prio : own_prio(),
	};
	uint64_t sp = 0, space = (sizeof(args) + 15) & ~15ull;
	status_t status = OK;

	for (size_t i = 0; i < segment_count && status == OK; i++)
		status = segment_map(&segments[i], c->process);
	targs.stack -= space;
	targs.arg0 = targs.stack;
	if (status == OK)
		status = thread_create(c->process, &targs, &c->thread);
	memcpy(args.w, spec->w, sizeof(args.w));
	if (status == OK)
		status = child_give(c->process, spec, c->thread, &args);
	if (status == OK)
		status = stack_make(c->process, &args, &sp);
	if (status == OK && spec->fault != HANDLE_NONE)
		status = thread_set_fault(c->thread, spec->fault);
	if (status == OK)
		status = process_watch(c->process, c->ended, 1);
	if (status == OK && !spec->stopped)
		status = thread_start(c->thread);
	return status;
}

status_t child_start(struct child *c, const struct child_spec *spec)
{
	static const char name[] = "child";
	status_t status;

	*c = (struct child){0};
	status = process_create(spec->quota, name, sizeof(name) - 1, &c->process);
	if (status == OK) {
		status = notification_create(&c->ended);
		if (status == OK)
			status = child_fill(c, spec);
		if (status != OK)
			process_kill(c->process, 0);
	}
	if (status != OK) {
		handle_close(c->thread);
		handle_close(c->ended);
		handle_close(c->process);
		*c = (struct child){0};
		if (!spec->quiet)
			CHECK_OK(status);
	}
	return status;
}

int64_t child_wait(struct child *c)
{
	struct process_info info = {0};
	uint64_t bits = 0;

	if (c->process == HANDLE_NONE)
		return -1;
	CHECK_OK(notification_wait(c->ended, DEADLINE_NEVER, &bits));
	CHECK_OK(process_info(c->process, &info));
	CHECK_EQ(info.state, PROCESS_ENDED);
	if (info.exit_status > CHILD_FAILED)
		test_fail(__FILE__, __LINE__, "checks failed in a child process (see above)");
	CHECK_OK(handle_close(c->thread));
	CHECK_OK(handle_close(c->ended));
	CHECK_OK(handle_close(c->process));
	*c = (struct child){0};
	return info.exit_status;
}

int64_t child_kill(struct child *c)
{
	CHECK_OK(process_kill(c->process, 0));
	return child_wait(c);
}

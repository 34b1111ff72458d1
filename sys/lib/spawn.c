/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading and starting a program from user space. The stack goes right below the image when there
 * is room (see user.ld), else above it:
 *
 *   USER_BASE .. [stack][startup block] image [heap ->
 *
 * The page below the stack stays unmapped: it is either below USER_BASE or nobody's.
 */
#include "sys/lib/spawn.h"

#include <stdbool.h>
#include <string.h>

#include "sys/lib/elf.h"
#include "sys/lib/syscall.h"

#define GUARD_SIZE (16 * PAGE_SIZE) /* between an image and a stack above it */

struct strings {
	const char *const *list;
	uint32_t count;
	uint32_t bytes; /* with NULs */
};

struct spawn_state {
	const struct spawn_args *args;
	struct elf_image image;
	struct strings argv, envp;
	handle_t process;
	handle_t thread;
	handle_t stack_vmo;
	uint64_t stack_base, stack_size;
	uint64_t block_addr;
	uint64_t heap_hint;
	struct startup block;
};

static uint64_t page_floor(uint64_t n)
{
	return n & ~(PAGE_SIZE - 1);
}

static uint64_t page_ceil(uint64_t n)
{
	return page_floor(n + PAGE_SIZE - 1);
}

/* ---- memory ---- */

static uint32_t map_flags(const struct elf_segment *s)
{
	return MAP_FIXED | MAP_READ | (s->flags & ELF_WRITE ? MAP_WRITE : 0u) | (s->flags & ELF_EXEC ? MAP_EXEC : 0u);
}

/* Maps a vmo and gives up the handle: the mapping keeps the pages. */
static status_t map_and_close(handle_t process, handle_t vmo, uint64_t addr, uint64_t size, uint32_t flags)
{
	status_t status = vmo_map(process, vmo, 0, (void *)addr, size, flags, NULL);
	status_t closed = handle_close(vmo);

	return status != OK ? status : closed;
}

static status_t map_zero(handle_t process, uint64_t addr, uint64_t size, uint32_t flags)
{
	handle_t vmo;
	status_t status = vmo_create(size, 0, HANDLE_NONE, &vmo);

	return status != OK ? status : map_and_close(process, vmo, addr, size, flags);
}

/* The segment in pages of its own, filled from the image in memory. */
static status_t segment_copy(const struct spawn_state *st, const struct elf_segment *s)
{
	uint64_t first = page_floor(s->vaddr);
	uint64_t size = page_ceil(s->vaddr + s->mem_size) - first;
	handle_t vmo;
	status_t status = vmo_create(size, 0, HANDLE_NONE, &vmo);

	if (status != OK)
		return status;
	if (s->file_size)
		status = vmo_write(vmo, s->vaddr - first, (const char *)st->args->image + s->file_offset, s->file_size);
	if (status == OK && (s->flags & ELF_EXEC))
		status = vmo_sync_code(vmo);
	if (status != OK) {
		(void)handle_close(vmo);
		return status;
	}
	return map_and_close(st->process, vmo, first, size, map_flags(s));
}

static status_t vmo_zero(handle_t vmo, uint64_t offset, uint64_t size)
{
	static const char zeros[256];
	status_t status = OK;

	while (size && status == OK) {
		uint64_t n = size < sizeof(zeros) ? size : sizeof(zeros);

		status = vmo_write(vmo, offset, zeros, n);
		offset += n;
		size -= n;
	}
	return status;
}

/* The image's own pages, copied when written; zero pages after them. */
static status_t segment_clone(const struct spawn_state *st, const struct elf_segment *s)
{
	uint64_t first = page_floor(s->vaddr);
	uint64_t file_end = s->vaddr + s->file_size;
	uint64_t file_pages_end = page_ceil(file_end);
	uint64_t mem_pages_end = page_ceil(s->vaddr + s->mem_size);
	uint64_t vmo_offset = st->args->image_offset + page_floor(s->file_offset);
	handle_t vmo;
	status_t status = vmo_clone(st->args->image_vmo, vmo_offset, file_pages_end - first, &vmo);

	if (status == ERR_UNSUPPORTED)
		return segment_copy(st, s);
	if (status != OK)
		return status;
	/* What follows in the last page is another part of the file: bss, or nobody's business. */
	status = vmo_zero(vmo, file_end - first, file_pages_end - file_end);
	if (status != OK) {
		(void)handle_close(vmo);
		return status;
	}
	status = map_and_close(st->process, vmo, first, file_pages_end - first, map_flags(s));
	if (status == OK && mem_pages_end > file_pages_end)
		status = map_zero(st->process, file_pages_end, mem_pages_end - file_pages_end, map_flags(s));
	return status;
}

static status_t segment_load(const struct spawn_state *st, const struct elf_segment *s)
{
	bool congruent = (s->vaddr - s->file_offset) % PAGE_SIZE == 0;

	if (s->file_size == 0 || st->args->image_vmo == HANDLE_NONE || !congruent)
		return segment_copy(st, s);
	if (s->flags & ELF_WRITE)
		return segment_clone(st, s);
	if (s->mem_size > s->file_size)
		return segment_copy(st, s);
	uint64_t first = page_floor(s->vaddr);

	return vmo_map(st->process, st->args->image_vmo, st->args->image_offset + page_floor(s->file_offset),
		       (void *)first, page_ceil(s->vaddr + s->file_size) - first, map_flags(s), NULL);
}

/* ---- the startup block ---- */

static status_t strings_measure(const char *const *list, struct strings *out)
{
	*out = (struct strings){.list = list};
	for (; list && list[out->count]; out->count++) {
		if (out->count >= SPAWN_STRINGS_MAX)
			return ERR_RANGE;
		size_t len = strnlen(list[out->count], SPAWN_ARGS_MAX);

		if (len >= SPAWN_ARGS_MAX - out->bytes)
			return ERR_RANGE;
		out->bytes += (uint32_t)len + 1;
	}
	return OK;
}

static uint64_t block_size(const struct spawn_state *st)
{
	uint64_t offsets = (uint64_t)(st->argv.count + st->envp.count) * sizeof(uint32_t);

	return sizeof(struct startup) + offsets + st->argv.bytes + st->envp.bytes;
}

/* Places and maps the stack; the startup block will be its top. */
static status_t stack_map(struct spawn_state *st)
{
	uint64_t wanted = st->args->stack_size ? st->args->stack_size : SPAWN_STACK_DEFAULT;
	uint64_t block = (block_size(st) + 15) & ~15ull;
	/* The child makes its argv and envp out of the offsets on its stack. */
	uint64_t tables = (uint64_t)(st->argv.count + st->envp.count + 2) * sizeof(uint64_t);

	st->stack_size = page_ceil(wanted + tables + block);
	st->heap_hint = st->image.end;
	if (st->image.start - USER_BASE >= st->stack_size) {
		st->stack_base = st->image.start - st->stack_size;
	} else {
		st->stack_base = st->image.end + GUARD_SIZE;
		st->heap_hint = st->stack_base + st->stack_size;
	}
	st->block_addr = st->stack_base + st->stack_size - block;

	status_t status = vmo_create(st->stack_size, 0, HANDLE_NONE, &st->stack_vmo);

	if (status != OK)
		return status;
	return vmo_map(st->process, st->stack_vmo, 0, (void *)st->stack_base, st->stack_size,
		       MAP_FIXED | MAP_READ | MAP_WRITE, NULL);
}

/* Gathers small pieces into few vmo_write calls. */
struct block_writer {
	handle_t vmo;
	uint64_t offset;
	status_t status;
	uint32_t used;
	char buffer[1024];
};

static void writer_flush(struct block_writer *w)
{
	if (w->status == OK && w->used)
		w->status = vmo_write(w->vmo, w->offset, w->buffer, w->used);
	w->offset += w->used;
	w->used = 0;
}

static void writer_put(struct block_writer *w, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		size_t n = sizeof(w->buffer) - w->used;

		n = n < len ? n : len;
		memcpy(w->buffer + w->used, from, n);
		w->used += (uint32_t)n;
		from += n;
		len -= n;
		if (w->used == sizeof(w->buffer))
			writer_flush(w);
	}
}

static uint32_t writer_put_offsets(struct block_writer *w, const struct strings *s, uint32_t at)
{
	for (uint32_t i = 0; i < s->count; i++) {
		writer_put(w, &at, sizeof(at));
		at += (uint32_t)strlen(s->list[i]) + 1;
	}
	return at;
}

static status_t block_write(struct spawn_state *st, uint64_t timebase_hz)
{
	struct startup *b = &st->block;
	struct block_writer w = {
		.vmo = st->stack_vmo,
		.offset = st->block_addr - st->stack_base,
	};

	b->magic = STARTUP_MAGIC;
	b->size = (uint32_t)block_size(st);
	b->timebase_hz = timebase_hz;
	b->argc = st->argv.count;
	b->argv = sizeof(*b);
	b->envc = st->envp.count;
	b->envp = b->argv + b->argc * (uint32_t)sizeof(uint32_t);
	b->image_base = st->image.start;
	b->image_phdr = st->image.phdr;
	b->image_phnum = st->image.phnum;
	b->stack_base = st->stack_base;
	b->stack_size = st->stack_size;
	b->heap_hint = st->heap_hint;

	writer_put(&w, b, sizeof(*b));
	uint32_t at = b->envp + b->envc * (uint32_t)sizeof(uint32_t);

	at = writer_put_offsets(&w, &st->argv, at);
	(void)writer_put_offsets(&w, &st->envp, at);
	for (uint32_t i = 0; i < st->argv.count; i++)
		writer_put(&w, st->argv.list[i], strlen(st->argv.list[i]) + 1);
	for (uint32_t i = 0; i < st->envp.count; i++)
		writer_put(&w, st->envp.list[i], strlen(st->envp.list[i]) + 1);
	writer_flush(&w);
	return w.status;
}

/* ---- handles and the first thread ---- */

static status_t handle_give(struct spawn_state *st, const char *name, handle_t handle, uint32_t rights)
{
	struct startup *b = &st->block;
	handle_t given;

	if (b->nhandles == STARTUP_HANDLES)
		return ERR_RANGE;
	struct startup_handle *slot = &b->handles[b->nhandles];
	size_t len = strnlen(name, sizeof(slot->name));

	if (len == 0 || len == sizeof(slot->name))
		return ERR_INVALID;
	status_t status = process_give(st->process, handle, rights, &given);

	if (status != OK)
		return status;
	slot->handle = given;
	memcpy(slot->name, name, len);
	b->nhandles++;
	return OK;
}

static status_t handles_give(struct spawn_state *st)
{
	const struct spawn_args *args = st->args;
	status_t status = handle_give(st, HND_SELF, st->process, RIGHTS_SAME);

	if (status == OK)
		status = handle_give(st, HND_THREAD, st->thread, RIGHTS_SAME);
	if (status == OK && args->fault_ep != HANDLE_NONE)
		status = handle_give(st, HND_FAULT, args->fault_ep, RIGHTS_SAME);
	for (size_t i = 0; status == OK && i < args->nhandles; i++)
		status = handle_give(st, args->handles[i].name, args->handles[i].handle, args->handles[i].rights);
	return status;
}

static status_t thread_prepare(struct spawn_state *st)
{
	uint32_t prio = st->args->prio;
	struct thread_info own;
	status_t status;

	if (prio == 0) {
		status = thread_info(HANDLE_NONE, &own);
		if (status != OK)
			return status;
		prio = own.base_prio < PRIO_DEFAULT ? own.base_prio : PRIO_DEFAULT;
	}
	struct thread_args thread = {
		.entry = st->image.entry,
		.stack = st->block_addr,
		.arg0 = st->block_addr,
		.prio = prio,
	};

	return thread_create(st->process, &thread, &st->thread);
}

static status_t spawn_steps(struct spawn_state *st)
{
	const struct spawn_args *args = st->args;
	struct system_info system;
	status_t status = system_info(HANDLE_NONE, INFO_SYSTEM, 0, &system, sizeof(system), NULL);

	if (status != OK)
		return status;
	status = process_create(args->quota, args->name, strlen(args->name), &st->process);
	for (uint32_t i = 0; status == OK && i < st->image.nsegments; i++)
		status = segment_load(st, &st->image.segments[i]);
	if (status == OK)
		status = stack_map(st);
	if (status == OK)
		status = thread_prepare(st);
	if (status == OK && args->fault_ep != HANDLE_NONE)
		status = thread_set_fault(st->thread, args->fault_ep);
	if (status == OK)
		status = handles_give(st);
	if (status == OK)
		status = block_write(st, system.timebase_hz);
	if (status == OK && args->prepared)
		status = args->prepared(args->context, st->process, st->thread);
	if (status == OK)
		status = thread_start(st->thread);
	return status;
}

static void close_if_open(handle_t handle)
{
	if (handle != HANDLE_NONE)
		(void)handle_close(handle);
}

status_t spawn(const struct spawn_args *args, handle_t *process, handle_t *main_thread)
{
	const char *const name_only[] = {args->name, NULL};
	struct spawn_state st = {.args = args};
	status_t status;

	if (!args->image || !args->name || args->image_offset % PAGE_SIZE || args->stack_size > SPAWN_STACK_MAX)
		return ERR_INVALID;
	status = elf_parse(args->image, args->image_size, USER_BASE, USER_TOP, &st.image);
	if (status == OK)
		status = strings_measure(args->argv ? args->argv : name_only, &st.argv);
	if (status == OK)
		status = strings_measure(args->envp, &st.envp);
	if (status == OK &&
	    (st.argv.count + st.envp.count > SPAWN_STRINGS_MAX || st.argv.bytes + st.envp.bytes > SPAWN_ARGS_MAX))
		status = ERR_RANGE;
	if (status != OK)
		return status;

	status = spawn_steps(&st);
	if (status != OK || !args->stack_vmo)
		close_if_open(st.stack_vmo);
	if (status != OK) {
		/* Its own table may hold handles to itself: only killing it gives everything back.
		 */
		if (st.process != HANDLE_NONE)
			(void)process_kill(st.process, status);
		close_if_open(st.thread);
		close_if_open(st.process);
		return status;
	}
	if (main_thread)
		*main_thread = st.thread;
	else
		close_if_open(st.thread);
	if (args->stack_vmo)
		*args->stack_vmo = st.stack_vmo;
	if (args->stack_base)
		*args->stack_base = st.stack_base;
	*process = st.process;
	return OK;
}

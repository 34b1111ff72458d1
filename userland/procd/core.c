/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF core files: notes with the registers of all threads, and the memory that is not the program's own file. Within the limit the stacks in use come first, then
 * what lies lowest. Pages of zeros are holes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "userland/procd/core_format.h"
#include "userland/procd/crash.h"
#include "userland/procd/procd.h"

#define SEGMENTS_MAX 128
#define STACK_MAX    (1ull << 20) /* from the stack pointer up */
#define NOTES_ALIGN  4

struct core {
	const struct crash *crash;
	int fd;
	uint64_t at;   /* of the file */
	uint64_t left; /* of the limit, for memory */
	struct core_segment segments[1 + SEGMENTS_MAX];
	unsigned count;
};

/* ---- what goes in -------------------------------------------------------------------------------- */

static uint64_t notes_size(const struct crash *crash)
{
	return crash->thread_count * (sizeof(struct core_note) + sizeof(struct core_status)) +
	       sizeof(struct core_note) + sizeof(struct core_process);
}

/* Bytes of the mapping, from its place `from` on, that hold a stack in use; 0: none. */
static uint64_t stack_bytes(const struct crash *crash, const struct mapping_info *mapping, uint64_t *from)
{
	for (unsigned i = 0; i < crash->thread_count; i++) {
		uint64_t sp = crash->threads[i].regs.x[2];

		if (sp < mapping->base || sp >= mapping->base + mapping->size)
			continue;
		*from = sp & ~(PAGE_SIZE - 1);
		uint64_t size = mapping->base + mapping->size - *from;

		return size < STACK_MAX ? size : STACK_MAX;
	}
	return 0;
}

static void segment_add(struct core *core, const struct mapping_info *m, uint64_t base, uint64_t size, uint64_t filled)
{
	/* ELF's bits are the other way round: 1 execute, 2 write, 4 read. */
	uint32_t flags = (m->prot & MAP_READ ? 4u : 0) | (m->prot & MAP_WRITE ? 2u : 0) | (m->prot & MAP_EXEC ? 1u : 0);

	if (core->count == SEGMENTS_MAX || size == 0)
		return;
	core->segments[1 + core->count++] = (struct core_segment){
		.type = CORE_LOAD, .flags = flags, .vaddr = base, .filesz = filled, .memsz = size, .align = PAGE_SIZE};
	core->left -= filled;
}

static bool mapping_is_kept(const struct mapping_info *m)
{
	/* What cannot be written is in the program's file; registers of devices may change by being read. */
	return (m->prot & MAP_READ) && (m->prot & MAP_WRITE) && m->kind != VMO_KIND_DEVICE;
}

/* One walk over the mappings: of stacks, or of the rest. */
static void segments_plan(struct core *core, bool stacks)
{
	struct mapping_info m;

	for (uint64_t at = 0; process_mapping(core->crash->process, at, &m) == OK; at = m.base + m.size) {
		uint64_t from = m.base;
		uint64_t stack = stack_bytes(core->crash, &m, &from);
		uint64_t size = m.base + m.size - from;

		if (m.size == 0)
			return;
		if (stacks != (stack != 0))
			continue;
		if (stack) {
			segment_add(core, &m, from, size, stack < core->left ? stack : core->left & ~(PAGE_SIZE - 1));
			continue;
		}
		if (!mapping_is_kept(&m))
			size = 0;
		segment_add(core, &m, m.base, m.size, size < core->left ? size : core->left & ~(PAGE_SIZE - 1));
	}
}

static int by_address(const void *a, const void *b)
{
	const struct core_segment *left = a, *right = b;

	return left->vaddr < right->vaddr ? -1 : left->vaddr > right->vaddr;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static int put(struct core *core, const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t n = write(core->fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		from += n;
		size -= (size_t)n;
		core->at += (uint64_t)n;
	}
	return 0;
}

static int put_note(struct core *core, uint32_t type, const void *desc, uint32_t size)
{
	struct core_note note = {.name_size = 5, .desc_size = size, .type = type, .name = "CORE"};
	int error = put(core, &note, sizeof(note));

	return error ? error : put(core, desc, size);
}

static int put_notes(struct core *core)
{
	const struct crash *crash = core->crash;
	struct core_process process = {
		.name_of_state = 'R',
		.uid = crash->user,
		.pid = (int32_t)crash->pid,
		.ppid = (int32_t)crash->parent,
		.group = (int32_t)crash->group,
		.session = (int32_t)crash->session,
	};
	int error = 0;

	memcpy(process.file, crash->name, sizeof(process.file) - 1);
	memcpy(process.args, crash->name, sizeof(crash->name));
	for (unsigned i = 0; i < crash->thread_count && !error; i++) {
		const struct crash_thread *t = &crash->threads[i];
		struct core_status status = {
			.signo = (int32_t)crash->signal,
			.cursig = (int16_t)crash->signal,
			.pid = (int32_t)t->koid,
			.ppid = (int32_t)crash->parent,
			.group = (int32_t)crash->group,
			.session = (int32_t)crash->session,
		};

		memcpy(status.regs, t->regs.x, sizeof(status.regs));
		status.regs[0] = t->regs.pc;
		error = put_note(core, NT_PRSTATUS, &status, sizeof(status));
		/* The first thread's is followed by what there is once. */
		if (i == 0 && !error)
			error = put_note(core, NT_PRPSINFO, &process, sizeof(process));
	}
	return error;
}

static bool is_zero(const uint64_t *words, size_t count)
{
	while (count && words[count - 1] == 0)
		count--;
	return count == 0;
}

static int put_memory(struct core *core, const struct core_segment *segment)
{
	static uint64_t page[PAGE_SIZE / 8]; /* one thread writes cores */

	for (uint64_t done = 0; done < segment->filesz; done += PAGE_SIZE) {
		int error;

		/* What cannot be read (any more) reads as zeros. */
		if (process_memory(core->crash->process, PROCESS_READ, segment->vaddr + done, page, PAGE_SIZE) != OK ||
		    is_zero(page, PAGE_SIZE / 8)) {
			core->at += PAGE_SIZE;
			continue;
		}
		if (lseek(core->fd, (off_t)core->at, SEEK_SET) < 0)
			return errno;
		error = put(core, page, PAGE_SIZE);
		if (error)
			return error;
	}
	return 0;
}

static int core_put(struct core *core)
{
	struct core_header header = {
		.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		.type = CORE_ET,
		.machine = CORE_EM,
		.version = 1,
		.phoff = sizeof(header),
		.ehsize = sizeof(header),
		.phentsize = sizeof(struct core_segment),
		.phnum = (uint16_t)(1 + core->count),
	};
	uint64_t notes = sizeof(header) + (1 + core->count) * sizeof(struct core_segment);
	uint64_t at = (notes + notes_size(core->crash) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	int error;

	core->segments[0] = (struct core_segment){
		.type = CORE_NOTE, .offset = notes, .filesz = notes_size(core->crash), .align = NOTES_ALIGN};
	for (unsigned i = 1; i <= core->count; i++) {
		core->segments[i].offset = at;
		at += core->segments[i].filesz;
	}
	error = put(core, &header, sizeof(header));
	if (!error)
		error = put(core, core->segments, (1 + core->count) * sizeof(struct core_segment));
	if (!error)
		error = put_notes(core);
	for (unsigned i = 1; i <= core->count && !error; i++) {
		core->at = core->segments[i].offset;
		error = put_memory(core, &core->segments[i]);
	}
	return !error && ftruncate(core->fd, (off_t)at) != 0 ? errno : error;
}

int core_write(const struct crash *crash, int fd)
{
	/* What the rest takes at most is counted as if it were all there. */
	uint64_t rest = sizeof(struct core_header) + (1 + SEGMENTS_MAX) * sizeof(struct core_segment) +
			notes_size(crash) + PAGE_SIZE;
	struct core *core;
	int error;

	if (crash->thread_count == 0)
		return ESRCH;
	if (crash->core_max <= rest)
		return EFBIG;
	core = calloc(1, sizeof(*core));
	if (!core)
		return ENOMEM;
	core->crash = crash;
	core->fd = fd;
	core->left = crash->core_max - rest;
	segments_plan(core, true);
	segments_plan(core, false);
	qsort(&core->segments[1], core->count, sizeof(core->segments[0]), by_address);
	error = core_put(core);
	free(core);
	return error;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault injection from outside: what a debugger can do is enough. */
#include "tests/system/lib/inject.h"

#include "tests/system/lib/make.h"

#define IMAGE_BASE 0x100000ul   /* sys/lib/user.ld: the stack is below, */
#define IMAGE_TOP  0x10000000ul /* and what is mapped later lies above */
#define STACK_SPAN 2048ul       /* of the stack from its pointer on: behind it only start-up's frames */
#define TRIES      64           /* for a place that is in use */
#define REG_SP     2

/* The n-th mapping with these rights below `top`, from `from` on; without n: how many bytes all of them have. */
static status_t region_pick(handle_t process, uint32_t prot, uint64_t from, uint64_t top, uint64_t *seed,
			    struct mapping_info *out)
{
	struct mapping_info info;
	uint64_t total = 0, pick = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint64_t at = from; process_mapping(process, at, &info) == OK && info.base < top;
		     at = info.base + info.size) {
			if (info.prot != prot || info.kind != VMO_KIND_ANON)
				continue;
			if (pass && pick < info.size) {
				*out = info;
				return OK;
			}
			total += info.size;
			pick -= pass ? info.size : 0;
		}
		if (!total)
			return ERR_NOT_FOUND;
		pick = random_next(seed) % total;
	}
	return ERR_NOT_FOUND;
}

/* Other code in the place of a page: the old one belongs to every process that runs the program. */
static status_t page_replace(handle_t process, uint64_t page, const void *bytes)
{
	handle_t vmo = HANDLE_NONE;
	status_t status = vmo_create(PAGE_SIZE, 0, HANDLE_NONE, &vmo);

	if (status != OK)
		return status;
	status = vmo_write(vmo, 0, bytes, PAGE_SIZE);
	if (status == OK)
		status = vmo_map(process, vmo, 0, (void *)page, PAGE_SIZE,
				 MAP_READ | MAP_EXEC | MAP_FIXED | MAP_REPLACE, NULL);
	(void)handle_close(vmo);
	return status;
}

static status_t change_text(handle_t process, uint64_t *seed, struct injected *out)
{
	static uint16_t page[PAGE_SIZE / 2];
	struct mapping_info info;
	status_t status = region_pick(process, MAP_READ | MAP_EXEC, IMAGE_BASE, IMAGE_TOP, seed, &info);

	for (unsigned i = 0; status == OK && i < TRIES; i++) {
		uint64_t offset = random_next(seed) % info.size & ~1ul;
		uint64_t base = (info.base + offset) & ~(PAGE_SIZE - 1);
		uint16_t *at = &page[offset % PAGE_SIZE / 2];

		status = process_memory(process, PROCESS_READ, base, page, sizeof(page));
		if (status != OK || !*at)
			continue; /* behind the end of the code */
		out->address = info.base + offset;
		out->before = *at;
		switch (random_next(seed) % 4) {
		case 0: *at = (uint16_t)random_next(seed); break;
		case 1: *at = 0x0001; break; /* c.nop */
		default: *at ^= (uint16_t)(1u << random_next(seed) % 16);
		}
		out->after = *at;
		return page_replace(process, base, page);
	}
	return status == OK ? ERR_NOT_FOUND : status;
}

static status_t change_word(handle_t process, uint64_t address, uint64_t *seed, struct injected *out)
{
	status_t status = process_memory(process, PROCESS_READ, address, &out->before, 8);

	if (status != OK)
		return status;
	out->address = address;
	out->after = random_next(seed) % 4 ? out->before ^ 1ull << random_next(seed) % 64 : random_next(seed);
	return process_memory(process, PROCESS_WRITE, address, &out->after, 8);
}

/* Most of the variables are tables that are mostly empty: three times of four something that is in use. */
static status_t change_data(handle_t process, uint64_t *seed, struct injected *out)
{
	struct mapping_info info;
	status_t status = region_pick(process, MAP_READ | MAP_WRITE, IMAGE_BASE, IMAGE_TOP, seed, &info);
	bool any = random_next(seed) % 4 == 0;
	uint64_t address = 0, value = 0;

	for (unsigned i = 0; status == OK && i < TRIES && !value; i++) {
		address = info.base + (random_next(seed) % info.size & ~7ul);
		status = process_memory(process, PROCESS_READ, address, &value, 8);
		value |= any;
	}
	return status == OK ? change_word(process, address, seed, out) : status;
}

static status_t change_stack(handle_t process, handle_t thread, uint64_t *seed, struct injected *out)
{
	struct thread_regs regs;
	struct mapping_info info;
	status_t status = thread_regs(thread, THREAD_REGS_GET, &regs);

	if (status == OK)
		status = process_mapping(process, regs.x[REG_SP], &info);
	if (status != OK)
		return status;
	uint64_t left = info.base + info.size - regs.x[REG_SP];
	if (regs.x[REG_SP] < info.base || left < 8)
		return ERR_NOT_FOUND; /* a fault before has sent it elsewhere */
	uint64_t span = left < STACK_SPAN ? left : STACK_SPAN;
	return change_word(process, (regs.x[REG_SP] + random_next(seed) % span) & ~7ul, seed, out);
}

status_t inject(handle_t process, enum inject_kind kind, uint64_t *seed, struct injected *out)
{
	handle_t thread = HANDLE_NONE;
	struct thread_info info = {0};
	status_t status = process_thread(process, 0, &thread);

	if (status != OK)
		return status;
	*out = (struct injected){.kind = kind};
	status = thread_suspend(thread, 1);
	/* On another hart it stops a moment later. */
	while (status == OK && (status = thread_info(thread, &info)) == OK && info.state != THREAD_SUSPENDED) {
		if (info.state == THREAD_ENDED)
			status = ERR_STATE;
		else if (info.state != THREAD_RUNNING && info.state != THREAD_READY)
			break; /* blocked: it does not go on until it is let */
	}
	if (status == OK)
		status = kind == INJECT_TEXT    ? change_text(process, seed, out)
			 : kind == INJECT_STACK ? change_stack(process, thread, seed, out)
						: change_data(process, seed, out);
	(void)thread_suspend(thread, 0);
	(void)handle_close(thread);
	return status;
}

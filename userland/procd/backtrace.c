/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls that led to where a thread is. Programs of ours keep frame pointers (RISC-V psABI: the return address is at fp - 8, the caller's fp at fp - 16), libraries
 * do not: where the chain does not begin, words of the stack that look like return addresses are told, with a `?`.
 */
#include <inttypes.h>

#include "sys/lib/syscall.h"
#include "userland/procd/crash.h"
#include "userland/procd/procd.h"

#define FRAMES_MAX 32
#define GUESS_MAX  12
#define SCAN_BYTES 4096

enum { X_RA = 1, X_SP = 2, X_FP = 8 };

static bool read_word(const struct crash *crash, uint64_t address, uint64_t *out)
{
	return address % 8 == 0 && process_memory(crash->process, PROCESS_READ, address, out, sizeof(*out)) == OK;
}

static bool is_code(const struct crash *crash, uint64_t address)
{
	struct mapping_info mapping;

	return address % 2 == 0 && process_mapping(crash->process, address, &mapping) == OK &&
	       mapping.base <= address && (mapping.prot & MAP_EXEC);
}

/* Is the instruction before it a call: jal ra, jalr ra, or c.jalr? */
static bool follows_call(const struct crash *crash, uint64_t address)
{
	uint16_t code[2];

	if (!is_code(crash, address) || !is_code(crash, address - 4) ||
	    process_memory(crash->process, PROCESS_READ, address - 4, code, sizeof(code)) != OK)
		return false;
	/* opcode and rd = ra; and in two bytes: 1001 rs1 00000 10 */
	return (code[0] & 0xfff) == 0x0ef || (code[0] & 0xfff) == 0x0e7 ||
	       ((code[1] & 0xf07f) == 0x9002 && (code[1] & 0x0f80));
}

static void frame_log(const struct crash *crash, unsigned number, uint64_t address)
{
	procd_log(LOG_ERROR, "#%u 0x%016" PRIx64 " %s", number, address, crash->name);
}

static unsigned chain_log(const struct crash *crash, const struct thread_regs *regs, unsigned number)
{
	uint64_t fp = regs->x[X_FP], low = regs->x[X_SP];
	/* Frame 0 can be one that has not saved ra: then ra is its caller, which the chain leaves out. */
	uint64_t last = 0;

	if (follows_call(crash, regs->x[X_RA])) {
		last = regs->x[X_RA];
		frame_log(crash, number++, last);
	}
	while (number < FRAMES_MAX && fp >= low + 16 && fp % 16 == 0) {
		uint64_t ra, next;

		if (!read_word(crash, fp - 8, &ra) || !read_word(crash, fp - 16, &next) || !follows_call(crash, ra))
			break;
		if (ra != last)
			frame_log(crash, number++, ra);
		last = ra;
		low = fp;
		fp = next;
	}
	return number;
}

static void scan_log(const struct crash *crash, const struct thread_regs *regs, unsigned number)
{
	uint64_t sp = (regs->x[X_SP] + 7) & ~7ull;

	for (uint64_t at = sp; at < sp + SCAN_BYTES && number < GUESS_MAX; at += 8) {
		uint64_t word;

		if (!read_word(crash, at, &word))
			break;
		if (follows_call(crash, word))
			frame_log(crash, number++, word);
	}
}

void backtrace_log(const struct crash *crash)
{
	const struct thread_regs *regs = &crash->threads[0].regs;
	unsigned number;

	if (crash->thread_count == 0)
		return;
	frame_log(crash, 0, regs->pc);
	number = chain_log(crash, regs, 1);
	if (number <= 2) {
		procd_log(LOG_ERROR, "no frame pointers from here; what looks like return addresses on the stack:");
		scan_log(crash, regs, number);
	}
}

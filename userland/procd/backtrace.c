/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls that led to where a thread is. Programs of ours keep frame pointers (RISC-V psABI: the return address is at fp - 8, the caller's fp at fp - 16), libraries
 * do not: where the chain does not begin, words of the stack that look like return addresses are told, with a `?`.
 */
#include <inttypes.h>

#include "sys/lib/syscall.h"
#include "userland/procd/crash.h"
#include "userland/procd/procd.h"

#define FRAMES_MAX   32
#define GUESS_MAX    12
#define SCAN_BYTES   4096
#define FUNCTION_MAX 8192 /* bytes of code: longer ones are few */

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

/* Where the call before the return address goes; 0: by a register, nobody knows. */
static uint64_t call_target(const struct crash *crash, uint64_t address)
{
	uint32_t code[2];

	if (process_memory(crash->process, PROCESS_READ, address - 8, code, sizeof(code)) != OK)
		return 0;
	if ((code[1] & 0xfff) == 0x0ef) { /* jal ra: imm[20|10:1|11|19:12] */
		uint64_t offset = (code[1] >> 20 & 0x7fe) | (code[1] >> 9 & 0x800) | (code[1] & 0xff000);

		return address - 4 + offset - (code[1] >> 31 ? 1u << 20 : 0);
	}
	/* auipc rd; jalr ra, rd */
	if ((code[1] & 0x7fff) == 0x00e7 + (code[1] & 0x7000) && (code[0] & 0x7f) == 0x17 &&
	    (code[0] >> 7 & 31) == (code[1] >> 15 & 31))
		return address - 8 + (uint64_t)(int64_t)(int32_t)(code[0] & 0xfffff000) +
		       (uint64_t)(int64_t)((int32_t)code[1] >> 20);
	return 0;
}

/* ra is where the function of pc returns to, if the call before it went there; else it is left over from a call that this function made. */
static bool returns_to(const struct crash *crash, uint64_t pc, uint64_t ra)
{
	uint64_t target;

	if (!follows_call(crash, ra))
		return false;
	target = call_target(crash, ra);
	return target == 0 || (target <= pc && pc - target < FUNCTION_MAX);
}

static void frame_log(const struct crash *crash, unsigned number, uint64_t address)
{
	procd_log(LOG_ERROR, "#%u 0x%016" PRIx64 " %s", number, address, crash->name);
}

static unsigned chain_log(const struct crash *crash, const struct thread_regs *regs, unsigned number)
{
	uint64_t fp = regs->x[X_FP], low = regs->x[X_SP], own = 0;

	/* Frame 0 may have no frame of its own: then its caller is in ra only, and else perhaps in both. */
	if (returns_to(crash, regs->pc, regs->x[X_RA])) {
		own = regs->x[X_RA];
		frame_log(crash, number++, own);
	}
	while (number < FRAMES_MAX && fp >= low + 16 && fp % 16 == 0) {
		uint64_t ra, next;

		if (!read_word(crash, fp - 8, &ra) || !read_word(crash, fp - 16, &next) || !follows_call(crash, ra))
			break;
		if (ra != own)
			frame_log(crash, number++, ra);
		own = 0;
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

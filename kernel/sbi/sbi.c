/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to the firmware, with the legacy calls of SBI 0.1 where an extension is missing. Hart masks
 * go out as (mask, base) windows of 64, since the firmware's hart numbers may be sparse.
 */
#include "kernel/sbi.h"

#include "kernel/boot.h"
#include "kernel/layout.h"
#include "kernel/panic.h"
#include "kernel/platform.h"
#include "kernel/sbi/ecall.h"

#define LEGACY_MASK_WORDS 16
#define CONSOLE_RETRIES   1000 /* writes in a row that took nothing: the console is stuck */

static bool has_time, has_ipi, has_rfence, has_hsm, has_srst, has_dbcn;

static bool sbi_probe(unsigned long ext)
{
	struct sbi_ret r = sbi_ecall(SBI_EXT_BASE, SBI_BASE_PROBE, ext, 0, 0, 0, 0);

	return r.error == SBI_OK && r.value != 0;
}

void sbi_init(void)
{
	has_time = sbi_probe(SBI_EXT_TIME);
	has_ipi = sbi_probe(SBI_EXT_IPI);
	has_rfence = sbi_probe(SBI_EXT_RFENCE);
	has_hsm = sbi_probe(SBI_EXT_HSM);
	has_srst = sbi_probe(SBI_EXT_SRST);
	has_dbcn = sbi_probe(SBI_EXT_DBCN);
}

static uint64_t console_phys(const char *s)
{
	uint64_t va = (uint64_t)s;

	return va >= KERNEL_BASE ? va - KERNEL_BASE + kernel_phys_base : virt_to_phys(s);
}

void sbi_console_write(const char *s, unsigned long len)
{
	unsigned idle = 0;

	while (has_dbcn && len) {
		struct sbi_ret r = sbi_ecall(SBI_EXT_DBCN, SBI_DBCN_WRITE, len, console_phys(s), 0, 0, 0);

		if (r.error)
			break; /* refused: by single characters */
		if (r.value <= 0 || (unsigned long)r.value > len) {
			if (++idle == CONSOLE_RETRIES)
				return;
			continue;
		}
		idle = 0;
		s += r.value;
		len -= (unsigned long)r.value;
	}
	for (; len; s++, len--)
		sbi_ecall(SBI_EXT_LEGACY_PUTCHAR, 0, (uint8_t)*s, 0, 0, 0, 0);
}

void sbi_set_timer(uint64_t time)
{
	if (has_time)
		sbi_ecall(SBI_EXT_TIME, 0, time, 0, 0, 0, 0);
	else
		sbi_ecall(SBI_EXT_LEGACY_SET_TIMER, 0, time, 0, 0, 0, 0);
}

/* Takes the harts out of *harts whose ids fit into one window of 64 with the first of them. */
static void mask_take(uint64_t *harts, unsigned long *mask, unsigned long *base)
{
	uint64_t first = platform.harts[__builtin_ctzll(*harts)].hart_id, lowest = first, id;

	/* The lowest id that leaves `first` in the window. */
	for (uint64_t rest = *harts; rest; rest &= rest - 1) {
		id = platform.harts[__builtin_ctzll(rest)].hart_id;
		if (id < lowest && first - id < 64)
			lowest = id;
	}
	*mask = 0;
	*base = lowest;
	for (uint64_t rest = *harts; rest; rest &= rest - 1) {
		unsigned hart = (unsigned)__builtin_ctzll(rest);

		id = platform.harts[hart].hart_id;
		if (id >= lowest && id - lowest < 64) {
			*mask |= 1ul << (id - lowest);
			*harts &= ~(1ull << hart);
		}
	}
}

/* The legacy calls take the address of a bit vector over all hart ids. */
static void legacy_call(unsigned long ext, uint64_t harts, uint64_t start, uint64_t size, uint64_t asid)
{
	unsigned long vector[LEGACY_MASK_WORDS] = {0};

	for (uint64_t rest = harts; rest; rest &= rest - 1) {
		uint64_t id = platform.harts[__builtin_ctzll(rest)].hart_id;

		if (id / 64 >= LEGACY_MASK_WORDS)
			panic("sbi: hart %lu is out of reach of the firmware's legacy calls", id);
		vector[id / 64] |= 1ul << id % 64;
	}
	sbi_ecall(ext, 0, (unsigned long)vector, start, size, asid, 0);
}

void sbi_send_ipi(uint64_t harts)
{
	unsigned long mask, base;
	struct sbi_ret r;

	if (!has_ipi) {
		legacy_call(SBI_EXT_LEGACY_SEND_IPI, harts, 0, 0, 0);
		return;
	}
	while (harts) {
		mask_take(&harts, &mask, &base);
		r = sbi_ecall(SBI_EXT_IPI, 0, mask, base, 0, 0, 0);
		if (r.error)
			panic("sbi: IPI to harts 0x%lx from %lu failed: %ld", mask, base, r.error);
	}
}

/* A fence that does not happen is memory corruption later, so an error ends it here. */
static void remote_fence(unsigned long func, unsigned long legacy, uint64_t harts, uint64_t start, uint64_t size,
			 uint64_t asid)
{
	unsigned long mask, base;
	struct sbi_ret r;

	if (!has_rfence) {
		legacy_call(legacy, harts, start, size, asid);
		return;
	}
	while (harts) {
		mask_take(&harts, &mask, &base);
		r = sbi_ecall(SBI_EXT_RFENCE, func, mask, base, start, size, asid);
		if (r.error)
			panic("sbi: remote fence on harts 0x%lx from %lu failed: %ld", mask, base, r.error);
	}
}

void sbi_remote_fence_i(uint64_t harts)
{
	remote_fence(SBI_RFENCE_FENCE_I, SBI_EXT_LEGACY_FENCE_I, harts, 0, 0, 0);
}

void sbi_remote_sfence_vma(uint64_t harts, uint64_t start, uint64_t size)
{
	remote_fence(SBI_RFENCE_SFENCE_VMA, SBI_EXT_LEGACY_SFENCE_VMA, harts, start, size, 0);
}

void sbi_remote_sfence_vma_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid)
{
	remote_fence(SBI_RFENCE_SFENCE_VMA_ASID, SBI_EXT_LEGACY_SFENCE_VMA_ASID, harts, start, size, asid);
}

struct sbi_ret sbi_hart_start(uint64_t hart_id, uint64_t entry_phys, uint64_t opaque)
{
	if (!has_hsm)
		return (struct sbi_ret){.error = SBI_ERR_NOT_SUPPORTED};
	return sbi_ecall(SBI_EXT_HSM, 0, hart_id, entry_phys, opaque, 0, 0);
}

void sbi_system_reset(bool reboot)
{
	if (has_srst && reboot) {
		sbi_ecall(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0, 0, 0);
		sbi_ecall(SBI_EXT_SRST, 0, SBI_SRST_WARM_REBOOT, 0, 0, 0, 0);
	} else if (has_srst) {
		sbi_ecall(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0, 0, 0);
	}
	if (!reboot)
		sbi_ecall(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
}

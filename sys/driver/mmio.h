/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device registers: accesses of a stated width, in program order. A store is ordered after everything
 * the hart did before it, and a load before everything it does afterwards, in memory as well as in
 * other registers (RISC-V Unprivileged ISA, "Memory Ordering Instructions": FENCE orders device
 * input, device output, reads and writes named in its sets). So data that a device will fetch is there
 * when the register tells it so, and data that it announced is not read too early.
 *
 * On other machines than RISC-V the same accessors ask a model of the device (sys/driver/host.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __riscv

#define MMIO_ACCESSORS(bits, load, store)                                                 \
	static inline uint##bits##_t mmio_read##bits(const volatile void *address)        \
	{                                                                                 \
		uint##bits##_t value;                                                     \
		__asm__ volatile(load " %0, %1\n\tfence i, ior"                           \
				 : "=r"(value)                                            \
				 : "m"(*(const volatile uint##bits##_t *)address)         \
				 : "memory");                                             \
		return value;                                                             \
	}                                                                                 \
	static inline void mmio_write##bits(volatile void *address, uint##bits##_t value) \
	{                                                                                 \
		__asm__ volatile("fence iorw, o\n\t" store " %1, %0"                      \
				 : "=m"(*(volatile uint##bits##_t *)address)              \
				 : "r"(value)                                             \
				 : "memory");                                             \
	}

MMIO_ACCESSORS(8, "lbu", "sb")
MMIO_ACCESSORS(16, "lhu", "sh")
MMIO_ACCESSORS(32, "lwu", "sw")
MMIO_ACCESSORS(64, "ld", "sd")
#undef MMIO_ACCESSORS

#else

uint8_t mmio_read8(const volatile void *address);
uint16_t mmio_read16(const volatile void *address);
uint32_t mmio_read32(const volatile void *address);
uint64_t mmio_read64(const volatile void *address);
void mmio_write8(volatile void *address, uint8_t value);
void mmio_write16(volatile void *address, uint16_t value);
void mmio_write32(volatile void *address, uint32_t value);
void mmio_write64(volatile void *address, uint64_t value);

#endif

/* A block of registers: where it is mapped, and how far its registers are apart and how wide (the
 * device tree's reg-shift and reg-io-width). */
struct regs {
	volatile uint8_t *base;
	uint64_t size;
	uint8_t shift; /* register n lies at base + (n << shift) */
	uint8_t width; /* bytes of an access by number: 1, 2 or 4 */
};

/* Do registers 0 to last lie inside of the block? To be asked once, at bind. */
static inline bool regs_hold(const struct regs *regs, uint32_t last)
{
	return regs->size >= regs->width && (uint64_t)last << regs->shift <= regs->size - regs->width;
}

/* By number, with the block's shift and width */
static inline uint32_t reg_read(const struct regs *regs, uint32_t number)
{
	const volatile uint8_t *at = regs->base + ((uint64_t)number << regs->shift);

	switch (regs->width) {
	case 4: return mmio_read32(at);
	case 2: return mmio_read16(at);
	default: return mmio_read8(at);
	}
}

static inline void reg_write(const struct regs *regs, uint32_t number, uint32_t value)
{
	volatile uint8_t *at = regs->base + ((uint64_t)number << regs->shift);

	switch (regs->width) {
	case 4: mmio_write32(at, value); break;
	case 2: mmio_write16(at, (uint16_t)value); break;
	default: mmio_write8(at, (uint8_t)value); break;
	}
}

/* By offset in bytes, 32 bits wide: the common case of blocks whose manual gives offsets */
static inline uint32_t reg_read32(const struct regs *regs, uint32_t offset)
{
	return mmio_read32(regs->base + offset);
}

static inline void reg_write32(const struct regs *regs, uint32_t offset, uint32_t value)
{
	mmio_write32(regs->base + offset, value);
}

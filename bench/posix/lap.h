/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting and output of the benchmarks that run on Veridian and on Linux from the same source. POSIX only; time in nanoseconds of
 * CLOCK_MONOTONIC, instructions where the environment has INSTRET: the kernel must let programs read that counter, and only
 * QEMU's -icount shift=0 makes it exact. Nothing here fails: a benchmark that cannot go on ends with `die`.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t instructions(void)
{
#ifdef __riscv
	static int counted = -1;
	uint64_t value;

	if (counted < 0)
		counted = getenv("INSTRET") != NULL;
	if (counted) {
		__asm__ volatile("rdinstret %0" : "=r"(value));
		return value;
	}
#endif
	return 0;
}

/* A moment, or a sum of spans. */
struct lap {
	uint64_t ns;
	uint64_t instructions;
};

static inline struct lap lap_now(void)
{
	struct lap lap;

	lap.instructions = instructions();
	lap.ns = now_ns();
	return lap;
}

/* Adds what passed since the moment. The clock is read inside of it, both times: the same on both systems but for its cost. */
static inline void lap_add(struct lap *sum, struct lap since)
{
	struct lap now = lap_now();

	sum->ns += now.ns - since.ns;
	sum->instructions += now.instructions - since.instructions;
}

/* A line `name value unit`. */
static inline void report(const char *name, double value, const char *unit)
{
	printf("%s %.1f %s\n", name, value, unit);
	fflush(stdout);
}

/* Per operation: instructions where they are counted, else time. */
static inline void report_lap(const char *tag, const char *what, struct lap sum, double operations)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", tag, what);
	if (sum.instructions)
		report(name, (double)sum.instructions / operations, "instr");
	else
		report(name, (double)sum.ns / operations, "ns");
}

_Noreturn static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

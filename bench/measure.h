/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting instructions: system calls with a stamp of the instret counter right before and right after the ecall, and the
 * loops of the other side, whose own instructions are known. Exact only where the machine counts instructions
 * one by one (QEMU -icount shift=0, one hart).
 */
#pragma once

#include <stdint.h>

struct measured {
	uint64_t a[8];  /* in and out */
	uint64_t t[7];  /* t[0]: number of the call */
	uint64_t start; /* instret as read by the instruction before the ecall */
	uint64_t end;   /* as read by the instruction after it */
};

/* Between the two stamps: one rdinstret, the ecall, and what ran until the second stamp. */
#define STAMP_OVERHEAD 1

/* The system call of m->t[0]; returns end - start - STAMP_OVERHEAD. */
uint64_t measure(struct measured *m);

/* Answers every call with its own words until the endpoint fails. Per call it runs ECHO_INSTRUCTIONS besides the ecall. */
void serve_echo(uint64_t endpoint);
#define ECHO_INSTRUCTIONS 3

/* Reads lease 0 into the buffer, writes the buffer to lease 1, answers. Per call LEASE_INSTRUCTIONS besides the three ecalls. */
void serve_lease_1k(uint64_t endpoint, void *buffer);
#define LEASE_INSTRUCTIONS 18

/* Stamps, then stores value at address; raise_wait then stamps until *flag is not zero. Returns the first stamp;
 * *resumed: the stamp of the first instruction after the interruption, if that came at once after the store (label raised_here). */
uint64_t raise_wait(volatile uint32_t *address, uint32_t value, volatile uint32_t *flag, uint64_t *resumed);
extern char raised_here[];

/* Loads from address, with a stamp before and after; the load is TOUCH_SIZE bytes long and starts at touch_here. */
void touch_load(uint64_t address, uint64_t stamps[2]);
extern char touch_here[];
#define TOUCH_SIZE 4

/* Stores a word at address; stamps as before. */
void touch_store(uint64_t address, uint64_t stamps[2]);

/* Stores a word at every step from address to end; returns all instructions run. */
uint64_t touch_range(uint64_t address, uint64_t end, uint64_t step);

/* The whole life of a process without memory of its own: process_exit(0). No stack. */
extern char exit_page[], exit_page_end[];

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test of the kernel needs: cases and checks, a print, threads and child processes that run a function of
 * the same program. Output goes to the kernel log: "PASS name", "FAIL name: reason", at the end "DONE n passed, n failed".
 *
 * A test program runs as the first process of the system or below init; either way it holds the root handles.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/fault.h"
#include "sys/abi/handle.h"
#include "sys/abi/ipc.h"
#include "sys/abi/object.h"
#include "sys/abi/startup.h"
#include "sys/abi/status.h"
#include "sys/abi/syscall.h"
#include "sys/abi/system.h"
#include "sys/lib/ipc.h"
#include "sys/lib/syscall.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB           1024ul
#define MIB           (1024ul * 1024)
#define MS            1000000ul
#define SECOND        1000000000ul

/* ---- cases ---- */

struct test_case {
	const char *name;
	void (*run)(void);
};

/* Every test program defines these. test_group is the prefix of the names printed. */
extern const char test_group[];
extern const struct test_case test_cases[];
extern const size_t test_case_count;

#define TEST_CASES(group, ...)                               \
	const char test_group[] = group;                     \
	const struct test_case test_cases[] = {__VA_ARGS__}; \
	const size_t test_case_count = ARRAY_SIZE(test_cases)

/* Arguments of the program that are no case names: "key=value"; returns the number or the default. */
uint64_t test_option(const char *key, uint64_t otherwise);
const char *test_argument(uint32_t index);

/* For programs with a main of their own: makes child processes possible; ends the system or the process. */
void images_prepare(void);
_Noreturn void test_finish(unsigned failed);

/* ---- checks: a failed one is reported and counted; REQUIRE also leaves the function ---- */

void test_fail(const char *file, int line, const char *what);
bool test_check(bool good, const char *file, int line, const char *what);
bool test_check_eq(uint64_t got, uint64_t want, const char *file, int line, const char *what);
bool test_check_status(status_t got, status_t want, const char *file, int line, const char *what);
/* The case cannot be tested on this machine: reported as SKIP with the reason, neither passed nor failed. */
void test_skip(const char *why);
unsigned test_failures(void); /* of the present case */

#define CHECK(cond)             test_check((cond), __FILE__, __LINE__, #cond)
#define CHECK_EQ(got, want)     test_check_eq((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, #got)
#define CHECK_STATUS(got, want) test_check_status((got), (want), __FILE__, __LINE__, #got)
#define CHECK_OK(got)           CHECK_STATUS(got, OK)
#define REQUIRE(cond)             \
	do {                      \
		if (!CHECK(cond)) \
			return;   \
	} while (0)
#define REQUIRE_OK(got)             \
	do {                        \
		if (!CHECK_OK(got)) \
			return;     \
	} while (0)

/* ---- output ---- */

/* One line to the kernel log. %s %d %u %x %c, with l for 64 bits (%lu, %lx); %% */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
size_t format_text(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- the program's handles ---- */

const struct startup *test_startup(void);
handle_t test_handle(const char *name); /* HANDLE_NONE if there is none */
handle_t test_self(void);               /* own process */
/* One right out of res.system (SYSTEM_*); the caller closes it. */
handle_t test_system_resource(unsigned which);

/* ---- accounting ---- */

struct system_info test_system_info(void);
uint64_t test_quota_used(void); /* mem_bytes used of the own quota */

/* Everything that a leak would show in, to the byte. */
struct test_account {
	uint64_t free; /* RAM that nobody holds: free pages and the room in the kernel's own */
	uint64_t processes, threads;
	struct quota_limits used; /* of the own quota */
};
/* Waits until it stays the same for some time: what ended before may still be on its way. */
struct test_account test_account(void);
/* All is back where it was. Waits a while for it: what a process held goes a moment after its end was told. */
bool test_account_check(const struct test_account *before, const char *file, int line);
#define CHECK_ACCOUNT(before) test_account_check(before, __FILE__, __LINE__)

/* ---- memory ---- */

/* Fresh zeroed memory of the own process; NULL and a failed check when there is none. */
void *pages_alloc(uint64_t size);
void pages_free(void *address, uint64_t size);

/* ---- threads of this process ---- */

struct thread {
	void (*run)(void *arg);
	void *arg;
	handle_t handle;
	volatile uint32_t alive; /* futex word: cleared by the kernel at the end */
	void *stack;
	uint64_t stack_size;
};

bool thread_spawn(struct thread *t, void (*run)(void *), void *arg, uint32_t prio);
/* Made, not started (thread_start(t->handle)). */
bool thread_make(struct thread *t, void (*run)(void *), void *arg, uint32_t prio);
void thread_join(struct thread *t);
/* For a thread that was killed: frees stack and handle without waiting for the word. */
void thread_discard(struct thread *t);
void thread_set_prio(handle_t thread, uint32_t prio); /* HANDLE_NONE: self; up to PRIO_USER_MAX */
/* Waits until the thread's state is one of two (THREAD_*), lending it the CPU; false after ten seconds. */
bool thread_await_state(handle_t thread, uint32_t state, uint32_t or_state);
/* As any of the blocked states. */
bool thread_await_blocked(handle_t thread);

/* ---- child processes: a copy of this program's image (data as it is now), running `run` ---- */

#define CHILD_HANDLES 8
#define CHILD_WORDS   8

struct child_args {
	void (*run)(const struct child_args *args);
	handle_t self; /* in the child: its process and first thread */
	handle_t thread;
	handle_t h[CHILD_HANDLES]; /* given by the parent; in the child its own values */
	uint64_t w[CHILD_WORDS];
};

struct child {
	handle_t process;
	handle_t thread;
	handle_t ended; /* notification, signalled at its end */
};

struct child_spec {
	void (*run)(const struct child_args *args);
	handle_t h[CHILD_HANDLES];
	uint32_t rights[CHILD_HANDLES]; /* 0: RIGHTS_SAME */
	uint64_t w[CHILD_WORDS];
	uint32_t prio;  /* 0: the creator's */
	handle_t quota; /* HANDLE_NONE: own */
	handle_t fault; /* endpoint for its faults */
	bool quiet;     /* failing to create it is no failed check */
	bool stopped;   /* do not start the thread */
};

status_t child_start(struct child *c, const struct child_spec *spec);
/* Waits for its end, closes everything; returns the exit status. A failed check of the child counts here too. */
int64_t child_wait(struct child *c);
/* The same after killing it. */
int64_t child_kill(struct child *c);
/* Leaves the child's exit status where a parent's child_wait sees failed checks: exits with their number. */
_Noreturn void child_exit(int64_t status);

/* ---- small things ---- */

void sleep_ns(uint64_t ns);
uint64_t now(void);
uint64_t random_next(uint64_t *state); /* xorshift64*; the state must not be 0 */
bool text_equal(const char *a, const char *b);

/* Accesses that the compiler neither drops nor reasons about. */
static inline uint64_t peek(uint64_t address)
{
	uint64_t value;

	__asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void poke(uint64_t address, uint64_t value)
{
	__asm__ volatile("sd %1, 0(%0)" : : "r"(address), "r"(value) : "memory");
}

static inline uint64_t read_instret(void)
{
	uint64_t value;

	__asm__ volatile("rdinstret %0" : "=r"(value));
	return value;
}

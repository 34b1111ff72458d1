/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spawn() against a played kernel that keeps objects, handles and mappings, and can fail any call:
 * the child must get exactly the right memory and handles, and a failure at any step must leave
 * nothing behind.
 */
#include "sys/lib/spawn.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sys/lib/syscall.h"
#include "tests/unit/check.h"
#include "tests/unit/elf_file.h"

/* ---- the kernel ---- */

enum { SLOTS = 64, MAPPINGS = 16, IMAGE_VMO = 1, GIVEN = 2, FAULT_EP = 3, FIRST_FREE = 4 };
enum kind { FREE, VMO, PROCESS, THREAD, OTHER };

struct slot {
	enum kind kind;
	uint8_t *bytes; /* vmo */
	uint64_t size;
	int mapped; /* vmo: keeps its bytes */
	bool open;  /* the handle */
	bool cloned;
};

struct mapped {
	handle_t vmo;
	uint64_t offset, addr, size;
	uint32_t flags;
};

static struct slot slots[SLOTS];
static struct mapped mappings[MAPPINGS];
static unsigned mapping_count, calls, fail_at, given_count;
static status_t fail_with;
static handle_t given[64];
static enum kind given_kind[64];
static uint32_t given_rights[64];
static bool process_alive, process_killed, thread_started, thread_alive;
static struct thread_args thread_args;
static handle_t fault_handler;
static uint32_t own_prio;
static bool clone_unsupported;
static char process_name[64];

/* Counts a call; not OK if this is the one to fail. */
static status_t call(void)
{
	return ++calls == fail_at ? fail_with : OK;
}
#define CALL()                             \
	do {                               \
		status_t failure = call(); \
		if (failure != OK)         \
			return failure;    \
	} while (0)

static handle_t slot_new(enum kind kind, uint64_t size)
{
	handle_t h = FIRST_FREE;

	while (h < SLOTS && slots[h].kind != FREE)
		h++;
	if (h == SLOTS)
		abort();
	slots[h] = (struct slot){.kind = kind, .size = size, .open = true};
	if (kind == VMO)
		slots[h].bytes = calloc(1, size);
	return h;
}

static struct slot *slot_of(handle_t h, enum kind kind)
{
	if (h >= SLOTS || slots[h].kind != kind || !slots[h].open)
		abort(); /* spawn used a handle that it does not hold */
	return &slots[h];
}

static void slot_release(struct slot *s)
{
	if (s->open || s->mapped)
		return;
	free(s->bytes);
	*s = (struct slot){0};
}

static void process_free(void)
{
	for (unsigned i = 0; i < mapping_count; i++) {
		slots[mappings[i].vmo].mapped--;
		slot_release(&slots[mappings[i].vmo]);
	}
	mapping_count = 0;
	process_alive = thread_alive = false;
}

status_t handle_close(handle_t h)
{
	/* Not counted: closing what one holds cannot fail. */
	if (h >= SLOTS || !slots[h].open)
		abort();
	slots[h].open = false;
	slot_release(&slots[h]);
	return OK;
}

status_t system_info(handle_t res, uint32_t topic, uint64_t index, void *buffer, uint64_t len, uint64_t *bytes)
{
	(void)bytes;
	CALL();
	CHECK(res == HANDLE_NONE && topic == INFO_SYSTEM && index == 0 && len == sizeof(struct system_info));
	*(struct system_info *)buffer = (struct system_info){.timebase_hz = 4000000};
	return OK;
}

status_t process_create(handle_t quota, const char *name, uint64_t name_len, handle_t *out)
{
	(void)quota;
	CALL();
	snprintf(process_name, sizeof(process_name), "%.*s", (int)name_len, name);
	process_alive = true;
	*out = slot_new(PROCESS, 0);
	return OK;
}

status_t vmo_create(uint64_t size, uint32_t flags, handle_t res, handle_t *out)
{
	(void)res;
	CALL();
	CHECK(size && size % PAGE_SIZE == 0 && flags == 0);
	*out = slot_new(VMO, size);
	return OK;
}

status_t vmo_clone(handle_t vmo, uint64_t offset, uint64_t size, handle_t *out)
{
	struct slot *from = slot_of(vmo, VMO);

	CALL();
	if (clone_unsupported)
		return ERR_UNSUPPORTED;
	CHECK(offset % PAGE_SIZE == 0 && size % PAGE_SIZE == 0 && offset + size <= from->size);
	*out = slot_new(VMO, size);
	memcpy(slots[*out].bytes, from->bytes + offset, size);
	slots[*out].cloned = true;
	return OK;
}

status_t vmo_write(handle_t vmo, uint64_t offset, const void *buffer, uint64_t len)
{
	struct slot *s = slot_of(vmo, VMO);

	CALL();
	CHECK(vmo != IMAGE_VMO && offset <= s->size && len <= s->size - offset);
	memcpy(s->bytes + offset, buffer, len);
	return OK;
}

status_t vmo_sync_code(handle_t vmo)
{
	(void)slot_of(vmo, VMO);
	CALL();
	return OK;
}

status_t vmo_map(handle_t proc, handle_t vmo, uint64_t offset, void *addr, uint64_t size, uint32_t flags, void **out)
{
	struct slot *s = slot_of(vmo, VMO);
	uint64_t at = (uint64_t)addr;

	(void)slot_of(proc, PROCESS);
	CALL();
	CHECK((flags & MAP_FIXED) && !(flags & MAP_REPLACE) && !out);
	CHECK((flags & (MAP_WRITE | MAP_EXEC)) != (MAP_WRITE | MAP_EXEC));
	CHECK(at % PAGE_SIZE == 0 && size && size % PAGE_SIZE == 0 && offset + size <= s->size);
	CHECK(at >= USER_BASE);
	for (unsigned i = 0; i < mapping_count; i++)
		CHECK(at + size <= mappings[i].addr || at >= mappings[i].addr + mappings[i].size);
	if (mapping_count == MAPPINGS)
		abort();
	mappings[mapping_count++] = (struct mapped){vmo, offset, at, size, flags};
	s->mapped++;
	return OK;
}

status_t thread_info(handle_t thread, struct thread_info *info)
{
	CALL();
	CHECK(thread == HANDLE_NONE);
	*info = (struct thread_info){.base_prio = own_prio};
	return OK;
}

status_t thread_create(handle_t proc, const struct thread_args *args, handle_t *out)
{
	(void)slot_of(proc, PROCESS);
	CALL();
	thread_args = *args;
	thread_alive = true;
	*out = slot_new(THREAD, 0);
	return OK;
}

status_t thread_set_fault(handle_t thread, handle_t ep)
{
	(void)slot_of(thread, THREAD);
	CALL();
	fault_handler = ep;
	return OK;
}

status_t process_give(handle_t proc, handle_t handle, uint32_t rights, handle_t *out)
{
	(void)slot_of(proc, PROCESS);
	if (!slots[handle].open)
		abort();
	CALL();
	given[given_count] = handle;
	given_rights[given_count] = rights;
	given_kind[given_count] = slots[handle].kind;
	*out = 1000 + given_count++;
	return OK;
}

status_t process_kill(handle_t proc, int64_t status)
{
	(void)status;
	(void)slot_of(proc, PROCESS);
	process_killed = true;
	process_free();
	return OK;
}

status_t thread_start(handle_t thread)
{
	(void)slot_of(thread, THREAD);
	CALL();
	thread_started = true;
	return OK;
}

/* ---- the tests ---- */

static struct elf_file file;

static void kernel_reset(void)
{
	process_free();
	for (handle_t h = 0; h < SLOTS; h++) {
		slots[h].open = false;
		slots[h].mapped = 0;
		slot_release(&slots[h]);
	}
	/* The archive: a page of something else, then the program. */
	slots[IMAGE_VMO] = (struct slot){.kind = VMO, .open = true, .size = 0x1000 + ELF_FILE_SIZE};
	slots[IMAGE_VMO].bytes = calloc(1, slots[IMAGE_VMO].size);
	memset(slots[IMAGE_VMO].bytes, 0xcc, 0x1000);
	memcpy(slots[IMAGE_VMO].bytes + 0x1000, file.bytes, sizeof(file.bytes));
	slots[GIVEN] = slots[FAULT_EP] = (struct slot){.kind = OTHER, .open = true};
	calls = fail_at = given_count = 0;
	fail_with = ERR_NO_MEMORY;
	process_killed = thread_started = clone_unsupported = false;
	fault_handler = HANDLE_NONE;
	own_prio = PRIO_SERVER;
}

static unsigned handles_open(void)
{
	unsigned open = 0;

	for (handle_t h = FIRST_FREE; h < SLOTS; h++)
		open += slots[h].kind != FREE;
	return open;
}

/* A byte of the child's memory; -1 where nothing is mapped with the access. */
static int child_byte(uint64_t addr, uint32_t access)
{
	for (unsigned i = 0; i < mapping_count; i++) {
		const struct mapped *m = &mappings[i];

		if (addr - m->addr < m->size)
			return (m->flags & access) == access ? slots[m->vmo].bytes[m->offset + addr - m->addr] : -1;
	}
	return -1;
}

static void child_copy(uint64_t addr, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)child_byte(addr + i, MAP_READ);
}

static const struct spawn_handle handle_list[] = {
	{.name = "console", .handle = GIVEN, .rights = RIGHT_EP_CALL},
	{.name = "a-name-of-23-characters", .handle = GIVEN, .rights = (uint32_t)RIGHTS_SAME},
};
static const char *const argv[] = {"program", "", "two words", NULL};
static const char *const envp[] = {"A=1", NULL};

static struct spawn_args arguments(void)
{
	return (struct spawn_args){
		.image = file.bytes,
		.image_size = ELF_FILE_SIZE,
		.image_vmo = IMAGE_VMO,
		.image_offset = 0x1000,
		.name = "program",
		.argv = argv,
		.envp = envp,
		.handles = handle_list,
		.nhandles = 2,
		.fault_ep = FAULT_EP,
	};
}

/* Memory as the file says, whichever way it was loaded. */
static void check_memory(void)
{
	for (uint64_t a = 0; a < 0xa00; a += 37)
		CHECK_INT(child_byte(0x100000 + a, MAP_READ), file.bytes[a]);
	CHECK_INT(child_byte(0x100000, MAP_WRITE), -1);
	CHECK_INT(child_byte(0x100000, MAP_EXEC), -1);
	for (uint64_t a = 0; a < 0x1234; a += 37)
		CHECK_INT(child_byte(0x101000 + a, MAP_READ | MAP_EXEC), file.bytes[0x1000 + a]);
	CHECK_INT(child_byte(0x101000, MAP_WRITE), -1);
	for (uint64_t a = 0; a < 0x4000; a++) {
		int want = a < 0xe20 ? file.bytes[0x3000 + a] : 0;

		if (!CHECK_INT(child_byte(0x103000 + a, MAP_READ | MAP_WRITE), want))
			return;
	}
	CHECK_INT(child_byte(0x103000, MAP_EXEC), -1);
	CHECK_INT(child_byte(0x107000, MAP_READ), -1);
}

static void check_strings_at(uint64_t block, const struct startup *s, uint32_t count, uint32_t table,
			     const char *const *want)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t offset;
		char text[64];

		child_copy(block + table + i * 4, &offset, sizeof(offset));
		CHECK(offset < s->size);
		child_copy(block + offset, text, sizeof(text));
		text[63] = '\0';
		CHECK_STR(text, want[i]);
	}
}

static void check_block(uint64_t stack_wanted)
{
	struct startup s;
	uint64_t block = thread_args.arg0;

	child_copy(block, &s, sizeof(s));
	CHECK_INT(s.magic, STARTUP_MAGIC);
	CHECK_INT(s.timebase_hz, 4000000);
	CHECK_INT(s.argc, 3);
	CHECK_INT(s.envc, 1);
	check_strings_at(block, &s, 3, s.argv, argv);
	check_strings_at(block, &s, 1, s.envp, envp);
	CHECK_INT(s.image_base, 0x100000);
	CHECK_INT(s.image_phdr, 0x100040);
	CHECK_INT(s.image_phnum, 4);
	CHECK(s.heap_hint >= 0x107000 && child_byte(s.heap_hint, MAP_READ) == -1);
	CHECK(block % 16 == 0 && thread_args.stack == block);
	CHECK(block + s.size <= s.stack_base + s.stack_size);
	CHECK(block - s.stack_base >= stack_wanted);
	CHECK_INT(child_byte(s.stack_base, MAP_READ | MAP_WRITE), 0);
	CHECK_INT(child_byte(s.stack_base - 1, MAP_READ), -1);
	CHECK_INT(child_byte(s.stack_base, MAP_EXEC), -1);

	CHECK_INT(s.nhandles, 5);
	CHECK_STR(s.handles[0].name, HND_SELF);
	CHECK_STR(s.handles[1].name, HND_THREAD);
	CHECK_STR(s.handles[2].name, HND_FAULT);
	CHECK_STR(s.handles[3].name, "console");
	CHECK_STR(s.handles[4].name, "a-name-of-23-characters");
	for (unsigned i = 0; i < 5; i++)
		CHECK_INT(s.handles[i].handle, 1000 + i);
	CHECK(given_kind[0] == PROCESS && given_kind[1] == THREAD);
	CHECK(given[2] == FAULT_EP && given[3] == GIVEN && given[4] == GIVEN);
	CHECK_INT(given_rights[3], RIGHT_EP_CALL);
}

static void test_good(void)
{
	struct spawn_args args;
	handle_t process, thread;

	kernel_reset();
	args = arguments();
	if (!CHECK_INT(spawn(&args, &process, &thread), OK))
		return;
	CHECK(thread_started && !process_killed);
	CHECK_STR(process_name, "program");
	CHECK_INT(thread_args.entry, 0x101000);
	CHECK_INT(thread_args.prio, PRIO_DEFAULT);
	CHECK_INT(fault_handler, FAULT_EP);
	check_memory();
	check_block(SPAWN_STACK_DEFAULT);
	CHECK(slots[process].kind == PROCESS && slots[thread].kind == THREAD);
	/* The archive's own pages for constants and text, a copy-on-write one for data. */
	CHECK(mappings[0].vmo == IMAGE_VMO && mappings[1].vmo == IMAGE_VMO && slots[mappings[2].vmo].cloned);
	/* Two handles and the three vmos behind mappings: data, bss, stack. */
	CHECK_INT(handles_open(), 5);
	CHECK(!slots[mappings[2].vmo].open && !slots[mappings[3].vmo].open && !slots[mappings[4].vmo].open);
	/* Everything in the first 2 MiB: one last-level page table. */
	for (unsigned i = 0; i < mapping_count; i++)
		CHECK(mappings[i].addr + mappings[i].size <= 0x200000);

	/* With the stack for the supervisor. */
	handle_t stack_vmo = HANDLE_NONE;
	uint64_t stack_base = 0;

	kernel_reset();
	args = arguments();
	args.stack_vmo = &stack_vmo;
	args.stack_base = &stack_base;
	CHECK_INT(spawn(&args, &process, &thread), OK);
	CHECK(slots[stack_vmo].kind == VMO && slots[stack_vmo].open && slots[stack_vmo].mapped == 1);
	CHECK(stack_base <= thread_args.stack && thread_args.stack < stack_base + slots[stack_vmo].size);

	/* Without the thread's handle, and with a low priority of our own. */
	kernel_reset();
	own_prio = 10;
	args = arguments();
	CHECK_INT(spawn(&args, &process, NULL), OK);
	CHECK_INT(thread_args.prio, 10);
	CHECK_INT(handles_open(), 4);
}

/* The ways in which pages cannot be shared. */
static void test_copies(void)
{
	struct spawn_args args;
	handle_t process;

	kernel_reset();
	args = arguments();
	args.image_vmo = HANDLE_NONE;
	args.image_offset = 0;
	CHECK_INT(spawn(&args, &process, NULL), OK);
	check_memory();
	check_block(SPAWN_STACK_DEFAULT);

	kernel_reset();
	clone_unsupported = true;
	args = arguments();
	CHECK_INT(spawn(&args, &process, NULL), OK);
	check_memory();

	/* File offsets that do not fit the addresses. */
	elf_file_phdr(&file, 1)->offset = 0x1010;
	elf_file_phdr(&file, 2)->offset = 0x3004;
	kernel_reset();
	args = arguments();
	CHECK_INT(spawn(&args, &process, NULL), OK);
	CHECK_INT(child_byte(0x101000, MAP_EXEC), file.bytes[0x1010]);
	CHECK_INT(child_byte(0x103000, MAP_WRITE), file.bytes[0x3004]);
	CHECK_INT(child_byte(0x103e20, MAP_WRITE), 0);

	/* Segments that start inside of a page. */
	elf_file_make(&file);
	elf_file_phdr(&file, 2)->offset += 0x123;
	elf_file_phdr(&file, 2)->vaddr += 0x123;
	kernel_reset();
	args = arguments();
	CHECK_INT(spawn(&args, &process, NULL), OK);
	CHECK_INT(child_byte(0x103123, MAP_WRITE), file.bytes[0x3123]);
	CHECK_INT(child_byte(0x103123 + 0xe1f, MAP_WRITE), file.bytes[0x3123 + 0xe1f]);
	for (uint64_t a = 0x103123 + 0xe20; a < 0x107000; a += 61)
		CHECK_INT(child_byte(a, MAP_WRITE), 0);

	/* Nothing but bss. */
	elf_file_make(&file);
	elf_file_phdr(&file, 2)->filesz = 0;
	kernel_reset();
	args = arguments();
	CHECK_INT(spawn(&args, &process, NULL), OK);
	CHECK_INT(child_byte(0x103000, MAP_WRITE), 0);
	CHECK_INT(child_byte(0x106fff, MAP_WRITE), 0);
	elf_file_make(&file);
}

static void test_stacks(void)
{
	struct spawn_args args;
	struct startup s;
	handle_t process;

	/* Too large for the room below the image. */
	kernel_reset();
	args = arguments();
	args.stack_size = 2 << 20;
	CHECK_INT(spawn(&args, &process, NULL), OK);
	check_block(2 << 20);
	child_copy(thread_args.arg0, &s, sizeof(s));
	CHECK(s.stack_base > 0x107000 && s.heap_hint == s.stack_base + s.stack_size);

	args.stack_size = SPAWN_STACK_MAX + 1;
	kernel_reset();
	CHECK_INT(spawn(&args, &process, NULL), ERR_INVALID);
	CHECK_INT(calls, 0);
}

static void test_arguments(void)
{
	static char big[SPAWN_ARGS_MAX];
	static const char *many[SPAWN_STRINGS_MAX + 2];
	const char *const one[] = {big, NULL};
	struct spawn_args args;
	struct startup s;
	handle_t process;

	/* The largest argument, and one byte more. */
	memset(big, 'x', sizeof(big) - 2);
	kernel_reset();
	args = arguments();
	args.argv = one;
	args.envp = NULL;
	CHECK_INT(spawn(&args, &process, NULL), OK);
	child_copy(thread_args.arg0, &s, sizeof(s));
	CHECK(s.argc == 1 && s.size > SPAWN_ARGS_MAX - 2);
	CHECK(thread_args.arg0 - s.stack_base >= SPAWN_STACK_DEFAULT);
	CHECK_INT(child_byte(thread_args.arg0 + s.size - 1, MAP_READ), 0);
	CHECK_INT(child_byte(thread_args.arg0 + s.size - 2, MAP_READ), 'x');
	memset(big, 'x', sizeof(big) - 1);
	kernel_reset();
	args = arguments();
	args.argv = one;
	CHECK_INT(spawn(&args, &process, NULL), ERR_RANGE);

	/* Many small ones: the child's pointers to them need room on its stack too. */
	for (unsigned i = 0; i < SPAWN_STRINGS_MAX; i++)
		many[i] = "";
	kernel_reset();
	args = arguments();
	args.argv = many;
	args.envp = NULL;
	CHECK_INT(spawn(&args, &process, NULL), OK);
	child_copy(thread_args.arg0, &s, sizeof(s));
	CHECK(thread_args.arg0 - s.stack_base >= SPAWN_STACK_DEFAULT + SPAWN_STRINGS_MAX * 8);
	args.envp = envp;
	kernel_reset();
	CHECK_INT(spawn(&args, &process, NULL), ERR_RANGE);
	many[SPAWN_STRINGS_MAX] = "";
	args.envp = NULL;
	CHECK_INT(spawn(&args, &process, NULL), ERR_RANGE);

	/* No argv is the name. */
	kernel_reset();
	args = arguments();
	args.argv = args.envp = NULL;
	CHECK_INT(spawn(&args, &process, NULL), OK);
	child_copy(thread_args.arg0, &s, sizeof(s));
	CHECK(s.argc == 1 && s.envc == 0);
}

static void check_nothing_left(void)
{
	CHECK_INT(handles_open(), 0);
	CHECK(!process_alive && !thread_alive && !thread_started && mapping_count == 0);
}

static void test_refused(void)
{
	static struct spawn_handle too_many[STARTUP_HANDLES];
	struct spawn_handle bad = {.name = "a-name-of-24-characters.", .handle = GIVEN};
	struct spawn_args args;
	handle_t process;

	kernel_reset();
	args = arguments();
	args.handles = &bad;
	args.nhandles = 1;
	CHECK_INT(spawn(&args, &process, NULL), ERR_INVALID);
	check_nothing_left();
	bad.name = "";
	kernel_reset();
	CHECK_INT(spawn(&args, &process, NULL), ERR_INVALID);
	check_nothing_left();

	for (unsigned i = 0; i < STARTUP_HANDLES; i++)
		too_many[i] = (struct spawn_handle){"x", GIVEN, (uint32_t)RIGHTS_SAME};
	kernel_reset();
	args.handles = too_many;
	args.nhandles = STARTUP_HANDLES - 3;
	CHECK_INT(spawn(&args, &process, NULL), OK);
	kernel_reset();
	args.nhandles = STARTUP_HANDLES - 2;
	CHECK_INT(spawn(&args, &process, NULL), ERR_RANGE);
	check_nothing_left();

	kernel_reset();
	args = arguments();
	args.image_size = 100;
	CHECK_INT(spawn(&args, &process, NULL), ERR_BAD_FORMAT);
	args = arguments();
	args.image = NULL;
	CHECK_INT(spawn(&args, &process, NULL), ERR_INVALID);
	args = arguments();
	args.image_offset = 0x1004;
	CHECK_INT(spawn(&args, &process, NULL), ERR_INVALID);
	CHECK_INT(calls, 0);
}

/* Each system call in turn fails. */
static void test_failures(bool copies)
{
	struct spawn_args args;
	handle_t process, thread;
	unsigned total;

	kernel_reset();
	args = arguments();
	if (copies)
		args.image_vmo = HANDLE_NONE;
	CHECK_INT(spawn(&args, &process, &thread), OK);
	total = calls;
	CHECK(total > 12);
	for (unsigned n = 1; n <= total; n++) {
		process = thread = 777;
		kernel_reset();
		args = arguments();
		if (copies)
			args.image_vmo = HANDLE_NONE;
		fail_at = n;
		fail_with = n % 2 ? ERR_NO_MEMORY : ERR_NO_HANDLES;
		CHECK_INT(spawn(&args, &process, &thread), fail_with);
		check_nothing_left();
		CHECK(process == 777 && thread == 777);
	}
}

int main(void)
{
	elf_file_make(&file);
	test_good();
	test_copies();
	test_stacks();
	test_arguments();
	test_refused();
	test_failures(false);
	test_failures(true);
	kernel_reset();
	free(slots[IMAGE_VMO].bytes);
	return check_end();
}

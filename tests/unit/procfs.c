/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of /proc for facts that are given, startup blocks of all kinds, and device trees as directories. */
#include <libfdt.h>
#include <stdlib.h>

#include "fs/procfs/block.h"
#include "fs/procfs/format.h"
#include "fs/procfs/tree.h"
#include "tests/unit/check.h"

/* Ends a text and gives its memory back with the next call. */
static const char *ended(struct fs_text *text)
{
	static char *last;

	fs_text_add(text, "", 1);
	CHECK(text->status == OK);
	free(last);
	last = text->data;
	*text = (struct fs_text){0};
	return last ? last : "";
}

/* ---- growing text ------------------------------------------------------------------------------------------------- */

static void test_text(void)
{
	struct fs_text text = {0};
	char many[3000];

	memset(many, 'x', sizeof(many));
	fs_text_add(&text, many, sizeof(many));
	for (unsigned i = 0; i < 1000; i++)
		fs_text_print(&text, "%u,", i);
	CHECK_INT(text.len, sizeof(many) + 10 * 2 + 90 * 3 + 900 * 4);
	CHECK_STR(ended(&text) + sizeof(many) + 10 * 2 + 90 * 3 + 900 * 4 - 8, "998,999,");
	fs_text_escape(&text, "a b\tc\\d\ne\x7f", " ");
	CHECK_STR(ended(&text), "a\\040b\\011c\\134d\\012e\\177");
	fs_text_print(&text, "one\nab");
	fs_text_pad(&text, 5);
	fs_text_print(&text, "c");
	fs_text_pad(&text, 2);
	CHECK_STR(ended(&text), "one\nab   c ");
	/* Too much is an error that stays, also if something small follows. */
	for (unsigned i = 0; i < 400; i++)
		fs_text_add(&text, many, sizeof(many));
	CHECK_INT(text.status, ERR_NO_MEMORY);
	CHECK(text.len <= FS_TEXT_MAX && text.len > FS_TEXT_MAX - sizeof(many));
	size_t len = text.len;
	fs_text_add(&text, "a", 1);
	fs_text_print(&text, "%d", 1);
	CHECK_INT(text.len, len);
	fs_text_free(&text);
}

/* ---- processes ------------------------------------------------------------------------------------------------------ */

static struct process_facts facts = {
	.info =
		{
			.koid = 1234,
			.parent_koid = 56,
			.state = PROCESS_RUNNING,
			.cpu_ns = 3600ull * 1000000000 + 1500,
			.started_ns = 2500000000,
			.mem_bytes = 20 * 4096,
			.kernel_bytes = 5 * 1024 + 1023,
			.threads = 3,
			.handles = 17,
			.quota_koid = 9,
			.name = "sbin/in it)",
		},
	.virtual_bytes = 1 << 20,
	.descriptors = 5,
	.user = 1000,
	.group = 100,
	.group_count = 2,
	.groups = {7, 8},
	.image_base = 0x100000,
	.image_end = 0x105001,
	.stack_top = 0x100000,
};

static void test_process(void)
{
	struct fs_text text = {0};

	format_status(&text, &facts);
	CHECK_STR(ended(&text),
		  "Name:\tin it)\nState:\tS (sleeping)\nTgid:\t1234\nPid:\t1234\nPPid:\t56\nTracerPid:\t0\n"
		  "Uid:\t1000\t1000\t1000\t1000\nGid:\t100\t100\t100\t100\nFDSize:\t5\nGroups:\t7 8 \n"
		  "VmSize:\t    1024 kB\nVmRSS:\t      80 kB\nThreads:\t3\nHandles:\t17\n"
		  "KernelMemory:\t       5 kB\nQuota:\t9\n");
	format_stat(&text, &facts, 100);
	CHECK_STR(
		ended(&text),
		"1234 (in it)) S 56 0 0 0 -1 0 0 0 0 0 360000 0 0 0 0 0 3 0 250 1048576 20 18446744073709551615 1048576 "
		"1069057 1048576 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	format_statm(&text, &facts);
	CHECK_STR(ended(&text), "256 20 0 6 0 0 0\n");
	CHECK_INT(format_ticks(UINT64_MAX, 1000000), UINT64_MAX / 1000);
}

static char state_letter(uint32_t state, uint32_t active, uint32_t faulted)
{
	struct process_facts f = facts;
	struct fs_text text = {0};

	f.info.state = state;
	f.info.active = active;
	f.info.faulted = faulted;
	format_stat(&text, &f, 100);
	return strstr(ended(&text), ") ")[2];
}

static void test_states(void)
{
	/* The name ends with the last parenthesis. */
	snprintf(facts.info.name, sizeof(facts.info.name), "x");
	CHECK_INT(state_letter(PROCESS_NEW, 0, 0), 'P');
	CHECK_INT(state_letter(PROCESS_RUNNING, 0, 0), 'S');
	CHECK_INT(state_letter(PROCESS_RUNNING, 2, 0), 'R');
	CHECK_INT(state_letter(PROCESS_RUNNING, 2, 1), 'T');
	CHECK_INT(state_letter(PROCESS_ENDING, 1, 0), 'X');
	CHECK_INT(state_letter(PROCESS_ENDED, 0, 0), 'Z');
	CHECK_STR(format_name(&(struct process_info){.name = "a/b/c"}), "c");
	CHECK_STR(format_name(&(struct process_info){.name = "a/"}), "a/");
	CHECK_STR(format_name(&(struct process_info){.name = ""}), "");
}

static void test_maps(void)
{
	struct mapping_info m = {
		.base = 0x10000, .size = 0x3000, .offset = 0x1000, .vmo_koid = 77, .prot = MAP_READ | MAP_EXEC};
	struct fs_text text = {0};

	format_mapping(&text, &m, "");
	CHECK_STR(ended(&text), "00010000-00013000 r-xp 00001000 00:00 77\n");
	m.base = 0x3fffff0000 - m.size;
	m.prot = MAP_READ | MAP_WRITE;
	m.flags = MAPPING_SHARED;
	format_mapping(&text, &m, "a b\nc");
	CHECK_STR(ended(&text), "3ffffed000-3fffff0000 rw-s 00001000 00:00 77                             a b\\012c\n");
	m.flags = 0;
	m.prot = 0;
	m.kind = VMO_KIND_DEVICE;
	format_mapping(&text, &m, "");
	CHECK_STR(ended(&text), "3ffffed000-3fffff0000 ---s 00001000 00:00 77\n");
	m.kind = VMO_KIND_VIEW;
	format_mapping(&text, &m, "");
	CHECK_STR(ended(&text), "3ffffed000-3fffff0000 ---p 00001000 00:00 77\n");
	m.kind = VMO_KIND_PAGED;
	format_mapping(&text, &m, "");
	CHECK_STR(ended(&text), "3ffffed000-3fffff0000 ---s 00001000 00:00 77\n");
	format_handle(&text, 0x10003,
		      &(struct handle_info){.type = OBJ_VMO, .koid = 5, .badge = 0xab, .rights = 0xf, .refs = 2});
	CHECK_STR(ended(&text), "10003 vmo 5 ab f 2\n");
	CHECK_STR(format_type(OBJ_TYPE_COUNT), "unknown");
	CHECK_STR(format_type(0), "unknown");
}

/* ---- the system ---------------------------------------------------------------------------------------------------------- */

static void mount_line(const char *source, const char *point, const char *options, uint32_t flags, const char *want)
{
	struct vfs_mount mount = {.flags = flags, .type = "tmpfs"};
	struct fs_text text = {0};

	snprintf(mount.source, sizeof(mount.source), "%s", source);
	snprintf(mount.point, sizeof(mount.point), "%s", point);
	snprintf(mount.options, sizeof(mount.options), "%s", options);
	format_mount(&text, &mount);
	CHECK_STR(ended(&text), want);
}

static void test_system(void)
{
	struct system_info system = {
		.ram_bytes = 1ull << 30, .free_bytes = 512 << 20, .kernel_heap_bytes = 4096, .harts = 2};
	struct hart_info harts[2] = {{.idle_ns = 1000000000, .switches = 5, .ipis = 3},
				     {.idle_ns = 9000000000, .switches = 6}};
	struct interrupt_row rows[] = {{10, IRQ_LEVEL, 0, 99, "uart"}, {33, IRQ_EDGE, 1, 7, "net, disk"}};
	struct fs_text text = {0};
	const char *got;

	format_meminfo(&text, &system);
	got = ended(&text);
	CHECK(strncmp(got, "MemTotal:        1048576 kB\nMemFree:          524288 kB\nMemAvailable:     524288 kB\n",
		      84) == 0);
	CHECK(strstr(got, "\nSlab:                  4 kB\n") != NULL);
	format_uptime(&text, 12345678901, 999);
	CHECK_STR(ended(&text), "12.34 0.00\n");
	format_interrupts(&text, rows, 2, harts, 2);
	CHECK_STR(ended(&text), "           CPU0       CPU1 \n"
				" 10:         99          0  PLIC   10 Level  uart\n"
				" 33:          0          7  PLIC   33 Edge   net, disk\n"
				"IPI:          3          0  Interrupts from other harts\n");
	format_interrupts(&text, rows, 0, harts, 0);
	CHECK_STR(ended(&text), "     \nIPI:  Interrupts from other harts\n");
	format_system_stat(&text, harts, 2, 10000000000, 44, 1700000000, 2, 100);
	CHECK_STR(ended(&text),
		  "cpu  1000 0 0 1000 0 0 0 0 0 0\ncpu0 900 0 0 100 0 0 0 0 0 0\ncpu1 100 0 0 900 0 0 0 0 0 0\n"
		  "intr 44\nctxt 11\nbtime 1700000000\nprocs_running 2\nprocs_blocked 0\n");
	format_cpu(&text, &(struct cpu_facts){.index = 1, .hart_id = 4, .isa = "rv64imac", .mmu = "sv39"});
	CHECK_STR(ended(&text), "processor\t: 1\nhart\t\t: 4\nisa\t\t: rv64imac\nmmu\t\t: sv39\n\n");
	mount_line("none", "/tmp", "size=25%,mode=1777", 0, "none /tmp tmpfs rw,size=25%,mode=1777 0 0\n");
	mount_line("", "/a b", "", VFS_MOUNT_FLAGS_READ_ONLY, "none /a\\040b tmpfs ro 0 0\n");
	mount_line("x\ty", "/", ",rw,,ro,", 0, "x\\011y / tmpfs ro 0 0\n");
	mount_line("x", "/", "row,ro=1", 0, "x / tmpfs rw,row,ro=1 0 0\n");
	mount_line("x", "", "", 0, "");
}

/* ---- startup blocks ---------------------------------------------------------------------------------------------------------- */

static _Alignas(struct startup) uint8_t bytes[sizeof(struct startup) + 64];

/* Arguments "a" and "bc", environment "X=1". */
static struct startup *block_make(void)
{
	struct startup *s = (struct startup *)(void *)bytes;
	const uint32_t base = sizeof(*s), offsets[] = {base + 12, base + 14, base + 17};

	memset(bytes, 0, sizeof(bytes));
	s->magic = STARTUP_MAGIC;
	s->argc = 2;
	s->argv = base;
	s->envc = 1;
	s->envp = base + 8;
	s->size = base + 21;
	memcpy(bytes + base, offsets, sizeof(offsets));
	memcpy(bytes + base + 12, "a\0bc\0X=1", 9);
	s->nhandles = 2;
	strcpy(s->handles[0].name, "vfs.x");
	s->handles[0].handle = 1;
	strcpy(s->handles[1].name, "vfs");
	s->handles[1].handle = 2;
	return s;
}

static void strings_are(bool environment, const char *want, size_t len)
{
	struct fs_text text = {0};

	block_strings(bytes, sizeof(bytes), environment, &text);
	CHECK_INT(text.len, len);
	CHECK(text.len == len && memcmp(text.data ? text.data : "", want, len) == 0);
	fs_text_free(&text);
}

static void test_block(void)
{
	struct startup *s = block_make();
	struct fs_text text = {0};

	strings_are(false, "a\0bc", 5);
	strings_are(true, "X=1", 4);
	CHECK_INT(block_handle(s, "vfs"), 2);
	CHECK_INT(block_handle(s, "none"), HANDLE_NONE);
	s->nhandles = UINT32_MAX;
	memset(s->handles, 'v', sizeof(s->handles));
	CHECK_INT(block_handle(s, "vfs"), HANDLE_NONE);
	s = block_make();
	s->argc = UINT32_MAX;
	strings_are(false, "", 0);
	s->argc = 2;
	s->argv = s->size - 4; /* room for one offset only */
	strings_are(false, "", 0);
	s->argv = s->size + 4;
	strings_are(false, "", 0);
	s->argv = UINT32_MAX & ~3u;
	strings_are(false, "", 0);
	s->argv = 1;
	strings_are(false, "", 0);
	s = block_make();
	s->size -= 1; /* the last string does not end */
	strings_are(true, "", 0);
	strings_are(false, "a\0bc", 5);
	s->size = sizeof(bytes) + 1;
	strings_are(false, "", 0);
	s->size = sizeof(*s) - 1;
	strings_are(false, "", 0);
	s = block_make();
	memset(bytes + s->argv + 4, 0xff, 4);
	strings_are(false, "a", 2);
	s->magic++;
	strings_are(false, "", 0);
	block_strings(bytes, sizeof(*s) - 1, false, &text);
	CHECK_INT(text.len, 0);
}

/* ---- the device tree -------------------------------------------------------------------------------------------------------------- */

static uint8_t blob[4096];

static void blob_make(void)
{
	CHECK_INT(fdt_create(blob, sizeof(blob)), 0);
	CHECK_INT(fdt_finish_reservemap(blob), 0);
	CHECK_INT(fdt_begin_node(blob, ""), 0);
	CHECK_INT(fdt_property_string(blob, "model", "m"), 0);
	CHECK_INT(fdt_property(blob, "empty", "", 0), 0);
	CHECK_INT(fdt_property_u32(blob, "both", 7), 0);
	CHECK_INT(fdt_begin_node(blob, "both"), 0);
	CHECK_INT(fdt_end_node(blob), 0);
	CHECK_INT(fdt_begin_node(blob, "cpu@0"), 0);
	CHECK_INT(fdt_property_string(blob, "name", "own"), 0);
	CHECK_INT(fdt_end_node(blob), 0);
	CHECK_INT(fdt_begin_node(blob, "cpu@1"), 0);
	CHECK_INT(fdt_begin_node(blob, "cache"), 0);
	CHECK_INT(fdt_end_node(blob), 0);
	CHECK_INT(fdt_end_node(blob), 0);
	CHECK_INT(fdt_end_node(blob), 0);
	CHECK_INT(fdt_finish(blob), 0);
}

static uint32_t find(const struct tree *tree, uint32_t directory, const char *name)
{
	return tree_find(tree, directory, name, strlen(name));
}

static void test_tree(void)
{
	static const char *const root[] = {"model", "empty", "both", "name", "both#1", "cpu@0", "cpu@1"};
	char name[TREE_NAME_MAX + 1];
	struct tree tree;
	uint8_t back[8];
	uint32_t at, size, n = 0;

	blob_make();
	CHECK_INT(tree_make(blob, sizeof(blob), &tree), OK);
	for (at = tree.entries[TREE_ROOT].first; at != TREE_NONE && n < 7; at = tree.entries[at].next) {
		CHECK_INT(tree_name(&tree, at, name), strlen(root[n]));
		CHECK_STR(name, root[n++]);
		CHECK_INT(find(&tree, TREE_ROOT, name), at);
		CHECK_INT(tree.entries[at].parent, TREE_ROOT);
	}
	CHECK(n == 7 && at == TREE_NONE);
	CHECK_INT(tree.entries[TREE_ROOT].children, 3);
	CHECK(!tree.entries[find(&tree, TREE_ROOT, "both")].directory);
	CHECK(tree.entries[find(&tree, TREE_ROOT, "both#1")].directory);
	CHECK_INT(tree.entries[find(&tree, TREE_ROOT, "empty")].size, 0);
	/* A name that the blob has, one that is made, the root's */
	uint32_t cpu0 = find(&tree, TREE_ROOT, "cpu@0"), cpu1 = find(&tree, TREE_ROOT, "cpu@1");
	CHECK(tree_property(&tree, cpu0, "name", &size) && size == 4);
	CHECK_INT(find(&tree, cpu0, "name#1"), TREE_NONE);
	at = find(&tree, cpu1, "name");
	CHECK(at != TREE_NONE && tree.entries[at].size == 3 && tree.entries[at].ends);
	tree_read(&tree.entries[at], 1, 3, back);
	CHECK(memcmp(back, "pu\0", 3) == 0);
	CHECK(tree_property(&tree, TREE_ROOT, "name", &size) && size == 0);
	CHECK(!tree_property(&tree, TREE_ROOT, "cpu@1", &size) && !tree_property(&tree, TREE_ROOT, "none", &size));
	CHECK(find(&tree, cpu1, "cache") != TREE_NONE && find(&tree, TREE_ROOT, "cache") == TREE_NONE);
	CHECK(find(&tree, TREE_ROOT, "both#2") == TREE_NONE && find(&tree, TREE_ROOT, "") == TREE_NONE);
	tree_free(&tree);
	/* Cut off, and no tree at all */
	for (size_t len = 0; len < fdt_totalsize(blob); len += 7)
		CHECK_INT(tree_make(blob, len, &tree), ERR_BAD_FORMAT);
	/* Its parts not aligned, which libfdt does not look at */
	fdt_set_off_mem_rsvmap(blob, fdt_off_mem_rsvmap(blob) + 4);
	CHECK_INT(tree_make(blob, sizeof(blob), &tree), ERR_BAD_FORMAT);
	memset(blob, 0, sizeof(blob));
	CHECK_INT(tree_make(blob, sizeof(blob), &tree), ERR_BAD_FORMAT);
}

int main(void)
{
	test_text();
	test_process();
	test_states();
	test_maps();
	test_system();
	test_block();
	test_tree();
	return check_end();
}

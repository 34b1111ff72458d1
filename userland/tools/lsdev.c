/* SPDX-License-Identifier: BSD-2-Clause */
/* lsdev: the tree of devices with their drivers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/devmgr.h"
#include "sys/abi/object.h"
#include "sys/abi/startup.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "lsdev",
	.summary = TOOL_SUMMARY,
	.usage = "[-d] [-v] [NAME...]",
	.details =
		"  -d   only devices that have a driver\n"
		"  -v   everything about each device: path, resources one by one, how its last driver ended\n"
		"With names only nodes are shown whose path contains one of them.\n"
		"STATE: running, starting, waiting (for another device), backoff (its driver died and is started again),\n"
		"failed, absent, - (no driver), disabled, kernel. RST: times its driver was started again.\n",
	.options = "dv",
};

static struct devmgr_node *nodes;
static uint32_t node_count;
static handle_t devmgr;

static void read_nodes(void)
{
	uint32_t room = 0, total = 1, count;
	while (node_count < total) {
		if (room - node_count < 16) {
			room = room ? room * 2 : 64;
			nodes = realloc(nodes, room * sizeof(*nodes));
			if (!nodes)
				tool_fail("out of memory");
		}
		uint32_t ask = room - node_count < 16 ? room - node_count : 16;
		status_t status = devmgr_list(devmgr, node_count, nodes + node_count, ask, &count, &total);
		if (status != OK)
			tool_fail("cannot ask the device manager: %s", status_text(status));
		if (count == 0)
			break;
		node_count += count;
	}
}

static const char *state_text(enum devmgr_state state)
{
	switch (state) {
	case DEVMGR_STATE_UNMATCHED: return "-";
	case DEVMGR_STATE_DISABLED: return "disabled";
	case DEVMGR_STATE_KERNEL: return "kernel";
	case DEVMGR_STATE_WAITING: return "waiting";
	case DEVMGR_STATE_STARTING: return "starting";
	case DEVMGR_STATE_RUNNING: return "running";
	case DEVMGR_STATE_BACKOFF: return "backoff";
	case DEVMGR_STATE_FAILED: return "failed";
	case DEVMGR_STATE_ABSENT: return "absent";
	}
	return "?";
}

static const char *class_text(enum devmgr_class class)
{
	switch (class) {
	case DEVMGR_CLASS_SERIAL: return "serial";
	case DEVMGR_CLASS_RTC: return "rtc";
	case DEVMGR_CLASS_POWER: return "power";
	case DEVMGR_CLASS_BLOCK: return "block";
	case DEVMGR_CLASS_NET: return "net";
	case DEVMGR_CLASS_RNG: return "rng";
	case DEVMGR_CLASS_BUS: return "bus";
	case DEVMGR_CLASS_CLOCK: return "clock";
	case DEVMGR_CLASS_RESET: return "reset";
	case DEVMGR_CLASS_GPIO: return "gpio";
	case DEVMGR_CLASS_REGULATOR: return "regulator";
	case DEVMGR_CLASS_OTHER: return "other";
	default: return "";
	}
}

static const char *node_name(const struct devmgr_node *node)
{
	const char *slash = strrchr(node->path, '/');
	return slash && slash[1] ? slash + 1 : "/";
}

/* Freed by the caller; *count 0 and NULL without any. */
static struct devmgr_resource *read_resources(const struct devmgr_node *node, uint32_t *count)
{
	struct devmgr_resource *list = calloc(node->resources ? node->resources : 1, sizeof(*list));
	uint32_t room = node->resources < 64 ? node->resources : 64;
	*count = 0;
	if (!list)
		tool_fail("out of memory");
	if (room == 0 || devmgr_resources(devmgr, node->index, list, room, count) != OK)
		*count = 0;
	/* A PCI function does not have all six base addresses. */
	uint32_t kept = 0;
	for (uint32_t i = 0; i < *count; i++) {
		if (list[i].kind == DEVMGR_RESOURCE_KIND_IRQ || list[i].size)
			list[kept++] = list[i];
	}
	*count = kept;
	return list;
}

static const char *kind_text(enum devmgr_resource_kind kind)
{
	switch (kind) {
	case DEVMGR_RESOURCE_KIND_MMIO: return "mmio";
	case DEVMGR_RESOURCE_KIND_IRQ: return "irq";
	case DEVMGR_RESOURCE_KIND_PROVIDER_MMIO: return "provider";
	}
	return "?";
}

static void add_resource(struct text *out, const struct devmgr_resource *r)
{
	if (r->kind == DEVMGR_RESOURCE_KIND_IRQ)
		text_format(out, "irq %" PRIu64, r->base);
	else
		text_format(out, "%s 0x%" PRIx64 "+0x%" PRIx64, kind_text(r->kind), r->base, r->size);
}

static void resources_summary(const struct devmgr_node *node, struct text *out)
{
	uint32_t count;
	struct devmgr_resource *list = read_resources(node, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (i != 0)
			text_add_string(out, ", ");
		add_resource(out, &list[i]);
	}
	free(list);
}

/* Devices that bus drivers found are listed behind all others: everything is shown depth first. */
static void order_below(const struct devmgr_node *from, uint32_t parent, struct devmgr_node *to, uint32_t *at,
			unsigned depth)
{
	for (uint32_t i = 0; depth < 64 && i < node_count; i++) {
		if (from[i].parent != parent || *at == node_count)
			continue;
		to[(*at)++] = from[i];
		order_below(from, from[i].index, to, at, depth + 1);
	}
}

static void order_nodes(void)
{
	struct devmgr_node *ordered = calloc(node_count ? node_count : 1, sizeof(*ordered));
	uint32_t count = 0;
	if (!ordered)
		tool_fail("out of memory");
	order_below(nodes, DEVMGR_INDEX_NONE, ordered, &count, 0);
	free(nodes);
	nodes = ordered;
	node_count = count;
}

/* Does any later sibling follow? Decides between a branch and a corner. */
static bool is_last(uint32_t at, uint32_t parent)
{
	for (uint32_t i = at + 1; i < node_count; i++) {
		if (nodes[i].parent == parent)
			return false;
	}
	return true;
}

static uint32_t find_node(uint32_t index)
{
	uint32_t i = 0;
	while (i < node_count && nodes[i].index != index)
		i++;
	return i;
}

static void add_branches(uint32_t at, struct text *out)
{
	struct text lines = {0};
	uint32_t i = at;
	for (unsigned guard = 0; guard < 64 && i < node_count && nodes[i].parent != DEVMGR_INDEX_NONE; guard++) {
		bool last = is_last(i, nodes[i].parent);
		text_splice(&lines, 0, 0, i == at ? (last ? "`- " : "|- ") : (last ? "   " : "|  "), 3);
		i = find_node(nodes[i].parent);
	}
	text_add_string(out, text_get(&lines));
	text_free(&lines);
}

static bool is_wanted(const struct devmgr_node *node, char **names, bool drivers)
{
	if (drivers && node->driver[0] == '\0')
		return false;
	if (!*names)
		return true;
	for (; *names; names++) {
		if (strstr(node->path, *names))
			return true;
	}
	return false;
}

static int show_tree(char **names, bool drivers)
{
	bool tree = !*names && !drivers;
	struct table table;
	struct text text = {0};
	table_begin(&table, tree ? "DEVICE CLASS STATE DRIVER >PID >RST RESOURCES"
				 : "PATH CLASS STATE DRIVER >PID >RST RESOURCES");
	for (uint32_t i = 0; i < node_count; i++) {
		const struct devmgr_node *node = &nodes[i];
		if (!is_wanted(node, names, drivers))
			continue;
		text_cut(&text, 0);
		if (tree)
			add_branches(i, &text);
		table_add(&table, "%s%s%s", text_get(&text), tree ? node_name(node) : node->path,
			  node->is_stdout ? " (console)" : "");
		if (node->class != DEVMGR_CLASS_NONE)
			table_add(&table, "%s:%u", class_text(node->class), (unsigned)node->unit);
		else
			table_add(&table, "%s", "");
		table_add(&table, "%s", state_text(node->state));
		table_add(&table, "%s", node->driver);
		bool has_driver = node->driver[0] != '\0';
		if (node->pid)
			table_add(&table, "%" PRIu64, node->pid);
		else
			table_add(&table, "%s", has_driver ? "-" : "");
		if (has_driver)
			table_add(&table, "%" PRIu32, node->restarts);
		else
			table_add(&table, "%s", "");
		text_cut(&text, 0);
		resources_summary(node, &text);
		if (node->state == DEVMGR_STATE_UNMATCHED && node->resources && node->compatible[0])
			text_format(&text, "%s(no driver for %s)", text.len ? " " : "", node->compatible);
		else if (node->reason[0] && node->state != DEVMGR_STATE_ABSENT && node->state != DEVMGR_STATE_KERNEL)
			text_format(&text, "%s(%s)", text.len ? " " : "", node->reason);
		table_add(&table, "%s", text_get(&text));
	}
	text_free(&text);
	return table_print(&table);
}

static void show_registers(const struct devmgr_death *death)
{
	static const char *const names[32] = {
		"",   "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
		"a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};
	for (unsigned i = 1; i < 32; i++) {
		uint64_t value;
		memcpy(&value, death->registers + 8 * i, 8);
		printf("%s%3s %016" PRIx64 "%s", i % 4 == 1 ? "    " : " ", names[i], value,
		       i % 4 == 0 || i == 31 ? "\n" : "");
	}
}

/* One or more strings, each with its end, and nothing that a terminal would act on */
static bool is_text(const uint8_t *data, uint32_t len)
{
	if (len < 2 || data[len - 1] != 0 || data[0] == 0)
		return false;
	for (uint32_t i = 0; i + 1 < len; i++) {
		if ((data[i] < ' ' || data[i] > '~') && (data[i] != 0 || data[i + 1] == 0))
			return false;
	}
	return true;
}

static void show_property(const char *name, const uint8_t *data, uint32_t len, uint32_t whole)
{
	printf("    %s", name);
	if (len && is_text(data, len)) {
		for (uint32_t i = 0; i < len; i += (uint32_t)strlen((const char *)data + i) + 1)
			printf("%s\"%s\"", i ? ", " : " = ", (const char *)data + i);
	} else if (len) {
		fputs(" =", stdout);
		for (uint32_t i = 0; i < len; i++)
			printf("%s%02x", i % 4 ? "" : " ", data[i]);
	}
	puts(whole > len ? " ..." : "");
}

static void show_properties(const struct devmgr_node *node)
{
	static uint8_t data[DEVMGR_PROPERTY_MAX];
	char name[64];
	uint32_t size;

	for (uint32_t i = 0;
	     devmgr_property(devmgr, node->index, i, name, sizeof(name), data, sizeof(data), &size) == OK; i++) {
		uint32_t len = size < sizeof(data) ? size : (uint32_t)sizeof(data);
		if (i == 0)
			puts("  properties:");
		for (char *c = name; *c; c++)
			*c = *c >= ' ' && *c <= '~' ? *c : '?';
		/* Long lists are for machines. */
		show_property(name, data, len < 64 || is_text(data, len) ? len : 64, size);
	}
}

/* What devmgr keeps for the driver beyond its process */
static void show_holdings(const struct devmgr_node *node)
{
	struct devmgr_holdings h = {0};
	uint32_t count = 0;

	if (devmgr_holdings(devmgr, node->index, &h, 1, &count) != OK || count == 0)
		return;
	if (h.dma_limit || h.dma_bytes)
		printf("  dma: %" PRIu64 " KiB of %" PRIu64 " KiB\n", h.dma_bytes / 1024, h.dma_limit / 1024);
	if (h.pinned_bytes)
		printf("  pinned memory of clients: %" PRIu64 " KiB\n", h.pinned_bytes / 1024);
	if (h.quarantined_bytes)
		printf("  in quarantine until the device is reset: %" PRIu64 " KiB\n", h.quarantined_bytes / 1024);
	if (h.kept)
		printf("  attachments kept over restarts: %" PRIu32 "\n", h.kept);
	if (h.children)
		printf("  devices found on it: %" PRIu32 "\n", h.children);
}

static void show_death(const struct devmgr_node *node)
{
	static const char *const how[] = {"exited", "was killed", "faulted", "hung"};
	static struct devmgr_death death;
	uint32_t count = 0;
	char time[TIME_TEXT];

	if (devmgr_last_death(devmgr, node->index, &death, 1, &count) != OK || count == 0)
		return;
	printf("  last driver: process %" PRIu64 " %s %s after the start of the system\n", death.pid,
	       how[death.how < 4 ? death.how : 0], time_text(death.time_ns, time));
	if (death.how == DEVMGR_END_FAULTED || death.how == DEVMGR_END_HUNG) {
		if (death.how == DEVMGR_END_FAULTED)
			printf("    cause %" PRIu64 ", address 0x%" PRIx64 ", pc 0x%" PRIx64 "\n", death.cause,
			       death.address, death.pc);
		else
			printf("    pc 0x%" PRIx64 "\n", death.pc);
		if (death.frame_count)
			fputs("    called from", stdout);
		for (uint32_t i = 0; i < death.frame_count && (i + 1) * 8 <= sizeof(death.frames); i++) {
			uint64_t frame;
			memcpy(&frame, death.frames + i * 8, 8);
			printf(" 0x%" PRIx64, frame);
		}
		if (death.frame_count)
			putchar('\n');
		show_registers(&death);
	} else if (death.how == DEVMGR_END_EXITED) {
		printf("    status %" PRIu64 "\n", death.exit_status);
	}
	for (const char *line = death.log; *line;) {
		size_t len = strcspn(line, "\n");
		printf("    log: %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void show_details(const struct devmgr_node *node)
{
	uint32_t count;
	printf("%s\n", node->path);
	printf("  state: %s%s%s%s%s\n", state_text(node->state), node->reason[0] ? " (" : "", node->reason,
	       node->reason[0] ? ")" : "", node->is_stdout ? ", the console" : "");
	if (node->compatible[0])
		printf("  compatible: %s\n", node->compatible);
	if (node->driver[0])
		printf("  driver: %s, process %" PRIu64 ", started again %" PRIu32 " times\n", node->driver, node->pid,
		       node->restarts);
	if (node->class != DEVMGR_CLASS_NONE)
		printf("  opened as: %s:%u\n", class_text(node->class), (unsigned)node->unit);
	struct devmgr_resource *list = read_resources(node, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct text text = {0};
		add_resource(&text, &list[i]);
		printf("  %s%s%s%s%s%s\n", text_get(&text), list[i].name[0] ? " " : "", list[i].name,
		       list[i].shared ? " shared" : "", list[i].problem[0] ? " PROBLEM: " : "", list[i].problem);
		text_free(&text);
	}
	free(list);
	show_properties(node);
	show_holdings(node);
	show_death(node);
}

int main(int argc, char **argv)
{
	extern int optind;
	bool drivers = false, details = false;
	int letter, status = 0;

	tool_begin(&tool, argc, argv);
	while ((letter = tool_option(argc, argv)) != -1) {
		if (letter == 'd')
			drivers = true;
		else
			details = true;
	}
	devmgr = tool_handle(HND_DEVMGR, "devices");
	read_nodes();
	order_nodes();
	if (!details)
		return tool_end(show_tree(argv + optind, drivers));
	for (uint32_t i = 0; i < node_count; i++) {
		if (is_wanted(&nodes[i], argv + optind, drivers))
			show_details(&nodes[i]);
	}
	return tool_end(status);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System test of devmgr and its drivers, as the only program that init starts: brings devmgr up with the hostile
 * driver, and is its client. What it prints goes to the kernel log. For `virt`.
 */
#include "drivers/test/devices.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/test/hostile.h"
#include "protocols/power.h"
#include "protocols/rtc.h"
#include "protocols/serial.h"
#include "sys/abi/fault.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

static unsigned passed, failed, failed_here;
handle_t owner, look_only, opener;
static handle_t res_process;
static struct devmgr_node *nodes;
static uint32_t node_count;

bool check(bool good, int line, const char *what)
{
	if (!good && !failed_here++)
		printf("  line %d: %s\n", line, what);
	return good;
}

bool check_is(int64_t got, int64_t want, int line, const char *what)
{
	if (got != want && !failed_here++)
		printf("  line %d: %s is %lld, not %lld\n", line, what, (long long)got, (long long)want);
	return got == want;
}

uint64_t now(void)
{
	uint64_t ns = 0;

	(void)clock_get(&ns);
	return ns;
}

void pause_ms(uint64_t ms)
{
	static const uint32_t word;

	(void)futex_wait(&word, 0, now() + ms * 1000000);
}

/* ---- devmgr ------------------------------------------------------------------------------------------ */

static bool devmgr_start(void)
{
	static const char *const names[] = {HND_FDT, HND_BOOTFS, HND_RES_MMIO, HND_RES_IRQ};
	static const char *const argv[] = {"devmgr", "test/drivers", NULL};
	struct spawn_handle handles[8];
	struct bootfs fs;
	struct bootfs_file file;
	handle_t process, res_system = startup_handle(HND_RES_SYSTEM);
	handle_t priority = HANDLE_NONE, inspect = HANDLE_NONE, dma = HANDLE_NONE;
	size_t n = 0;

	for (; n < sizeof(names) / sizeof(names[0]); n++)
		handles[n] = (struct spawn_handle){names[n], startup_handle(names[n]), RIGHTS_SAME};
	if (!CHECK_IS(endpoint_create(&owner), OK) ||
	    !CHECK_IS(resource_create(res_system, SYSTEM_PRIORITY, 1, &priority), OK) ||
	    !CHECK_IS(resource_create(res_system, SYSTEM_INSPECT, 1, &inspect), OK) ||
	    !CHECK_IS(resource_create(res_system, SYSTEM_PROCESS, 1, &res_process), OK) ||
	    !CHECK_IS(resource_create(res_system, SYSTEM_DMA, 1, &dma), OK) ||
	    !CHECK_IS(bootfs_open(startup_handle(HND_BOOTFS), &fs), OK) ||
	    !CHECK_IS(bootfs_find(&fs, "sbin/devmgr", &file), OK))
		return false;
	handles[n++] = (struct spawn_handle){HND_DEVMGR, owner, RIGHTS_SAME};
	handles[n++] = (struct spawn_handle){"res.priority", priority, RIGHTS_SAME};
	handles[n++] = (struct spawn_handle){"res.inspect", inspect, RIGHTS_SAME};
	handles[n++] = (struct spawn_handle){"res.dma", dma, RIGHTS_SAME};
	struct spawn_args args = {
		.image = file.data,
		.image_size = file.size,
		.image_vmo = startup_handle(HND_BOOTFS),
		.image_offset = file.offset,
		.name = "devmgr",
		.argv = argv,
		.handles = handles,
		.nhandles = n,
	};
	const uint32_t rights = RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO;
	return CHECK_IS(endpoint_mint(owner, DEVMGR_CLIENT_LOOK, rights, &look_only), OK) &&
	       CHECK_IS(endpoint_mint(owner, DEVMGR_CLIENT_OPEN, rights, &opener), OK) &&
	       CHECK_IS(spawn(&args, &process, NULL), OK);
}

static bool list(void)
{
	uint32_t count, total;

	node_count = 0;
	do {
		nodes = realloc(nodes, (node_count + 64) * sizeof(*nodes));
		if (!CHECK(nodes))
			return false;
		status_t status = devmgr_list_until(look_only, now() + TIMEOUT, node_count, nodes + node_count, 64,
						    &count, &total);
		if (!CHECK_IS(status, OK))
			return false;
		node_count += count;
	} while (count && node_count < total);
	return CHECK_IS(node_count, total);
}

static struct devmgr_node *node_find(const char *path)
{
	uint32_t count = list() ? node_count : 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	}
	return NULL;
}

struct devmgr_node *node(const char *path)
{
	static struct devmgr_node none;
	struct devmgr_node *found = node_find(path);

	return CHECK(found) ? found : &none;
}

bool node_exists(const char *path)
{
	return node_find(path) != NULL;
}

static const char uart_path[] = "/soc/serial@10000000";
static const char hostile_path[] = "/fw-cfg@10100000";

/* Waits until the node is in the state, with at least that many restarts. */
bool await(const char *path, enum devmgr_state state, uint32_t restarts)
{
	for (uint64_t end = now() + TIMEOUT; now() < end; pause_ms(2)) {
		const struct devmgr_node *n = node(path);

		if (n->state == state && n->restarts >= restarts)
			return true;
	}
	printf("  %s is in state %u after %u restarts: %s\n", path, node(path)->state, (unsigned)node(path)->restarts,
	       node(path)->reason);
	return false;
}

handle_t open_device(const char *name)
{
	enum devmgr_class class;
	handle_t device = HANDLE_NONE;
	uint32_t index;

	CHECK_IS(devmgr_open_until(opener, now() + TIMEOUT, name, &device, &class, &index), OK);
	return device;
}

void kill_pid(uint64_t pid)
{
	handle_t process;

	if (CHECK_IS(process_open(res_process, pid, &process), OK)) {
		CHECK_IS(process_kill(process, 9), OK);
		(void)handle_close(process);
	}
}

/* ---- cases ------------------------------------------------------------------------------------------------ */

static void test_list(void)
{
	CHECK(await(uart_path, DEVMGR_STATE_RUNNING, 0));
	CHECK(await("/soc/rtc@101000", DEVMGR_STATE_RUNNING, 0));
	CHECK(await("/soc/test@100000", DEVMGR_STATE_RUNNING, 0));
	CHECK(await("/poweroff", DEVMGR_STATE_RUNNING, 0));
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, 0));
	const struct devmgr_node *n = node(uart_path);
	CHECK(n->is_stdout && n->pid && !n->restarts);
	CHECK(!strcmp(n->driver, "ns16550") && !strcmp(n->compatible, "ns16550a"));
	struct devmgr_resource resources[8];
	uint32_t count;
	CHECK_IS(devmgr_resources(look_only, n->index, resources, 8, &count), OK);
	CHECK_IS(count, 2);
	CHECK(resources[0].base == 0x10000000 && resources[0].size == 0x100);
	CHECK(resources[1].kind == DEVMGR_RESOURCE_KIND_IRQ && resources[1].base == 10);
	CHECK_IS(devmgr_resources(look_only, 100000, resources, 8, &count), ERR_NOT_FOUND);
	CHECK_IS(node("/pmu")->state, DEVMGR_STATE_UNMATCHED);
	CHECK_IS(node("/soc/plic@c000000")->state, DEVMGR_STATE_KERNEL);
	/* The system controller's page: three drivers, by its leave */
	CHECK_IS(devmgr_resources(look_only, node("/reboot")->index, resources, 8, &count), OK);
	CHECK(count == 1 && resources[0].shared && resources[0].base == 0x100000);
}

static bool any_starting(void)
{
	CHECK(list());
	for (uint32_t i = 0; i < node_count; i++) {
		if (nodes[i].state == DEVMGR_STATE_STARTING)
			return true;
	}
	return false;
}

/* The slots of the device tree: what is in them is found out once; empty ones are absent. */
static void test_probe(void)
{
	unsigned empty = 0, unknown = 0;

	for (uint64_t end = now() + TIMEOUT; any_starting() && now() < end;)
		pause_ms(2);
	for (uint32_t i = 0; i < node_count; i++) {
		const struct devmgr_node *n = &nodes[i];

		if (strncmp(n->path, "/soc/virtio_mmio@", 17))
			continue;
		CHECK(n->state != DEVMGR_STATE_STARTING && n->state != DEVMGR_STATE_BACKOFF);
		empty += n->state == DEVMGR_STATE_ABSENT;
		if (strcmp(n->compatible, "virtio,device5"))
			continue;
		unknown++;
		CHECK_IS(n->state, DEVMGR_STATE_UNMATCHED);
		CHECK(!n->driver[0] && !n->pid && !n->restarts);
		CHECK_IS(devmgr_restart(owner, n->index), ERR_NOT_FOUND);
	}
	CHECK_IS(unknown, 1);
	CHECK(empty >= 1);
}

static void test_open(void)
{
	/* The aliases last: QEMU before 8 gives its tree none. */
	static const char *const names[] = {"stdout", uart_path, "serial:0", "serial0", "serial0:9600"};
	size_t count = node_find("/aliases") ? sizeof(names) / sizeof(names[0]) : 3;
	static const char *const wrong[] = {"",
					    "/",
					    "serial:1",
					    "serial:",
					    "rtc:x",
					    "stdout2",
					    "/soc/nothing",
					    "/chosen",
					    "rtc:99999999999999999999"};
	enum devmgr_class class;
	handle_t device;
	uint32_t index;

	for (size_t i = 0; i < count; i++) {
		if (!CHECK_IS(devmgr_open(opener, names[i], &device, &class, &index), OK))
			continue;
		CHECK_IS(class, DEVMGR_CLASS_SERIAL);
		CHECK_IS(index, node(uart_path)->index);
		(void)handle_close(device);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_IS(devmgr_open(opener, wrong[i], &device, &class, &index), ERR_NOT_FOUND);
	CHECK_IS(devmgr_open(look_only, "stdout", &device, &class, &index), ERR_ACCESS);
	CHECK_IS(devmgr_restart(opener, 1), ERR_ACCESS);
	CHECK_IS(devmgr_stop_all(opener, 0), ERR_ACCESS);
	CHECK_IS(devmgr_restart(owner, 0), ERR_NOT_FOUND);
}

static void test_rtc(void)
{
	handle_t rtc = open_device("/soc/rtc");
	uint64_t first, second;

	CHECK_IS(rtc_get(rtc, &first), OK);
	CHECK_IS(rtc_get(rtc, &second), OK);
	CHECK(first > 1600000000 * SECOND && second >= first); /* after 2020 */
	CHECK_IS(rtc_set(rtc, first + 3600 * SECOND), OK);
	CHECK_IS(rtc_get(rtc, &second), OK);
	CHECK(second - first >= 3600 * SECOND && second - first < 3700 * SECOND);
	(void)handle_close(rtc);
}

static void test_power_abilities(void)
{
	handle_t device = open_device("/poweroff");
	uint32_t abilities;

	CHECK_IS(power_abilities(device, &abilities), OK);
	CHECK_IS(abilities, POWER_ABILITY_OFF);
	CHECK_IS(power_reboot(device), ERR_UNSUPPORTED);
	(void)handle_close(device);
}

static bool write_all(handle_t serial, uint64_t id, const char *text)
{
	uint32_t count;
	size_t len = strlen(text);

	while (len) {
		status_t status = serial_write_until(serial, now() + TIMEOUT, id, 0, text, len, &count);

		if (status == ERR_PEER_DIED)
			continue; /* the same once more: the id says so */
		if (!CHECK_IS(status, OK))
			return false;
		id++;
		text += count;
		len -= count;
	}
	return true;
}

static void test_serial(void)
{
	struct serial_counters before, after;
	struct serial_line line;
	handle_t serial = open_device("stdout");
	char buffer[16];
	uint32_t count;

	CHECK_IS(serial_counters_get(serial, &before), OK);
	CHECK(write_all(serial, 1, "a line through the driver\r\n"));
	CHECK_IS(serial_drain_until(serial, now() + TIMEOUT), OK);
	CHECK_IS(serial_counters_get(serial, &after), OK);
	CHECK_IS(after.sent - before.sent, 27);
	CHECK_IS(serial_read(serial, 0, SERIAL_MODE_NONBLOCK, buffer, sizeof(buffer), &count), ERR_WOULD_BLOCK);
	CHECK_IS(serial_read_until(serial, now() + 20000000, 0, 0, buffer, sizeof(buffer), &count), ERR_TIMED_OUT);
	CHECK_IS(serial_line_get(serial, &line), OK);
	CHECK_IS(line.data_bits, 8);
	(void)handle_close(serial);
}

static void *reader(void *arg)
{
	char buffer[4];
	uint32_t count;

	return (void *)(intptr_t)serial_read(*(handle_t *)arg, 1, 0, buffer, 4, &count);
}

static void test_kill_uart(void)
{
	handle_t serial = open_device("stdout");
	struct serial_counters before, after;
	pthread_t thread;
	void *result;

	CHECK_IS(serial_counters_get(serial, &before), OK);
	CHECK_IS(pthread_create(&thread, NULL, reader, &serial), 0);
	pause_ms(20);
	uint32_t restarts = node(uart_path)->restarts;
	uint64_t pid = node(uart_path)->pid;
	kill_pid(pid);
	CHECK_IS(pthread_join(thread, &result), 0);
	CHECK_IS((intptr_t)result, ERR_PEER_DIED);
	/* The next call just waits for the next instance. */
	CHECK_IS(serial_counters_get_until(serial, now() + TIMEOUT, &after), OK);
	CHECK(after.sent >= before.sent);
	CHECK(write_all(serial, 100, "the next driver's line\r\n"));
	CHECK_IS(serial_drain_until(serial, now() + TIMEOUT), OK);
	const struct devmgr_node *n = node(uart_path);
	CHECK(n->restarts == restarts + 1 && n->pid != pid && n->state == DEVMGR_STATE_RUNNING);
	struct devmgr_death death;
	uint32_t count;
	CHECK_IS(devmgr_last_death(look_only, n->index, &death, 1, &count), OK);
	CHECK(death.how == DEVMGR_END_KILLED && death.pid == pid);
	(void)handle_close(serial);
}

/* Bytes queued while the driver dies again and again arrive once each, in order: the reader of the
 * machine's output sees `lines` numbered lines. */
static void test_kill_while_writing(void)
{
	handle_t serial = open_device("stdout");
	struct serial_counters before, after;
	uint64_t bytes = 0, id = 1000;
	char line[64];

	CHECK_IS(serial_counters_get(serial, &before), OK);
	for (int i = 0; i < 200; i++) {
		int n = snprintf(line, sizeof(line), "line %d of numbered lines\r\n", i);

		if (!write_all(serial, id, line))
			break;
		id += 100;
		bytes += (uint64_t)n;
		if (i % 20 == 10)
			CHECK_IS(devmgr_restart(owner, node(uart_path)->index), OK);
	}
	CHECK_IS(serial_drain_until(serial, now() + TIMEOUT), OK);
	CHECK_IS(serial_counters_get(serial, &after), OK);
	CHECK_IS(after.sent - before.sent, bytes);
	(void)handle_close(serial);
}

static handle_t hostile;

static status_t attack(uint64_t what)
{
	return rtc_set_until(hostile, now() + TIMEOUT, what);
}

static void test_authority(void)
{
	static const uint64_t attacks[] = {HOSTILE_HANDLES, HOSTILE_GUESS, HOSTILE_FLOOD};
	uint64_t result = 1;

	hostile = open_device(hostile_path);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		CHECK_IS(attack(attacks[i]), OK);
		CHECK_IS(rtc_get(hostile, &result), OK);
		if (!CHECK_IS(result, 0))
			printf("  in attack %d\n", (int)attacks[i]);
	}
	CHECK_IS(node(hostile_path)->state, DEVMGR_STATE_RUNNING);
}

static void test_fault(void)
{
	uint32_t restarts = node(hostile_path)->restarts;
	uint64_t pid = node(hostile_path)->pid;
	struct devmgr_death death;
	uint32_t count;

	CHECK_IS(attack(HOSTILE_FAULT), ERR_PEER_DIED);
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, restarts + 1));
	CHECK_IS(devmgr_last_death(look_only, node(hostile_path)->index, &death, 1, &count), OK);
	CHECK(death.how == DEVMGR_END_FAULTED && death.pid == pid);
	CHECK_IS(death.cause, FAULT_STORE_PAGE);
	CHECK_IS(death.address, 8);
	CHECK(death.pc >= 0x100000 && death.pc < 0x200000 && death.frame_count >= 2);
	CHECK_IS(rtc_get(hostile, &(uint64_t){0}), OK);
	/* Registers of others are not behind its own. */
	CHECK_IS(attack(HOSTILE_MEMORY), ERR_PEER_DIED);
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, restarts + 2));
	CHECK_IS(attack(HOSTILE_SCRIBBLE), ERR_PEER_DIED);
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, restarts + 3));
}

static void test_silent(void)
{
	CHECK_IS(rtc_set_until(hostile, now() + 50000000, HOSTILE_SILENT), ERR_TIMED_OUT);
	CHECK_IS(rtc_get(hostile, &(uint64_t){0}), OK);
}

static void test_spin(void)
{
	uint32_t restarts = node(hostile_path)->restarts;

	CHECK_IS(rtc_set_until(hostile, now() + 50000000, HOSTILE_SPIN), ERR_TIMED_OUT);
	/* It runs above everybody, and everybody still runs. */
	test_serial();
	CHECK_IS(devmgr_restart(owner, node(hostile_path)->index), OK);
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, restarts + 1));
	CHECK_IS(rtc_get_until(hostile, now() + TIMEOUT, &(uint64_t){0}), OK);
}

/* What the driver counted of things that do not go as they must */
static bool attack_clean(uint64_t what)
{
	uint64_t result = 1;

	if (!CHECK_IS(attack(what), OK) || !CHECK_IS(rtc_get(hostile, &result), OK))
		return false;
	if (!CHECK_IS(result, 0))
		printf("  in attack %d\n", (int)what);
	return result == 0;
}

struct devmgr_holdings holdings(const char *path)
{
	struct devmgr_holdings h = {0};
	uint32_t count = 0;

	CHECK_IS(devmgr_holdings(look_only, node(path)->index, &h, 1, &count), OK);
	CHECK_IS(count, 1);
	return h;
}

static uint64_t memory_free(void)
{
	struct system_info info;

	CHECK_IS(system_info(HANDLE_NONE, INFO_SYSTEM, 0, &info, sizeof(info), NULL), OK);
	return info.free_bytes;
}

/* The driver dies: the next instance is there. */
static void die(uint64_t what)
{
	uint32_t restarts = node(hostile_path)->restarts;

	CHECK_IS(attack(what), ERR_PEER_DIED);
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, restarts + 1));
}

/* Deaths here are meant: they are not to count towards giving up. */
static void forgive(void)
{
	uint32_t restarts = node(hostile_path)->restarts;

	CHECK_IS(devmgr_restart(owner, node(hostile_path)->index), OK);
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, restarts + 1));
}

#define SLACK (128u << 10) /* tables and stacks that come and go */

static void test_dma(void)
{
	forgive();
	CHECK(attack_clean(HOSTILE_DMA_RELEASE));
	CHECK(attack_clean(HOSTILE_DMA_PIN));
	uint64_t before = memory_free();
	CHECK_IS(holdings(hostile_path).dma_limit, HOSTILE_DMA_BYTES);
	CHECK_IS(holdings(hostile_path).dma_bytes, 0);
	CHECK(attack_clean(HOSTILE_DMA_ALLOC));
	CHECK_IS(holdings(hostile_path).dma_bytes, HOSTILE_DMA_BYTES);
	CHECK_IS(holdings(hostile_path).quarantined_bytes, 0);
	CHECK(attack_clean(HOSTILE_DMA_BEYOND));
	CHECK(memory_free() <= before - HOSTILE_DMA_BYTES + SLACK);
	/* Its driver is dead and its device may go on writing: the pages are nobody's. */
	die(HOSTILE_FAULT);
	CHECK_IS(holdings(hostile_path).quarantined_bytes, HOSTILE_DMA_BYTES);
	CHECK(memory_free() <= before - HOSTILE_DMA_BYTES + SLACK);
	CHECK(attack_clean(HOSTILE_DMA_BEYOND));
	die(HOSTILE_EXIT);
	CHECK_IS(holdings(hostile_path).quarantined_bytes, HOSTILE_DMA_BYTES);
	CHECK(attack_clean(HOSTILE_DMA_QUIET));
	CHECK_IS(holdings(hostile_path).quarantined_bytes, 0);
	CHECK_IS(holdings(hostile_path).dma_bytes, 0);
	CHECK(memory_free() >= before - SLACK);
	/* What this instance was given is not freed by its own word about earlier ones. */
	CHECK(attack_clean(HOSTILE_DMA_ALLOC));
	CHECK(attack_clean(HOSTILE_DMA_QUIET));
	CHECK_IS(holdings(hostile_path).dma_bytes, HOSTILE_DMA_BYTES);
	forgive();
	CHECK(attack_clean(HOSTILE_DMA_QUIET));
}

static void test_keep(void)
{
	uint64_t before = memory_free();

	CHECK(attack_clean(HOSTILE_KEEP));
	CHECK_IS(holdings(hostile_path).kept, 2);
	die(HOSTILE_FAULT);
	CHECK_IS(holdings(hostile_path).kept, 2);
	CHECK(attack_clean(HOSTILE_KEPT));
	forgive();
	CHECK(attack_clean(HOSTILE_KEPT));
	CHECK(attack_clean(HOSTILE_FORGET));
	CHECK_IS(holdings(hostile_path).kept, 0);
	CHECK(memory_free() >= before - SLACK);
	/* One that is given up leaves no attachments: its clients open anew. (give_up looks at that.) */
	CHECK(attack_clean(HOSTILE_KEEP));
}

static void test_give_up(void)
{
	uint64_t what = HOSTILE_EXIT, start = now();
	enum devmgr_class class;
	handle_t device;
	uint32_t index;
	int deaths = 0;

	CHECK_IS(devmgr_restart(owner, node(hostile_path)->index), OK);
	for (; deaths < 30 && now() - start < TIMEOUT; deaths++) {
		status_t status = attack(what);

		if (status == ERR_CLOSED)
			break;
		CHECK_IS(status, ERR_PEER_DIED);
		what = what == HOSTILE_EXIT ? HOSTILE_KILL_SELF : HOSTILE_EXIT;
	}
	CHECK(deaths > 4 && deaths < 30);
	CHECK_IS(node(hostile_path)->state, DEVMGR_STATE_FAILED);
	CHECK_IS(devmgr_open(opener, hostile_path, &device, &class, &index), ERR_STATE);
	CHECK_IS(holdings(hostile_path).kept, 0);
	CHECK(now() - start > 10 * SECOND); /* it backed off */
	(void)handle_close(hostile);
	/* A person may try again. */
	CHECK_IS(devmgr_restart(owner, node(hostile_path)->index), OK);
	CHECK(await(hostile_path, DEVMGR_STATE_RUNNING, 0));
	hostile = open_device(hostile_path);
	CHECK_IS(rtc_get_until(hostile, now() + TIMEOUT, &(uint64_t){0}), OK);
}

static void test_stop_all(void)
{
	CHECK_IS(attack(HOSTILE_SILENT + 100), ERR_UNSUPPORTED);
	CHECK_IS(rtc_set_until(hostile, now() + 20000000, HOSTILE_SPIN), ERR_TIMED_OUT);
	CHECK_IS(devmgr_stop_all_until(owner, now() + TIMEOUT, 300), OK);
	CHECK(list());
	for (uint32_t i = 0; i < node_count; i++)
		CHECK_IS(nodes[i].pid, 0);
}

static void run(const char *name, void (*test)(void))
{
	failed_here = 0;
	test();
	if (failed_here)
		printf("FAIL devices.%s: %u checks\n", name, failed_here);
	else
		printf("PASS devices.%s\n", name);
	failed += failed_here != 0;
	passed += failed_here == 0;
}

static void run_pci(void)
{
	run("pci_found", test_pci_found);
	run("pci_registers", test_pci_registers);
	run("pci_rules", test_pci_rules);
	run("pci_interrupts", test_pci_interrupts);
	run("pci_dma", test_pci_dma);
	run("pci_reset", test_pci_reset);
	run("pci_restart", test_pci_restart);
	run("pci_killed_in_reset", test_pci_killed_in_reset);
	run("pci_function_killed", test_pci_function_killed);
	run("pci_given_up", test_pci_given_up);
}

static void run_devices(void)
{
	run("list", test_list);
	run("probe", test_probe);
	run("open", test_open);
	run("rtc", test_rtc);
	run("power", test_power_abilities);
	run("serial", test_serial);
	run("kill_uart", test_kill_uart);
	run("kill_while_writing", test_kill_while_writing);
	run("authority", test_authority);
	run("fault", test_fault);
	run("silent", test_silent);
	run("spin", test_spin);
	run("dma", test_dma);
	run("keep", test_keep);
	run("give_up", test_give_up);
	run("children", test_children);
	run("children_forged", test_children_forged);
	run("bus_killed", test_bus_killed);
	run("hang", test_hang);
	run("child_ended", test_child_ended);
	run("stop_all", test_stop_all);
}

/* In the archive by two names: as test/pci for a machine with functions on PCI */
int main(int argc, char **argv)
{
	if (!devmgr_start()) {
		printf("FAIL devices.start\n");
		failed++;
	} else if (argc > 0 && !strcmp(argv[0], "test/pci")) {
		run_pci();
	} else {
		run_devices();
	}
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}

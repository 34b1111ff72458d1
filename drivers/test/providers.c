/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System test of providers, as the only program that init starts, on `sifive_u`: gives devmgr the machine's device tree with
 * devices added that use real clocks, resets and lines, and some that never can. At the end it restarts the machine through a
 * line, so that nothing but a provider's driver ends the test.
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/test/line.h"
#include "protocols/clock.h"
#include "protocols/devmgr.h"
#include "protocols/echo.h"
#include "protocols/gpio.h"
#include "protocols/power.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define SECOND    1000000000ull
#define TIMEOUT   (60 * SECOND) /* of anything: only a hang takes so long */
#define FDT_ROOM  65536
#define NODES_MAX 128

#define PRCI "/soc/clock-controller@10000000"
#define GPIO "/soc/gpio@10060000"

static unsigned passed, failed, failed_here;
static handle_t owner, opener, res_process, fdt_vmo;
static struct devmgr_node nodes[NODES_MAX];
static uint32_t node_count;

#define CHECK(condition)    check((condition), __LINE__, #condition)
#define CHECK_IS(got, want) check_is((int64_t)(got), (int64_t)(want), __LINE__, #got)

static bool check(bool good, int line, const char *what)
{
	if (!good && !failed_here++)
		printf("  line %d: %s\n", line, what);
	return good;
}

static bool check_is(int64_t got, int64_t want, int line, const char *what)
{
	if (got != want && !failed_here++)
		printf("  line %d: %s is %lld, not %lld\n", line, what, (long long)got, (long long)want);
	return got == want;
}

static uint64_t now(void)
{
	uint64_t ns = 0;

	(void)clock_get(&ns);
	return ns;
}

static void pause_ms(uint64_t ms)
{
	static const uint32_t word;

	(void)futex_wait(&word, 0, now() + ms * 1000000);
}

/* ---- the tree --------------------------------------------------------------------------------------------- */

struct builder {
	void *fdt;
	int error;
};

static int node_add(struct builder *b, const char *name, const char *compatible)
{
	int node = b->error ? b->error : fdt_add_subnode(b->fdt, 0, name);

	if (node < 0)
		b->error = node;
	else
		b->error = fdt_setprop_string(b->fdt, node, "compatible", compatible);
	return node;
}

static void cells_set(struct builder *b, int node, const char *name, size_t count, const uint32_t *values)
{
	fdt32_t cells[8];

	for (size_t i = 0; i < count; i++)
		cells[i] = cpu_to_fdt32(values[i]);
	if (!b->error)
		b->error = fdt_setprop(b->fdt, node, name, cells, (int)(4 * count));
}
#define CELLS(b, node, name, ...) \
	cells_set(b, node, name, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

enum { NOBODY = 1000, RAIL, CIRCLE_A, CIRCLE_B, OFF };

static void devices_add(struct builder *b)
{
	uint32_t prci = fdt_get_phandle(b->fdt, fdt_path_offset(b->fdt, PRCI));
	uint32_t pio = fdt_get_phandle(b->fdt, fdt_path_offset(b->fdt, GPIO));

	/* New nodes come first among the root's: offsets of earlier ones are not used again. */
	int node = node_add(b, "user", "veridian,line");
	CELLS(b, node, "free-gpios", pio, 3, 0);
	CELLS(b, node, "low-gpios", pio, 4, 1);
	CELLS(b, node, "level-gpios", pio, 5, 0);
	CELLS(b, node, "interrupt-parent", pio);
	CELLS(b, node, "interrupts", 3, 1, 5, 4);
	CELLS(b, node, "clocks", prci, 3, prci, 2);
	CELLS(b, node, "resets", prci, 5);
	CELLS(b, node, "vcc-supply", RAIL);
	CELLS(b, node, "assigned-clocks", prci, 2);
	CELLS(b, node, "assigned-clock-rates", 125000000);
	if (!b->error)
		b->error = fdt_setprop(b->fdt, node, "clock-names", "bus\0core", 9);
	node = node_add(b, "rival", "veridian,line");
	CELLS(b, node, "free-gpios", pio, 3, 0);
	CELLS(b, node, "clocks", prci, 2);
	CELLS(b, node, "resets", prci, 5);
	if (!b->error)
		b->error = fdt_setprop_string(b->fdt, node, "clock-names", "core");
	node = node_add(b, "rail", "regulator-fixed");
	CELLS(b, node, "regulator-min-microvolt", 3300000);
	CELLS(b, node, "regulator-max-microvolt", 3300000);
	CELLS(b, node, "phandle", RAIL);
	node = node_add(b, "nobody", "veridian,nobody");
	CELLS(b, node, "#clock-cells", 1);
	CELLS(b, node, "phandle", NOBODY);
	node = node_add(b, "lonely", "veridian,line");
	CELLS(b, node, "clocks", NOBODY, 1);
	CELLS(b, node, "phandle", OFF);
	CELLS(b, node, "#clock-cells", 0);
	node = node_add(b, "behind", "veridian,line");
	CELLS(b, node, "clocks", OFF);
	node = node_add(b, "modest", "veridian,line-modest");
	CELLS(b, node, "clocks", NOBODY, 1);
	node = node_add(b, "broken", "veridian,line-modest");
	CELLS(b, node, "clocks", NOBODY);
	node = node_add(b, "ring-a", "veridian,line");
	CELLS(b, node, "#clock-cells", 0);
	CELLS(b, node, "clocks", CIRCLE_B);
	CELLS(b, node, "phandle", CIRCLE_A);
	node = node_add(b, "ring-b", "veridian,line");
	CELLS(b, node, "#clock-cells", 0);
	CELLS(b, node, "clocks", CIRCLE_A);
	CELLS(b, node, "phandle", CIRCLE_B);
	CELLS(b, fdt_path_offset(b->fdt, PRCI), "#reset-cells", 1);
}

static bool tree_make(void)
{
	void *from = NULL, *fdt = calloc(1, FDT_ROOM);
	struct vmo_info info;
	struct builder b = {.fdt = fdt};

	if (!CHECK(fdt != NULL) || !CHECK_IS(vmo_info(startup_handle(HND_FDT), &info), OK) ||
	    !CHECK_IS(vmo_map(HANDLE_NONE, startup_handle(HND_FDT), 0, NULL, info.size, MAP_READ, &from), OK) ||
	    !CHECK_IS(fdt_open_into(from, fdt, FDT_ROOM), 0))
		return false;
	devices_add(&b);
	return CHECK_IS(b.error, 0) && CHECK_IS(vmo_create(FDT_ROOM, 0, HANDLE_NONE, &fdt_vmo), OK) &&
	       CHECK_IS(vmo_write(fdt_vmo, 0, fdt, FDT_ROOM), OK);
}

/* ---- devmgr ------------------------------------------------------------------------------------------------ */

static bool devmgr_start(void)
{
	static const char *const argv[] = {"devmgr", "test/drivers", NULL};
	handle_t process, priority = HANDLE_NONE, inspect = HANDLE_NONE, res_system = startup_handle(HND_RES_SYSTEM);
	const uint32_t rights = RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO;
	struct bootfs fs;
	struct bootfs_file file;

	if (!tree_make() || !CHECK_IS(endpoint_create(&owner), OK) ||
	    !CHECK_IS(resource_create(res_system, SYSTEM_PRIORITY, 1, &priority), OK) ||
	    !CHECK_IS(resource_create(res_system, SYSTEM_INSPECT, 1, &inspect), OK) ||
	    !CHECK_IS(resource_create(res_system, SYSTEM_PROCESS, 1, &res_process), OK) ||
	    !CHECK_IS(bootfs_open(startup_handle(HND_BOOTFS), &fs), OK) ||
	    !CHECK_IS(bootfs_find(&fs, "sbin/devmgr", &file), OK))
		return false;
	const struct spawn_handle handles[] = {
		{HND_FDT, fdt_vmo, RIGHTS_SAME},
		{HND_BOOTFS, startup_handle(HND_BOOTFS), RIGHTS_SAME},
		{HND_RES_MMIO, startup_handle(HND_RES_MMIO), RIGHTS_SAME},
		{HND_RES_IRQ, startup_handle(HND_RES_IRQ), RIGHTS_SAME},
		{HND_DEVMGR, owner, RIGHTS_SAME},
		{"res.priority", priority, RIGHTS_SAME},
		{"res.inspect", inspect, RIGHTS_SAME},
	};
	const struct spawn_args args = {
		.image = file.data,
		.image_size = file.size,
		.image_vmo = startup_handle(HND_BOOTFS),
		.image_offset = file.offset,
		.name = "devmgr",
		.argv = argv,
		.handles = handles,
		.nhandles = sizeof(handles) / sizeof(handles[0]),
	};
	return CHECK_IS(endpoint_mint(owner, DEVMGR_CLIENT_OPEN, rights, &opener), OK) &&
	       CHECK_IS(spawn(&args, &process, NULL), OK);
}

static bool list(void)
{
	uint32_t count, total;

	node_count = 0;
	do {
		status_t status = devmgr_list_until(opener, now() + TIMEOUT, node_count, nodes + node_count,
						    NODES_MAX - node_count < 64 ? NODES_MAX - node_count : 64, &count,
						    &total);
		if (!CHECK_IS(status, OK))
			return false;
		node_count += count;
	} while (count && node_count < total);
	return CHECK_IS(node_count, total);
}

static const struct devmgr_node *node(const char *path)
{
	static const struct devmgr_node none;

	for (uint32_t i = 0; list() && i < node_count; i++) {
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	}
	CHECK(!path);
	return &none;
}

static bool await(const char *path, enum devmgr_state state, uint32_t restarts)
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

static handle_t open_device(const char *name)
{
	enum devmgr_class class;
	handle_t device = HANDLE_NONE;
	uint32_t index;

	CHECK_IS(devmgr_open_until(opener, now() + TIMEOUT, name, &device, &class, &index), OK);
	return device;
}

static void kill_driver(const char *path)
{
	uint32_t restarts = node(path)->restarts;
	handle_t process;

	if (CHECK_IS(process_open(res_process, node(path)->pid, &process), OK)) {
		CHECK_IS(process_kill(process, 9), OK);
		(void)handle_close(process);
	}
	CHECK(await(path, DEVMGR_STATE_RUNNING, restarts + 1));
}

static handle_t user, rival;

static status_t tell(handle_t device, uint64_t what, uint64_t number, uint64_t value, uint64_t *out)
{
	uint64_t status = 0, result = 0, unused[4];
	status_t call = echo_words_until(device, now() + TIMEOUT, what, number, value, 0, 0, 0, &status, &result,
					 &unused[0], &unused[1], &unused[2], &unused[3]);

	if (out)
		*out = result;
	return call == OK ? (status_t)status : call;
}

/* ---- cases --------------------------------------------------------------------------------------------------- */

static void check_waiting(const char *path, const char *reason)
{
	const struct devmgr_node *n = node(path);

	CHECK_IS(n->state, DEVMGR_STATE_WAITING);
	if (!CHECK(!strcmp(n->reason, reason)))
		printf("  %s: \"%s\"\n", path, n->reason);
}

static void test_start(void)
{
	static const char *const running[] = {PRCI, GPIO, "/user", "/rival", "/modest", "/gpio-restart"};

	for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++)
		CHECK(await(running[i], DEVMGR_STATE_RUNNING, 0));
	/* Providers first, and each just once */
	uint64_t prci = node(PRCI)->pid, gpio = node(GPIO)->pid, consumer = node("/user")->pid;
	CHECK(prci && prci < gpio && gpio < consumer && gpio < node("/gpio-restart")->pid);
	CHECK_IS(node("/user")->restarts + node("/gpio-restart")->restarts, 0);
	user = open_device("/user");
	rival = open_device("/rival");
}

static void test_waiting(void)
{
	check_waiting("/lonely", "waits for clock 0 of /nobody, which has no driver");
	check_waiting("/behind", "waits for clock 0 of /lonely, which waits as well");
	check_waiting("/broken", "clock 0 ends within an entry");
	check_waiting("/ring-a", "waits in a circle: /ring-a -> /ring-b -> /ring-a");
	check_waiting("/ring-b", "waits in a circle: /ring-b -> /ring-a -> /ring-b");
}

static void test_clock(void)
{
	uint64_t hz = 0;

	/* Its node asks for 125 MHz before it starts. */
	CHECK_IS(tell(user, LINE_CLOCK_RATE, 0, 0, &hz), OK);
	CHECK(hz > 124500000 && hz < 125500000);
	CHECK_IS(tell(user, LINE_CLOCK_ON, 0, 1, NULL), OK);
	CHECK_IS(tell(rival, LINE_CLOCK_SET, 0, 100000000, &hz), ERR_BUSY);
	CHECK_IS(tell(user, LINE_CLOCK_SET, 0, 100000000, &hz), OK);
	CHECK(hz > 99500000 && hz < 100500000);
	CHECK_IS(tell(user, LINE_CLOCK_SET, 0, 1, &hz), ERR_RANGE);
	CHECK_IS(tell(user, LINE_CLOCK_SET, 0, UINT64_MAX, &hz), ERR_RANGE);
	/* What was asked for outlives the provider's driver. */
	kill_driver(PRCI);
	CHECK_IS(tell(rival, LINE_CLOCK_SET, 0, 110000000, &hz), ERR_BUSY);
	CHECK_IS(tell(user, LINE_CLOCK_ON, 0, 0, NULL), OK);
	CHECK_IS(tell(rival, LINE_CLOCK_SET, 0, 110000000, &hz), OK);
	CHECK_IS(tell(user, LINE_CLOCK_RATE, 0, 0, &hz), OK);
	CHECK(hz > 109500000 && hz < 110500000);
	CHECK_IS(node("/user")->restarts, 0);
}

static void test_reset(void)
{
	CHECK_IS(tell(user, LINE_RESET_HOLD, 0, 1, NULL), OK);
	CHECK_IS(tell(user, LINE_RESET_HOLD, 0, 0, NULL), OK);
	/* A line of two devices is not asserted under the other. */
	CHECK_IS(tell(rival, LINE_RESET_HOLD, 0, 1, NULL), ERR_BUSY);
	CHECK_IS(tell(rival, LINE_RESET_PULSE, 0, 1000, NULL), ERR_BUSY);
	CHECK_IS(tell(user, LINE_RESET_PULSE, 0, 1000, NULL), OK);
	CHECK_IS(tell(user, LINE_RESET_PULSE, 0, SECOND, NULL), ERR_RANGE);
	kill_driver(PRCI);
	CHECK_IS(tell(rival, LINE_RESET_HOLD, 0, 1, NULL), ERR_BUSY);
	CHECK_IS(tell(user, LINE_RESET_HOLD, 0, 1, NULL), OK);
	CHECK_IS(tell(rival, LINE_RESET_HOLD, 0, 0, NULL), OK);
}

static void test_supply(void)
{
	uint64_t uv = 0;

	CHECK_IS(tell(user, LINE_SUPPLY, 0, 0, &uv), OK);
	CHECK_IS(uv, 3300000);
	CHECK_IS(tell(rival, LINE_SUPPLY, 0, 0, &uv), ERR_STATE);
}

static void test_lines(void)
{
	uint64_t value = 9;

	for (uint64_t line = LINE_FREE; line <= LINE_LOW; line++) {
		CHECK_IS(tell(user, LINE_SET, line, 1, NULL), ERR_STATE);
		CHECK_IS(tell(user, LINE_OUTPUT, line, 1, NULL), OK);
		CHECK_IS(tell(user, LINE_GET, line, 0, &value), OK);
		CHECK_IS(value, 1);
		CHECK_IS(tell(user, LINE_SET, line, 0, NULL), OK);
		CHECK_IS(tell(user, LINE_GET, line, 0, &value), OK);
		CHECK_IS(value, 0);
	}
	/* The other's line is not the rival's, and the rest is out of its reach. */
	CHECK_IS(tell(rival, LINE_OUTPUT, LINE_FREE, 1, NULL), ERR_BUSY);
	CHECK_IS(tell(rival, LINE_GET, LINE_FREE, 0, &value), ERR_BUSY);
	CHECK_IS(tell(rival, LINE_OUTPUT, LINE_LOW, 1, NULL), ERR_STATE);
	/* A client that opens the controller has no line at all. */
	handle_t gpio = open_device(GPIO), prci = open_device(PRCI);
	CHECK_IS(gpio_output_until(gpio, now() + TIMEOUT, true), ERR_ACCESS);
	CHECK_IS(clock_enable_until(prci, now() + TIMEOUT), ERR_ACCESS);
	(void)handle_close(gpio);
	(void)handle_close(prci);
}

static bool irqs_are(uint64_t index, uint64_t wanted)
{
	uint64_t count = 0;

	for (uint64_t end = now() + TIMEOUT; now() < end; pause_ms(1)) {
		if (!CHECK_IS(tell(user, LINE_IRQS, index, 0, &count), OK))
			return false;
		if (count >= wanted)
			break;
	}
	pause_ms(20); /* too many would come now */
	CHECK_IS(tell(user, LINE_IRQS, index, 0, &count), OK);
	return CHECK_IS(count, wanted);
}

static void test_irq(void)
{
	uint64_t before, value = 0;

	CHECK_IS(tell(user, LINE_OUTPUT, LINE_FREE, 0, NULL), OK);
	pause_ms(200); /* what earlier cases have caused */
	CHECK_IS(tell(user, LINE_IRQS, 0, 0, &before), OK);
	for (uint64_t i = 1; i <= 20; i++) {
		CHECK_IS(tell(user, LINE_SET, LINE_FREE, 1, NULL), OK);
		CHECK(irqs_are(0, before + i));
		CHECK_IS(tell(user, LINE_SET, LINE_FREE, 0, NULL), OK);
	}
	/* A level: the driver takes it away, and it comes just once. */
	CHECK_IS(tell(user, LINE_OUTPUT, LINE_LEVEL, 0, NULL), OK);
	CHECK_IS(tell(user, LINE_IRQS, 1, 0, &before), OK);
	for (uint64_t i = 1; i <= 5; i++) {
		CHECK_IS(tell(user, LINE_SET, LINE_LEVEL, 1, NULL), OK);
		CHECK(irqs_are(1, before + i));
		CHECK_IS(tell(user, LINE_GET, LINE_LEVEL, 0, &value), OK);
		CHECK_IS(value, 0);
	}
}

/* The gpio driver dies: the lines stay as they are, and interrupts come again. */
static void test_gpio_dies(void)
{
	uint64_t value = 0, before;

	CHECK_IS(tell(user, LINE_SET, LINE_LOW, 1, NULL), OK);
	uint32_t restarts = node("/user")->restarts;
	kill_driver(GPIO);
	CHECK(await("/user", DEVMGR_STATE_RUNNING, restarts + 1));
	CHECK_IS(tell(user, LINE_GET, LINE_LOW, 0, &value), OK);
	CHECK_IS(value, 1);
	CHECK_IS(tell(user, LINE_SET, LINE_LOW, 0, NULL), OK); /* still an output */
	CHECK_IS(tell(rival, LINE_OUTPUT, LINE_FREE, 1, NULL), ERR_BUSY);
	CHECK_IS(tell(user, LINE_IRQS, 0, 0, &before), OK);
	CHECK_IS(tell(user, LINE_SET, LINE_FREE, 1, NULL), OK);
	CHECK(irqs_are(0, before + 1));
	CHECK_IS(node("/gpio-restart")->restarts, 0);
	CHECK_IS(node("/rival")->restarts, 0);
}

static void test_abilities(void)
{
	handle_t device = open_device("/gpio-restart");
	uint32_t abilities = 0;

	CHECK_IS(power_abilities_until(device, now() + TIMEOUT, &abilities), OK);
	CHECK_IS(abilities, POWER_ABILITY_REBOOT);
	CHECK_IS(power_off_until(device, now() + TIMEOUT), ERR_UNSUPPORTED);
	(void)handle_close(device);
}

static void run(const char *name, void (*test)(void))
{
	failed_here = 0;
	test();
	if (failed_here)
		printf("FAIL providers.%s: %u checks\n", name, failed_here);
	else
		printf("PASS providers.%s\n", name);
	failed += failed_here != 0;
	passed += failed_here == 0;
}

int main(void)
{
	if (devmgr_start()) {
		run("start", test_start);
		run("waiting", test_waiting);
		run("clock", test_clock);
		run("reset", test_reset);
		run("supply", test_supply);
		run("lines", test_lines);
		run("irq", test_irq);
		run("gpio_dies", test_gpio_dies);
		run("abilities", test_abilities);
	} else {
		printf("FAIL providers.start\n");
		failed++;
	}
	printf("DONE %u passed, %u failed\n", passed, failed);
	if (failed)
		return 1;
	/* The machine ends here, or the test waits for that in vain. */
	status_t status = power_reboot_until(open_device("/gpio-restart"), now() + TIMEOUT);
	printf("the line did not restart the machine (status %d)\n", (int)status);
	for (;;)
		pause_ms(1000);
}

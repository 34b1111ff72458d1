/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The providers' class library, from a device tree on: devmgr's map and blob of a controller, then random use by several consumers against
 * a model of what each wants, with the controller's driver starting again now and then.
 */
#include <libfdt.h>
#include <stdarg.h>
#include <stdlib.h>

#include "drivers/devmgr/blob.h"
#include "drivers/devmgr/plan.h"
#include "sys/driver/device.h"
#include "sys/driver/provider_class.h"
#include "sys/lib/syscall.h"
#include "tests/unit/check.h"

#define CLOCKS    3
#define CONSUMERS 4
#define ROUNDS    50000

/* ---- what the library stands on ---------------------------------------------------------------------- */

DRIVER_MANIFEST = {DRIVER_MANIFEST_HEAD, .name = "crg", .matches = {DRIVER_COMPATIBLE("crg", 0)}};
const struct driver driver = {.bind = NULL};

static uint64_t signalled;
static unsigned open_handles;

void device_log(const struct device *dev, uint32_t level, const char *format, ...)
{
	(void)dev, (void)level, (void)format;
}

void device_end(struct device *dev)
{
	(void)dev;
}

void device_delay(uint64_t ns)
{
	(void)ns;
}

status_t device_map(const char *name, uint64_t size, struct regs *out)
{
	(void)name, (void)size, (void)out;
	return ERR_NOT_FOUND;
}

status_t device_map_part(const char *name, uint64_t offset, uint64_t size, struct regs *out)
{
	(void)name, (void)offset, (void)size, (void)out;
	return ERR_NOT_FOUND;
}

handle_t device_handle(const struct device *dev, const char *name)
{
	(void)dev, (void)name;
	return HANDLE_NONE;
}

status_t notification_signal(handle_t nt, uint64_t bits)
{
	signalled |= nt == 66 ? 0 : bits;
	return nt == 66 ? ERR_CLOSED : OK; /* 66: of a consumer that is gone */
}

status_t handle_close(handle_t handle)
{
	open_handles -= handle != HANDLE_NONE;
	return OK;
}

/* ---- the controller: refuses to be told what it knows --------------------------------------------------- */

static struct {
	bool on[CLOCKS], asserted[CLOCKS], high[CLOCKS], output[CLOCKS], armed[CLOCKS], rail[CLOCKS];
	uint64_t hz[CLOCKS];
	uint32_t parent[CLOCKS];
	status_t result;
} hw;

static status_t gate(void *ctx, uint32_t clock, bool on)
{
	(void)ctx;
	CHECK(clock < CLOCKS);
	hw.on[clock] = hw.result == OK ? on : hw.on[clock];
	return hw.result;
}

static status_t rail_gate(void *ctx, uint32_t rail, bool on)
{
	(void)ctx;
	hw.rail[rail] = on;
	return OK;
}

static status_t rate(void *ctx, uint32_t clock, uint64_t *hz)
{
	(void)ctx;
	*hz = hw.hz[clock];
	return OK;
}

static status_t set_rate(void *ctx, uint32_t clock, uint64_t hz, uint64_t *result)
{
	(void)ctx;
	*result = hw.hz[clock] = hz;
	return OK;
}

static status_t set_parent(void *ctx, uint32_t clock, uint32_t parent)
{
	(void)ctx;
	hw.parent[clock] = parent;
	return OK;
}

static status_t hold(void *ctx, uint32_t reset, bool asserted)
{
	(void)ctx;
	CHECK(reset < CLOCKS);
	hw.asserted[reset] = asserted;
	return OK;
}

static status_t line_output(void *ctx, uint32_t line, bool high)
{
	(void)ctx;
	hw.output[line] = true;
	hw.high[line] = high;
	return OK;
}

static status_t line_input(void *ctx, uint32_t line)
{
	(void)ctx;
	hw.output[line] = false;
	return OK;
}

static status_t line_get(void *ctx, uint32_t line, bool *high)
{
	(void)ctx;
	*high = hw.high[line];
	return OK;
}

static status_t line_arm(void *ctx, uint32_t line, uint32_t kind)
{
	(void)ctx;
	CHECK(!hw.armed[line] && kind == 4);
	hw.armed[line] = true;
	return hw.result;
}

/* Supplies are subnodes: found by name. */
static status_t rail_find(void *ctx, const char *node, const uint32_t *cells, uint32_t ncells, uint32_t *number)
{
	(void)ctx, (void)cells;
	CHECK_INT(ncells, 0);
	if (!strcmp(node, "rails/rail0"))
		*number = 0;
	else if (!strcmp(node, "rails/rail1"))
		*number = 1;
	else
		return ERR_NOT_FOUND;
	return OK;
}

static const struct provider_clocks clocks = {
	.count = CLOCKS, .gate = gate, .rate = rate, .set_rate = set_rate, .set_parent = set_parent};
static const struct provider_resets resets = {.count = CLOCKS, .hold = hold};
static const struct provider_gpios lines = {
	.count = CLOCKS, .output = line_output, .input = line_input, .get = line_get, .irq_arm = line_arm};
static const struct provider_supplies supplies = {.count = 2, .find = rail_find, .gate = rail_gate};

/* ---- the tree ------------------------------------------------------------------------------------------------ */

static uint64_t made[2048];
static uint8_t state[PROVIDER_STATE_BYTES];
static struct device dev;
static struct provider provider;
static void *blob;
static size_t blob_size;

static void cells(const char *name, int count, ...)
{
	fdt32_t data[8];
	va_list args;

	va_start(args, count);
	for (int i = 0; i < count; i++)
		data[i] = cpu_to_fdt32(va_arg(args, uint32_t));
	va_end(args);
	CHECK_INT(fdt_property(made, name, data, 4 * count), 0);
}

/* Rows of each consumer: one clock, one reset, one line (of odd ones active low), one supply, one interrupt, one assigned clock.
 * Consumers 0 and 1, and 2 and 3, share all; clock CLOCKS is one that the controller does not have. */
static void tree_build(void)
{
	fdt_create(made, sizeof(made));
	fdt_finish_reservemap(made);
	fdt_begin_node(made, "");
	fdt_begin_node(made, "crg");
	fdt_property_string(made, "compatible", "crg");
	fdt_property(made, "interrupt-controller", "", 0);
	cells("#clock-cells", 1, 1);
	cells("#reset-cells", 1, 1);
	cells("#gpio-cells", 1, 2);
	cells("#interrupt-cells", 1, 2);
	cells("phandle", 1, 1);
	fdt_begin_node(made, "rails");
	for (uint32_t i = 0; i < 2; i++) {
		fdt_begin_node(made, i ? "rail1" : "rail0");
		cells("phandle", 1, 10 + i);
		fdt_end_node(made);
	}
	fdt_end_node(made);
	fdt_end_node(made);
	for (uint32_t i = 0; i < CONSUMERS; i++) {
		char name[] = {(char)('a' + i), 0};

		fdt_begin_node(made, name);
		fdt_property_string(made, "compatible", name);
		cells("clocks", 4, 1, i / 2, 1, CLOCKS);
		cells("resets", 2, 1, i / 2);
		cells("assigned-clocks", 2, 1, i / 2);
		cells("assigned-clock-parents", 2, 1, 2);
		cells("assigned-clock-rates", 1, 1000 + i);
		cells("x-gpios", 3, 1, i / 2, i & 1);
		cells("vcc-supply", 1, 10 + i / 2);
		cells("interrupts-extended", 3, 1, i / 2, 4);
		fdt_end_node(made);
	}
	fdt_end_node(made);
	CHECK_INT(fdt_finish(made), 0);
}

static uint32_t row_of[CONSUMERS][DRIVER_REF_KINDS];
static uint32_t row_wrong; /* consumer 0's clock that is not there */

static bool blob_build(void)
{
	struct provider_map map;
	struct tree *tree;
	struct plan plan;

	tree_build();
	if (!CHECK_INT(tree_parse(made, sizeof(made), &tree), OK))
		return false;
	bool driven[16] = {0};
	for (uint32_t i = 1; i < tree_count(tree); i++)
		driven[i] = tree_prop(tree, i, "compatible") != NULL;
	const struct provider_world world = {tree, TREE_NONE, driven};
	CHECK_INT(providers_map(&world, &map), OK);
	uint32_t crg = tree_find(tree, "/crg");
	for (uint32_t i = 0; i < CONSUMERS; i++) {
		const char path[] = {'/', (char)('a' + i), 0};
		const struct provider_list *list = &map.of[tree_find(tree, path)];

		for (uint32_t r = list->count; r-- > 0;) {
			CHECK_INT(list->refs[r].state, DRIVER_REF_DRIVEN);
			row_of[i][list->refs[r].kind] = list->refs[r].row;
		}
		row_wrong = provider_find(&map.of[tree_find(tree, "/a")], DRIVER_REF_CLOCK, 1)->row;
	}
	plan_make(tree, crg, TREE_NONE, &plan);
	const struct blob_facts facts = {.plan = &plan, .providers = &map};
	bool good = CHECK_INT(blob_make(made, tree, crg, &facts, &blob, &blob_size), OK);
	providers_free(&map);
	tree_free(tree);
	return good;
}

/* ---- the driver's life ---------------------------------------------------------------------------------------------- */

static void start(void)
{
	free(provider.rows);
	provider = (struct provider){.clocks = &clocks, .resets = &resets, .gpios = &lines, .supplies = &supplies};
	CHECK_INT(device_open(&dev, blob, blob_size), OK);
	dev.state = state;
	memset(hw.armed, 0, sizeof(hw.armed));
	open_handles = 0;
	CHECK_INT(provider_open(&provider, &dev), OK);
	CHECK_INT(provider.count, CONSUMERS * 8);
}

static struct ipc_request *from(uint32_t row)
{
	static struct ipc_request rq;

	rq = (struct ipc_request){.msg.badge = DRIVER_ROW_BADGE | row};
	return &rq;
}

static void test_authority(void)
{
	static const uint64_t badges[] = {0, 1, DRIVER_ROW_BADGE | 32, DRIVER_ROW_BADGE | UINT32_MAX,
					  ~DRIVER_ROW_BADGE};
	uint64_t value;

	start();
	for (size_t i = 0; i < sizeof(badges) / sizeof(badges[0]); i++) {
		struct ipc_request rq = {.msg.badge = badges[i]};

		CHECK_INT(provider_clock_ops.enable(&provider, &rq), ERR_ACCESS);
		CHECK_INT(provider_reset_ops.release(&provider, &rq), ERR_ACCESS);
		CHECK_INT(provider_gpio_ops.set(&provider, &rq, true), ERR_ACCESS);
		CHECK_INT(provider_regulator_ops.enable(&provider, &rq), ERR_ACCESS);
	}
	/* A handle to one kind of thing is none to another. */
	static const enum driver_ref_kind others[] = {DRIVER_REF_RESET, DRIVER_REF_GPIO,     DRIVER_REF_SUPPLY,
						      DRIVER_REF_IRQ,   DRIVER_REF_ASSIGNED, DRIVER_REF_PARENT};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK_INT(provider_clock_ops.enable(&provider, from(row_of[0][others[i]])), ERR_ACCESS);
	CHECK(!hw.on[0]);
	CHECK_INT(provider_clock_ops.enable(&provider, from(row_wrong)), ERR_UNSUPPORTED);
	CHECK_INT(provider_clock_ops.apply(&provider, from(row_of[0][DRIVER_REF_CLOCK])), ERR_ACCESS);
	CHECK_INT(provider_clock_ops.rate_set(&provider, from(row_of[0][DRIVER_REF_ASSIGNED]), 5, &value), ERR_ACCESS);
	CHECK_INT(provider_gpio_ops.watch(&provider, from(row_of[0][DRIVER_REF_GPIO]), 1, 1), ERR_ACCESS);
	CHECK_INT(provider_regulator_ops.voltage_get(&provider, from(row_of[0][DRIVER_REF_SUPPLY]), &value),
		  ERR_UNSUPPORTED);
	CHECK_INT(provider_clock_ops.apply(&provider, from(row_of[2][DRIVER_REF_ASSIGNED])), OK);
	CHECK(hw.parent[1] == 2 && hw.hz[1] == 1002);
}

/* State memory that a dead instance left in any condition is no danger. */
static void test_state(void)
{
	srand(5);
	for (int round = 0; round < 400; round++) {
		for (size_t i = 0; i < sizeof(state); i++)
			state[i] = (uint8_t)rand();
		if (round & 1) { /* with a good head, wild wishes */
			uint8_t rest[PROVIDER_STATE_BYTES];

			memcpy(rest, state, sizeof(state));
			memset(state, 0, sizeof(state));
			start();
			memcpy(state + 16, rest + 16, sizeof(state) - 16);
		}
		start();
		for (uint32_t i = 0; i < provider.count; i++)
			CHECK(!(provider.wishes[i] & ~7));
		(void)provider_clock_ops.disable(&provider, from(row_of[0][DRIVER_REF_CLOCK]));
	}
	memset(state, 0, sizeof(state));
	memset(&hw, 0, sizeof(hw));
}

static struct {
	bool on, released, claimed, output;
} want[CONSUMERS];

static void check_all(void)
{
	for (uint32_t thing = 0; thing < CONSUMERS / 2; thing++) {
		uint32_t a = 2 * thing, b = a + 1;

		if (want[a].on || want[b].on)
			CHECK(hw.on[thing]);
		if (want[a].released || want[b].released)
			CHECK(!hw.asserted[thing]);
		CHECK(!(want[a].claimed && want[b].claimed));
	}
}

static void step(uint32_t c)
{
	uint32_t other = c ^ 1, thing = c / 2;
	bool value = rand() & 1, active = false;

	switch (rand() % 6) {
	case 0:
		CHECK_INT(value ? provider_clock_ops.enable(&provider, from(row_of[c][DRIVER_REF_CLOCK]))
				: provider_clock_ops.disable(&provider, from(row_of[c][DRIVER_REF_CLOCK])),
			  OK);
		want[c].on = value;
		CHECK_INT(hw.on[thing], value || want[other].on);
		break;
	case 1: {
		status_t status = value ? provider_reset_ops.hold(&provider, from(row_of[c][DRIVER_REF_RESET]))
					: provider_reset_ops.release(&provider, from(row_of[c][DRIVER_REF_RESET]));

		CHECK_INT(status, value && want[other].released ? ERR_BUSY : OK);
		if (status == OK) {
			want[c].released = !value;
			CHECK_INT(hw.asserted[thing], value);
		}
		break;
	}
	case 2:
		CHECK_INT(provider_gpio_ops.output(&provider, from(row_of[c][DRIVER_REF_GPIO]), value),
			  want[other].claimed ? ERR_BUSY : OK);
		if (!want[other].claimed) {
			want[c].claimed = want[c].output = true;
			CHECK_INT(hw.high[thing], value != (c & 1)); /* odd ones are active low */
			CHECK_INT(provider_gpio_ops.get(&provider, from(row_of[c][DRIVER_REF_GPIO]), &active), OK);
			CHECK_INT(active, value);
		}
		break;
	case 3:
		CHECK_INT(provider_gpio_ops.set(&provider, from(row_of[c][DRIVER_REF_GPIO]), value),
			  want[other].claimed ? ERR_BUSY
			  : want[c].output    ? OK
					      : ERR_STATE);
		want[c].claimed |= !want[other].claimed;
		break;
	case 4: {
		uint64_t result;

		CHECK_INT(provider_clock_ops.rate_set(&provider, from(row_of[c][DRIVER_REF_CLOCK]), 77, &result),
			  want[other].on ? ERR_BUSY : OK);
		break;
	}
	default:
		if (rand() % 50 == 0)
			start(); /* as if it had died */
		break;
	}
	check_all();
}

static void test_random(void)
{
	start();
	srand(7);
	for (int i = 0; i < ROUNDS; i++)
		step((uint32_t)rand() % CONSUMERS);
	/* A controller that fails changes nothing of what is wanted. */
	memset(state, 0, sizeof(state));
	memset(&hw, 0, sizeof(hw));
	start();
	hw.result = ERR_IO;
	CHECK_INT(provider_clock_ops.enable(&provider, from(row_of[0][DRIVER_REF_CLOCK])), ERR_IO);
	hw.result = OK;
	CHECK_INT(provider_clock_ops.rate_set(&provider, from(row_of[1][DRIVER_REF_CLOCK]), 5, &(uint64_t){0}), OK);
	/* Supplies are told apart by their nodes' names. */
	CHECK_INT(provider_regulator_ops.enable(&provider, from(row_of[3][DRIVER_REF_SUPPLY])), OK);
	CHECK(hw.rail[1] && !hw.rail[0]);
}

static void test_irq(void)
{
	uint32_t row = row_of[0][DRIVER_REF_IRQ], other = row_of[1][DRIVER_REF_IRQ];

	memset(state, 0, sizeof(state));
	memset(&hw, 0, sizeof(hw));
	start();
	CHECK_INT(provider_gpio_ops.rearm(&provider, from(row)), ERR_STATE);
	CHECK_INT(provider_gpio_ops.watch(&provider, from(row), 5, 0), ERR_INVALID);
	CHECK(!hw.armed[0]);
	open_handles = 1;
	CHECK_INT(provider_gpio_ops.watch(&provider, from(row), 5, 4), OK);
	CHECK(hw.armed[0]);
	CHECK_INT(provider_gpio_ops.watch(&provider, from(other), 6, 8), ERR_BUSY);
	CHECK_INT(provider_gpio_ops.output(&provider, from(row_of[0][DRIVER_REF_GPIO]), true),
		  OK);                                                /* the same device's */
	CHECK_INT(provider_gpio_ops.rearm(&provider, from(row)), OK); /* nothing to do */
	hw.armed[0] = false;
	provider_gpio_fired(&provider, 0);
	CHECK_INT(signalled, 4);
	signalled = 0;
	provider_gpio_fired(&provider, 0); /* not rearmed: one too many */
	provider_gpio_fired(&provider, 1); /* nobody watches */
	provider_gpio_fired(&provider, 99);
	CHECK_INT(signalled, 0);
	CHECK_INT(provider_gpio_ops.rearm(&provider, from(row)), OK);
	CHECK(hw.armed[0]);
	/* Its next instance: the old handle is closed. A controller that refuses: the new one is the dispatch's to close. */
	hw.armed[0] = false;
	open_handles = 2;
	CHECK_INT(provider_gpio_ops.watch(&provider, from(row), 66, 4), OK);
	CHECK_INT(open_handles, 1);
	hw.armed[0] = false;
	provider_gpio_fired(&provider, 0); /* and that one is gone */
	CHECK_INT(open_handles, 0);
	CHECK_INT(provider_gpio_ops.rearm(&provider, from(row)), ERR_STATE);
	hw.result = ERR_IO;
	open_handles = 1;
	CHECK_INT(provider_gpio_ops.watch(&provider, from(row), 5, 4), ERR_IO);
	CHECK_INT(open_handles, 1);
	CHECK_INT(provider_gpio_ops.rearm(&provider, from(row)), ERR_STATE);
}

int main(void)
{
	if (!blob_build())
		return 1;
	test_authority();
	test_state();
	test_random();
	test_irq();
	free(provider.rows);
	free(blob);
	return check_end();
}

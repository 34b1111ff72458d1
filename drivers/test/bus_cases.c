/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases with the test bus: its children outlive it, and it can report nothing that is not its own. */
#include <stdio.h>
#include <string.h>

#include "drivers/test/bus.h"
#include "drivers/test/devices.h"
#include "protocols/rtc.h"
#include "sys/lib/syscall.h"

static const char bus_path[] = "/platform-bus@4000000";
static const char a_path[] = "/platform-bus@4000000/a@0";
static const char b_path[] = "/platform-bus@4000000/b@1";
static const char c_path[] = "/platform-bus@4000000/c@2";
static const char d_path[] = "/platform-bus@4000000/d@1";

/* Through the child to the bus */
static status_t bus_do(handle_t child, uint64_t what)
{
	for (;;) {
		status_t status = rtc_set_until(child, now() + TIMEOUT, what);

		if (status != ERR_PEER_DIED || what == BUS_DIE)
			return status;
	}
}

static void bus_restart(void)
{
	uint32_t restarts = node(bus_path)->restarts;

	CHECK_IS(devmgr_restart(owner, node(bus_path)->index), OK);
	CHECK(await(bus_path, DEVMGR_STATE_RUNNING, restarts + 1));
}

void test_children(void)
{
	enum devmgr_class class;
	uint32_t index, count;
	handle_t device;

	CHECK(await(bus_path, DEVMGR_STATE_RUNNING, 0));
	CHECK(await(a_path, DEVMGR_STATE_RUNNING, 0));
	CHECK(await(b_path, DEVMGR_STATE_RUNNING, 0));
	CHECK_IS(node(c_path)->state, DEVMGR_STATE_UNMATCHED);
	CHECK_IS(node(a_path)->parent, node(bus_path)->index);
	CHECK_IS(holdings(bus_path).children, 3);
	CHECK(!strcmp(node(a_path)->driver, "test_child") && !strcmp(node(c_path)->compatible, "test,nobody"));
	struct devmgr_resource r[4];
	CHECK_IS(devmgr_resources(look_only, node(c_path)->index, r, 4, &count), OK);
	CHECK(count == 1 && r[0].base == BUS_WINDOW + 0x8000 && r[0].size == 0x10 && !r[0].problem[0]);
	/* By path, and in the order in which they were reported */
	device = open_device(b_path);
	(void)handle_close(device);
	CHECK_IS(devmgr_open(opener, "other:1", &device, &class, &index), OK);
	CHECK_IS(index, node(b_path)->index);
	(void)handle_close(device);
	CHECK_IS(devmgr_open(opener, bus_path, &device, &class, &index), ERR_ACCESS);
	CHECK_IS(devmgr_open(opener, c_path, &device, &class, &index), ERR_NOT_FOUND);
	/* Its calls say who it is. */
	handle_t a = open_device(a_path), b = open_device(b_path);
	uint64_t badge = 0;
	CHECK_IS(bus_do(a, BUS_BADGE), OK);
	CHECK_IS(rtc_get(a, &badge), OK);
	CHECK_IS(badge, 0x100000000ull | 'a');
	CHECK_IS(bus_do(b, BUS_BADGE), OK);
	CHECK_IS(rtc_get(b, &badge), OK);
	CHECK_IS(badge, 0x100000000ull | 'b');

	/* The bus dies: its children do not even notice. */
	uint64_t a_pid = node(a_path)->pid, b_pid = node(b_path)->pid;
	uint32_t restarts = node(bus_path)->restarts;
	CHECK_IS(bus_do(a, BUS_DIE), ERR_PEER_DIED);
	CHECK(await(bus_path, DEVMGR_STATE_RUNNING, restarts + 1));
	CHECK_IS(bus_do(a, BUS_BADGE), OK);
	CHECK(node(a_path)->pid == a_pid && node(b_path)->pid == b_pid && !node(a_path)->restarts);

	/* One is not there any more, and is again. */
	CHECK_IS(bus_do(a, BUS_WITHOUT), OK);
	bus_restart();
	CHECK(await(b_path, DEVMGR_STATE_ABSENT, 0));
	CHECK_IS(node(b_path)->pid, 0);
	CHECK_IS(node(a_path)->pid, a_pid);
	CHECK_IS(rtc_get_until(b, now() + TIMEOUT, &badge), ERR_CLOSED);
	CHECK_IS(devmgr_open(opener, b_path, &device, &class, &index), ERR_NOT_FOUND);
	CHECK_IS(devmgr_restart(owner, node(b_path)->index), ERR_STATE);
	(void)handle_close(b);
	CHECK_IS(holdings(bus_path).children, 2);
	CHECK_IS(bus_do(a, BUS_USUAL), OK);
	bus_restart();
	CHECK(await(b_path, DEVMGR_STATE_RUNNING, 0));
	b = open_device(b_path);
	CHECK_IS(bus_do(b, BUS_BADGE), OK);
	(void)handle_close(b);
	CHECK_IS(node(a_path)->pid, a_pid);

	/* Both change: afresh. */
	b_pid = node(b_path)->pid;
	CHECK_IS(bus_do(a, BUS_CHANGED), OK);
	bus_restart();
	CHECK(await(a_path, DEVMGR_STATE_RUNNING, 0));
	CHECK(await(b_path, DEVMGR_STATE_RUNNING, 0));
	CHECK(node(a_path)->pid != a_pid && node(b_path)->pid != b_pid);
	CHECK_IS(devmgr_resources(look_only, node(b_path)->index, r, 4, &count), OK);
	CHECK(count == 1 && r[0].base == BUS_WINDOW + 0x3000);
	(void)handle_close(a);

	/* Another device in the place of one */
	a = open_device(a_path);
	CHECK_IS(bus_do(a, BUS_USUAL), OK);
	bus_restart();
	CHECK(await(a_path, DEVMGR_STATE_RUNNING, 0));
	(void)handle_close(a);
	a = open_device(a_path);
	CHECK_IS(bus_do(a, BUS_MOVED), OK);
	bus_restart();
	CHECK(await(d_path, DEVMGR_STATE_RUNNING, 0));
	CHECK(await(b_path, DEVMGR_STATE_ABSENT, 0));
	CHECK_IS(bus_do(a, BUS_USUAL), OK);
	bus_restart();
	CHECK(await(b_path, DEVMGR_STATE_RUNNING, 0));
	CHECK(await(d_path, DEVMGR_STATE_ABSENT, 0));
	(void)handle_close(a);
}

void test_children_forged(void)
{
	handle_t a = open_device(a_path);
	uint64_t result = 1;

	CHECK_IS(bus_do(a, BUS_FORGE), OK);
	CHECK_IS(rtc_get_until(a, now() + TIMEOUT, &result), OK);
	CHECK_IS(result, 0);
	CHECK(!node_exists("/platform-bus@4000000/forged@0"));
	CHECK_IS(bus_do(a, BUS_MANY), OK);
	CHECK_IS(rtc_get_until(a, now() + TIMEOUT, &result), OK);
	CHECK(result > 100 && result < 1000);
	bus_restart();
	CHECK_IS(holdings(bus_path).children, 3);
	CHECK_IS(bus_do(a, BUS_BADGE), OK);
	(void)handle_close(a);
}

/* Again and again, whatever it is doing: its children are always there. */
void test_bus_killed(void)
{
	handle_t a = open_device(a_path);
	uint64_t pid = node(a_path)->pid, x = 1;

	for (unsigned i = 0; i < 100; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		CHECK_IS(devmgr_restart(owner, node(bus_path)->index), OK);
		for (uint64_t end = now() + (x >> 33) % 4000000; now() < end;)
			;
		if (i % 5 == 0)
			CHECK_IS(bus_do(a, BUS_BADGE), OK);
	}
	CHECK(await(bus_path, DEVMGR_STATE_RUNNING, 0));
	CHECK_IS(bus_do(a, BUS_BADGE), OK);
	CHECK_IS(node(a_path)->pid, pid);
	CHECK_IS(node(a_path)->restarts, 0);
	CHECK_IS(node(b_path)->state, DEVMGR_STATE_RUNNING);
	CHECK_IS(holdings(bus_path).children, 3);
	(void)handle_close(a);
}

/* A driver that has bound and then hangs, in a loop of its own or in a wait */
void test_hang(void)
{
	static const uint64_t ways[] = {CHILD_SPIN, CHILD_WAIT};

	for (unsigned i = 0; i < 2; i++) {
		handle_t a = open_device(a_path);
		uint32_t restarts = node(a_path)->restarts, count = 0;
		uint64_t pid = node(a_path)->pid, start = now();
		struct devmgr_death death;

		/* The caller waits for ever; that it hangs ends its call. */
		CHECK_IS(rtc_set_until(a, now() + TIMEOUT, ways[i]), ERR_PEER_DIED);
		CHECK(now() - start > 400000000 && now() - start < 10 * SECOND);
		CHECK(await(a_path, DEVMGR_STATE_RUNNING, restarts + 1));
		CHECK_IS(devmgr_last_death(look_only, node(a_path)->index, &death, 1, &count), OK);
		CHECK_IS(death.how, DEVMGR_END_HUNG);
		CHECK_IS(death.pid, pid);
		CHECK(death.pc >= 0x100000 && death.pc < 0x200000 && death.frame_count >= 2);
		uint64_t sp;
		memcpy(&sp, death.registers + 16, 8);
		CHECK(sp);
		CHECK_IS(bus_do(a, BUS_BADGE), OK);
		(void)handle_close(a);
	}
	/* One that is idle does not hang: nor do all the others. */
	uint32_t restarts = node(a_path)->restarts, of_bus = node(bus_path)->restarts;
	pause_ms(3000);
	CHECK_IS(node(a_path)->restarts, restarts);
	CHECK_IS(node(bus_path)->restarts, of_bus);
}

/* The bus hears of its children's deaths, each one, and ends the quarantine of those that do not come back. */
void test_child_ended(void)
{
	handle_t a = open_device(a_path), b = open_device(b_path);
	uint64_t before = 0, after = 0;
	uint32_t restarts = node(b_path)->restarts;

	CHECK_IS(bus_do(a, BUS_ENDED), OK);
	CHECK_IS(rtc_get(a, &before), OK);
	CHECK_IS(bus_do(b, CHILD_DMA), OK);
	CHECK_IS(holdings(b_path).dma_bytes, CHILD_DMA_BYTES);
	CHECK_IS(rtc_set_until(b, now() + TIMEOUT, CHILD_EXIT), ERR_PEER_DIED);
	CHECK(await(b_path, DEVMGR_STATE_RUNNING, restarts + 1));
	CHECK_IS(holdings(b_path).quarantined_bytes, CHILD_DMA_BYTES);
	CHECK_IS(bus_do(a, BUS_ENDED), OK);
	CHECK_IS(rtc_get(a, &after), OK);
	CHECK_IS(after - before, 1);
	/* It does not come back: what it had is free when the bus has reset its device. */
	CHECK_IS(bus_do(a, BUS_WITHOUT), OK);
	bus_restart();
	CHECK(await(b_path, DEVMGR_STATE_ABSENT, 0));
	for (uint64_t end = now() + TIMEOUT; holdings(b_path).quarantined_bytes && now() < end;)
		pause_ms(2);
	CHECK_IS(holdings(b_path).dma_bytes, 0);
	CHECK_IS(bus_do(a, BUS_ENDED), OK);
	CHECK_IS(rtc_get(a, &after), OK);
	CHECK_IS(after - before, 1 + (1ull << 32));
	CHECK_IS(bus_do(a, BUS_USUAL), OK);
	bus_restart();
	CHECK(await(b_path, DEVMGR_STATE_RUNNING, 0));
	(void)handle_close(a);
	(void)handle_close(b);
}

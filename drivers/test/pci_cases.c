/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases with functions on PCI, placed as tests/system/pci.toml says: found and numbered, served, and untroubled when the bus driver dies. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "drivers/test/devices.h"
#include "drivers/test/pci_function.h"
#include "protocols/rtc.h"
#include "sys/lib/syscall.h"

#define HOST "/soc/pci@30000000"

static const char nic_path[] = HOST "/pci@2,0/ethernet@0,0";

/* Those that have a driver; the first and the fourth share an interrupt line. The last is the one that can be reset, and cannot be told to interrupt
 * or to copy. */
static const struct {
	const char *path;
	uint32_t line;
} driven[] = {
	{HOST "/pci1234,11e8@1,0", 33},
	{HOST "/pci@3,0/pci@0,0/pci1234,11e8@1,0", 32},
	{HOST "/pci@4,0/pci@0,0/pci@3,0/pci1234,11e8@0,0", 35},
	{HOST "/pci1234,11e8@9,0", 33},
	{nic_path, 34},
};
#define DRIVEN (sizeof(driven) / sizeof(driven[0]))
#define EDUS   (DRIVEN - 1)

static const char *const others[] = {
	HOST "/pci@2,0",          HOST "/pci@3,0/pci@0,0",  HOST "/pci@4,0/pci@0,0/pci@3,0",
	HOST "/pci1b36,0008@0,0", HOST "/pci1b36,0005@5,0", HOST "/usb@6,0",
	HOST "/serial@6,1",       HOST "/pci@7,0",
};

static status_t ask(handle_t device, uint64_t what, uint64_t *result)
{
	status_t status = rtc_set_until(device, now() + TIMEOUT, what);

	return status == OK ? rtc_get_until(device, now() + TIMEOUT, result) : status;
}

static void check_good(const char *path, uint64_t what)
{
	handle_t device = open_device(path);
	uint64_t result = 1;

	CHECK_IS(ask(device, what, &result), OK);
	CHECK_IS(result, 0);
	(void)handle_close(device);
}

static void await_all(void)
{
	CHECK(await(HOST, DEVMGR_STATE_RUNNING, 0));
	for (size_t i = 0; i < DRIVEN; i++)
		CHECK(await(driven[i].path, DEVMGR_STATE_RUNNING, 0));
}

static bool in(uint64_t base, uint64_t size, uint64_t window, uint64_t window_size)
{
	return base >= window && base - window < window_size && size <= window_size - (base - window);
}

void test_pci_found(void)
{
	struct devmgr_resource r[16];
	uint32_t count;

	await_all();
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(node_exists(others[i]));
	CHECK_IS(node(driven[2].path)->parent, node(HOST "/pci@4,0/pci@0,0/pci@3,0")->index);
	CHECK(!strcmp(node(nic_path)->driver, "test_pci_function"));
	CHECK(!node_exists(HOST "/pci@7,0/pci1234,11e8@0,0"));
	for (size_t i = 0; i < DRIVEN; i++) {
		CHECK_IS(devmgr_resources(look_only, node(driven[i].path)->index, r, 16, &count), OK);
		bool line = false;
		for (uint32_t n = 0; n < count; n++) {
			if (r[n].kind == DEVMGR_RESOURCE_KIND_IRQ)
				line |= r[n].base == driven[i].line;
			else if (r[n].size)
				CHECK(!(r[n].base & 0xfff) && (in(r[n].base, r[n].size, 0x40000000, 0x40000000) ||
							       in(r[n].base, r[n].size, 0x400000000, 0x400000000)));
		}
		CHECK(line);
	}
}

void test_pci_registers(void)
{
	for (size_t i = 0; i < DRIVEN; i++)
		check_good(driven[i].path, PCI_DO_REGISTERS);
}

void test_pci_rules(void)
{
	for (size_t i = 0; i < DRIVEN; i++)
		check_good(driven[i].path, PCI_DO_RULES);
}

/* Each one's interrupt reaches it, through all bridges, and nobody else. */
void test_pci_interrupts(void)
{
	handle_t devices[EDUS];
	uint64_t before[EDUS], after[EDUS], ignored;

	for (size_t i = 0; i < EDUS; i++) {
		devices[i] = open_device(driven[i].path);
		CHECK_IS(ask(devices[i], PCI_DO_COUNT, &before[i]), OK);
	}
	for (size_t i = 0; i < EDUS; i++) {
		for (unsigned n = 0; n < 10; n++) {
			CHECK_IS(ask(devices[i], PCI_DO_RAISE, &ignored), OK);
			uint64_t want = before[i] + n + 1, end = now() + 10 * SECOND;

			do
				CHECK_IS(ask(devices[i], PCI_DO_COUNT, &after[i]), OK);
			while (after[i] < want && now() < end);
			CHECK_IS(after[i], want);
		}
	}
	for (size_t i = 0; i < EDUS; i++) {
		CHECK_IS(ask(devices[i], PCI_DO_COUNT, &after[i]), OK);
		CHECK_IS(after[i], before[i] + 10);
		(void)handle_close(devices[i]);
	}
}

void test_pci_dma(void)
{
	for (size_t i = 0; i < EDUS; i++)
		check_good(driven[i].path, PCI_DO_DMA);
}

void test_pci_reset(void)
{
	for (size_t i = 0; i < DRIVEN; i++)
		check_good(driven[i].path, PCI_DO_RESET);
	check_good(nic_path, PCI_DO_RULES);
}

/* ---- the bus driver dies ------------------------------------------------------------------------------------- */

static void bus_kill(void)
{
	uint32_t restarts = node(HOST)->restarts;

	CHECK_IS(devmgr_restart(owner, node(HOST)->index), OK);
	CHECK(await(HOST, DEVMGR_STATE_RUNNING, restarts + 1));
}

/* Its functions' drivers go on with the same registers, and can do all that they could. */
void test_pci_restart(void)
{
	uint64_t pids[DRIVEN];

	for (size_t i = 0; i < DRIVEN; i++)
		pids[i] = node(driven[i].path)->pid;
	for (unsigned n = 0; n < 5; n++) {
		bus_kill();
		test_pci_registers();
		test_pci_interrupts();
	}
	test_pci_rules();
	test_pci_dma();
	for (size_t i = 0; i < DRIVEN; i++) {
		CHECK_IS(node(driven[i].path)->pid, pids[i]);
		CHECK_IS(node(driven[i].path)->restarts, 0);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(node_exists(others[i]));
}

static void *resetter(void *count)
{
	for (unsigned n = 0; n < *(unsigned *)count; n++)
		check_good(nic_path, PCI_DO_RESET);
	return NULL;
}

/* At any moment of a function's reset: the next instance puts back what the reset took. */
void test_pci_killed_in_reset(void)
{
	uint64_t pid = node(nic_path)->pid;
	unsigned count = 6;
	pthread_t thread;

	if (!CHECK_IS(pthread_create(&thread, NULL, resetter, &count), 0))
		return;
	for (unsigned n = 0; n < 12; n++) {
		pause_ms(10 + n * 17 % 60);
		CHECK_IS(devmgr_restart(owner, node(HOST)->index), OK);
	}
	(void)pthread_join(thread, NULL);
	await_all();
	CHECK_IS(node(nic_path)->pid, pid);
	check_good(nic_path, PCI_DO_RULES);
	check_good(nic_path, PCI_DO_RESET);
}

/* A function's driver dies while its function masters the bus: that ends, and the next one has all that it had. */
void test_pci_function_killed(void)
{
	for (size_t i = 0; i < DRIVEN; i++) {
		uint32_t restarts = node(driven[i].path)->restarts;

		check_good(driven[i].path, PCI_DO_HOLD);
		kill_pid(node(driven[i].path)->pid);
		CHECK(await(driven[i].path, DEVMGR_STATE_RUNNING, restarts + 1));
	}
	test_pci_rules();
	test_pci_interrupts();
}

static void *give_up(void *of)
{
	const char *path = of;
	handle_t device = open_device(path);
	uint64_t ignored;
	status_t status;
	int deaths = 0;

	check_good(path, PCI_DO_HOLD);
	do
		status = ask(device, PCI_DO_DIE, &ignored);
	while (status == ERR_PEER_DIED && ++deaths < 30);
	CHECK_IS(status, ERR_CLOSED);
	(void)handle_close(device);
	return NULL;
}

/* No driver is left to say that the function is quiet: the bus resets it and says so. One that cannot be reset keeps its memory from others
 * for ever. */
void test_pci_given_up(void)
{
	static char nic[] = HOST "/pci@2,0/ethernet@0,0", edu[] = HOST "/pci1234,11e8@1,0";
	pthread_t thread;
	uint64_t end;

	/* Waiting is most of it: both at once. */
	if (!CHECK_IS(pthread_create(&thread, NULL, give_up, edu), 0))
		return;
	(void)give_up(nic);
	(void)pthread_join(thread, NULL);
	CHECK_IS(node(nic_path)->state, DEVMGR_STATE_FAILED);
	CHECK_IS(node(edu)->state, DEVMGR_STATE_FAILED);
	end = now() + 10 * SECOND;
	while (holdings(nic_path).quarantined_bytes && now() < end)
		pause_ms(10);
	CHECK_IS(holdings(nic_path).quarantined_bytes, 0);
	CHECK_IS(holdings(edu).quarantined_bytes, PCI_HOLD_BYTES);
	/* A person may try again. */
	CHECK_IS(devmgr_restart(owner, node(nic_path)->index), OK);
	CHECK(await(nic_path, DEVMGR_STATE_RUNNING, 0));
	check_good(nic_path, PCI_DO_RULES);
}

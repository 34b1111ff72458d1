/* SPDX-License-Identifier: BSD-2-Clause */
/* devmgr for tests of devices. */
#include "tests/system/lib/devices.h"

#include "sys/lib/bootfs.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "tests/system/lib/make.h"

#define PRIO_KILLER 220 /* above the drivers' 192 */

static handle_t owner;

bool devices_up(void)
{
	static const struct {
		const char *name;
		unsigned which;
	} system[] = {
		{"res.priority", SYSTEM_PRIORITY},
		{"res.inspect", SYSTEM_INSPECT},
		{"res.dma", SYSTEM_DMA},
	};
	static const char *const names[] = {HND_FDT, HND_BOOTFS, HND_RES_MMIO, HND_RES_IRQ};
	struct spawn_handle handles[ARRAY_SIZE(names) + ARRAY_SIZE(system) + 1];
	size_t n = 0;
	struct bootfs fs;
	struct bootfs_file file;
	handle_t process;

	if (owner != HANDLE_NONE)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		handles[n++] = (struct spawn_handle){names[i], test_handle(names[i]), (uint32_t)RIGHTS_SAME};
	for (size_t i = 0; i < ARRAY_SIZE(system); i++)
		handles[n++] = (struct spawn_handle){system[i].name, test_system_resource(system[i].which),
						     (uint32_t)RIGHTS_SAME};
	owner = make_endpoint();
	handles[n++] = (struct spawn_handle){HND_DEVMGR, owner, (uint32_t)RIGHTS_SAME};
	if (!CHECK_OK(bootfs_open(test_handle(HND_BOOTFS), &fs)) || !CHECK_OK(bootfs_find(&fs, "sbin/devmgr", &file)))
		return false;
	const struct spawn_args args = {
		.image = file.data,
		.image_size = file.size,
		.image_vmo = test_handle(HND_BOOTFS),
		.image_offset = file.offset,
		.name = "devmgr",
		.handles = handles,
		.nhandles = n,
		/* as init starts it: the test's own priority is that of a client */
		.prio = PRIO_DEFAULT,
	};
	return CHECK_OK(spawn(&args, &process, NULL));
}

handle_t device_open(const char *name, uint32_t *index)
{
	enum devmgr_class class;
	handle_t device = HANDLE_NONE;
	status_t status = ERR_NOT_FOUND;

	/* Devices that a bus driver or a probe finds come a while after devmgr. */
	for (uint64_t end = now() + DEVICE_TIMEOUT; status == ERR_NOT_FOUND && now() < end; sleep_ns(2 * MS))
		status = devmgr_open_until(owner, end, name, &device, &class, index);
	CHECK_OK(status);
	return device;
}

bool device_node(uint32_t index, struct devmgr_node *node)
{
	uint32_t count = 0, total;

	return CHECK_OK(devmgr_list_until(owner, now() + DEVICE_TIMEOUT, index, node, 1, &count, &total)) &&
	       CHECK_EQ(count, 1) && CHECK_EQ(node->index, index);
}

uint32_t devices_list(struct devmgr_node *nodes, uint32_t max)
{
	uint32_t total = 1, count = 0, got;

	while (count < total && count < max) {
		uint32_t room = max - count < 64 ? max - count : 64;

		if (!CHECK_OK(devmgr_list_until(owner, now() + DEVICE_TIMEOUT, count, nodes + count, room, &got,
						&total)) ||
		    !CHECK(got))
			break;
		count += got;
	}
	return count;
}

bool device_death(uint32_t index, struct devmgr_death *death)
{
	uint32_t count = 0;

	return devmgr_last_death_until(owner, now() + DEVICE_TIMEOUT, index, death, 1, &count) == OK && count == 1;
}

bool device_await(uint32_t index, enum devmgr_state state)
{
	struct devmgr_node node = {0};

	for (uint64_t end = now() + DEVICE_TIMEOUT; now() < end; sleep_ns(2 * MS)) {
		if (!device_node(index, &node))
			return false;
		if (node.state == state)
			return true;
	}
	print("  %s is in state %u after %u restarts: %s", node.path, node.state, node.restarts, node.reason);
	return CHECK(!"the state that was waited for");
}

static handle_t res_process(void)
{
	static handle_t res;

	if (res == HANDLE_NONE)
		res = test_system_resource(SYSTEM_PROCESS);
	return res;
}

bool device_kill(uint32_t index)
{
	struct devmgr_node node;
	handle_t process = HANDLE_NONE;
	status_t status;

	if (!device_node(index, &node))
		return false;
	if (!node.pid)
		return true; /* dead already */
	status = process_open(res_process(), node.pid, &process);
	if (status == ERR_NOT_FOUND)
		return true;
	if (!CHECK_OK(status))
		return false;
	status = process_kill(process, 9);
	(void)handle_close(process);
	return status == ERR_STATE || CHECK_OK(status);
}

bool device_restart(uint32_t index)
{
	return CHECK_OK(devmgr_restart_until(owner, now() + DEVICE_TIMEOUT, index));
}

handle_t dma_memory(uint64_t size, void **at)
{
	handle_t vmo = HANDLE_NONE, res = test_system_resource(SYSTEM_DMA);

	*at = NULL;
	if (CHECK_OK(vmo_create(size, VMO_CONTIGUOUS, res, &vmo)))
		*at = map_at(vmo, 0, size, MAP_READ | MAP_WRITE, __FILE__, __LINE__);
	(void)handle_close(res);
	return vmo;
}

static void killer_run(void *arg)
{
	struct killer *k = arg;
	const struct thread_sched sched = {.prio = PRIO_KILLER};
	handle_t res = test_system_resource(SYSTEM_PRIORITY);

	CHECK_OK(thread_set_sched(HANDLE_NONE, &sched, res));
	(void)handle_close(res);
	while (!k->go && !k->stop)
		sleep_ns(MS);
	while (k->done < k->kills && !k->stop) {
		sleep_ns(random_next(&k->seed) % k->pause_ns);
		bool good = k->done % 2 ? device_restart(k->index) : device_kill(k->index);

		if (!good || test_failures())
			break;
		k->done++;
		if (!k->progress || k->done % 4)
			continue;
		uint32_t seen = *k->progress;
		for (uint64_t end = now() + DEVICE_TIMEOUT; *k->progress == seen && !k->stop && now() < end;)
			sleep_ns(MS);
	}
}

bool killer_start(struct killer *k)
{
	k->done = 0;
	return thread_spawn(&k->thread, killer_run, k, PRIO_DEFAULT);
}

void killer_wait(struct killer *k)
{
	thread_join(&k->thread);
}

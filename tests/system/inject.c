/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software fault injection, after the experiments with MINIX 3 (Herder et al., DSN 2009): random changes to the code, stack and variables of a driver
 * that works under load. A broken driver may answer wrongly and may need a client's or an operator's restart; nothing else may come to harm, and a fresh
 * instance has to do its work as if nothing had been.
 *   blk or net   which driver      injections=N   how many (40)      seed=N      again=1   says each one      patient=1   leaves back-off and
 *   giving up to devmgr alone; else its patience is renewed after each recovery, which is quicker
 */
#include <string.h>

#include "protocols/block.h"
#include "protocols/net.h"
#include "sys/lib/block_queue.h"
#include "sys/lib/net_queue.h"
#include "tests/system/lib/devices.h"
#include "tests/system/lib/echo.h"
#include "tests/system/lib/inject.h"
#include "tests/system/lib/make.h"

#define PRIO_INJECTOR 220           /* above the drivers' 192 */
#define STALL_NS      (12 * SECOND) /* without progress: longer than devmgr needs to see a hang */
#define ENOUGH        30            /* answers after which a change is taken to do no harm for now */
#define NODES_MAX     128

/* ---- the injector: changes something, sees what comes of it ------------------------------------- */

static struct {
	uint32_t index; /* of the driver's node */
	uint64_t wanted, seed;
	volatile uint64_t done;
	volatile bool stop;
	struct thread thread;
	uint64_t kinds[INJECT_KINDS];
	/* what became of them */
	uint64_t deaths[4]; /* by enum devmgr_end */
	uint64_t stalls, give_ups, renewed;
} injector;

static volatile uint64_t progress;     /* answers to the workload */
static volatile bool rules_broken;     /* a client has seen what no good driver does */
static uint64_t wrong, errors, broken; /* answers with other data than was written; refused; breaches of the protocol */

static handle_t process_of(uint32_t index, struct devmgr_node *node)
{
	static handle_t res;
	handle_t process = HANDLE_NONE;

	if (res == HANDLE_NONE)
		res = test_system_resource(SYSTEM_PROCESS);
	if (device_node(index, node) && node->state == DEVMGR_STATE_RUNNING && node->pid)
		(void)process_open(res, node->pid, &process);
	return process;
}

static void death_count(void)
{
	struct devmgr_death death = {0};

	if (device_death(injector.index, &death) && death.how < ARRAY_SIZE(injector.deaths))
		injector.deaths[death.how]++;
}

/* Until the change has done no harm for some time, or its harm is mended. */
static void outcome_await(const struct devmgr_node *before)
{
	uint64_t begun = progress, since = now();
	uint32_t restarts = before->restarts;
	struct devmgr_node node = *before;

	while (!injector.stop && !test_failures()) {
		sleep_ns(MS);
		if (!device_node(injector.index, &node))
			return;
		if (node.restarts != restarts || (node.state != DEVMGR_STATE_RUNNING && node.pid != before->pid)) {
			if (restarts != before->restarts || node.restarts != before->restarts)
				restarts = node.restarts;
			begun = progress;
		}
		if (node.state == DEVMGR_STATE_FAILED) {
			injector.give_ups++;
			if (!device_restart(injector.index))
				return;
			since = now();
		} else if (node.state != DEVMGR_STATE_RUNNING) {
			since = now();
		} else if (rules_broken || now() - since > STALL_NS) {
			/* Alive, by all that devmgr sees, but of no use: whoever notices asks for another instance. */
			injector.stalls++;
			rules_broken = false;
			if (!device_restart(injector.index))
				return;
			begun = progress;
			since = now();
		} else if (progress - begun >= ENOUGH) {
			break;
		}
	}
	if (node.pid == before->pid)
		return;
	death_count();
	if (!test_option("patient", 0)) {
		injector.renewed++;
		(void)device_restart(injector.index);
		(void)device_await(injector.index, DEVMGR_STATE_RUNNING);
	}
}

static void injector_run(void *arg)
{
	const struct thread_sched sched = {.prio = PRIO_INJECTOR};
	handle_t res = test_system_resource(SYSTEM_PRIORITY);
	static const char *const names[] = {"text", "stack", "data"};

	(void)arg;
	CHECK_OK(thread_set_sched(HANDLE_NONE, &sched, res));
	(void)handle_close(res);
	while (injector.done < injector.wanted && !injector.stop && !test_failures()) {
		struct devmgr_node node = {0};
		struct injected what;
		enum inject_kind kind = (enum inject_kind)(random_next(&injector.seed) % INJECT_KINDS);

		sleep_ns(random_next(&injector.seed) % (2 * MS));
		handle_t process = process_of(injector.index, &node);
		if (process == HANDLE_NONE) {
			sleep_ns(MS);
			continue;
		}
		status_t status = inject(process, kind, &injector.seed, &what);
		(void)handle_close(process);
		if (status != OK)
			continue; /* it was about to end, or its stack pointer leads nowhere */
		if (test_option("again", 0))
			print("  %lu: %s at %lx: %lx -> %lx, driver %lu", injector.done, names[kind], what.address,
			      what.before, what.after, node.pid);
		injector.kinds[kind]++;
		outcome_await(&node);
		injector.done++;
	}
	injector.stop = true;
}

static bool injecting(void)
{
	return !injector.stop && !test_failures();
}

static struct devmgr_node nodes_before[NODES_MAX];
static uint32_t node_count;

static void begin(uint32_t index)
{
	node_count = devices_list(nodes_before, NODES_MAX);
	injector.index = index;
	injector.wanted = test_option("injections", 40);
	injector.seed = test_option("seed", 42);
	CHECK(thread_spawn(&injector.thread, injector_run, NULL, PRIO_DEFAULT));
}

/* The injector has come to its end: a fresh driver, and everybody else as before. */
static void settle(void)
{
	static struct devmgr_node after[NODES_MAX];

	thread_join(&injector.thread);
	print("  %lu changes (%lu text, %lu stack, %lu data): %lu faults, %lu exits, %lu hangs, %lu ended by request",
	      injector.done, injector.kinds[INJECT_TEXT], injector.kinds[INJECT_STACK], injector.kinds[INJECT_DATA],
	      injector.deaths[DEVMGR_END_FAULTED], injector.deaths[DEVMGR_END_EXITED], injector.deaths[DEVMGR_END_HUNG],
	      injector.deaths[DEVMGR_END_KILLED]);
	print("  %lu of no use and restarted by who noticed, %lu given up; %lu wrong, %lu refused, %lu against the rules",
	      injector.stalls, injector.give_ups, wrong, errors, broken);
	CHECK_EQ(injector.done, injector.wanted);
	CHECK(device_restart(injector.index));
	CHECK(device_await(injector.index, DEVMGR_STATE_RUNNING));
	CHECK_EQ(devices_list(after, NODES_MAX), node_count);
	for (uint32_t i = 0; i < node_count && i < NODES_MAX; i++) {
		if (i == injector.index)
			continue;
		CHECK_EQ(after[i].pid, nodes_before[i].pid);
		CHECK_EQ(after[i].restarts, nodes_before[i].restarts);
		CHECK_EQ(after[i].state, nodes_before[i].state);
	}
}

/* ---- a disk ------------------------------------------------------------------------------------------- */

#define JOBS      16
#define JOB_BYTES (16 * KIB)

static struct block_queue disk_queue;
static uint32_t block_size;
static uint8_t *disk_bytes;

struct job {
	struct block_request rq;
	uint64_t seed; /* of what its blocks hold; 0: unknown, an answer was not to be believed */
	bool busy;
};
static struct job jobs[JOBS];

static void pattern_fill(uint64_t *words, uint32_t size, uint64_t seed)
{
	for (uint32_t i = 0; i < size / 8; i++)
		words[i] = seed + i * 0x9e3779b97f4a7c15ull;
}

static bool pattern_check(const uint64_t *words, uint32_t size, uint64_t seed)
{
	for (uint32_t i = 0; i < size / 8; i++) {
		if (words[i] != seed + i * 0x9e3779b97f4a7c15ull)
			return false;
	}
	return true;
}

/* Each job has blocks of its own: writes them, reads them. */
static bool job_start(unsigned number, uint64_t *seed)
{
	struct job *job = &jobs[number];
	uint8_t *at = disk_bytes + number * JOB_BYTES;
	bool write = !job->seed || random_next(seed) % 2;

	job->rq = (struct block_request){.id = number,
					 .block = number * (JOB_BYTES / block_size),
					 .offset = number * (uint32_t)JOB_BYTES,
					 .count = JOB_BYTES / block_size,
					 .op = write ? BLOCK_OP_WRITE : BLOCK_OP_READ};
	if (write) {
		job->seed = random_next(seed);
		pattern_fill((uint64_t *)at, JOB_BYTES, job->seed);
	} else {
		memset(at, 0xee, JOB_BYTES);
	}
	job->busy = block_queue_submit(&disk_queue, &job->rq) == OK;
	return job->busy;
}

/* strict: the driver is a good one. */
static void answers_take(bool strict)
{
	struct block_answer answer;
	status_t status;

	while ((status = block_queue_poll(&disk_queue, &answer)) == OK) {
		struct job *job = &jobs[answer.id % JOBS];

		/* The library promises that much whatever the driver does. */
		if (!CHECK(answer.id < JOBS && job->busy))
			return;
		job->busy = false;
		progress++;
		if (strict)
			CHECK_OK(answer.result);
		if (answer.result != OK) {
			errors++;
			job->seed = 0;
		} else if (job->rq.op == BLOCK_OP_READ &&
			   !pattern_check((const uint64_t *)(disk_bytes + job->rq.offset), JOB_BYTES, job->seed)) {
			wrong++;
			if (strict)
				CHECK(!"a block holds what was not written last");
			job->seed = 0;
		}
	}
	if (strict)
		CHECK_STATUS(status, ERR_WOULD_BLOCK);
	if (status != ERR_WOULD_BLOCK) {
		broken++;
		rules_broken = true;
	}
}

static void disk_work(uint64_t *seed, uint64_t answers, bool strict)
{
	uint64_t begun = progress;

	while ((strict ? progress - begun < answers : injecting()) && !test_failures()) {
		for (unsigned i = 0; i < JOBS; i++) {
			if (!jobs[i].busy)
				(void)job_start(i, seed);
		}
		block_queue_kick(&disk_queue);
		status_t status = block_queue_wait(&disk_queue, now() + (strict ? DEVICE_TIMEOUT : 100 * MS));
		if (strict)
			CHECK_OK(status);
		/* Given up: until the injector has it started anew */
		if (status == ERR_CLOSED)
			sleep_ns(10 * MS);
		answers_take(strict);
	}
}

static void case_blk(void)
{
	handle_t disk, data;
	uint32_t index, count;
	uint64_t seed = test_option("seed", 42) + 7;
	struct block_info info;
	void *at;

	REQUIRE(devices_up());
	disk = device_open("block:0", &index);
	data = dma_memory(JOBS * JOB_BYTES, &at);
	disk_bytes = at;
	REQUIRE(disk != HANDLE_NONE && at);
	REQUIRE_OK(block_info_until(disk, now() + DEVICE_TIMEOUT, &info, 1, &count));
	block_size = info.block_size;
	REQUIRE_OK(block_queue_open(&disk_queue, disk, data, JOBS, HANDLE_NONE, 0));
	disk_work(&seed, 100, true);
	begin(index);
	disk_work(&seed, 0, false);
	settle();
	/* What was under way comes from the time before; then all is well. */
	while (block_queue_pending(&disk_queue) && !test_failures()) {
		CHECK_OK(block_queue_wait(&disk_queue, now() + DEVICE_TIMEOUT));
		answers_take(false);
	}
	for (unsigned i = 0; i < JOBS; i++)
		jobs[i].seed = 0;
	disk_work(&seed, 1000, true);
	block_queue_close(&disk_queue);
}

/* ---- a network interface ---------------------------------------------------------------------------- */

#define DEPTH      32
#define BUFFER     2048
#define ROOM       1600
#define DATA_BYTES (2ul * DEPTH * BUFFER) /* receiving ones first */
#define WINDOW     8

static struct net_queue net_queue;
static struct net_info net;
static uint8_t *net_bytes, peer[6];
static uint32_t tx_free[DEPTH], tx_free_count, next_number;
static bool peer_known;

static void frame_send(const void *frame, uint32_t size)
{
	if (!tx_free_count)
		return;
	uint32_t buffer = tx_free[--tx_free_count];
	const struct net_slot slot = {.offset = buffer * BUFFER, .length = size, .cookie = buffer};

	memcpy(net_bytes + buffer * BUFFER + net.headroom, frame, size);
	if (net_queue_send(&net_queue, &slot, 1) != OK)
		tx_free[tx_free_count++] = buffer;
}

static void frames_take(bool strict)
{
	struct net_slot slots[NET_PARTS_MAX];
	uint32_t count, cookie, number;
	status_t status, sent;

	while ((status = net_queue_receive(&net_queue, slots, &count)) == OK) {
		for (uint32_t i = 0; i < count; i++) {
			/* As the library promises */
			if (!CHECK(slots[i].cookie < DEPTH && slots[i].length <= ROOM &&
				   slots[i].offset <= DATA_BYTES - slots[i].length))
				return;
			switch (echo_look(net_bytes + slots[i].offset, slots[i].length, peer, &number)) {
			case FRAME_ARP: peer_known = true; break;
			case FRAME_ECHO: progress++; break;
			case FRAME_WRONG:
				wrong++;
				if (strict)
					CHECK(!"an answer with other contents");
				break;
			case FRAME_OTHER: break;
			}
			(void)net_queue_supply(&net_queue, slots[i].cookie * BUFFER, ROOM, slots[i].cookie);
		}
	}
	while ((sent = net_queue_sent(&net_queue, &cookie)) == OK) {
		if (!CHECK(cookie >= DEPTH && cookie < 2 * DEPTH && tx_free_count < DEPTH))
			return;
		tx_free[tx_free_count++] = cookie;
	}
	if (strict)
		CHECK(status == ERR_WOULD_BLOCK && sent == ERR_WOULD_BLOCK);
	if (status != ERR_WOULD_BLOCK || sent != ERR_WOULD_BLOCK) {
		broken++;
		rules_broken = true;
	}
}

static void net_work(uint64_t answers, bool strict)
{
	static struct echo e;
	uint64_t begun = progress, last = progress, window_end = 0;
	uint32_t out = 0;

	while ((strict ? progress - begun < answers : injecting()) && !test_failures()) {
		if (!peer_known) {
			struct arp a;

			arp_make(&a, net.mac);
			frame_send(&a, sizeof(a));
		} else if (out < WINDOW || now() > window_end) {
			/* What is not answered for a while is lost. */
			for (out = now() > window_end ? 0 : out; out < WINDOW; out++) {
				echo_make(&e, net.mac, peer, next_number++);
				frame_send(&e, sizeof(e));
			}
			window_end = now() + 50 * MS;
		}
		net_queue_kick(&net_queue);
		status_t status = net_queue_wait(&net_queue, now() + 20 * MS);
		if (strict && status != ERR_TIMED_OUT)
			CHECK_OK(status);
		if (status == ERR_CLOSED)
			sleep_ns(10 * MS);
		frames_take(strict);
		out -= progress - last < out ? (uint32_t)(progress - last) : out;
		last = progress;
	}
}

static void case_net(void)
{
	handle_t device, data;
	uint32_t index;
	void *at;

	REQUIRE(devices_up());
	device = device_open("net:0", &index);
	data = dma_memory(DATA_BYTES, &at);
	net_bytes = at;
	REQUIRE(device != HANDLE_NONE && at);
	REQUIRE_OK(net_info_until(device, now() + DEVICE_TIMEOUT, &net));
	REQUIRE_OK(net_queue_open(&net_queue, device, data, DEPTH, HANDLE_NONE, 0));
	for (uint32_t i = 0; i < DEPTH; i++) {
		CHECK_OK(net_queue_supply(&net_queue, i * BUFFER, ROOM, i));
		tx_free[i] = DEPTH + i;
	}
	tx_free_count = DEPTH;
	net_work(100, true);
	begin(index);
	net_work(0, false);
	settle();
	peer_known = false;
	for (uint64_t end = now() + 200 * MS; now() < end;) { /* what is still on its way */
		(void)net_queue_wait(&net_queue, end);
		frames_take(false);
	}
	net_work(500, true);
	net_queue_close(&net_queue);
}

TEST_CASES("inject", {"blk", case_blk}, {"net", case_net});

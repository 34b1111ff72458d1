/* SPDX-License-Identifier: BSD-2-Clause */
/* The page cache over a real driver: what it is on the host (tests/unit/disk_cache.c), and what only a driver can do to it. */
#include <string.h>

#include "fs/disk/cache.h"
#include "fs/disk/disk_block.h"
#include "tests/system/lib/devices.h"
#include "tests/system/lib/make.h"

#define PAGE        CACHE_PAGE_SIZE
#define REGION      1024u /* pages from the disk's start that are written */
#define CACHE_BYTES (2 * MIB)

/* The cache wants malloc; a system test has no libc. What is freed is what was taken last, or stays until all is free. */
static uint8_t arena[4 * MIB] __attribute__((aligned(4096)));
static size_t arena_used, arena_blocks;

void *calloc(size_t count, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void free(void *at);

void *calloc(size_t count, size_t size)
{
	size_t bytes = (count * size + 15) & ~(size_t)15;
	void *at = arena + arena_used;

	if (bytes > sizeof(arena) - arena_used)
		return NULL;
	arena_used += bytes;
	arena_blocks++;
	memset(at, 0, bytes);
	return at;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	arena_used = (arena_used + alignment - 1) & ~(alignment - 1);
	return calloc(1, size);
}

void free(void *at)
{
	if (at && !--arena_blocks)
		arena_used = 0;
}

static handle_t device = HANDLE_NONE;
static uint32_t device_index;
static struct disk *disk;
static struct cache cache;
static uint32_t versions[REGION];
static uint64_t state;

static bool up(void)
{
	handle_t dma;

	if (!devices_up())
		return false;
	if (device == HANDLE_NONE)
		device = device_open("block:0", &device_index);
	dma = test_system_resource(SYSTEM_DMA);
	bool good = CHECK_OK(disk_block_open(&disk, device, dma, CACHE_BYTES, HANDLE_NONE, 0)) &&
		    CHECK_OK(cache_open(&cache, disk, CACHE_BYTES));
	shut(dma);
	return good && CHECK(cache.end >= 2 * REGION);
}

static void down(void)
{
	cache_close(&cache);
	disk->ops->close(disk);
}

static void page_fill(uint8_t *at, uint64_t number, uint32_t version)
{
	uint64_t *words = (uint64_t *)(void *)at, value = number * 0x9e3779b97f4a7c15ull + version;

	for (unsigned i = 0; i < PAGE / 8; i++) {
		words[i] = value;
		value = value * 6364136223846793005ull + 1442695040888963407ull;
	}
}

static bool page_good(const struct cache_page *p)
{
	static uint8_t want[PAGE] __attribute__((aligned(8)));

	page_fill(want, p->number, versions[p->number]);
	return !memcmp(p->data, want, PAGE);
}

static bool page_write(uint64_t number)
{
	static uint8_t bytes[PAGE] __attribute__((aligned(8)));

	page_fill(bytes, number, ++versions[number]);
	return CHECK_OK(cache_write(&cache, NULL, number * PAGE, bytes, PAGE));
}

static bool page_check(uint64_t number)
{
	struct cache_page *p;

	if (!CHECK_OK(cache_get(&cache, number, &p)))
		return false;
	bool good = CHECK(page_good(p));
	cache_put(&cache, p);
	return good;
}

static void all_write(void)
{
	for (uint64_t i = 0; i < REGION; i++) {
		if (!page_write(i))
			return;
	}
	CHECK_OK(cache_sync(&cache, NULL));
}

static void case_contents(void)
{
	REQUIRE(up());
	uint64_t start = now();
	all_write();
	uint64_t wrote = now();
	print("  written: %u KiB in %lu us, %lu requests", REGION * 4, (wrote - start) / 1000, cache.stats.writes);
	CHECK(cache.stats.writes <= REGION / 16);
	CHECK_EQ(cache.stats.reads, 0);
	down();
	/* Nothing of it is in memory any more. */
	REQUIRE(up());
	struct cache_ahead ahead = {0};
	start = now();
	for (uint64_t i = 0; i < REGION; i++) {
		cache_read_ahead(&cache, &ahead, i, 1, REGION);
		if (!page_check(i))
			break;
	}
	print("  read on:  %u KiB in %lu us, %lu requests", REGION * 4, (now() - start) / 1000, cache.stats.reads);
	CHECK(cache.stats.reads <= REGION / 16);
	down();
}

static unsigned ready, bad;

static void on_ready(struct cache_wait *w, status_t result)
{
	(void)w;
	ready++;
	bad += result != OK;
}

static void case_many_reads(void)
{
	static struct cache_wait waits[64];
	static struct cache_page *pages[64];

	REQUIRE(up());
	all_write();
	down();
	REQUIRE(up());
	uint64_t start = now();
	for (unsigned round = 0; round < 16; round++) {
		unsigned under_way = 0;

		ready = bad = 0;
		for (unsigned i = 0; i < 64; i++) {
			waits[i].ready = on_ready;
			status_t status = cache_get_start(&cache, (i * 16 + round) % REGION, &waits[i], &pages[i]);
			REQUIRE(status == OK || status == ERR_WOULD_BLOCK);
			under_way += status == ERR_WOULD_BLOCK;
		}
		while (ready < under_way) {
			if (!cache_poll(&cache))
				REQUIRE_OK(cache_wait(&cache, now() + DEVICE_TIMEOUT));
		}
		CHECK_EQ(bad, 0);
		for (unsigned i = 0; i < 64; i++) {
			CHECK(page_good(pages[i]));
			cache_put(&cache, pages[i]);
		}
	}
	print("  1024 single pages, 64 at a time, in %lu us", (now() - start) / 1000);
	CHECK_OK(cache_discard(&cache, 0, REGION));
	down();
}

/* Writers go on while the driver dies under them; what was synced is there. */
static void case_kills(void)
{
	static struct killer killer;

	REQUIRE(up());
	all_write();
	state = test_option("seed", 7);
	killer = (struct killer){
		.index = device_index, .kills = test_option("kills", 12), .seed = state, .pause_ns = 8 * MS};
	REQUIRE(killer_start(&killer));
	killer.go = 1;
	while (killer.done < killer.kills && !test_failures()) {
		for (unsigned i = 0; i < 40; i++)
			(void)page_write(random_next(&state) % REGION);
		for (unsigned i = 0; i < 40; i++)
			(void)page_check(random_next(&state) % REGION);
		if (random_next(&state) % 4 == 0)
			CHECK_OK(cache_sync(&cache, NULL));
	}
	killer.stop = 1;
	killer_wait(&killer);
	CHECK_EQ(killer.done, killer.kills);
	CHECK_OK(cache_sync(&cache, NULL));
	CHECK_EQ(cache.stats.write_errors + cache.stats.read_errors, 0);
	down();
	REQUIRE(device_await(device_index, DEVMGR_STATE_RUNNING));
	REQUIRE(up());
	for (uint64_t i = 0; i < REGION && !test_failures(); i++)
		(void)page_check(i);
	down();
}

/* Last: the driver has died too often, and is given up. */
static void case_gone(void)
{
	struct devmgr_node node = {0};
	struct cache_page *p;

	REQUIRE(up());
	CHECK(page_write(0));
	for (uint64_t until = now() + 2 * DEVICE_TIMEOUT; now() < until && node.state != DEVMGR_STATE_FAILED;) {
		REQUIRE(device_kill(device_index));
		sleep_ns(20 * MS);
		REQUIRE(device_node(device_index, &node));
	}
	REQUIRE(node.state == DEVMGR_STATE_FAILED);
	uint64_t start = now();
	CHECK_STATUS(cache_get(&cache, REGION, &p), ERR_IO);
	print("  an error after %lu ms", (now() - start) / MS);
	start = now();
	CHECK_STATUS(cache_get(&cache, REGION + 1, &p), ERR_IO);
	CHECK_STATUS(cache_sync(&cache, NULL), ERR_IO);
	CHECK(now() - start < SECOND);
	CHECK(page_check(0)); /* what is in memory can be read still */
	down();
}

TEST_CASES("disk", {"contents", case_contents}, {"many_reads", case_many_reads}, {"kills", case_kills},
	   {"gone", case_gone});

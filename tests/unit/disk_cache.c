/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page cache over a disk that reorders, fails and goes away, against a plain array: what is read is what was written, what
 * was synced survives power, errors reach whom they concern and nobody else.   disk_cache [random steps] [seed]
 */
#include "fs/disk/cache.h"

#include <stdlib.h>

#include "tests/unit/check.h"
#include "tests/unit/disk_model.h"

#define PAGE CACHE_PAGE_SIZE

static struct disk_model model;
static struct cache cache;

static void up(uint64_t blocks, uint32_t block_size, bool asynchronous, size_t bytes)
{
	disk_model_open(&model, blocks, block_size, asynchronous, asynchronous ? bytes : 0);
	for (uint64_t i = 0; i < blocks * block_size; i += 8) {
		uint64_t value = i * 0x9e3779b97f4a7c15ull;

		memcpy(model.now + i, &value, 8);
		memcpy(model.medium + i, &value, 8);
	}
	CHECK_INT(cache_open(&cache, &model.disk, bytes), OK);
}

static void down(void)
{
	cache_close(&cache);
	disk_model_close(&model);
}

/* ---- single properties ------------------------------------------------------------------------------------- */

static void sizes(void)
{
	disk_model_open(&model, 1000, 512, false, 0);
	CHECK_INT(cache_open(&cache, &model.disk, 63 * PAGE), ERR_INVALID);
	model.disk.max_blocks = 7;
	CHECK_INT(cache_open(&cache, &model.disk, 64 * PAGE), ERR_INVALID);
	model.disk.max_blocks = 8;
	CHECK_INT(cache_open(&cache, &model.disk, 64 * PAGE), OK);
	down();

	/* 1003 blocks of 512: the last page is three blocks */
	uint8_t byte = 7, got = 0;
	struct cache_page *p;
	up(1003, 512, true, 64 * PAGE);
	CHECK_INT(cache_get(&cache, 125, &p), OK);
	cache_put(&cache, p);
	CHECK_INT(cache_get(&cache, 126, &p), ERR_RANGE);
	CHECK_INT(cache_get(&cache, UINT64_MAX, &p), ERR_RANGE);
	CHECK_INT(cache_get_new(&cache, 126, &p), ERR_RANGE);
	CHECK_INT(cache_write(&cache, NULL, 1003 * 512 - 1, &byte, 1), OK);
	CHECK_INT(cache_write(&cache, NULL, 1003 * 512, &byte, 1), ERR_RANGE);
	CHECK_INT(cache_read(&cache, 1003 * 512 - 1, &got, 2), ERR_RANGE);
	CHECK_INT(cache_read(&cache, UINT64_MAX, &got, 1), ERR_RANGE);
	CHECK_INT(cache_read(&cache, 1003 * 512, &got, 0), OK);
	CHECK_INT(cache_sync(&cache, NULL), OK);
	CHECK_INT(model.medium[1003 * 512 - 1], 7);
	down();

	up(1000, 4096, true, 64 * PAGE);
	model.disk.read_only = true;
	CHECK_INT(cache_write(&cache, NULL, 0, &byte, 1), ERR_READ_ONLY);
	CHECK_INT(cache_discard(&cache, 0, 1), ERR_READ_ONLY);
	CHECK_INT(cache_get(&cache, 0, &p), OK);
	CHECK_INT(cache_modify(&cache, &p, NULL), ERR_READ_ONLY);
	cache_put(&cache, p);
	down();
}

/* Large requests come out of many small steps. */
static void merging(void)
{
	static uint8_t bytes[256 * PAGE];

	up(8192, 512, true, 1024 * PAGE);
	for (unsigned i = 0; i < 256; i++)
		CHECK_INT(cache_write(&cache, NULL, i * PAGE, bytes, PAGE), OK);
	CHECK_INT(cache_sync(&cache, NULL), OK);
	CHECK(cache.stats.writes <= 8);
	CHECK_INT(cache.stats.reads, 0);
	/* backwards, and with other pages between, so that they do not lie in memory as on the disk */
	uint64_t before = cache.stats.writes;
	for (unsigned i = 0; i < 128; i++) {
		CHECK_INT(cache_write(&cache, NULL, (1000 - i) * PAGE, bytes, PAGE), OK);
		CHECK_INT(cache_write(&cache, NULL, (400 + 2 * i) * PAGE, bytes, PAGE), OK);
	}
	CHECK_INT(cache_sync(&cache, NULL), OK);
	CHECK(cache.stats.writes - before <= 128 + 6);

	/* a reader who reads on */
	struct cache_ahead ahead = {0};
	down();
	up(16384, 512, true, 1024 * PAGE);
	before = cache.stats.reads;
	for (unsigned i = 0; i < 2048; i++) {
		cache_read_ahead(&cache, &ahead, i, 1, 2048);
		CHECK_INT(cache_read(&cache, i * PAGE, bytes, PAGE), OK);
		CHECK(!memcmp(bytes, model.now + i * PAGE, PAGE));
	}
	CHECK(cache.stats.reads - before < 60);
	CHECK_INT(cache.stats.read_pages, 2048);
	/* one who does not */
	memset(&ahead, 0, sizeof(ahead));
	down();
	up(16384, 512, true, 1024 * PAGE);
	for (unsigned i = 0; i < 500; i++) {
		uint64_t number = disk_model_random(&model, 1024) * 2;

		cache_read_ahead(&cache, &ahead, number, 1, 2048);
		CHECK_INT(cache_read(&cache, number * PAGE, bytes, PAGE), OK);
	}
	CHECK(cache.stats.ahead < 100);
	down();
}

/* What is used again stays while a stream goes by. */
static void eviction(void)
{
	uint8_t byte;

	up(65536, 512, true, 256 * PAGE);
	for (unsigned i = 0; i < 32; i++) {
		CHECK_INT(cache_read(&cache, 8000 * PAGE + i * PAGE, &byte, 1), OK);
		CHECK_INT(cache_read(&cache, 8000 * PAGE + i * PAGE, &byte, 1), OK);
	}
	for (unsigned i = 0; i < 4000; i++) {
		(void)cache_prefetch(&cache, i, 8);
		CHECK_INT(cache_read(&cache, i * PAGE, &byte, 1), OK);
		uint64_t missed = cache.stats.misses;
		CHECK_INT(cache_read(&cache, 8000 * PAGE + i % 32 * PAGE, &byte, 1), OK);
		CHECK_INT(cache.stats.misses, missed);
	}
	/* Held by somebody, all of them: there is no page to be had, and then again there is. */
	struct cache_page *pages[256], *p;
	for (unsigned i = 0; i < cache.count; i++)
		CHECK_INT(cache_get(&cache, i, &pages[i]), OK);
	CHECK_INT(cache_get(&cache, 5000, &p), ERR_NO_MEMORY);
	CHECK_INT(cache_get_new(&cache, 5000, &p), ERR_NO_MEMORY);
	cache_put(&cache, pages[7]);
	CHECK_INT(cache_get(&cache, 5000, &p), OK);
	cache_put(&cache, p);
	for (unsigned i = 0; i < cache.count; i++) {
		if (i != 7)
			cache_put(&cache, pages[i]);
	}
	down();
}

static unsigned ready_calls, ready_failed, synced_calls;
static status_t synced_status;

static void on_synced(struct cache_sync *s, status_t result)
{
	(void)s;
	synced_calls++;
	synced_status = result;
}

/* A page that the disk is just writing is not changed under its hands. */
static void stable_writes(void)
{
	struct cache_page *p;
	struct cache_sync sync = {.done = on_synced};

	up(8192, 512, true, 256 * PAGE);
	CHECK_INT(cache_get(&cache, 5, &p), OK);
	CHECK_INT(cache_modify(&cache, &p, NULL), OK);
	memset(p->data, 1, PAGE);
	cache_sync_start(&cache, &sync, NULL);
	CHECK(p->state & CACHE_WRITING);
	struct cache_page *old = p;
	CHECK_INT(cache_modify(&cache, &p, NULL), OK);
	CHECK(p != old);
	memset(p->data, 2, PAGE);
	CHECK_INT(old->data[0], 1);
	cache_put(&cache, p);
	CHECK_INT(cache_get(&cache, 5, &p), OK);
	CHECK_INT(p->data[100], 2);
	cache_put(&cache, p);
	synced_calls = 0;
	while (!synced_calls) {
		if (!cache_poll(&cache))
			CHECK_INT(cache_wait(&cache, UINT64_MAX), OK);
	}
	CHECK_INT(synced_status, OK);
	CHECK_INT(model.medium[5 * PAGE], 1);
	CHECK_INT(cache_sync(&cache, NULL), OK);
	CHECK_INT(model.medium[5 * PAGE], 2);
	down();
}

static void on_ready(struct cache_wait *w, status_t result)
{
	(void)w;
	ready_calls++;
	ready_failed += result != OK;
}

static void several_at_a_time(void)
{
	struct cache_wait waits[64];
	struct cache_page *pages[64];
	unsigned under_way = 0;

	up(65536, 512, true, 256 * PAGE);
	model.bad[17 * 8 * 3] = MODEL_BAD_READ;
	ready_calls = ready_failed = 0;
	for (unsigned i = 0; i < 64; i++) {
		waits[i].ready = on_ready;
		status_t status = cache_get_start(&cache, i * 3, &waits[i], &pages[i]);
		CHECK(status == OK || status == ERR_WOULD_BLOCK);
		under_way += status == ERR_WOULD_BLOCK;
	}
	CHECK_INT(under_way, 64);
	CHECK_INT(ready_calls, 0);
	while (ready_calls < 64) {
		if (!cache_poll(&cache))
			CHECK_INT(cache_wait(&cache, UINT64_MAX), OK);
	}
	CHECK_INT(ready_failed, 1);
	CHECK(!cache_busy(&cache));
	for (unsigned i = 0; i < 64; i++) {
		if (i != 17)
			CHECK(!memcmp(pages[i]->data, model.now + i * 3 * PAGE, PAGE));
		cache_put(&cache, pages[i]);
	}
	/* It is not remembered as bad for ever. */
	uint8_t byte;
	CHECK_INT(cache_read(&cache, 17 * 3 * PAGE, &byte, 1), ERR_IO);
	model.bad[17 * 8 * 3] = 0;
	CHECK_INT(cache_read(&cache, 17 * 3 * PAGE, &byte, 1), OK);

	/* syncs that go on together need one flush */
	struct cache_owner owners[8];
	struct cache_sync syncs[8];
	synced_calls = 0;
	for (unsigned i = 0; i < 8; i++) {
		cache_owner_open(&owners[i]);
		CHECK_INT(cache_write(&cache, &owners[i], (1000 + 2 * i) * PAGE, &byte, 1), OK);
	}
	uint64_t flushes = cache.stats.flushes;
	for (unsigned i = 0; i < 8; i++) {
		syncs[i].done = on_synced;
		cache_sync_start(&cache, &syncs[i], &owners[i]);
	}
	while (synced_calls < 8) {
		if (!cache_poll(&cache))
			CHECK_INT(cache_wait(&cache, UINT64_MAX), OK);
		CHECK_INT(synced_calls ? synced_status : OK, OK);
	}
	CHECK(cache.stats.flushes - flushes < 8);
	/* nothing written since: nothing to flush */
	flushes = cache.stats.flushes;
	CHECK_INT(cache_sync(&cache, &owners[0]), OK);
	CHECK_INT(cache.stats.flushes, flushes);
	for (unsigned i = 0; i < 8; i++)
		cache_owner_close(&cache, &owners[i]);
	down();
}

/* One bad block in the middle of a large request */
static void errors(bool asynchronous)
{
	static uint8_t bytes[32 * PAGE];
	struct cache_owner good, bad, other;

	up(65536, 512, asynchronous, 512 * PAGE);
	cache_owner_open(&good);
	cache_owner_open(&bad);
	cache_owner_open(&other);
	model.bad[10 * 8 + 3] = MODEL_BAD_READ | MODEL_BAD_WRITE;
	CHECK_INT(cache_read(&cache, 0, bytes, 10 * PAGE), OK);
	CHECK_INT(cache_read(&cache, 11 * PAGE, bytes, 10 * PAGE), OK);
	CHECK_INT(cache_read(&cache, 9 * PAGE, bytes, 3 * PAGE), ERR_IO);
	(void)cache_prefetch(&cache, 0, 64);
	CHECK_INT(cache_read(&cache, 30 * PAGE, bytes, PAGE), OK);

	memset(bytes, 0x55, sizeof(bytes));
	for (unsigned i = 0; i < 32; i++)
		CHECK_INT(cache_write(&cache, i == 10 ? &bad : &good, i * PAGE, bytes, PAGE), OK);
	CHECK_INT(cache_write(&cache, &other, 100 * PAGE, bytes, PAGE), OK);
	CHECK_INT(cache_sync(&cache, &good), OK);
	CHECK_INT(cache_sync(&cache, &other), OK);
	for (unsigned i = 0; i < 32; i++)
		CHECK(i == 10 || !memcmp(model.medium + i * PAGE, bytes, PAGE));
	CHECK_INT(cache_sync(&cache, &bad), ERR_IO);
	CHECK_INT(cache_sync(&cache, &bad), ERR_IO);
	CHECK_INT(cache_sync(&cache, &good), OK);
	CHECK_INT(cache_sync(&cache, NULL), ERR_IO);
	/* It is still what was written, and goes to the disk once that takes it. */
	memset(bytes, 0, PAGE);
	CHECK_INT(cache_read(&cache, 10 * PAGE, bytes, PAGE), OK);
	CHECK_INT(bytes[77], 0x55);
	model.bad[10 * 8 + 3] = 0;
	CHECK_INT(cache_sync(&cache, &bad), OK);
	CHECK(!memcmp(model.medium + 10 * PAGE, bytes, PAGE));
	CHECK_INT(cache_sync(&cache, NULL), OK);

	/* In the background: told to the next sync. Too many of them: given up, but told. */
	memset(model.bad + 1000 * 8, MODEL_BAD_WRITE, 1000 * 8);
	for (unsigned i = 0; i < 400; i++)
		CHECK_INT(cache_write(&cache, &bad, (1000 + i) * PAGE, bytes, PAGE), OK);
	for (unsigned i = 0; i < 400; i++)
		CHECK_INT(cache_write(&cache, &good, (2000 + i) * PAGE, bytes, PAGE), OK);
	CHECK_INT(cache_sync(&cache, &good), OK);
	CHECK(cache.stats.given_up > 0);
	CHECK_INT(cache_sync(&cache, &bad), ERR_IO);
	memset(model.bad, 0, 65536);
	CHECK_INT(cache_sync(&cache, &bad), OK); /* those that were kept */
	/* Nobody is left to be told. */
	memset(model.bad + 1000 * 8, MODEL_BAD_WRITE, 1000 * 8);
	for (unsigned i = 0; i < 20; i++)
		CHECK_INT(cache_write(&cache, &bad, (1000 + i) * PAGE, bytes, PAGE), OK);
	cache_owner_close(&cache, &bad);
	CHECK_INT(cache_sync(&cache, NULL), OK);
	CHECK_INT(cache.failed, 0);

	/* Two owners of one page: both hear. */
	cache_owner_open(&bad);
	CHECK_INT(cache_write(&cache, &bad, 1000 * PAGE, bytes, 10), OK);
	CHECK_INT(cache_write(&cache, &good, 1000 * PAGE + 10, bytes, 10), OK);
	CHECK_INT(cache_sync(&cache, &bad), ERR_IO);
	CHECK_INT(cache_sync(&cache, &good), ERR_IO);
	memset(model.bad, 0, 65536);
	CHECK_INT(cache_sync(&cache, &good), OK);

	/* A device that goes away */
	CHECK_INT(cache_write(&cache, &bad, 0, bytes, sizeof(bytes)), OK);
	model.gone = true;
	CHECK_INT(cache_sync(&cache, &bad), ERR_IO);
	CHECK_INT(cache_read(&cache, 0, bytes, 8), OK);
	CHECK_INT(cache_read(&cache, 7777 * PAGE, bytes, 8), ERR_IO);
	for (unsigned i = 0; i < 2000; i++)
		CHECK_INT(cache_write(&cache, &good, (3000 + i) * PAGE, bytes, PAGE), OK);
	CHECK_INT(cache_sync(&cache, &good), ERR_IO);
	CHECK(cache_discard(&cache, 0, 10) == ERR_IO);
	cache_owner_close(&cache, &good);
	cache_owner_close(&cache, &bad);
	cache_owner_close(&cache, &other);
	CHECK_INT(cache.unclean, 0);
	CHECK_INT(cache.dirty, 0);
	down();
}

static void discarding(void)
{
	uint8_t bytes[PAGE] = {1};

	up(65536, 512, true, 256 * PAGE);
	for (unsigned i = 0; i < 60; i++)
		CHECK_INT(cache_write(&cache, NULL, i * PAGE, bytes, PAGE), OK);
	struct cache_sync sync = {.done = on_synced};
	cache_sync_start(&cache, &sync, NULL);
	CHECK_INT(cache_write(&cache, NULL, 70 * PAGE, bytes, PAGE), OK);
	CHECK_INT(cache_discard(&cache, 0, 5000), OK);
	CHECK_INT(cache.unclean, 0);
	CHECK_INT(cache_read(&cache, 70 * PAGE, bytes, 1), OK);
	CHECK_INT(bytes[0], 0xdd);
	while (cache.syncs || cache.synced) {
		if (!cache_poll(&cache))
			(void)cache_wait(&cache, UINT64_MAX);
	}
	CHECK_INT(cache_discard(&cache, 8191, 1), OK);
	CHECK_INT(cache_discard(&cache, 8191, 2), ERR_RANGE);
	CHECK_INT(cache_discard(&cache, 8192, 0), ERR_RANGE);
	down();
}

/* ---- random steps against an array --------------------------------------------------------------------------- */

#define OWNERS 4
#define REGION 512 /* pages that each owner has for itself */

static uint8_t shadow[OWNERS * REGION * PAGE];
static uint8_t synced[OWNERS * REGION]; /* page: not written since its owner's last good sync */
static uint8_t image[OWNERS * REGION * PAGE];
static struct cache_owner owners[OWNERS];

static void cut_check(void)
{
	disk_model_cut(&model, image);
	for (unsigned p = 0; p < OWNERS * REGION; p++) {
		if (synced[p] && memcmp(image + (size_t)p * PAGE, shadow + (size_t)p * PAGE, PAGE)) {
			CHECK(!"a synced page is lost when power fails");
			return;
		}
	}
}

static void random_step(bool faults)
{
	static uint8_t bytes[40 * PAGE];
	unsigned o = (unsigned)disk_model_random(&model, OWNERS);
	size_t base = (size_t)o * REGION * PAGE,
	       length = 1 + disk_model_random(&model, disk_model_random(&model, 8) ? 3000 : sizeof(bytes)),
	       at = base + disk_model_random(&model, REGION * PAGE - length);
	status_t status;

	switch (disk_model_random(&model, 16)) {
	default:
		for (size_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)disk_model_random(&model, 256);
		status = cache_write(&cache, &owners[o], at, bytes, length);
		for (size_t p = at / PAGE; p <= (at + length - 1) / PAGE; p++)
			synced[p] = 0;
		if (status == OK) {
			memcpy(shadow + at, bytes, length);
			return;
		}
		CHECK(faults && status == ERR_IO);
		/* as far as it came */
		model.gone = false;
		memset(model.bad, 0, model.disk.blocks);
		CHECK_INT(cache_read(&cache, at, shadow + at, length), OK);
		return;
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		status = cache_read(&cache, at, bytes, length);
		CHECK(status == OK ? !memcmp(bytes, shadow + at, length) : faults && status == ERR_IO);
		return;
	case 5:
		if (disk_model_random(&model, 8))
			return;
		status = cache_sync(&cache, &owners[o]);
		if (CHECK(status == OK || (faults && status == ERR_IO)) && status == OK)
			memset(synced + o * REGION, 1, REGION);
		return;
	case 6: (void)cache_prefetch(&cache, at / PAGE, 1 + length / PAGE); return;
	case 7:
		if (!disk_model_random(&model, 16))
			cut_check();
		return;
	case 8: (void)cache_poll(&cache); return;
	case 9: cache_write_back(&cache, cache_mark(&cache) - disk_model_random(&model, 20)); return;
	case 10:
		if (faults && !disk_model_random(&model, 4)) {
			memset(model.bad, 0, model.disk.blocks);
			for (uint64_t n = disk_model_random(&model, 10); n; n--)
				model.bad[disk_model_random(&model, model.disk.blocks)] =
					(uint8_t)(1 + disk_model_random(&model, 3));
		}
		return;
	case 11:
		if (faults || disk_model_random(&model, 50))
			return;
		/* an owner who comes anew: nothing that it wrote is promised any more */
		cache_owner_close(&cache, &owners[o]);
		cache_owner_open(&owners[o]);
		return;
	}
}

/* Pages were lost that could not be written: their owners will be told, and see what is on the disk. */
static void given_up_check(uint64_t *given_up)
{
	memset(model.bad, 0, model.disk.blocks);
	CHECK_INT(cache_read(&cache, 0, shadow, sizeof(shadow)), OK);
	memset(synced, 0, sizeof(synced));
	*given_up = cache.stats.given_up;
}

static void random_run(unsigned steps, uint64_t seed, bool asynchronous, bool faults)
{
	up(OWNERS * REGION * 8, 512, asynchronous, 256 * PAGE);
	model.random = seed * 2654435761u + 1;
	uint64_t given_up = 0;
	memcpy(shadow, model.now, sizeof(shadow));
	memset(synced, 1, sizeof(synced));
	for (unsigned o = 0; o < OWNERS; o++)
		cache_owner_open(&owners[o]);
	for (unsigned i = 0; i < steps && !checks_failed; i++) {
		random_step(faults);
		if (cache.stats.given_up != given_up)
			given_up_check(&given_up);
	}
	memset(model.bad, 0, model.disk.blocks);
	status_t status = cache_sync(&cache, NULL);
	CHECK(status == OK || faults);
	if (!faults) {
		CHECK(!memcmp(model.medium, shadow, sizeof(shadow)));
		CHECK_INT(cache.unclean, 0);
	}
	for (unsigned o = 0; o < OWNERS; o++)
		cache_owner_close(&cache, &owners[o]);
	down();
}

int main(int argc, char **argv)
{
	unsigned steps = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;
	uint64_t seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;

	sizes();
	merging();
	eviction();
	stable_writes();
	several_at_a_time();
	errors(true);
	errors(false);
	discarding();
	random_run(steps, seed, true, false);
	random_run(steps, seed, false, false);
	random_run(steps, seed, true, true);
	random_run(steps, seed, false, true);
	return check_end();
}

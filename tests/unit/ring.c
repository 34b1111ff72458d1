/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings: order and bounds, wrap-around of indices, hostile peers, and two threads that sleep and
 * wake each other. */
#include "sys/lib/ring.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "tests/unit/check.h"

struct item {
	uint64_t number;
	uint64_t check; /* ~number */
	uint8_t rest[8];
};

#define SLOTS 8
static _Alignas(RING_LINE) uint8_t memory[sizeof(struct ring_shared) + SLOTS * sizeof(struct item)];

static struct ring_shared *shared(void)
{
	return (struct ring_shared *)(void *)memory;
}

static void reset(uint32_t start)
{
	memset(memory, 0, sizeof(memory));
	atomic_store(&shared()->head, start);
	atomic_store(&shared()->tail, start);
}

static void attach(struct ring *p, struct ring *c)
{
	CHECK_INT(ring_attach(p, memory, sizeof(memory), SLOTS, sizeof(struct item), RING_PRODUCER), OK);
	CHECK_INT(ring_attach(c, memory, sizeof(memory), SLOTS, sizeof(struct item), RING_CONSUMER), OK);
}

static struct item make(uint64_t n)
{
	return (struct item){.number = n, .check = ~n};
}

static void test_shapes(void)
{
	struct ring r;

	reset(0);
	CHECK_INT(ring_attach(&r, memory, sizeof(memory) - 1, SLOTS, sizeof(struct item), RING_PRODUCER), ERR_INVALID);
	CHECK_INT(ring_attach(&r, memory, sizeof(memory), 7, sizeof(struct item), RING_PRODUCER), ERR_INVALID);
	CHECK_INT(ring_attach(&r, memory, sizeof(memory), 0, sizeof(struct item), RING_PRODUCER), ERR_INVALID);
	CHECK_INT(ring_attach(&r, memory, sizeof(memory), SLOTS, 0, RING_PRODUCER), ERR_INVALID);
	CHECK_INT(ring_attach(&r, memory, SIZE_MAX, 1u << 31, UINT32_MAX, RING_PRODUCER), ERR_INVALID);
	CHECK_INT(ring_attach(&r, memory + 8, sizeof(memory) - 8, 4, 8, RING_PRODUCER), ERR_INVALID);
}

/* From a start index close to the end of 32 bits, so that both indices wrap around. */
static void test_order(uint32_t start)
{
	struct ring p, c;
	struct item item;
	uint64_t put = 0, taken = 0;

	reset(start);
	attach(&p, &c);
	for (int round = 0; round < 5; round++) {
		while (item = make(put), ring_put(&p, &item) == OK)
			put++;
		CHECK_INT(put - taken, SLOTS);
		if (round == 0)
			CHECK_INT(ring_take(&c, &item), ERR_WOULD_BLOCK); /* not published yet */
		CHECK(!ring_publish(&p));
		for (int i = 0; i < 3 + round; i++) {
			CHECK_INT(ring_take(&c, &item), OK);
			CHECK(item.number == taken && item.check == ~taken);
			taken++;
		}
		item = make(put);
		CHECK_INT(ring_put(&p, &item), ERR_WOULD_BLOCK); /* not released yet */
		CHECK(!ring_release(&c));
	}
	while (ring_take(&c, &item) == OK)
		CHECK(item.number == taken++);
	CHECK(taken == put);
}

static void test_flags(void)
{
	struct ring p, c;
	struct item item = make(1);

	reset(0);
	attach(&p, &c);
	CHECK(ring_wait_begin(&c));
	CHECK_INT(ring_put(&p, &item), OK);
	CHECK(ring_publish(&p));  /* the consumer waits */
	CHECK(!ring_publish(&p)); /* and is signalled once */
	CHECK(!ring_wait_begin(&c));
	CHECK_INT(atomic_load(&shared()->consumer_waits), 0);
	while (ring_put(&p, &item) == OK)
		;
	CHECK(!ring_publish(&p));
	CHECK(ring_wait_begin(&p));
	CHECK_INT(ring_take(&c, &item), OK);
	CHECK(ring_release(&c));
	CHECK(!ring_wait_begin(&p));
}

/* A consumer that comes back finds what it had not released. */
static void test_restart(void)
{
	struct ring p, c, again;
	struct item item;

	reset(UINT32_MAX);
	attach(&p, &c);
	for (uint64_t n = 0; n < 4; n++) {
		item = make(n);
		CHECK_INT(ring_put(&p, &item), OK);
	}
	(void)ring_publish(&p);
	CHECK_INT(ring_take(&c, &item), OK);
	(void)ring_release(&c);
	CHECK_INT(ring_take(&c, &item), OK); /* taken, never released: then it dies */
	CHECK_INT(ring_attach(&again, memory, sizeof(memory), SLOTS, sizeof(struct item), RING_CONSUMER), OK);
	CHECK_INT(ring_take(&again, &item), OK);
	CHECK(item.number == 1);
}

static void test_hostile(void)
{
	struct ring p, c;
	struct item item = make(0);

	/* A producer that claims more than there are slots. */
	reset(0);
	attach(&p, &c);
	atomic_store(&shared()->tail, SLOTS + 1);
	CHECK_INT(ring_take(&c, &item), ERR_PROTOCOL);
	atomic_store(&shared()->tail, 0);
	CHECK_INT(ring_take(&c, &item), ERR_PROTOCOL); /* for good */
	CHECK(!ring_wait_begin(&c));

	/* A producer that takes back what it gave. */
	reset(0);
	attach(&p, &c);
	atomic_store(&shared()->tail, 4);
	CHECK_INT(ring_take(&c, &item), OK);
	for (int i = 0; i < 3; i++)
		CHECK_INT(ring_take(&c, &item), OK);
	atomic_store(&shared()->tail, 2);
	CHECK_INT(ring_take(&c, &item), ERR_PROTOCOL);

	/* A consumer that emptied what was never filled, and one that goes back. */
	reset(0);
	attach(&p, &c);
	while (ring_put(&p, &item) == OK)
		;
	atomic_store(&shared()->head, SLOTS + 1);
	CHECK_INT(ring_put(&p, &item), ERR_PROTOCOL);
	reset(0);
	attach(&p, &c);
	while (ring_put(&p, &item) == OK)
		;
	atomic_store(&shared()->head, (uint32_t)-1);
	CHECK_INT(ring_put(&p, &item), ERR_PROTOCOL);

	/* Indices that cannot be, found at the start. */
	reset(0);
	atomic_store(&shared()->tail, SLOTS + 1);
	CHECK_INT(ring_attach(&c, memory, sizeof(memory), SLOTS, sizeof(struct item), RING_CONSUMER), ERR_PROTOCOL);
	CHECK_INT(ring_take(&c, &item), ERR_PROTOCOL);
}

/* ---- two threads ---- */

#define ROUNDS 400000u

static sem_t wake_producer, wake_consumer;
static unsigned sleeps[2];

static void *produce(void *arg)
{
	struct ring *p = arg;
	uint64_t n = 0;

	while (n < ROUNDS) {
		struct item item = make(n);
		status_t status = ring_put(p, &item);

		if (status == OK) {
			n++;
			/* Sometimes one by one, sometimes many at once. */
			if (n % 7 && n < ROUNDS)
				continue;
		}
		if (ring_publish(p))
			sem_post(&wake_consumer);
		if (status == ERR_WOULD_BLOCK && ring_wait_begin(p)) {
			sleeps[0]++;
			sem_wait(&wake_producer);
		}
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct ring *c = arg;
	uint64_t n = 0, wrong = 0;

	while (n < ROUNDS) {
		struct item item;
		status_t status = ring_take(c, &item);

		if (status == OK) {
			wrong += item.number != n || item.check != ~n;
			n++;
			if (n % 5 && n < ROUNDS)
				continue;
		}
		if (ring_release(c))
			sem_post(&wake_producer);
		if (status == ERR_WOULD_BLOCK && ring_wait_begin(c)) {
			sleeps[1]++;
			sem_wait(&wake_consumer);
		}
	}
	return (void *)(uintptr_t)wrong;
}

static void test_threads(void)
{
	pthread_t producer, consumer;
	struct ring p, c;
	void *wrong;

	reset(UINT32_MAX - 1000);
	attach(&p, &c);
	sem_init(&wake_producer, 0, 0);
	sem_init(&wake_consumer, 0, 0);
	if (!CHECK(pthread_create(&producer, NULL, produce, &p) == 0) ||
	    !CHECK(pthread_create(&consumer, NULL, consume, &c) == 0))
		exit(check_end());
	pthread_join(producer, NULL);
	pthread_join(consumer, &wrong);
	CHECK_INT((uintptr_t)wrong, 0);
	CHECK(!p.broken && !c.broken);
	printf("%u items, the producer slept %u times, the consumer %u times\n", ROUNDS, sleeps[0], sleeps[1]);
}

int main(void)
{
	test_shapes();
	test_order(0);
	test_order(UINT32_MAX - 5);
	test_flags();
	test_restart();
	test_hostile();
	test_threads();
	return check_end();
}

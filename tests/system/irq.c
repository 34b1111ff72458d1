/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts that several drivers share: each hears of it, and the source stays quiet until all have acknowledged. */

#include "tests/system/lib/device.h"
#include "tests/system/lib/make.h"
#include "tests/system/lib/test.h"

/* Two objects for the source of the RTC, which rtc_open has let go of. */
static bool two_open(struct rtc *rtc, handle_t *resource, handle_t irq[2])
{
	struct device device;

	if (!rtc_open(rtc))
		return false;
	CHECK_STATUS(handle_close(rtc->irq), OK);
	if (!device_find("google,goldfish-rtc", &device))
		return false;
	if (!CHECK_OK(resource_create(test_handle(HND_RES_IRQ), device.irq, 1, resource)))
		return false;
	for (unsigned i = 0; i < 2; i++)
		if (!CHECK_OK(irq_create(*resource, device.irq, IRQ_SHARED, &irq[i])))
			return false;
	rtc->irq = irq[0];
	return true;
}

/* The line goes down and up: QEMU's PLIC takes note of changes only, where a real one looks at the level. */
static void raise_again(struct rtc *rtc)
{
	rtc_clear(rtc);
	rtc_raise(rtc);
}

/* A waiter is woken by the first of several bits. */
static void expect_fired(handle_t nt, uint64_t want)
{
	uint64_t bits = 0, all = 0;

	while (all != want && CHECK_OK(notification_wait(nt, now() + 10 * SECOND, &bits)))
		all |= bits;
	CHECK_EQ(all, want);
}

static void expect_quiet(handle_t nt)
{
	CHECK_STATUS(notification_wait(nt, now() + 5 * MS, NULL), ERR_TIMED_OUT);
}

static void test_shared(void)
{
	struct rtc rtc;
	handle_t resource = HANDLE_NONE, irq[2], other = HANDLE_NONE, a = make_notification(), b = make_notification();

	if (!two_open(&rtc, &resource, irq))
		return;
	/* Who does not say that it shares is refused. */
	struct device device;
	CHECK(device_find("google,goldfish-rtc", &device));
	CHECK_STATUS(irq_create(resource, device.irq, IRQ_LEVEL, &other), ERR_BUSY);
	CHECK_STATUS(irq_create(resource, device.irq, 3, &other), ERR_INVALID);

	CHECK_OK(irq_bind(irq[0], a, 1));
	CHECK_OK(irq_bind(irq[1], b, 2));
	for (unsigned i = 0; i < 3; i++) {
		rtc_raise(&rtc);
		expect_fired(a, 1);
		expect_fired(b, 2);
		/* One of the two is not enough to hear of the next. */
		raise_again(&rtc);
		CHECK_OK(irq_ack(irq[i & 1]));
		CHECK_OK(irq_ack(irq[i & 1]));
		expect_quiet(a);
		expect_quiet(b);
		CHECK_OK(irq_ack(irq[!(i & 1)]));
		expect_fired(a, 1);
		expect_fired(b, 2);
		rtc_clear(&rtc);
		CHECK_OK(irq_ack(irq[0]));
		CHECK_OK(irq_ack(irq[1]));
		expect_quiet(a);
		expect_quiet(b);
	}
	/* One that goes without having acknowledged holds nobody up, nor does one that binds anew. */
	rtc_raise(&rtc);
	expect_fired(a, 1);
	expect_fired(b, 2);
	CHECK_OK(irq_ack(irq[0]));
	raise_again(&rtc);
	expect_quiet(a);
	shut(irq[1]);
	expect_fired(a, 1);
	CHECK_OK(irq_create(resource, device.irq, IRQ_SHARED, &irq[1]));
	CHECK_OK(irq_bind(irq[1], b, 4));
	CHECK_OK(irq_ack(irq[0]));
	raise_again(&rtc);
	expect_fired(a, 1);
	expect_fired(b, 4);
	CHECK_OK(irq_bind(irq[1], b, 8));
	CHECK_OK(irq_ack(irq[0]));
	raise_again(&rtc);
	expect_fired(a, 1);
	expect_fired(b, 8);
	rtc_clear(&rtc);
	shut(irq[1]);
	rtc_close(&rtc);
	/* With the last one the source is free for one that does not share. */
	CHECK_OK(irq_create(resource, device.irq, IRQ_LEVEL, &other));
	CHECK_STATUS(irq_create(resource, device.irq, IRQ_SHARED, &irq[1]), ERR_BUSY);
	shut(other);
	shut(resource);
	shut(a);
	shut(b);
}

static void test_many(void)
{
	enum { N = 20 };
	struct rtc rtc;
	handle_t resource = HANDLE_NONE, irq[2], more[N], nt = make_notification();
	struct test_account before = {0};
	struct device device;

	if (!two_open(&rtc, &resource, irq) || !CHECK(device_find("google,goldfish-rtc", &device)))
		return;
	for (unsigned round = 0; round < 3; round++) {
		if (round == 1) /* the handle table has grown */
			before = test_account();
		for (unsigned i = 0; i < N; i++) {
			CHECK_OK(irq_create(resource, device.irq, IRQ_SHARED, &more[i]));
			CHECK_OK(irq_bind(more[i], nt, 1ull << i));
		}
		/* The controller may still have known of an earlier one. */
		for (unsigned i = 0; i < N; i++)
			CHECK_OK(irq_ack(more[i]));
		notification_wait(nt, now() + MS, NULL);
		rtc_raise(&rtc);
		expect_fired(nt, (1ull << N) - 1);
		for (unsigned i = 0; i + 1 < N; i++)
			CHECK_OK(irq_ack(more[i]));
		raise_again(&rtc);
		expect_quiet(nt);
		rtc_clear(&rtc);
		for (unsigned i = 0; i < N; i++)
			shut(more[i]);
	}
	CHECK_ACCOUNT(&before);
	shut(irq[1]);
	rtc_close(&rtc);
	shut(resource);
	shut(nt);
}

TEST_CASES("irq", {"shared", test_shared}, {"many", test_many});

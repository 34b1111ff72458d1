/* SPDX-License-Identifier: BSD-2-Clause */
/* Priority inheritance: a server works at the highest priority of those it serves or who wait for it, and goes back. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#define LOW  20
#define MID  40
#define HIGH 80

static uint32_t prio_of(handle_t thread)
{
	struct thread_info info = {0};

	CHECK_OK(thread_info(thread, &info));
	return info.prio;
}

/* The state may come about on another hart. */
static void expect_prio(handle_t thread, uint32_t want, int line)
{
	uint64_t limit = now() + 5 * SECOND;

	while (prio_of(thread) != want && now() < limit)
		sleep_ns(MS / 10);
	test_check_eq(prio_of(thread), want, __FILE__, line, "effective priority");
}
#define EXPECT_PRIO(thread, want) expect_prio(thread, want, __LINE__)

/* A server thread that does one step each time it is told: so that a test can look between any two. */
enum step { STEP_RECV, STEP_REPLY, STEP_SAVE, STEP_REPLY_TO, STEP_CALL, STEP_CLOSE_REPLY, STEP_END };

struct worker {
	struct thread thread;
	handle_t ep;      /* receives here */
	handle_t out;     /* STEP_CALL goes there */
	handle_t command; /* notification: bit per step */
	handle_t done;
	struct ipc_msg m;
	handle_t reply[4];
	unsigned saved;
	status_t status;
};

static void run_worker(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		uint64_t bits = 0;
		struct ipc_msg m;

		if (!CHECK_OK(notification_wait(w->command, DEADLINE_NEVER, &bits)))
			return;
		switch (__builtin_ctzll(bits)) {
		case STEP_RECV: w->status = ipc_recv(w->ep, HANDLE_NONE, DEADLINE_NEVER, &w->m); break;
		case STEP_REPLY: w->status = ipc_reply(&w->m); break;
		case STEP_SAVE: w->status = ipc_save_caller(&w->reply[w->saved++]); break;
		case STEP_REPLY_TO: w->status = ipc_reply_to(w->reply[--w->saved], &w->m); break;
		case STEP_CLOSE_REPLY: w->status = handle_close(w->reply[--w->saved]); break;
		case STEP_CALL:
			m = (struct ipc_msg){.info = 1};
			w->status = ipc_call(w->out, &m, NULL, DEADLINE_NEVER);
			break;
		default: return;
		}
		CHECK_OK(notification_signal(w->done, 1));
	}
}

static bool worker_begin(struct worker *w, uint32_t prio)
{
	*w = (struct worker){
		.ep = make_endpoint(),
		.command = make_notification(),
		.done = make_notification(),
	};
	return thread_spawn(&w->thread, run_worker, w, prio);
}

static void tell(struct worker *w, enum step step)
{
	CHECK_OK(notification_signal(w->command, 1ull << step));
}

static void done(struct worker *w, status_t want)
{
	CHECK_OK(notification_wait(w->done, DEADLINE_NEVER, NULL));
	CHECK_STATUS(w->status, want);
}

static void step(struct worker *w, enum step s)
{
	tell(w, s);
	done(w, s == STEP_RECV ? RECV_CALL : OK);
}

static void worker_end(struct worker *w)
{
	tell(w, STEP_END);
	thread_join(&w->thread);
	shut(w->ep);
	shut(w->command);
	shut(w->done);
}

static struct caller call_to(handle_t ep)
{
	return (struct caller){.ep = ep, .m = {.info = 1}};
}

static void test_serving(void)
{
	struct worker w;
	struct caller c;

	REQUIRE(worker_begin(&w, LOW));
	c = call_to(w.ep);
	EXPECT_PRIO(w.thread.handle, LOW);
	REQUIRE(caller_start(&c, HIGH));
	step(&w, STEP_RECV);
	EXPECT_PRIO(w.thread.handle, HIGH);
	step(&w, STEP_REPLY);
	CHECK_OK(caller_join(&c));
	EXPECT_PRIO(w.thread.handle, LOW);
	/* A lower client does not lower its server. */
	c = call_to(w.ep);
	REQUIRE(caller_start(&c, LOW - 10));
	step(&w, STEP_RECV);
	EXPECT_PRIO(w.thread.handle, LOW);
	step(&w, STEP_REPLY);
	CHECK_OK(caller_join(&c));
	worker_end(&w);
}

/* A direct switch into a waiting server and back */
static void test_waiting_server(void)
{
	struct worker w;
	struct caller c;

	REQUIRE(worker_begin(&w, LOW));
	for (unsigned i = 0; i < 5; i++) {
		c = call_to(w.ep);
		tell(&w, STEP_RECV);
		CHECK(thread_await_state(w.thread.handle, THREAD_BLOCKED_RECV, THREAD_BLOCKED_RECV));
		REQUIRE(caller_start(&c, HIGH - i));
		done(&w, RECV_CALL);
		EXPECT_PRIO(w.thread.handle, HIGH - i);
		step(&w, STEP_REPLY);
		CHECK_OK(caller_join(&c));
		EXPECT_PRIO(w.thread.handle, LOW);
	}
	worker_end(&w);
}

/* Busy with a low client when a high one queues: that one must not wait for everything in between. */
static void test_queued(void)
{
	struct worker w;
	struct caller low, high;

	REQUIRE(worker_begin(&w, LOW));
	low = call_to(w.ep);
	high = call_to(w.ep);
	REQUIRE(caller_start(&low, MID));
	step(&w, STEP_RECV);
	EXPECT_PRIO(w.thread.handle, MID);
	REQUIRE(caller_block(&high, HIGH));
	EXPECT_PRIO(w.thread.handle, HIGH);
	step(&w, STEP_REPLY);
	CHECK_OK(caller_join(&low));
	step(&w, STEP_RECV);
	EXPECT_PRIO(w.thread.handle, HIGH);
	step(&w, STEP_REPLY);
	CHECK_OK(caller_join(&high));
	EXPECT_PRIO(w.thread.handle, LOW);
	worker_end(&w);
}

/* High calls A, which calls B, which calls C: C runs high; when the call at the front goes away all fall back. */
static void test_chain(void)
{
	struct worker a, b, c;
	struct caller high;

	REQUIRE(worker_begin(&a, LOW));
	REQUIRE(worker_begin(&b, LOW - 1));
	REQUIRE(worker_begin(&c, LOW - 2));
	a.out = b.ep;
	b.out = c.ep;
	high = call_to(a.ep);
	REQUIRE(caller_start(&high, HIGH));
	step(&a, STEP_RECV);
	tell(&a, STEP_CALL);
	step(&b, STEP_RECV);
	tell(&b, STEP_CALL);
	step(&c, STEP_RECV);
	EXPECT_PRIO(a.thread.handle, HIGH);
	EXPECT_PRIO(b.thread.handle, HIGH);
	EXPECT_PRIO(c.thread.handle, HIGH);
	/* A change at the front runs through the chain. */
	thread_set_prio(high.thread.handle, HIGH + 5);
	EXPECT_PRIO(c.thread.handle, HIGH + 5);
	thread_set_prio(high.thread.handle, LOW - 10);
	EXPECT_PRIO(a.thread.handle, LOW);
	EXPECT_PRIO(b.thread.handle, LOW); /* of a */
	EXPECT_PRIO(c.thread.handle, LOW);
	thread_set_prio(high.thread.handle, HIGH);
	EXPECT_PRIO(c.thread.handle, HIGH);
	CHECK_OK(thread_cancel(high.thread.handle));
	CHECK_STATUS(caller_join(&high), ERR_CANCELLED);
	EXPECT_PRIO(c.thread.handle, LOW);
	step(&c, STEP_REPLY);
	EXPECT_PRIO(c.thread.handle, LOW - 2);
	done(&b, OK);
	step(&b, STEP_REPLY);
	EXPECT_PRIO(b.thread.handle, LOW - 1);
	done(&a, OK);
	step(&a, STEP_REPLY);
	worker_end(&a);
	worker_end(&b);
	worker_end(&c);
}

/* The chain is built back to front: the boost arrives when its last link closes. */
static void test_chain_late(void)
{
	struct worker a, b;
	struct caller high;

	REQUIRE(worker_begin(&a, LOW));
	REQUIRE(worker_begin(&b, LOW - 1));
	a.out = b.ep;
	tell(&a, STEP_CALL);
	step(&b, STEP_RECV);
	EXPECT_PRIO(b.thread.handle, LOW);
	high = call_to(a.ep); /* queues while a is itself waiting for b, and a is nobody's server yet */
	REQUIRE(caller_block(&high, HIGH));
	step(&b, STEP_REPLY);
	done(&a, OK);
	step(&a, STEP_RECV);
	EXPECT_PRIO(a.thread.handle, HIGH);
	step(&a, STEP_REPLY);
	CHECK_OK(caller_join(&high));
	EXPECT_PRIO(a.thread.handle, LOW);
	worker_end(&a);
	worker_end(&b);
}

/* Saved callers count until each is answered. */
static void test_deferred(void)
{
	struct worker w;
	struct caller one, two;

	REQUIRE(worker_begin(&w, LOW));
	one = call_to(w.ep);
	two = call_to(w.ep);
	REQUIRE(caller_start(&one, MID));
	step(&w, STEP_RECV);
	step(&w, STEP_SAVE);
	EXPECT_PRIO(w.thread.handle, MID);
	REQUIRE(caller_start(&two, HIGH));
	step(&w, STEP_RECV);
	step(&w, STEP_SAVE);
	EXPECT_PRIO(w.thread.handle, HIGH);
	step(&w, STEP_REPLY_TO); /* answers two */
	CHECK_OK(caller_join(&two));
	EXPECT_PRIO(w.thread.handle, MID);
	step(&w, STEP_CLOSE_REPLY); /* drops one */
	CHECK_STATUS(caller_join(&one), ERR_PEER_DIED);
	EXPECT_PRIO(w.thread.handle, LOW);
	worker_end(&w);
}

/* The client goes away by deadline, by cancellation or by death: so does what it lent. */
static void test_revert(void)
{
	for (unsigned way = 0; way < 3; way++) {
		for (unsigned saved = 0; saved < 2; saved++) {
			struct worker w;
			struct caller c;

			REQUIRE(worker_begin(&w, LOW));
			c = call_to(w.ep);
			if (way == 0)
				c.deadline = now() + 50 * MS;
			REQUIRE(caller_start(&c, HIGH));
			step(&w, STEP_RECV);
			if (saved)
				step(&w, STEP_SAVE);
			if (way != 0)
				EXPECT_PRIO(w.thread.handle, HIGH);
			if (way == 1)
				CHECK_OK(thread_cancel(c.thread.handle));
			if (way == 2) {
				CHECK_OK(thread_kill(c.thread.handle));
				CHECK(thread_await_state(c.thread.handle, THREAD_ENDED, THREAD_ENDED));
				thread_discard(&c.thread);
			} else {
				CHECK_STATUS(caller_join(&c), way ? ERR_CANCELLED : ERR_TIMED_OUT);
			}
			EXPECT_PRIO(w.thread.handle, LOW);
			if (saved) {
				tell(&w, STEP_REPLY_TO);
				done(&w, ERR_PEER_DIED);
			} else {
				step(&w, STEP_REPLY);
			}
			worker_end(&w);
		}
	}
}

/* A server's own priority changes while it is lifted: the new one shows when the lift ends. */
static void test_base_changes(void)
{
	struct worker w;
	struct caller c;

	REQUIRE(worker_begin(&w, LOW));
	c = call_to(w.ep);
	REQUIRE(caller_start(&c, MID));
	step(&w, STEP_RECV);
	thread_set_prio(w.thread.handle, HIGH);
	EXPECT_PRIO(w.thread.handle, HIGH);
	thread_set_prio(w.thread.handle, LOW + 3);
	EXPECT_PRIO(w.thread.handle, MID);
	step(&w, STEP_REPLY);
	CHECK_OK(caller_join(&c));
	EXPECT_PRIO(w.thread.handle, LOW + 3);
	worker_end(&w);
}

/* What it is for: a high client's call gets through although a middle thread spins on the only hart they share. */
static volatile uint32_t spin_stop;
static void spin(void *arg)
{
	(void)arg;
	while (!spin_stop)
		;
}

static void pin(handle_t thread, uint32_t prio)
{
	struct thread_sched sched = {.prio = prio, .affinity = 1};

	CHECK_OK(thread_set_sched(thread, &sched, HANDLE_NONE));
}

static void test_inversion(void)
{
	handle_t ep = make_endpoint();
	struct thread server, spinner;
	struct ipc_msg m = {.info = 1, .w = {12}};

	spin_stop = 0;
	pin(HANDLE_NONE, PRIO_USER_MAX);
	REQUIRE(thread_make(&server, server_run, &ep, LOW));
	REQUIRE(thread_make(&spinner, spin, NULL, MID));
	pin(server.handle, LOW);
	pin(spinner.handle, MID);
	CHECK_OK(thread_start(server.handle));
	CHECK(thread_await_state(server.handle, THREAD_BLOCKED_RECV, THREAD_BLOCKED_RECV));
	/* With the spinner above it the server does not run but for the call's sake. */
	CHECK_OK(thread_start(spinner.handle));
	CHECK_OK(ipc_call(ep, &m, NULL, DEADLINE_NEVER));
	CHECK_EQ(m.w[0], 12);
	m.w[0] = 13;
	CHECK_OK(ipc_call(ep, &m, NULL, DEADLINE_NEVER));
	spin_stop = 1;
	server_stop(ep);
	thread_join(&spinner);
	thread_join(&server);
	CHECK_OK(thread_set_sched(HANDLE_NONE, &(struct thread_sched){.prio = PRIO_DEFAULT}, HANDLE_NONE));
	shut(ep);
}

TEST_CASES("prio", {"serving", test_serving}, {"waiting_server", test_waiting_server}, {"queued", test_queued},
	   {"chain", test_chain}, {"chain_late", test_chain_late}, {"deferred", test_deferred}, {"revert", test_revert},
	   {"base_changes", test_base_changes}, {"inversion", test_inversion});

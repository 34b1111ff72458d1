/* SPDX-License-Identifier: BSD-2-Clause */
/* The server loop: several protocols, signals, interrupts, timers, deadlines, stopping, and running out. */
#include "sys/lib/server.h"

#include <pthread.h>
#include <string.h>

#include "idl_echo_server.h"
#include "sys/lib/host/fake_kernel.h"
#include "tests/unit/check.h"

static handle_t ep;

static void count(void *ctx)
{
	++*(unsigned *)ctx;
}

/* Handles what has happened so far, in the calling thread. */
static status_t run_pending(struct server *server)
{
	return server_run_until(server, 0);
}

static void test_signals(void)
{
	struct server server;
	unsigned counts[SERVER_SIGNALS_MAX] = {0};
	uint64_t bits[SERVER_SIGNALS_MAX], one;
	handle_t nt = HANDLE_NONE, other;

	server_init(&server, ep, fake_thread_self());
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	uint64_t seen = 0;

	for (unsigned i = 0; i < SERVER_SIGNALS_MAX; i++) {
		CHECK_INT(server_add_signal(&server, count, &counts[i], &nt, &bits[i]), OK);
		CHECK(bits[i] != 0 && (bits[i] & (bits[i] - 1)) == 0 && !(seen & bits[i]));
		seen |= bits[i];
	}
	CHECK_INT(server_add_signal(&server, count, counts, &other, &one), ERR_NO_MEMORY);
	CHECK_INT(notification_signal(nt, bits[3] | bits[63]), OK);
	CHECK_INT(notification_signal(nt, bits[3]), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	for (unsigned i = 0; i < SERVER_SIGNALS_MAX; i++)
		CHECK_INT(counts[i], i == 3 || i == 63);
	CHECK_INT(notification_signal(nt, UINT64_MAX), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	for (unsigned i = 0; i < SERVER_SIGNALS_MAX; i++)
		CHECK_INT(counts[i], 1 + (i == 3 || i == 63));

	/* A bit that nobody wants any more is ignored, and free again. */
	server_remove_signal(&server, bits[5]);
	CHECK_INT(notification_signal(nt, bits[5]), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(counts[5], 1);
	CHECK_INT(server_add_signal(&server, count, &counts[5], &other, &one), OK);
	CHECK(other == nt && one == bits[5]);

	/* The thread hears nothing of it afterwards, even if somebody else still has the notification. */
	struct ipc_msg m;

	CHECK_INT(handle_dup(nt, RIGHTS_SAME, &other), OK);
	server_destroy(&server);
	CHECK_INT(notification_signal(other, 1), OK);
	CHECK_INT(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	handle_close(other);
	fake_thread_leave();
}

static struct server *removing;
static uint64_t victims;

static void remove_others(void *ctx)
{
	count(ctx);
	server_remove_signal(removing, victims);
}

static void test_signal_removed_by_callback(void)
{
	struct server server;
	unsigned first = 0, second = 0;
	uint64_t bit_first, bit_second;
	handle_t nt;

	server_init(&server, ep, fake_thread_self());
	CHECK_INT(server_add_signal(&server, remove_others, &first, &nt, &bit_first), OK);
	CHECK_INT(server_add_signal(&server, count, &second, &nt, &bit_second), OK);
	removing = &server;
	victims = bit_first | bit_second;
	CHECK_INT(notification_signal(nt, victims), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK(first == 1 && second == 0);
	server_destroy(&server);
	fake_thread_leave();
}

/* How many bits are not in use. */
static unsigned bits_left(struct server *server)
{
	unsigned n = 0, unused = 0;
	uint64_t bits, all = 0;
	handle_t nt;

	while (server_add_signal(server, count, &unused, &nt, &bits) == OK) {
		all |= bits;
		n++;
	}
	server_remove_signal(server, all);
	return n;
}

static void test_irqs(void)
{
	struct server server;
	handle_t irq[3];
	unsigned fired[3] = {0};
	uint64_t bits = 0;

	server_init(&server, HANDLE_NONE, fake_thread_self());
	for (unsigned i = 0; i < 3; i++) {
		irq[i] = fake_object_create(OBJ_IRQ, RIGHTS_ALL);
		CHECK_INT(server_add_irq(&server, irq[i], count, &fired[i], i ? NULL : &bits), OK);
	}
	CHECK(bits != 0);
	/* Each is acknowledged after its callback, by the receive or by a call of its own. */
	fake_irq_fire(irq[1]);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK(fired[0] == 0 && fired[1] == 1 && fake_irq_acks(irq[1]) == 1);
	for (unsigned i = 0; i < 3; i++)
		fake_irq_fire(irq[i]);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	for (unsigned i = 0; i < 3; i++)
		CHECK_INT(fired[i], 1 + (i == 1));
	for (unsigned i = 0; i < 3; i++)
		CHECK_INT(fake_irq_acks(irq[i]), 1 + (i == 1));
	/* It can fire again. */
	fake_irq_fire(irq[0]);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(fired[0], 2);

	fake_fail(FAKE_IRQ_BIND, 1, ERR_RIGHTS);
	CHECK_INT(server_add_irq(&server, irq[0], count, &fired[0], &bits), ERR_RIGHTS);
	CHECK_INT(bits_left(&server), SERVER_SIGNALS_MAX - 3);
	server_destroy(&server);
	for (unsigned i = 0; i < 3; i++)
		handle_close(irq[i]);
	fake_thread_leave();
}

static struct server *stopping;

static void stop(void *ctx)
{
	count(ctx);
	server_stop(stopping, ERR_IO);
}

static void test_irq_of_last_event(void)
{
	struct server server;
	handle_t irq = fake_object_create(OBJ_IRQ, RIGHTS_ALL);
	unsigned fired = 0;

	server_init(&server, HANDLE_NONE, fake_thread_self());
	stopping = &server;
	CHECK_INT(server_add_irq(&server, irq, stop, &fired, NULL), OK);
	fake_irq_fire(irq);
	CHECK_INT(server_run(&server), ERR_IO);
	CHECK_INT(fake_irq_acks(irq), 1);
	/* The loop can be run again. */
	fake_irq_fire(irq);
	CHECK_INT(server_run(&server), ERR_IO);
	CHECK_INT(fired, 2);
	CHECK_INT(fake_irq_acks(irq), 2);
	server_destroy(&server);
	handle_close(irq);
	fake_thread_leave();
}

static void test_timers(void)
{
	struct server server;
	struct server_timer a, b;
	unsigned fired_a = 0, fired_b = 0;
	uint64_t now;

	server_init(&server, HANDLE_NONE, fake_thread_self());
	CHECK_INT(server_timer_init(&a, &server, count, &fired_a), OK);
	CHECK_INT(server_timer_init(&b, &server, count, &fired_b), OK);
	clock_get(&now);
	CHECK_INT(server_timer_set(&a, now + 100), OK);
	CHECK_INT(server_timer_set(&b, now + 200), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	fake_clock_advance(99);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(fired_a, 0);
	fake_clock_advance(1);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK(fired_a == 1 && fired_b == 0);
	/* It fires once. */
	fake_clock_advance(50);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(fired_a, 1);
	/* Set anew after the bit was raised, before the loop saw it. */
	fake_clock_advance(50);
	CHECK_INT(server_timer_set(&b, now + 300), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(fired_b, 0);
	fake_clock_advance(100);
	CHECK_INT(server_timer_set(&b, DEADLINE_NEVER), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(fired_b, 0);
	/* A signal that is not the timer's. */
	CHECK_INT(notification_signal(server.notification, a.bits | b.bits), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK(fired_a == 1 && fired_b == 0);
	/* In the past: at once. */
	CHECK_INT(server_timer_set(&b, 1), OK);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(fired_b, 1);

	/* Its bit is left behind and taken over by a signal: called although nothing was signalled,
	 * which is what callbacks must bear; never the destroyed timer. */
	CHECK_INT(server_timer_set(&b, 1), OK);
	server_timer_destroy(&b);
	server_timer_destroy(&b);
	CHECK_INT(run_pending(&server), ERR_WOULD_BLOCK);
	CHECK_INT(fired_b, 1);

	fake_fail(FAKE_TIMER_CREATE, 1, ERR_QUOTA);
	CHECK_INT(server_timer_init(&b, &server, count, &fired_b), ERR_QUOTA);
	CHECK_INT(bits_left(&server), SERVER_SIGNALS_MAX - 1);
	server_timer_destroy(&b);
	server_timer_destroy(&a);
	CHECK_INT(bits_left(&server), SERVER_SIGNALS_MAX);
	server_destroy(&server);
	fake_thread_leave();
}

static void test_no_notification(void)
{
	struct server server;
	struct server_timer timer;
	unsigned n = 0;
	uint64_t bits;
	handle_t nt, irq = fake_object_create(OBJ_IRQ, RIGHTS_ALL);

	server_init(&server, ep, fake_thread_self());
	fake_fail(FAKE_NOTIFICATION_CREATE, 1, ERR_NO_MEMORY);
	CHECK_INT(server_add_signal(&server, count, &n, &nt, &bits), ERR_NO_MEMORY);
	fake_fail(FAKE_NOTIFICATION_BIND, 1, ERR_RIGHTS);
	CHECK_INT(server_timer_init(&timer, &server, count, &n), ERR_RIGHTS);
	fake_fail(FAKE_NOTIFICATION_BIND, 1, ERR_RIGHTS);
	CHECK_INT(server_add_irq(&server, irq, count, &n, &bits), ERR_RIGHTS);
	CHECK_INT(server_add_signal(&server, count, &n, &nt, &bits), OK);
	server_destroy(&server);
	/* No thread to bind to. */
	server_init(&server, ep, HANDLE_NONE);
	CHECK_INT(server_add_signal(&server, count, &n, &nt, &bits), ERR_HANDLE);
	server_destroy(&server);
	handle_close(irq);
	fake_thread_leave();
}

static void test_deadlines(void)
{
	struct server server;
	uint64_t now;

	server_init(&server, ep, HANDLE_NONE);
	clock_get(&now);
	CHECK_INT(server_run_until(&server, now), ERR_TIMED_OUT);
	CHECK_INT(server_run_until(&server, 0), ERR_WOULD_BLOCK);
	server_destroy(&server);
	/* An endpoint that is none. */
	server_init(&server, 0x10001, HANDLE_NONE);
	CHECK_INT(server_run(&server), ERR_HANDLE);
	server_destroy(&server);
}

/* ---- protocols ----------------------------------------------------------------------------------- */

static status_t dispatch_count(const void *ops, void *ctx, struct ipc_request *rq)
{
	(void)ops;
	++*(unsigned *)ctx;
	rq->msg.info = MSG_INFO(0, 0, 0);
	rq->msg.w[0] = IPC_LABEL_PROTOCOL(*(unsigned *)ctx);
	return OK;
}

static struct ipc_protocol many[SERVER_PROTOCOLS_MAX + 1];
static unsigned hits[SERVER_PROTOCOLS_MAX + 1];

struct loop {
	struct server server;
	status_t status;
	uint64_t deadline;
};

static void *loop_main(void *arg)
{
	struct loop *loop = arg;

	loop->status = server_run_until(&loop->server, loop->deadline);
	fake_thread_leave();
	return NULL;
}

static status_t stop_call(void *ctx, struct ipc_request *rq)
{
	struct loop *loop = ctx;

	if (MSG_LABEL(rq->msg.info) == ECHO_LABEL_STOP)
		server_stop(&loop->server, ERR_STATE);
	if (MSG_LABEL(rq->msg.info) != ECHO_LABEL_STOP + 1) /* that one comes back as it is */
		rq->msg.info = MSG_INFO(-ERR_NO_SYSCALL, 0, 0);
	return OK;
}

static void test_protocols(void)
{
	struct loop loop = {.deadline = DEADLINE_NEVER};
	pthread_t thread;

	server_init(&loop.server, ep, HANDLE_NONE);
	for (unsigned i = 0; i <= SERVER_PROTOCOLS_MAX; i++) {
		many[i] = (struct ipc_protocol){
			.name = "many", .number = (uint16_t)(100 + i), .dispatch = dispatch_count};
		CHECK_INT(server_add_protocol(&loop.server, &many[i], NULL, &hits[i]),
			  i < SERVER_PROTOCOLS_MAX ? OK : ERR_NO_MEMORY);
		CHECK_INT(server_add_protocol(&loop.server, &many[0], NULL, &hits[0]), ERR_EXISTS);
	}
	server_set_other(&loop.server, stop_call, &loop);
	pthread_create(&thread, NULL, loop_main, &loop);
	for (unsigned n = 0; n < 3; n++) {
		for (unsigned i = 0; i <= SERVER_PROTOCOLS_MAX; i++) {
			struct ipc_msg m = {.info = MSG_INFO(IPC_LABEL(100 + i, n), 0, 0)};

			CHECK_INT(ipc_call(ep, &m, NULL, DEADLINE_NEVER), OK);
			CHECK_INT(MSG_LABEL(m.info), i < SERVER_PROTOCOLS_MAX ? OK : -ERR_NO_SYSCALL);
		}
	}
	static const struct lease lent[3];
	struct ipc_msg back = {.info = MSG_INFO(ECHO_LABEL_STOP + 1, 1, 3)};

	back.handles[0] = fake_object_create(OBJ_VMO, RIGHTS_ALL);
	CHECK_INT(ipc_call(ep, &back, lent, DEADLINE_NEVER), OK);
	CHECK(back.info == MSG_INFO(ECHO_LABEL_STOP + 1, 1, 0));
	CHECK_INT(handle_close(back.handles[0]), OK);
	CHECK_INT(echo_server_stop(ep), OK); /* is itself answered before the loop ends */
	pthread_join(thread, NULL);
	CHECK_INT(loop.status, ERR_STATE);
	for (unsigned i = 0; i < SERVER_PROTOCOLS_MAX; i++)
		CHECK_INT(hits[i], 3);
	server_destroy(&loop.server);
}

/* With a deadline the loop answers and receives in two system calls. */
static void test_calls_with_deadline(void)
{
	struct loop loop;
	pthread_t thread;
	uint64_t now;

	clock_get(&now);
	loop.deadline = now + 1000;
	server_init(&loop.server, ep, HANDLE_NONE);
	CHECK_INT(server_add_protocol(&loop.server, &echo_protocol, &echo_server_ops, NULL), OK);
	pthread_create(&thread, NULL, loop_main, &loop);
	for (unsigned i = 0; i < 5; i++)
		CHECK_INT(echo_ping(ep), OK);
	fake_clock_advance(1000);
	pthread_join(thread, NULL);
	CHECK_INT(loop.status, ERR_TIMED_OUT);
	server_destroy(&loop.server);
}

/* Nobody asked for unknown protocols: an error, and the handles are not kept. */
static void test_unknown_without_other(void)
{
	struct loop loop;
	pthread_t thread;
	uint64_t now;
	unsigned before = fake_handle_count();
	struct ipc_msg m = {.info = MSG_INFO(0x00050005, 2, 0)};

	clock_get(&now);
	loop.deadline = now + 1000;
	server_init(&loop.server, ep, HANDLE_NONE);
	pthread_create(&thread, NULL, loop_main, &loop);
	m.handles[0] = fake_object_create(OBJ_VMO, RIGHTS_ALL);
	m.handles[1] = fake_object_create(OBJ_VMO, RIGHTS_ALL);
	CHECK_INT(ipc_call(ep, &m, NULL, DEADLINE_NEVER), OK);
	CHECK_INT(MSG_LABEL(m.info), -ERR_NO_SYSCALL);
	fake_clock_advance(1000);
	pthread_join(thread, NULL);
	CHECK_INT(fake_handle_count(), before);
	server_destroy(&loop.server);
}

/* Signals and calls at once, from several threads: all are seen. */
enum { CLIENTS = 4, ROUNDS = 50 };
static handle_t shared_nt;
static uint64_t shared_bits;
static unsigned signals_seen;

static void *client_main(void *arg)
{
	uintptr_t id = (uintptr_t)arg;
	char text[21];

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t a;

		CHECK_INT(echo_words(ep, id, i, 0, 0, 0, 0, &a, NULL, NULL, NULL, NULL, NULL), OK);
		CHECK_INT(a, id);
		notification_signal(shared_nt, shared_bits);
		CHECK_INT(echo_text(ep, "hello", text), OK);
	}
	return NULL;
}

struct busy {
	struct loop loop;
	pthread_barrier_t ready;
};

static void *busy_main(void *arg)
{
	struct busy *busy = arg;

	server_init(&busy->loop.server, ep, fake_thread_self());
	CHECK_INT(server_add_protocol(&busy->loop.server, &echo_protocol, &echo_server_ops, NULL), OK);
	server_set_other(&busy->loop.server, stop_call, &busy->loop);
	CHECK_INT(server_add_signal(&busy->loop.server, count, &signals_seen, &shared_nt, &shared_bits), OK);
	pthread_barrier_wait(&busy->ready);
	busy->loop.status = server_run(&busy->loop.server);
	server_destroy(&busy->loop.server);
	fake_thread_leave();
	return NULL;
}

static void test_many_clients(void)
{
	struct busy busy;
	pthread_t thread, clients[CLIENTS];

	pthread_barrier_init(&busy.ready, NULL, 2);
	pthread_create(&thread, NULL, busy_main, &busy);
	pthread_barrier_wait(&busy.ready);
	for (uintptr_t i = 0; i < CLIENTS; i++)
		pthread_create(&clients[i], NULL, client_main, (void *)i);
	for (unsigned i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	CHECK_INT(echo_server_stop(ep), OK);
	pthread_join(thread, NULL);
	CHECK_INT(busy.loop.status, ERR_STATE);
	CHECK(signals_seen >= 1 && signals_seen <= CLIENTS * ROUNDS);
	pthread_barrier_destroy(&busy.ready);
}

int main(void)
{
	endpoint_create(&ep);
	test_signals();
	test_signal_removed_by_callback();
	test_irqs();
	test_irq_of_last_event();
	test_timers();
	test_no_notification();
	test_deadlines();
	test_protocols();
	test_calls_with_deadline();
	test_unknown_without_other();
	test_many_clients();
	handle_close(ep);
	fake_thread_leave();
	fake_kernel_expect_empty("idl_server");
	return check_end();
}

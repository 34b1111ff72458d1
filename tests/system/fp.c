/* SPDX-License-Identifier: BSD-2-Clause */
/* Floating-point registers: each thread's own, kept over switches, harts and system calls; new threads find zeros. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

struct fp_state {
	uint64_t f[32];
	uint64_t fcsr;
};

void fp_load(const struct fp_state *s);
void fp_store(struct fp_state *s);
/* Loads, makes the given system call with arguments, stores. */
__asm__(".text\n.globl fp_load, fp_store\n"
	"fp_load:\n"
	" .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	" fld f\\n, 8*\\n(a0)\n .endr\n ld t0, 256(a0)\n fscsr t0\n ret\n"
	"fp_store:\n"
	" .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	" fsd f\\n, 8*\\n(a0)\n .endr\n frcsr t0\n sd t0, 256(a0)\n ret\n");

static void make_state(struct fp_state *s, uint64_t seed)
{
	for (unsigned i = 0; i < 32; i++)
		s->f[i] = random_next(&seed);
	s->fcsr = seed >> 20 & 0x1f; /* flags; rounding stays as it is */
}

static unsigned differing(const struct fp_state *a, const struct fp_state *b)
{
	unsigned n = a->fcsr != b->fcsr;

	for (unsigned i = 0; i < 32; i++)
		n += a->f[i] != b->f[i];
	return n;
}

/* What a system call must keep: fs0-fs11, as any function call; the others are its caller's to save. */
static unsigned differing_saved(const struct fp_state *a, const struct fp_state *b)
{
	static const uint8_t saved[] = {8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27};
	unsigned n = 0;

	for (unsigned k = 0; k < sizeof(saved); k++)
		n += a->f[saved[k]] != b->f[saved[k]];
	return n;
}

/* A thread that was never given anything must not see what others left in the unit. */
static void see_fresh(void *arg)
{
	struct fp_state s, zero = {0};

	fp_store(&s);
	*(volatile unsigned *)arg = differing(&s, &zero);
}

static void see_fresh_child(const struct child_args *args)
{
	unsigned n = 99;

	(void)args;
	see_fresh(&n);
	child_exit(n);
}

static void test_fresh(void)
{
	struct fp_state dirty;
	struct child_spec spec = {.run = see_fresh_child};

	for (unsigned i = 0; i < 8; i++) {
		struct thread_sched sched = {.prio = PRIO_DEFAULT, .affinity = 1};
		unsigned n = 99;
		struct thread t;
		struct child c;

		CHECK_OK(thread_set_sched(HANDLE_NONE, &sched, HANDLE_NONE));
		REQUIRE(thread_make(&t, see_fresh, &n, PRIO_DEFAULT));
		CHECK_OK(thread_set_sched(t.handle, &sched, HANDLE_NONE));
		make_state(&dirty, i + 1);
		fp_load(&dirty);
		CHECK_OK(thread_start(t.handle));
		thread_join(&t);
		CHECK_EQ(n, 0);
		fp_load(&dirty);
		REQUIRE_OK(child_start(&c, &spec));
		CHECK_EQ(child_wait(&c), 0);
	}
	thread_set_prio(HANDLE_NONE, PRIO_DEFAULT);
}

struct mixer {
	struct thread thread;
	uint64_t seed;
	unsigned rounds, wrong;
	handle_t ep;
};

static void run_mixer(void *arg)
{
	struct mixer *m = arg;
	uint32_t harts = test_system_info().harts;
	struct fp_state want, got;

	for (unsigned i = 0; i < m->rounds; i++) {
		make_state(&want, m->seed * 1000003 + i * 7 + 1);
		fp_load(&want);
		switch (i % 5) {
		case 0: thread_yield(); break;
		case 1: sleep_ns(10000); break;
		case 2: { /* to another hart */
			struct thread_sched sched = {.prio = PRIO_DEFAULT,
						     .affinity = 1ull << ((i / 5 + m->seed) % harts)};

			thread_set_sched(HANDLE_NONE, &sched, HANDLE_NONE);
			break;
		}
		case 3: /* long enough for a time slice to end now and then */
			for (volatile unsigned k = 0; k < 20000; k++)
				;
			break;
		default:
			if (m->ep != HANDLE_NONE) {
				struct ipc_msg msg = {.info = 1};

				ipc_call(m->ep, &msg, NULL, DEADLINE_NEVER);
			}
		}
		fp_store(&got);
		m->wrong += (i % 5 == 3 ? differing(&want, &got) : differing_saved(&want, &got)) != 0;
	}
}

static void run_mixer_calls(void *arg)
{
	struct mixer *m = arg;
	struct fp_state want, got;

	for (unsigned i = 0; i < m->rounds; i++) {
		struct ipc_msg msg = {.info = 1};

		make_state(&want, m->seed * 77003 + i * 5 + 1);
		fp_load(&want);
		ipc_call(m->ep, &msg, NULL, DEADLINE_NEVER);
		fp_store(&got);
		m->wrong += differing_saved(&want, &got);
	}
}

static void mixer_child(const struct child_args *args)
{
	struct mixer m = {.seed = args->w[0], .rounds = 60};

	run_mixer(&m);
	child_exit(m.wrong);
}

static void test_kept(void)
{
	struct mixer m[6];
	struct child c[3];

	for (unsigned i = 0; i < ARRAY_SIZE(m); i++) {
		m[i] = (struct mixer){.seed = i + 1, .rounds = 100};
		REQUIRE(thread_spawn(&m[i].thread, run_mixer, &m[i], PRIO_DEFAULT));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		struct child_spec spec = {.run = mixer_child, .w = {i + 50}};

		REQUIRE_OK(child_start(&c[i], &spec));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(m); i++) {
		thread_join(&m[i].thread);
		CHECK_EQ(m[i].wrong, 0);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		CHECK_EQ(child_wait(&c[i]), 0);
}

/* A server that uses the unit itself between its calls */
static void fp_server(void *arg)
{
	handle_t ep = *(handle_t *)arg;
	struct fp_state s;
	struct ipc_msg m = {0};
	status_t status = ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);

	for (uint64_t n = 1; status == RECV_CALL; n++) {
		bool stop = MSG_LABEL(m.info) == SERVER_STOP;

		make_state(&s, n * 31 + 7);
		fp_load(&s);
		m.info = 0;
		if (stop) {
			CHECK_OK(ipc_reply(&m));
			return;
		}
		status = ipc_reply_recv(ep, &m);
	}
}

static void test_calls(void)
{
	handle_t ep = make_endpoint();
	struct mixer m[3];
	struct thread server;

	REQUIRE(thread_spawn(&server, fp_server, &ep, PRIO_DEFAULT));
	for (unsigned i = 0; i < ARRAY_SIZE(m); i++) {
		m[i] = (struct mixer){.seed = i + 3, .rounds = 200, .ep = ep};
		REQUIRE(thread_spawn(&m[i].thread, run_mixer_calls, &m[i], PRIO_DEFAULT));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(m); i++) {
		thread_join(&m[i].thread);
		CHECK_EQ(m[i].wrong, 0);
	}
	server_stop(ep);
	thread_join(&server);
	shut(ep);
}

/* What the mathematics of it is worth: sums in several threads while they are interrupted. */
static void run_sum(void *arg)
{
	double sum = 0;

	for (unsigned i = 1; i <= 200000; i++)
		sum += 1.0 / i;
	*(double *)arg = sum;
}

static void test_sums(void)
{
	struct thread t[4];
	double result[4], want = 0;

	run_sum(&want);
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		REQUIRE(thread_spawn(&t[i], run_sum, &result[i], PRIO_DEFAULT));
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		thread_join(&t[i]);
		CHECK(result[i] == want);
	}
}

TEST_CASES("fp", {"fresh", test_fresh}, {"kept", test_kept}, {"calls", test_calls}, {"sums", test_sums});

/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of procd: parents, groups, sessions, signals, waiting; and taking over what a dead server left. */
#include <stdlib.h>

#include "sys/abi/object.h"
#include "tests/unit/check.h"
#include "tests/unit/procd.h"

#define BIT(n) (1ull << (n))

static void fresh(void)
{
	for (uint32_t i = 0; i < PROCS; i++)
		wait_forget(i);
	memset(memory, 0, sizeof(*memory));
	memset(done, 0, sizeof(done));
	memset(replies, 0, sizeof(replies));
	gone = 0;
	table_init(memory);
}

static uint32_t child(uint32_t parent, uint64_t pid, uint32_t start, uint64_t group)
{
	uint32_t place = NOBODY;

	CHECK_INT(life_enlist(parent, pid, start, group, 0, 0, &place), OK);
	return place;
}

static status_t send(uint32_t to, uint32_t signal)
{
	const struct signal_info info = {.signal = signal, .value = signal * 100};

	return signal_send(to, &info);
}

static void test_places(void)
{
	uint32_t a, b, c;

	fresh();
	a = table_add(10, NOBODY);
	b = table_add(11, a);
	c = table_add(11 + HASHES, b); /* the same hash */
	CHECK_INT(table_find(10), a);
	CHECK_INT(table_find(11), b);
	CHECK_INT(table_find(11 + HASHES), c);
	CHECK_INT(table_find(12), NOBODY);
	CHECK_INT(table_find(0), NOBODY);
	CHECK_INT(proc_at(c)->group, 10);
	CHECK_INT(proc_at(c)->session, 10);
	table_orphan(c);
	table_remove(b);
	CHECK_INT(table_find(11), NOBODY);
	CHECK_INT(table_find(11 + HASHES), c);
	CHECK_INT(table_add(13, a), b);
	for (uint64_t pid = 1000; table_add(pid, a) != NOBODY; pid++)
		;
	CHECK_INT(table.used, PROCS);
	CHECK_INT(life_enlist(a, 5, 0, 0, 0, 0, &b), ERR_NO_MEMORY);
}

static void test_enlist(void)
{
	uint32_t a, b, c, d, other;

	fresh();
	a = table_add(10, NOBODY);
	b = child(a, 11, PROCESS_START_SET_GROUP, 0);
	CHECK_INT(proc_at(b)->group, 11);
	c = child(a, 12, PROCESS_START_SET_GROUP, 11);
	CHECK_INT(proc_at(c)->group, 11);
	d = child(a, 13, PROCESS_START_SET_SESSION, 0);
	CHECK_INT(proc_at(d)->session, 13);
	CHECK_INT(proc_at(d)->group, 13);
	CHECK_INT(life_enlist(a, 13, 0, 0, 0, 0, &other), ERR_EXISTS);
	CHECK_INT(life_enlist(a, 14, PROCESS_START_SET_GROUP, 13, 0, 0, &other),
		  ERR_NOT_FOUND); /* of another session */
	CHECK_INT(life_enlist(a, 14, PROCESS_START_SET_GROUP, 99, 0, 0, &other), ERR_NOT_FOUND);
	CHECK_INT(life_enlist(a, 14, PROCESS_START_SET_GROUP | PROCESS_START_SET_SESSION, 11, 0, 0, &other),
		  ERR_NOT_FOUND);
	proc_at(a)->user = 7;
	proc_at(a)->limits[PROCESS_LIMIT_NPROC].soft = 2;
	other = child(a, 20, 0, 0);
	CHECK_INT(proc_at(other)->user, 7);
	CHECK_INT(life_enlist(a, 21, 0, 0, 0, 0, &other), ERR_QUOTA);
}

static void test_wait(void)
{
	const struct wait_ask any = {PROCESS_WHOM_ALL, PROCESS_WAIT_ENDED, 0};
	const struct wait_ask stopped = {PROCESS_WHOM_ALL, PROCESS_WAIT_STOPPED | PROCESS_WAIT_CONTINUED, 0};
	struct wait_answer answer;
	uint32_t a, b, c;

	fresh();
	a = table_add(10, NOBODY);
	CHECK_INT(wait_look(a, &any, &answer), ERR_NOT_FOUND);
	b = child(a, 11, 0, 0);
	c = child(a, 12, PROCESS_START_SET_GROUP, 0);
	CHECK_INT(wait_look(a, &any, &answer), OK);
	CHECK_INT(answer.child, NOBODY);
	proc_at(c)->children_ns = 5;
	life_ended(c, 3, 100);
	CHECK_INT(wait_look(a, &any, &answer), OK);
	CHECK_INT(answer.pid, 12);
	CHECK_INT(answer.event, PROCESS_EVENT_EXITED);
	CHECK_INT(answer.value, 3);
	CHECK_INT(answer.cpu_ns, 105);
	/* Nobody has been told yet; and who waits for others is not told. */
	CHECK_INT(wait_look(a, &(struct wait_ask){PROCESS_WHOM_PROCESS, PROCESS_WAIT_ENDED, 11}, &answer), OK);
	CHECK_INT(answer.child, NOBODY);
	CHECK_INT(wait_look(a, &(struct wait_ask){PROCESS_WHOM_GROUP, PROCESS_WAIT_ENDED, 12}, &answer), OK);
	CHECK_INT(answer.child, c);
	CHECK_INT(wait_look(a, &(struct wait_ask){PROCESS_WHOM_GROUP, PROCESS_WAIT_ENDED, 0}, &answer), OK);
	CHECK_INT(answer.child, NOBODY);
	CHECK_INT(wait_look(a, &(struct wait_ask){PROCESS_WHOM_PROCESS, PROCESS_WAIT_ENDED, 10}, &answer),
		  ERR_NOT_FOUND);
	life_told(c, a, true);
	CHECK_INT(table_find(12), c);
	life_told(c, a, false);
	CHECK_INT(table_find(12), NOBODY);
	CHECK_INT(proc_at(a)->children_ns, 105);

	/* A call that waits: first one whose caller gave up, whose answer counts for nothing. */
	CHECK_INT(wait_keep(a, &any, 1), OK);
	CHECK_INT(wait_keep(a, &any, 2), OK);
	wait_children_changed(a);
	CHECK_INT(replies[1].times + replies[2].times, 0);
	gone = BIT(1);
	life_ended(b, EXIT_KILLED | NR_TERM, 1);
	wait_children_changed(a);
	CHECK_INT(replies[1].times, 1);
	CHECK_INT(replies[2].times, 1);
	CHECK_INT(replies[2].answer.event, PROCESS_EVENT_KILLED);
	CHECK_INT(replies[2].answer.value, NR_TERM);
	CHECK_INT(table_find(11), NOBODY);

	/* The last child goes: whoever still waits hears that there is none. */
	b = child(a, 21, 0, 0);
	CHECK_INT(wait_keep(a, &any, 3), OK);
	proc_at(a)->child = PROCESS_CHILD_NO_WAIT;
	life_ended(b, 0, 0);
	CHECK_INT(table_find(21), NOBODY);
	wait_children_changed(a);
	CHECK_INT(replies[3].status, ERR_NOT_FOUND);

	/* Bounded, and those that nobody hears do not count. */
	proc_at(a)->child = 0;
	b = child(a, 22, 0, 0);
	gone = BIT(5);
	for (unsigned i = 0; i < PROCESS_WAITS_MAX; i++)
		CHECK_INT(wait_keep(a, &stopped, 6), OK);
	CHECK_INT(wait_keep(a, &stopped, 7), ERR_QUOTA);
	wait_forget(a);
	CHECK_INT(replies[6].times, PROCESS_WAITS_MAX);
	for (unsigned i = 0; i < 3 * PROCESS_WAITS_MAX; i++)
		CHECK_INT(wait_keep(a, &stopped, 5), OK);
}

static void test_stop(void)
{
	const struct wait_ask ask = {PROCESS_WHOM_ALL, PROCESS_WAIT_STOPPED | PROCESS_WAIT_CONTINUED, 0};
	struct wait_answer answer;
	uint32_t a, b;

	fresh();
	a = table_add(10, NOBODY);
	b = child(a, 11, PROCESS_START_SET_GROUP, 0);
	CHECK_INT(send(b, NR_STOP), OK);
	CHECK_INT(done[b].stops, 1);
	CHECK_INT(wait_look(a, &ask, &answer), OK);
	CHECK_INT(answer.event, PROCESS_EVENT_STOPPED);
	CHECK_INT(answer.value, NR_STOP);
	life_told(b, a, false);
	CHECK_INT(wait_look(a, &ask, &answer), OK);
	CHECK_INT(answer.child, NOBODY);
	/* Standing still, it ends by KILL only; others wait until it goes on. */
	CHECK_INT(send(b, NR_TERM), OK);
	CHECK_INT(done[b].killed, 0);
	CHECK(proc_at(b)->pending & BIT(NR_TERM));
	CHECK_INT(send(b, NR_CONT), OK);
	CHECK_INT(done[b].continues, 1);
	CHECK_INT(done[b].killed, NR_TERM);
	CHECK_INT(proc_at(b)->pending, 0);
	CHECK_INT(wait_look(a, &ask, &answer), OK);
	CHECK_INT(answer.event, PROCESS_EVENT_CONTINUED);
	CHECK_INT(send(b, NR_STOP), OK);
	CHECK_INT(send(b, NR_KILL), OK);
	CHECK_INT(done[b].killed, NR_KILL);
	/* CONT and stops undo each other, blocked or not. */
	send(b, NR_CONT);
	signal_disposition(b, 0, 0, BIT(NR_TSTP) | BIT(NR_CONT));
	send(b, NR_TSTP);
	CHECK(proc_at(b)->pending & BIT(NR_TSTP));
	send(b, NR_CONT);
	CHECK_INT(proc_at(b)->pending, BIT(NR_CONT));
	send(b, NR_TSTP);
	CHECK_INT(proc_at(b)->pending, BIT(NR_TSTP));
	signal_disposition(b, 0, 0, 0);
	CHECK_INT(proc_at(b)->state, PROCESS_STATE_STOPPED);
	/* The parent hears of stops by SIGCHLD, unless it does not want to. */
	signal_disposition(a, BIT(NR_CHLD), 0, 0);
	send(b, NR_CONT);
	CHECK(proc_at(a)->pending & BIT(NR_CHLD));
	signal_disposition(a, 0, BIT(NR_CHLD), 0);
	CHECK_INT(proc_at(a)->pending, 0);
	signal_disposition(a, BIT(NR_CHLD), 0, 0);
	proc_at(a)->child = PROCESS_CHILD_NO_STOP;
	send(b, NR_STOP);
	CHECK_INT(proc_at(a)->pending, 0);
}

static void test_orphans(void)
{
	uint32_t shell, job, pipe, daemon;

	/* A shell in a session of its own: its group is orphaned, that of its job is not. */
	fresh();
	shell = table_add(10, NOBODY);
	job = child(shell, 11, PROCESS_START_SET_GROUP, 0);
	pipe = child(shell, 12, PROCESS_START_SET_GROUP, 11);
	daemon = child(job, 13, PROCESS_START_SET_SESSION, 0);
	CHECK(group_is_orphaned(10, NOBODY));
	CHECK(!group_is_orphaned(11, NOBODY));
	CHECK(group_is_orphaned(13, NOBODY));
	send(shell, NR_TSTP);
	CHECK_INT(done[shell].stops, 0);
	send(shell, NR_STOP);
	CHECK_INT(done[shell].stops, 1);
	send(shell, NR_CONT);
	send(pipe, NR_TSTP);
	CHECK_INT(done[pipe].stops, 1);
	/* The job's own end leaves its group with a parent in the session. */
	life_ended(job, 0, 0);
	CHECK_INT(done[pipe].killed, 0);
	CHECK_INT(proc_at(daemon)->parent, 0);
	life_told(job, shell, false);
	/* The shell's end does not: HUP and CONT. */
	life_ended(shell, 0, 0);
	CHECK_INT(done[pipe].killed, NR_HUP);
	CHECK_INT(done[pipe].continues, 1);
	CHECK_INT(done[daemon].killed, 0);
	CHECK_INT(proc_at(pipe)->parent, 0);
	/* Nobody waits for it: it is forgotten with its end. */
	life_ended(pipe, 0, 0);
	CHECK_INT(table_find(12), NOBODY);
	CHECK_INT(table.used, 1);

	/* Ended children of a parent that ends. */
	fresh();
	shell = table_add(10, NOBODY);
	job = child(shell, 11, 0, 0);
	pipe = child(job, 12, 0, 0);
	life_ended(pipe, 0, 0);
	CHECK_INT(table_find(12), pipe);
	life_ended(job, 0, 0);
	CHECK_INT(table_find(12), NOBODY);
	CHECK_INT(table_find(11), job);
}

static void test_pending(void)
{
	struct signal_info info;
	uint32_t a, b;

	fresh();
	a = table_add(10, NOBODY);
	b = child(a, 11, 0, 0);
	CHECK_INT(send(b, NR_USR1), OK);
	CHECK_INT(done[b].killed, NR_USR1);
	CHECK_INT(send(b, NR_QUIT), OK);
	CHECK_INT(done[b].dumped, NR_QUIT);
	CHECK_INT(send(b, NR_WINCH), OK);
	CHECK_INT(proc_at(b)->pending, 0);
	/* Caught: kept once, told by an interrupt once. KILL and STOP cannot be had. */
	signal_disposition(b, ~0ull, 0, 0);
	CHECK(!(proc_at(b)->caught & (BIT(NR_KILL) | BIT(NR_STOP) | 1)));
	send(b, NR_USR1);
	send(b, NR_USR1);
	CHECK_INT(done[b].interrupts, 1);
	send(b, 40);
	send(b, 40);
	send(b, NR_HUP);
	signal_take(b, BIT(NR_HUP), 0, &info);
	CHECK_INT(info.signal, NR_USR1);
	CHECK_INT(info.value, NR_USR1 * 100);
	signal_take(b, 0, 0, &info);
	CHECK_INT(info.signal, NR_HUP);
	signal_take(b, 0, 0, &info);
	CHECK_INT(info.signal, 40);
	CHECK(proc_at(b)->pending & BIT(40));
	signal_take(b, 0, 0, &info);
	CHECK_INT(info.signal, 40);
	signal_take(b, 0, 0, &info);
	CHECK_INT(info.signal, 0);
	/* The queue is full, and there is still room for one of each of the others. */
	for (unsigned i = 0; i < PROCESS_QUEUE_MAX; i++)
		CHECK_INT(send(b, 33 + i % 4), OK);
	CHECK_INT(send(b, 50), ERR_QUOTA);
	for (uint32_t signal = 1; signal < PROCESS_SIGNAL_QUEUED; signal++) {
		if (signal != NR_KILL && signal != NR_STOP && signal != NR_CONT)
			CHECK_INT(send(b, signal), OK);
	}
	CHECK_INT(send(b, 50), ERR_QUOTA);
	/* In order of their coming among one number. */
	signal_disposition(b, 0, ~0ull, 0);
	CHECK_INT(proc_at(b)->pending, 0);
	CHECK_INT(proc_at(b)->queued, 0);
	/* Ignored: dropped; but kept while blocked. */
	signal_disposition(b, 0, BIT(NR_USR1), 0);
	send(b, NR_USR1);
	CHECK_INT(proc_at(b)->pending, 0);
	signal_disposition(b, 0, BIT(NR_USR1), BIT(NR_USR1));
	send(b, NR_USR1);
	CHECK_INT(proc_at(b)->pending, BIT(NR_USR1));
	signal_disposition(b, 0, ~0ull, 0);
	CHECK_INT(proc_at(b)->pending, 0);
	/* Blocked, then not: its default action comes. */
	memset(done, 0, sizeof(done));
	signal_disposition(b, 0, 0, BIT(NR_INT) | BIT(NR_CHLD));
	send(b, NR_INT);
	send(b, NR_CHLD);
	CHECK_INT(done[b].killed, 0);
	signal_disposition(b, 0, 0, 0);
	CHECK_INT(done[b].killed, NR_INT);
	CHECK_INT(proc_at(b)->pending, 0);
	/* An ended process can be signalled: nothing comes of it. */
	life_ended(b, 0, 0);
	CHECK_INT(send(b, NR_KILL), OK);
	CHECK_INT(done[b].killed, NR_INT);
}

static void test_faults(void)
{
	struct signal_info info = {.signal = NR_SEGV, .value = 0x123, .thread = 77}, got;
	uint32_t a;

	fresh();
	a = table_add(10, NOBODY);
	CHECK(!signal_fault(a, &info));
	signal_disposition(a, BIT(NR_SEGV), 0, BIT(NR_SEGV));
	CHECK(!signal_fault(a, &info));
	signal_disposition(a, BIT(NR_SEGV), 0, 0);
	CHECK(signal_fault(a, &info));
	/* Only that thread may take it; others see nothing of it. */
	CHECK_INT(proc_at(a)->pending, 0);
	signal_take(a, 0, 78, &got);
	CHECK_INT(got.signal, 0);
	CHECK(!signal_fault(a, &info)); /* again before it took it: its handler is no good */
	signal_take(a, ~0ull, 77, &got);
	CHECK_INT(got.signal, NR_SEGV);
	CHECK_INT(got.value, 0x123);
	for (unsigned i = 0; i < FAULTS_MAX + QUEUE_ROOM; i++) {
		info.thread = 100 + i;
		(void)signal_fault(a, &info);
	}
	CHECK_INT(proc_at(a)->queued, FAULTS_MAX + QUEUE_ROOM);
	info.thread = 1000;
	CHECK(!signal_fault(a, &info));
}

static void test_permission(void)
{
	const struct proc root = {.user = 0}, one = {.user = 1, .session = 5}, two = {.user = 2, .session = 5},
			  three = {.user = 2, .session = 6};

	CHECK(signal_is_allowed(&root, &one, NR_KILL));
	CHECK(signal_is_allowed(&one, &one, NR_KILL));
	CHECK(!signal_is_allowed(&one, &two, NR_KILL));
	CHECK(!signal_is_allowed(&one, &root, 0));
	CHECK(signal_is_allowed(&one, &two, NR_CONT));
	CHECK(!signal_is_allowed(&one, &three, NR_CONT));
}

static void test_groups(void)
{
	uint32_t a, b, c;

	fresh();
	a = table_add(10, NOBODY);
	b = child(a, 11, 0, 0);
	c = child(b, 12, 0, 0);
	CHECK_INT(life_set_group(a, a, 0, false), ERR_STATE);     /* leads a session */
	CHECK_INT(life_set_group(a, c, 0, false), ERR_NOT_FOUND); /* a grandchild */
	CHECK_INT(life_set_group(a, b, 0, true), ERR_ACCESS);
	CHECK_INT(life_set_group(b, b, 99, true), ERR_STATE);
	CHECK_INT(life_set_group(b, b, 0, true), OK);
	CHECK_INT(proc_at(b)->group, 11);
	CHECK_INT(life_set_group(b, c, 11, false), OK);
	CHECK_INT(life_set_session(b), ERR_STATE);
	CHECK_INT(life_set_group(b, b, 10, false), OK);
	CHECK_INT(life_set_session(b), ERR_STATE); /* others are still in the group that it led */
	CHECK_INT(life_set_group(c, c, 10, false), OK);
	CHECK_INT(life_set_session(b), OK);
	CHECK_INT(proc_at(b)->session, 11);
	CHECK_INT(life_set_group(a, b, 0, false), ERR_STATE); /* another session */
}

static void test_priority(void)
{
	int32_t nice;
	uint32_t a, b;

	fresh();
	a = table_add(10, NOBODY);
	b = child(a, 11, 0, 0);
	proc_at(b)->user = 5;
	CHECK_INT(priority_set(a, PROCESS_WHOM_PROCESS, 11, 7), OK);
	CHECK_INT(priority_best(a, PROCESS_WHOM_PROCESS, 11, &nice), OK);
	CHECK_INT(nice, 7);
	CHECK_INT(priority_set(b, PROCESS_WHOM_PROCESS, 0, 3), ERR_ACCESS);
	CHECK_INT(priority_set(b, PROCESS_WHOM_PROCESS, 0, 100), OK);
	CHECK_INT(proc_at(b)->nice, 19);
	CHECK_INT(priority_set(b, PROCESS_WHOM_PROCESS, 10, 3), ERR_NOT_OWNER);
	CHECK_INT(priority_set(b, PROCESS_WHOM_PROCESS, 99, 3), ERR_NOT_FOUND);
	CHECK_INT(priority_set(a, PROCESS_WHOM_GROUP, 0, -100), OK);
	CHECK_INT(proc_at(a)->nice, -20);
	CHECK_INT(priority_best(a, PROCESS_WHOM_USER, 5, &nice), OK);
	CHECK_INT(nice, -20);
	CHECK_INT(priority_best(a, PROCESS_WHOM_USER, 6, &nice), ERR_NOT_FOUND);
}

static void test_recovery(void)
{
	struct state *copy = malloc(sizeof(*copy));
	uint32_t a, b, c;

	fresh();
	a = table_add(10, NOBODY);
	b = child(a, 11, PROCESS_START_SET_GROUP, 0);
	c = child(b, 12, 0, 0);
	signal_disposition(c, BIT(NR_USR1), 0, 0);
	send(c, NR_USR1);
	send(b, NR_STOP);
	table_remove(child(a, 13, 0, 0));
	memcpy(copy, memory, sizeof(*copy));
	table_init(copy);
	CHECK_INT(table.used, 3);
	CHECK_INT(table_find(12), c);
	CHECK_INT(proc_at(c)->pending, BIT(NR_USR1));
	CHECK_INT(proc_at(b)->state, PROCESS_STATE_STOPPED);
	CHECK_INT(table.links[a].first_child, b);
	CHECK_INT(child(a, 14, 0, 0), 3);
	/* A change that was not finished: the same pid twice, a parent that is not there, counts that are wrong. */
	copy->procs[3].pid = 12;
	copy->procs[2].parent = 999;
	copy->procs[2].queued = 1u << 30;
	copy->procs[1].state = 77;
	table_init(copy);
	CHECK_INT(table.used, 3);
	CHECK_INT(proc_at(c)->parent, 0);
	CHECK_INT(proc_at(c)->queued, 1);
	CHECK_INT(proc_at(b)->state, PROCESS_STATE_RUNNING);
	copy->top = PROCS + 1ull;
	table_init(copy);
	CHECK_INT(table.used, 0);
	free(copy);
}

int main(void)
{
	memory = calloc(1, sizeof(*memory));
	test_places();
	test_enlist();
	test_wait();
	test_stop();
	test_orphans();
	test_pending();
	test_faults();
	test_permission();
	test_groups();
	test_priority();
	test_recovery();
	free(memory);
	return check_end();
}

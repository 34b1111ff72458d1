/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated client stubs and dispatch against each other: everything arrives as it was sent, caps
 * hold, errors and deferred answers come through, no handle is lost. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "idl_echo_server.h"
#include "sys/lib/host/fake_kernel.h"
#include "tests/unit/check.h"

static handle_t ep;
static struct echo_server server;

static void *server_main(void *arg)
{
	(void)arg;
	echo_server_run(&server, ep, &echo_server_ops);
	fake_thread_leave();
	return NULL;
}

static void test_scalars(void)
{
	uint64_t w[6];
	uint8_t small;
	uint16_t medium;
	uint32_t large, style;
	uint64_t huge;
	int32_t negative;
	int64_t very_negative;
	bool yes;
	enum echo_color color;
	status_t result;

	CHECK_INT(echo_ping(ep), OK);
	CHECK_INT(echo_words(ep, 1, 2, UINT64_MAX, 4, 1ull << 63, 6, &w[0], &w[1], &w[2], &w[3], &w[4], &w[5]), OK);
	CHECK(w[0] == 1 && w[1] == 2 && w[2] == UINT64_MAX && w[3] == 4 && w[4] == 1ull << 63 && w[5] == 6);
	CHECK_INT(echo_scalars(ep, 0xfe, 0xfedc, 0xfedcba98, 0xfedcba9876543210, INT32_MIN, INT64_MIN, true,
			       ECHO_COLOR_BLUE, ECHO_STYLE_ALL, ERR_LAST, &small, &medium, &large, &huge, &negative,
			       &very_negative, &yes, &color, &style, &result),
		  OK);
	CHECK(small == 0xfe && medium == 0xfedc && large == 0xfedcba98);
	CHECK(huge == 0xfedcba9876543210 && negative == INT32_MIN && very_negative == INT64_MIN);
	CHECK(yes && color == ECHO_COLOR_BLUE && style == ECHO_STYLE_ALL && result == ERR_LAST);
	CHECK_INT(echo_scalars(ep, 0, 0, 0, 0, -1, -1, false, ECHO_COLOR_RED, 0, OK, &small, &medium, &large, &huge,
			       &negative, &very_negative, &yes, &color, &style, &result),
		  OK);
	CHECK(small == 0 && medium == 0 && large == 0 && huge == 0 && negative == -1);
	CHECK(very_negative == -1 && !yes && color == ECHO_COLOR_RED && style == 0 && result == 0);

	/* Results that nobody wants. */
	CHECK_INT(echo_scalars(ep, 1, 2, 3, 4, 5, 6, true, ECHO_COLOR_GREEN, 0, OK, NULL, NULL, NULL, NULL, NULL, NULL,
			       NULL, NULL, NULL, NULL),
		  OK);

	/* What the server must refuse; results stay untouched. */
	small = 99;
	CHECK_INT(echo_scalars(ep, 1, 2, 3, 4, 5, 6, true, (enum echo_color)3, 0, OK, &small, NULL, NULL, NULL, NULL,
			       NULL, NULL, NULL, NULL, NULL),
		  ERR_PROTOCOL);
	CHECK_INT(echo_scalars(ep, 1, 2, 3, 4, 5, 6, true, ECHO_COLOR_RED, 4, OK, &small, NULL, NULL, NULL, NULL, NULL,
			       NULL, NULL, NULL, NULL),
		  ERR_PROTOCOL);
	CHECK_INT(echo_scalars(ep, 1, 2, 3, 4, 5, 6, true, ECHO_COLOR_RED, 0, 1, &small, NULL, NULL, NULL, NULL, NULL,
			       NULL, NULL, NULL, NULL),
		  ERR_PROTOCOL);
	CHECK_INT(echo_scalars(ep, 1, 2, 3, 4, 5, 6, true, ECHO_COLOR_RED, 0, ERR_LAST - 1, &small, NULL, NULL, NULL,
			       NULL, NULL, NULL, NULL, NULL, NULL),
		  ERR_PROTOCOL);
	CHECK_INT(small, 99);
}

static void test_text_and_bytes(void)
{
	static const char longest[] = "exactly twenty bytes"; /* and a NUL */
	char text[ECHO_TEXT_TEXT_BACK_MAX + 1];
	uint8_t key[7], data[31], key_back[7], data_back[30];
	size_t len;

	CHECK_INT(sizeof(longest), ECHO_TEXT_TEXT_MAX + 1);
	CHECK_INT(echo_text(ep, longest, text), OK);
	CHECK_STR(text, longest);
	CHECK_INT(echo_text(ep, "", text), OK);
	CHECK_STR(text, "");
	CHECK_INT(echo_text(ep, NULL, text), OK);
	CHECK_STR(text, "");
	CHECK_INT(echo_text(ep, "a", NULL), OK);
	strcpy(text, "before");
	CHECK_INT(echo_text(ep, "more than twenty bytes", text), ERR_INVALID);
	CHECK_STR(text, "before");

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(200 + i);
	memcpy(key, "\0k\0e\0y\xff", 7);
	for (size_t n = 0; n <= 30; n++) {
		memset(data_back, 0, sizeof(data_back));
		CHECK_INT(echo_bytes(ep, key, data, n, key_back, data_back, &len), OK);
		CHECK_INT(len, n);
		CHECK(memcmp(key, key_back, 7) == 0 && memcmp(data, data_back, n) == 0);
		CHECK(n == 30 || data_back[n] == 0);
	}
	CHECK_INT(echo_bytes(ep, key, NULL, 0, NULL, NULL, NULL), OK);
	CHECK_INT(echo_bytes(ep, key, data, 31, key_back, data_back, &len), ERR_INVALID);
}

static void test_structs(void)
{
	struct echo_pair pair = {
		.first = 1, .second = 0xffffffff, .mark = ECHO_COLOR_BLUE, .known = true, .label = "five!"};
	struct echo_pair back;
	struct echo_nest nest = {
		.inner = pair, .extra = -5, .style = ECHO_STYLE_BLINK, .result = ERR_IO, .id = "0123456789abcde"};
	struct echo_nest nest_back;

	CHECK_INT(echo_pair(ep, &pair, &back), OK);
	CHECK(memcmp(&pair, &back, sizeof(pair)) == 0);
	CHECK_INT(echo_nest(ep, &nest, &nest_back), OK);
	CHECK(memcmp(&nest, &nest_back, sizeof(nest)) == 0);
	CHECK_INT(echo_nest(ep, &nest, NULL), OK);

	/* What stands behind the end of a text does not travel. */
	memcpy(pair.label, "a\0bcd", 6);
	CHECK_INT(echo_pair(ep, &pair, &back), OK);
	CHECK(memcmp(back.label, "a\0\0\0\0", 6) == 0);
	memcpy(pair.label, "sixsix", 6);
	CHECK_INT(echo_pair(ep, &pair, &back), ERR_INVALID);
	nest.inner = pair;
	CHECK_INT(echo_nest(ep, &nest, &nest_back), ERR_INVALID);
	pair.label[0] = 0;
	pair.mark = 2;
	CHECK_INT(echo_pair(ep, &pair, &back), ERR_PROTOCOL);
	nest.inner = (struct echo_pair){.mark = 8};
	CHECK_INT(echo_nest(ep, &nest, &nest_back), ERR_PROTOCOL);
	nest.inner.mark = ECHO_COLOR_RED;
	nest.style = 1u << 30;
	CHECK_INT(echo_nest(ep, &nest, &nest_back), ERR_PROTOCOL);
}

static void test_leases(void)
{
	enum { MOST = ECHO_BUFFER_MAX };
	char *from = malloc(MOST + 1), *to = malloc(MOST + 1);
	struct echo_pair pairs[ECHO_PAIRS_MAX + 1], swapped[ECHO_PAIRS_MAX + 1];
	char greeting[200], name[ECHO_GREET_NAME_MAX + 2];
	uint32_t len = 1;
	uint8_t count = 1;

	for (unsigned i = 0; i <= MOST; i++)
		from[i] = (char)(i * 7);
	CHECK_INT(echo_copy(ep, NULL, 0, NULL, 0, &len), OK);
	CHECK_INT(len, 0);
	CHECK_INT(echo_copy(ep, from, 1, to, 1, &len), OK);
	CHECK(len == 1 && to[0] == from[0]);
	CHECK_INT(echo_copy(ep, from, MOST, to, MOST, &len), OK);
	CHECK(len == MOST && memcmp(from, to, MOST) == 0);
	memset(to, 0, MOST);
	CHECK_INT(echo_copy(ep, from, MOST, to, 1000, &len), OK);
	CHECK(len == 1000 && memcmp(from, to, 1000) == 0 && to[1000] == 0);
	CHECK_INT(echo_copy(ep, from, 3, to, MOST, NULL), OK);
	CHECK_INT(echo_copy(ep, from, MOST + 1, to, MOST, &len), ERR_INVALID);
	CHECK_INT(echo_copy(ep, from, MOST, to, MOST + 1, &len), ERR_INVALID);
	CHECK_INT(echo_copy(ep, NULL, 5, to, 5, &len), ERR_FAULT);
	CHECK_INT(echo_copy(ep, from, 5, NULL, 5, &len), ERR_FAULT);

	for (unsigned i = 0; i <= ECHO_PAIRS_MAX; i++)
		pairs[i] = (struct echo_pair){.first = i, .second = 1000 + i, .label = "pair"};
	CHECK_INT(echo_swap(ep, pairs, 0, swapped, 0, &count), OK);
	CHECK_INT(count, 0);
	CHECK_INT(echo_swap(ep, pairs, ECHO_PAIRS_MAX, swapped, ECHO_PAIRS_MAX, &count), OK);
	CHECK_INT(count, ECHO_PAIRS_MAX);
	for (unsigned i = 0; i < ECHO_PAIRS_MAX; i++)
		CHECK(swapped[i].first == 1000 + i && swapped[i].second == i);
	CHECK_INT(echo_swap(ep, pairs, ECHO_PAIRS_MAX + 1, swapped, 1, &count), ERR_INVALID);
	CHECK_INT(echo_swap(ep, pairs, 1, swapped, ECHO_PAIRS_MAX + 1, &count), ERR_INVALID);
	/* A count whose size in bytes does not fit 64 bits. */
	CHECK_INT(echo_swap(ep, pairs, SIZE_MAX / sizeof(pairs[0]) + 2, swapped, 1, &count), ERR_INVALID);
	pairs[1].mark = 9;
	CHECK_INT(echo_swap(ep, pairs, 2, swapped, 2, &count), ERR_PROTOCOL);

	CHECK_INT(echo_greet(ep, "world", greeting, sizeof(greeting)), OK);
	CHECK_STR(greeting, "hello, world");
	CHECK_INT(echo_greet(ep, "", greeting, sizeof("hello, ")), OK);
	CHECK_STR(greeting, "hello, ");
	CHECK_INT(echo_greet(ep, NULL, greeting, sizeof(greeting)), OK);
	CHECK_INT(echo_greet(ep, "x", greeting, sizeof("hello, ")), ERR_RANGE);
	CHECK_INT(echo_greet(ep, "x", NULL, 0), ERR_RANGE);
	memset(name, 'n', sizeof(name));
	name[ECHO_GREET_NAME_MAX + 1] = 0;
	CHECK_INT(echo_greet(ep, name, greeting, sizeof(greeting)), ERR_INVALID);
	name[ECHO_GREET_NAME_MAX] = 0;
	CHECK_INT(echo_greet(ep, name, greeting, sizeof(greeting)), OK);
	CHECK_INT(strlen(greeting), 107);
	free(from);
	free(to);

	/* The memory can become unreachable at any moment of the call. */
	fake_fail(FAKE_LEASE_INFO, 1, ERR_FAULT);
	CHECK_INT(echo_copy(ep, name, 4, greeting, 4, &len), ERR_FAULT);
	fake_fail(FAKE_LEASE_INFO, 2, ERR_FAULT);
	CHECK_INT(echo_copy(ep, name, 4, greeting, 4, &len), ERR_FAULT);
	fake_fail(FAKE_LEASE_READ, 1, ERR_RANGE);
	CHECK_INT(echo_greet(ep, "me", greeting, sizeof(greeting)), ERR_RANGE);
	fake_fail(FAKE_LEASE_WRITE, 1, ERR_FAULT);
	CHECK_INT(echo_greet(ep, "me", greeting, sizeof(greeting)), ERR_FAULT);
}

static handle_t notification(uint32_t rights)
{
	handle_t all, some;

	notification_create(&all);
	handle_dup(all, rights, &some);
	handle_close(all);
	return some;
}

static void test_handles(void)
{
	const uint32_t needed = RIGHT_NT_SIGNAL | RIGHT_MOVE;
	unsigned before = fake_handle_count();
	handle_t keep, given, back = HANDLE_NONE;
	uint64_t bits = 0;

	/* Moved there and back; the signal arrives at the object that was kept. */
	notification_create(&keep);
	handle_dup(keep, needed, &given);
	CHECK_INT(echo_signal(ep, given, 5, &back), OK);
	CHECK(back != HANDLE_NONE && !fake_handle_valid(given) && fake_handle_valid(back));
	struct handle_info info = {0};

	CHECK_INT(handle_info(back, &info), OK);
	CHECK(info.type == OBJ_NOTIFICATION && info.rights == needed && info.refs == 2);
	handle_close(back);
	handle_close(keep);
	(void)bits;

	/* A result that nobody wants is closed. */
	CHECK_INT(echo_signal(ep, notification(needed), 1, NULL), OK);
	/* Wrong type, missing rights, an error of the handler: gone each time. */
	CHECK_INT(echo_signal(ep, fake_object_create(OBJ_VMO, RIGHTS_ALL), 1, &back), ERR_TYPE);
	CHECK_INT(echo_signal(ep, fake_object_create(OBJ_VMO, RIGHTS_ALL), 0, &back), ERR_TYPE);
	CHECK_INT(echo_signal(ep, notification(RIGHT_MOVE | RIGHT_INFO), 1, &back), ERR_RIGHTS);
	CHECK_INT(echo_signal(ep, notification(RIGHT_MOVE | RIGHT_INFO), 0, &back), ERR_RIGHTS);
	CHECK_INT(echo_signal(ep, notification(RIGHT_MOVE), 1, &back), ERR_RIGHTS);
	CHECK_INT(echo_signal(ep, notification(needed), 0, &back), ERR_INVALID);
	fake_fail(FAKE_HANDLE_INFO, 1, ERR_NO_MEMORY);
	CHECK_INT(echo_signal(ep, notification(needed), 1, &back), ERR_NO_MEMORY);
	/* Not sent at all: also gone. */
	CHECK_INT(echo_signal(ep, notification(RIGHT_INFO | RIGHT_NT_SIGNAL), 1, &back), ERR_RIGHTS);
	CHECK_INT(echo_signal(HANDLE_NONE, notification(needed), 1, &back), ERR_HANDLE);
	CHECK_INT(echo_signal(ep, HANDLE_NONE, 1, &back), ERR_HANDLE);
	CHECK_INT(fake_handle_count(), before);

	handle_t h[4], r[4];

	for (unsigned i = 0; i < 4; i++)
		h[i] = fake_object_create(OBJ_VMO + i, RIGHT_MOVE | RIGHT_INFO);
	CHECK_INT(echo_handles(ep, h[0], h[1], h[2], h[3], &r[3], &r[2], &r[1], &r[0]), OK);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_INT(handle_info(r[i], &info), OK);
		CHECK_INT(info.type, OBJ_VMO + i);
	}
	CHECK_INT(echo_handles(ep, r[0], r[1], r[2], r[3], NULL, &back, NULL, NULL), OK);
	CHECK_INT(handle_info(back, &info), OK);
	CHECK_INT(info.type, OBJ_VMO + 2);
	handle_close(back);
	/* The same handle twice cannot be sent. */
	h[0] = fake_object_create(OBJ_VMO, RIGHT_MOVE);
	h[1] = fake_object_create(OBJ_VMO, RIGHT_MOVE);
	CHECK(echo_handles(ep, h[0], h[1], h[0], h[1], NULL, NULL, NULL, NULL) != OK);
	CHECK_INT(fake_handle_count(), before);
}

static void test_errors(void)
{
	uint32_t never = 5;
	uint64_t badge = 1;
	handle_t minted;

	for (status_t error = ERR_LAST; error < 0; error++)
		CHECK_INT(echo_fail(ep, (int32_t)error, &never), error);
	/* Not a status: a mistake of the server. */
	CHECK_INT(echo_fail(ep, 1, &never), ERR_PROTOCOL); /* IPC_DEFERRED, but nothing saved */
	CHECK_INT(echo_fail(ep, 7, &never), ERR_PROTOCOL);
	CHECK_INT(echo_fail(ep, INT32_MIN, &never), ERR_PROTOCOL);
	CHECK_INT(never, 5);
	CHECK_INT(echo_fail(ep, 0, &never), OK);
	CHECK_INT(never, 77);

	CHECK_INT(echo_badge(ep, &badge), OK);
	CHECK_INT(badge, 0);
	endpoint_mint(ep, 0xabcdef0123456789, RIGHT_EP_CALL, &minted);
	CHECK_INT(echo_badge(minted, &badge), OK);
	CHECK(badge == 0xabcdef0123456789);
	handle_close(minted);
}

struct waiter {
	pthread_t thread;
	uint32_t value, value_back, sum;
	const char *text;
	uint64_t deadline;
	status_t status;
};

static void *waiter_main(void *arg)
{
	struct waiter *w = arg;

	w->status = echo_wait_until(ep, w->deadline, w->value, w->text, strlen(w->text), &w->value_back, &w->sum);
	return NULL;
}

static void waiters_start(struct waiter *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		w[i].value = 100 + i;
		w[i].value_back = w[i].sum = 0;
		w[i].deadline = w[i].deadline ? w[i].deadline : DEADLINE_NEVER;
		pthread_create(&w[i].thread, NULL, waiter_main, &w[i]);
		fake_calls_wait(i + 1);
		/* In order: the server has taken it when it answers this. */
		echo_ping(ep);
	}
}

static void waiters_join(struct waiter *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pthread_join(w[i].thread, NULL);
}

static void test_deferred(void)
{
	unsigned before = fake_handle_count();
	uint32_t released = 0;
	struct waiter w[ECHO_WAITING_MAX + 1] = {
		{.text = "AB"}, {.text = ""}, {.text = "C"}, {.text = "z"}, {.text = "late"}};
	uint64_t now;

	waiters_start(w, 3);
	CHECK_INT(echo_release(ep, OK, &released), OK);
	waiters_join(w, 3);
	CHECK_INT(released, 3);
	CHECK(w[0].status == OK && w[0].value_back == 100 && w[0].sum == 'A' + 'B');
	CHECK(w[1].status == OK && w[1].value_back == 101 && w[1].sum == 0);
	CHECK(w[2].status == OK && w[2].value_back == 102 && w[2].sum == 'C');

	/* An error, and one that is no status. */
	waiters_start(w, 1);
	CHECK_INT(echo_release(ep, ERR_BUSY, &released), OK);
	waiters_join(w, 1);
	CHECK_INT(w[0].status, ERR_BUSY);
	CHECK_INT(w[0].value_back, 0);

	/* More than the server keeps. */
	waiters_start(w, ECHO_WAITING_MAX);
	CHECK_INT(echo_wait(ep, 1, NULL, 0, NULL, NULL), ERR_BUSY);
	CHECK_INT(echo_release(ep, OK, &released), OK);
	waiters_join(w, ECHO_WAITING_MAX);
	CHECK_INT(released, ECHO_WAITING_MAX);

	/* One that gives up: its answer goes nowhere, the others get theirs. */
	clock_get(&now);
	w[0].deadline = now + 1000;
	w[1].deadline = DEADLINE_NEVER;
	waiters_start(w, 2);
	fake_clock_advance(999);
	fake_calls_wait(2);
	fake_clock_advance(1);
	pthread_join(w[0].thread, NULL);
	CHECK_INT(w[0].status, ERR_TIMED_OUT);
	CHECK_INT(echo_release(ep, OK, &released), OK);
	pthread_join(w[1].thread, NULL);
	CHECK_INT(released, 2);
	CHECK(w[1].status == OK && w[1].value_back == 101);
	w[0].deadline = 0;

	/* Dropped by the server. */
	CHECK_INT(echo_wait(ep, ECHO_WAIT_DROP, "x", 1, NULL, NULL), ERR_PEER_DIED);
	/* No reply handle to be had. */
	fake_fail(FAKE_SAVE_CALLER, 1, ERR_NO_HANDLES);
	CHECK_INT(echo_wait(ep, 1, "x", 1, NULL, NULL), ERR_NO_HANDLES);
	CHECK_INT(fake_handle_count(), before);
}

static void test_reply_functions(void)
{
	/* Answers through a handle that is no reply handle consume what they are given. */
	unsigned before = fake_handle_count();

	CHECK_INT(echo_wait_reply(HANDLE_NONE, OK, 1, 2), ERR_HANDLE);
	CHECK_INT(echo_wait_reply(fake_object_create(OBJ_VMO, RIGHTS_ALL), OK, 1, 2), ERR_TYPE);
	CHECK_INT(echo_signal_reply(HANDLE_NONE, OK, fake_object_create(OBJ_VMO, RIGHTS_ALL)), ERR_HANDLE);
	CHECK_INT(echo_signal_reply(HANDLE_NONE, ERR_IO, fake_object_create(OBJ_VMO, RIGHTS_ALL)), ERR_HANDLE);
	CHECK_INT(fake_handle_count(), before);
}

static void test_one_system_call(void)
{
	struct fake_counts a = fake_counts_get();

	for (unsigned i = 0; i < 10; i++)
		echo_ping(ep);
	struct fake_counts b = fake_counts_get();

	CHECK_INT(b.call - a.call, 10);
	CHECK_INT(b.reply - a.reply, 0);
	CHECK_INT(b.recv - a.recv, 0);
}

static void test_tables(void)
{
	unsigned last = 0;

	CHECK_STR(echo_protocol.name, "echo");
	CHECK_INT(echo_protocol.number, ECHO_NUMBER);
	for (unsigned i = 0; i < echo_protocol.op_count; i++) {
		CHECK(echo_protocol.ops[i].number > last);
		last = echo_protocol.ops[i].number;
		if (last == ECHO_COPY_OP)
			CHECK(echo_protocol.ops[i].idempotent && strcmp(echo_protocol.ops[i].name, "copy") == 0);
		if (last == ECHO_WAIT_OP)
			CHECK(!echo_protocol.ops[i].idempotent);
	}
	CHECK_INT(ECHO_BUFFER_MAX, 65536);
	CHECK(echo_color_valid(0) && echo_color_valid(1) && !echo_color_valid(2));
	CHECK(echo_color_valid(7) && !echo_color_valid(8) && !echo_color_valid(1ull << 32));
}

int main(void)
{
	pthread_t thread;

	endpoint_create(&ep);
	pthread_create(&thread, NULL, server_main, NULL);
	test_tables();
	test_scalars();
	test_text_and_bytes();
	test_structs();
	test_leases();
	test_handles();
	test_errors();
	test_deferred();
	test_reply_functions();
	test_one_system_call();
	CHECK_INT(echo_server_stop(ep), OK);
	pthread_join(thread, NULL);
	CHECK_INT(server.ended, OK);
	fake_endpoint_close(ep);
	CHECK_INT(echo_ping(ep), ERR_CLOSED);
	handle_close(ep);
	fake_kernel_expect_empty("idl_echo");
	return check_end();
}

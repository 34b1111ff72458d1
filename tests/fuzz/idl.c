/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: any bytes as a request that reaches a generated dispatch, and as the answer that reaches a generated
 * stub. The kernel is played by the functions below, which only send what a kernel would let through. Whatever
 * comes in: no handle is lost or closed twice while somebody has it, answers are well formed, errors carry nothing,
 * and what a stub accepts is in range.
 */
// fuzz-sources: tests/unit/idl_echo_ops.c sys/lib/ipc.c build/release/sys/protocols/echo.c
// fuzz-runs: 1500000
#include <stdlib.h>
#include <string.h>

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"
#include "tests/unit/idl_echo_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENSURE(condition)         \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* ---- input, zeros when it has run out --------------------------------------------------------- */

static const uint8_t *input;
static size_t input_left;

static uint8_t take(void)
{
	if (input_left == 0)
		return 0;
	input_left--;
	return *input++;
}

static void take_bytes(void *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = take();
}

/* ---- handles ----------------------------------------------------------------------------------- */

enum { HANDLES = 64, REPLY = 60 };

static struct {
	bool open;
	uint32_t type, rights;
} handles[HANDLES];
static handle_t handle_next;

static handle_t handle_make(void)
{
	static const uint32_t rights[] = {RIGHTS_ALL, 0, RIGHT_INFO, RIGHT_NT_SIGNAL | RIGHT_MOVE,
					  RIGHT_NT_SIGNAL | RIGHT_MOVE | RIGHT_INFO};
	handle_t handle = handle_next++;
	uint8_t kind = take();

	ENSURE(handle < REPLY);
	handles[handle].open = true;
	handles[handle].type = 1 + kind % (OBJ_TYPE_COUNT - 1);
	handles[handle].rights = rights[kind / 16 % 5];
	return handle;
}

static bool handle_is_open(handle_t handle)
{
	return handle < HANDLES && handles[handle].open;
}

static unsigned handles_open(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < REPLY; i++)
		n += handles[i].open;
	return n;
}

status_t handle_close(handle_t handle)
{
	ENSURE(handle != HANDLE_NONE);
	if (!handle_is_open(handle))
		return ERR_HANDLE;
	handles[handle].open = false;
	return OK;
}

status_t handle_info(handle_t handle, struct handle_info *info)
{
	ENSURE(handle_is_open(handle));
	*info = (struct handle_info){.type = handles[handle].type, .rights = handles[handle].rights};
	return OK;
}

status_t notification_signal(handle_t nt, uint64_t bits)
{
	/* The dispatch promised that it is one. */
	ENSURE(handle_is_open(nt) && handles[nt].type == OBJ_NOTIFICATION);
	ENSURE(handles[nt].rights & RIGHT_NT_SIGNAL);
	return bits == 13 ? ERR_BUSY : OK;
}

/* ---- leases ------------------------------------------------------------------------------------ */

enum { MEMORY = ECHO_BUFFER_MAX + 64 };

static struct lease leases[MSG_LEASES_MAX];
static unsigned lease_count;
static uint8_t memory[MSG_LEASES_MAX][MEMORY];
static bool leases_fault;

static status_t lease_at(unsigned index, uint64_t offset, uint64_t len, uint32_t access)
{
	ENSURE(index < lease_count);
	uint64_t size = leases[index].info & LEASE_LEN_MAX;

	if (!(leases[index].info >> LEASE_ACCESS_SHIFT & access))
		return ERR_RIGHTS;
	if (offset > size || len > size - offset)
		return ERR_RANGE;
	if (leases_fault || offset + len > MEMORY)
		return ERR_FAULT;
	return OK;
}

status_t lease_read(handle_t reply, unsigned lease, uint64_t offset, void *buffer, uint64_t len)
{
	status_t status = lease_at(lease, offset, len, LEASE_READ);

	(void)reply;
	if (status == OK && len != 0)
		memcpy(buffer, memory[lease] + offset, len);
	return status;
}

status_t lease_write(handle_t reply, unsigned lease, uint64_t offset, const void *buffer, uint64_t len)
{
	status_t status = lease_at(lease, offset, len, LEASE_WRITE);

	(void)reply;
	if (status == OK && len != 0)
		memcpy(memory[lease] + offset, buffer, len);
	return status;
}

status_t lease_info(handle_t reply, unsigned lease, uint64_t *len, uint32_t *access)
{
	(void)reply;
	ENSURE(lease < lease_count);
	if (leases_fault)
		return ERR_FAULT;
	*len = leases[lease].info & LEASE_LEN_MAX;
	*access = (uint32_t)(leases[lease].info >> LEASE_ACCESS_SHIFT);
	return OK;
}

/* ---- messages ---------------------------------------------------------------------------------- */

static unsigned answers; /* through reply handles */

static void answer_check(const struct ipc_msg *m)
{
	unsigned n = MSG_HANDLES(m->info);

	ENSURE((m->info & ~(MSG_INFO(0xffffffffu, 7, 0))) == 0);
	ENSURE(MSG_LABEL(m->info) <= (uint32_t)-ERR_LAST);
	ENSURE(n <= MSG_HANDLES_MAX);
	if (MSG_LABEL(m->info) == 0)
		return;
	ENSURE(n == 0);
	for (unsigned i = 0; i < MSG_WORDS; i++)
		ENSURE(m->w[i] == 0);
}

status_t ipc_save_caller(handle_t *reply)
{
	ENSURE(!handles[REPLY].open);
	handles[REPLY].open = true;
	*reply = REPLY;
	return OK;
}

status_t ipc_reply_to(handle_t reply, const struct ipc_msg *m)
{
	ENSURE(reply == REPLY && handles[REPLY].open);
	handles[REPLY].open = false;
	answer_check(m);
	answers++;
	return OK;
}

/* What the server under test answers: the input. */
static struct ipc_msg answer;
static status_t call_status;

status_t ipc_call(handle_t ep, struct ipc_msg *m, const struct lease *lent, uint64_t deadline)
{
	(void)ep;
	(void)deadline;
	for (unsigned i = 0; i < MSG_HANDLES(m->info); i++)
		ENSURE(handle_is_open(m->handles[i]));
	if (call_status != OK)
		return call_status; /* the handles may be gone or not */
	for (unsigned i = 0; i < MSG_HANDLES(m->info); i++)
		handles[m->handles[i]].open = false;
	for (unsigned i = 0; i < MSG_LEASES(m->info); i++) {
		uint64_t len = lent[i].info & LEASE_LEN_MAX;

		if (lent[i].info >> LEASE_ACCESS_SHIFT == LEASE_WRITE)
			for (uint64_t at = 0; at < len; at++)
				((uint8_t *)(uintptr_t)lent[i].addr)[at] = take();
	}
	*m = answer;
	return OK;
}

/* ---- the two sides ------------------------------------------------------------------------------- */

static void fuzz_server(void)
{
	static struct echo_server es;
	struct ipc_request rq = {0};
	uint8_t op = take(), counts = take(), flags = take();
	uint32_t protocol = flags & 1 ? ECHO_NUMBER : take();
	bool clean = flags & 2; /* the right counts, so that deeper checks are reached */
	static const uint8_t right[][2] = {
		[ECHO_COPY_OP] = {0, 2},   [ECHO_SWAP_OP] = {0, 2},    [ECHO_GREET_OP] = {0, 2},
		[ECHO_SIGNAL_OP] = {1, 0}, [ECHO_HANDLES_OP] = {4, 0}, [ECHO_WAIT_OP] = {0, 1},
		[ECHO_BADGE_OP] = {0, 0},
	};
	unsigned n = counts % 5;

	memset(&es, 0, sizeof(es));
	leases_fault = (flags & 0x1c) == 0x1c;
	lease_count = counts / 8 % 5;
	if (clean) {
		op = (uint8_t)(1 + op % ECHO_BADGE_OP);
		n = right[op][0];
		lease_count = right[op][1];
	}
	rq.msg.info = MSG_INFO(IPC_LABEL(protocol & 0x7fff, op), n, lease_count);
	for (unsigned i = 0; i < n; i++)
		rq.msg.handles[i] = handle_make();
	for (unsigned i = 0; i < lease_count; i++) {
		uint8_t how = take();
		uint64_t len = take();

		if (how & 4)
			len *= sizeof(struct echo_pair);
		if (how & 8)
			len = len << 16 | take();
		if ((how & 0x70) == 0x70)
			len = LEASE_LEN_MAX - take();
		leases[i] = IPC_LEASE(memory[i], len, how & 3u);
		take_bytes(memory[i], 64);
	}
	take_bytes(rq.msg.w, sizeof(rq.msg.w));

	status_t status = echo_dispatch(&echo_server_ops, &es, &rq);

	if (status == IPC_DEFERRED) {
		/* Kept for later, or let go of. */
		ENSURE(es.waiting == handles[REPLY].open);
		if (es.waiting) {
			struct ipc_request release = {
				.msg = {.info = MSG_INFO(IPC_LABEL(ECHO_NUMBER, ECHO_RELEASE_OP), 0, 0)}};

			release.msg.w[0] = (uint32_t) - (take() % 30);
			if (echo_dispatch(&echo_server_ops, &es, &release) == OK && MSG_LABEL(release.msg.info) == OK)
				ENSURE(answers == 1 && release.msg.w[0] == 1);
			else
				handle_close(REPLY);
		}
		ENSURE(handles_open() == 0);
	} else {
		ENSURE(status == OK);
		answer_check(&rq.msg);
		unsigned out = MSG_HANDLES(rq.msg.info);

		/* Every handle that is still there is in the answer. */
		ENSURE(handles_open() == out);
		for (unsigned i = 0; i < out; i++)
			ENSURE(handle_is_open(rq.msg.handles[i]));
		if (rq.reply != HANDLE_NONE)
			handle_close(REPLY);
	}
	ENSURE(!handles[REPLY].open);
}

static void result_check(status_t status)
{
	ENSURE(status == OK || (status < 0 && status >= ERR_LAST));
	if (status != OK)
		ENSURE(handles_open() == 0);
}

static void fuzz_client(void)
{
	static uint8_t to[300];
	uint8_t op = take(), flags = take();
	struct echo_pair pair = {0}, pairs[3], swapped[3];
	struct echo_nest nest = {0};
	bool yes = false;
	enum echo_color color = ECHO_COLOR_RED;
	uint32_t style = 0, n32 = 0;
	uint8_t n8 = 0, key[7] = {0}, bytes[30];
	size_t len = 0;
	char text[21], greeting[121];
	status_t result = OK, status;
	handle_t out[4] = {0};

	answer = (struct ipc_msg){.info = MSG_INFO(flags & 1 ? 0 : take(), 0, 0)};
	call_status = flags % 16 == 15 ? ERR_LAST + take() % -ERR_LAST : OK;
	take_bytes(answer.w, sizeof(answer.w));
	unsigned n = flags & 2 ? op % 4 == 3 ? 4 : op % 4 == 2 : take() % 5;

	/* Sent handles come first. */
	handle_t given[4];

	for (unsigned i = 0; i < 4; i++)
		given[i] = op % 10 == 8 || (op % 10 == 7 && i == 0) ? handle_make() : HANDLE_NONE;
	if (call_status == OK) {
		answer.info |= (uint64_t)n << MSG_HANDLES_SHIFT;
		for (unsigned i = 0; i < n; i++)
			answer.handles[i] = handle_make();
	}
	switch (op % 10) {
	case 0:
		status = echo_scalars(1, 1, 2, 3, 4, 5, 6, true, ECHO_COLOR_BLUE, 0, OK, NULL, NULL, NULL, NULL, NULL,
				      NULL, &yes, &color, &style, &result);
		ENSURE(*(unsigned char *)&yes <= 1 && echo_color_valid(color));
		ENSURE((style & ~ECHO_STYLE_ALL) == 0 && ipc_status_valid(result));
		break;
	case 1:
		memset(text, 'x', sizeof(text));
		status = echo_text(1, "text", text);
		ENSURE(status != OK || ipc_string_ends(text, sizeof(text)));
		break;
	case 2:
		status = echo_bytes(1, key, bytes, take() % 31, key, bytes, &len);
		ENSURE(len <= 30);
		break;
	case 3:
		status = echo_pair(1, &pair, &pair);
		ENSURE(echo_pair_valid(&pair));
		break;
	case 4:
		status = echo_nest(1, &nest, &nest);
		ENSURE(echo_nest_valid(&nest));
		break;
	case 5:
		len = take();
		status = echo_copy(1, "x", 1, to, len, &n32);
		ENSURE(n32 <= len);
		break;
	case 6:
		memset(pairs, 0, sizeof(pairs));
		status = echo_swap(1, pairs, 3, swapped, 3, &n8);
		ENSURE(n8 <= 3);
		for (unsigned i = 0; status == OK && i < n8; i++)
			ENSURE(echo_pair_valid(&swapped[i]));
		break;
	case 7: status = echo_signal(1, given[0], 1, &out[0]); break;
	case 8:
		status = echo_handles(1, given[0], given[1], given[2], given[3], &out[0], flags & 4 ? NULL : &out[1],
				      &out[2], &out[3]);
		break;
	default:
		len = take() % (sizeof(greeting) + 1);
		status = echo_greet(1, "name", greeting, len);
		ENSURE(status != OK || len == 0 || ipc_string_ends(greeting, len));
		break;
	}
	result_check(status);
	for (unsigned i = 0; i < 4; i++) {
		if (out[i] == HANDLE_NONE)
			continue;
		ENSURE(status == OK && handle_close(out[i]) == OK);
	}
	ENSURE(handles_open() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(handles, 0, sizeof(handles));
	handle_next = 1;
	answers = 0;
	input = data;
	input_left = size;
	if (take() & 1)
		fuzz_client();
	else
		fuzz_server();
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages that do not keep to the description: requests that a dispatch must refuse, answers that
 * a stub must refuse, handlers that break their contract. Nothing may be lost or believed. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "idl_echo_server.h"
#include "sys/lib/host/fake_kernel.h"
#include "sys/lib/ipc_stub.h"
#include "tests/unit/check.h"

static handle_t ep;

/* ---- hostile clients --------------------------------------------------------------------------- */

static struct echo_server server;

static void *server_main(void *ops)
{
	echo_server_run(&server, ep, ops);
	fake_thread_leave();
	return NULL;
}

#define LABEL(op) IPC_LABEL(ECHO_NUMBER, ECHO_##op##_OP)

/* Sends a message as it is; the status of its answer. */
static status_t raw(uint32_t label, unsigned handles, unsigned leases, const uint64_t w[6], const struct lease *lent)
{
	static const struct lease nothing[MSG_LEASES_MAX];
	struct ipc_msg m = {.info = MSG_INFO(label, handles, leases)};

	if (w)
		memcpy(m.w, w, sizeof(m.w));
	for (unsigned i = 0; i < handles; i++)
		m.handles[i] = fake_object_create(OBJ_NOTIFICATION, RIGHTS_ALL);
	status_t status = ipc_call(ep, &m, lent ? lent : nothing, DEADLINE_NEVER);

	if (status != OK)
		return status;
	status = ipc_label_status(MSG_LABEL(m.info));
	if (status != OK) {
		/* An error comes alone. */
		CHECK_INT(MSG_HANDLES(m.info), 0);
		for (unsigned i = 0; i < MSG_WORDS; i++)
			CHECK_INT(m.w[i], 0);
	} else {
		ipc_drop(m.handles, MSG_HANDLES(m.info), OK);
	}
	return status;
}

static void test_request_labels(void)
{
	for (uint32_t op = 0; op < 100; op++) {
		bool known = (op >= 3 && op <= 17) || op == ECHO_PING_OP;
		/* Without handles and leases: some operations are well formed so. */
		status_t status = raw(IPC_LABEL(ECHO_NUMBER, op), 0, 0, NULL, NULL);

		if (!known)
			CHECK_INT(status, ERR_NO_SYSCALL);
		else
			CHECK(status == OK || status == ERR_PROTOCOL);
	}
	CHECK_INT(raw(IPC_LABEL(ECHO_NUMBER, 0xffff), 4, 4, NULL, NULL), ERR_NO_SYSCALL);
	CHECK_INT(raw(IPC_LABEL(ECHO_NUMBER + 1, ECHO_PING_OP), 4, 0, NULL, NULL), ERR_NO_SYSCALL);
	CHECK_INT(raw(0, 1, 0, NULL, NULL), ERR_NO_SYSCALL);
	CHECK_INT(raw(ECHO_PING_OP, 0, 0, NULL, NULL), ERR_NO_SYSCALL);
}

static void test_request_counts(void)
{
	static const struct {
		uint32_t label;
		unsigned handles, leases;
	} ops[] = {
		{LABEL(PING), 0, 0},   {LABEL(WORDS), 0, 0}, {LABEL(TEXT), 0, 0},    {LABEL(PAIR), 0, 0},
		{LABEL(NEST), 0, 0},   {LABEL(COPY), 0, 2},  {LABEL(SWAP), 0, 2},    {LABEL(GREET), 0, 2},
		{LABEL(SIGNAL), 1, 0}, {LABEL(WAIT), 0, 1},  {LABEL(FAIL), 0, 0},    {LABEL(RELEASE), 0, 0},
		{LABEL(BADGE), 0, 0},  {LABEL(BYTES), 0, 0}, {LABEL(HANDLES), 4, 0},
	};

	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		for (unsigned handles = 0; handles <= 4; handles++)
			for (unsigned leases = 0; leases <= 4; leases++)
				if (handles != ops[i].handles || leases != ops[i].leases)
					CHECK_INT(raw(ops[i].label, handles, leases, NULL, NULL), ERR_PROTOCOL);
}

static void test_request_values(void)
{
	uint64_t w[6] = {0};

	CHECK_INT(raw(LABEL(SCALARS), 0, 0, w, NULL), OK);
	for (unsigned byte = 0; byte < 48; byte++) {
		/* in the order of the description: u8 @0, u16 @2, u32 @4, u64 @8, i32 @16, i64 @24, bool @32,
		 * enum @33, flags @36, status @40 */
		for (unsigned value = 0; value < 256; value++) {
			uint64_t v[6] = {0};
			status_t want = OK;

			((uint8_t *)v)[byte] = (uint8_t)value;
			if (byte == 32 && value > 1)
				want = ERR_PROTOCOL;
			if (byte == 33 && value != 0 && value != 1 && value != 7)
				want = ERR_PROTOCOL;
			if ((byte == 36 && value > 3) || ((byte == 37 || byte == 38) && value) ||
			    (byte == 39 && value != 0 && value != 0x80))
				want = ERR_PROTOCOL;
			if (byte >= 40 && byte < 44 && value)
				want = ERR_PROTOCOL;
			CHECK_INT(raw(LABEL(SCALARS), 0, 0, v, NULL), want);
		}
	}
	for (int64_t result = -30; result <= 3; result++) {
		uint64_t v[6] = {[5] = (uint32_t)result};

		CHECK_INT(raw(LABEL(SCALARS), 0, 0, v, NULL), result <= 0 && result >= ERR_LAST ? OK : ERR_PROTOCOL);
	}

	/* A text without an end in its 21 bytes; what follows them ends it too late. */
	memset(w, 'x', sizeof(w));
	((char *)w)[21] = 0;
	CHECK_INT(raw(LABEL(TEXT), 0, 0, w, NULL), ERR_PROTOCOL);
	((char *)w)[20] = 0;
	CHECK_INT(raw(LABEL(TEXT), 0, 0, w, NULL), OK);

	/* More bytes than there can be: the length is byte 7. */
	memset(w, 0, sizeof(w));
	for (unsigned len = 0; len < 256; len++) {
		((uint8_t *)w)[7] = (uint8_t)len;
		CHECK_INT(raw(LABEL(BYTES), 0, 0, w, NULL), len <= 30 ? OK : ERR_PROTOCOL);
	}

	/* Inside of structs: mark @8, known @9, label @10..15. */
	for (unsigned byte = 0; byte < 48; byte++) {
		uint64_t v[6] = {0};

		((uint8_t *)v)[byte] = 2;
		CHECK_INT(raw(LABEL(PAIR), 0, 0, v, NULL), byte == 8 || byte == 9 ? ERR_PROTOCOL : OK);
		/* nest: extra @16, style @24, result @28, id @32 */
		bool bad = byte == 8 || byte == 9 || (byte >= 25 && byte <= 31);

		CHECK_INT(raw(LABEL(NEST), 0, 0, v, NULL), bad ? ERR_PROTOCOL : OK);
	}
	memset(w, 0, sizeof(w));
	memset((char *)w + 10, 'x', 6);
	CHECK_INT(raw(LABEL(PAIR), 0, 0, w, NULL), ERR_PROTOCOL);
	((char *)w)[15] = 0;
	CHECK_INT(raw(LABEL(PAIR), 0, 0, w, NULL), OK);
}

static void test_request_leases(void)
{
	static char memory[ECHO_BUFFER_MAX + 16];
	struct lease l[2];

	l[0] = IPC_LEASE(memory, ECHO_BUFFER_MAX, LEASE_READ);
	l[1] = IPC_LEASE(memory, 1, LEASE_WRITE);
	CHECK_INT(raw(LABEL(COPY), 0, 2, NULL, l), OK);
	l[0] = IPC_LEASE(memory, ECHO_BUFFER_MAX + 1, LEASE_READ);
	CHECK_INT(raw(LABEL(COPY), 0, 2, NULL, l), ERR_PROTOCOL);
	l[0] = IPC_LEASE(memory, LEASE_LEN_MAX, LEASE_READ);
	CHECK_INT(raw(LABEL(COPY), 0, 2, NULL, l), ERR_PROTOCOL);
	/* Access that is not given, and more than is needed. */
	l[0] = IPC_LEASE(memory, 1, LEASE_WRITE);
	CHECK_INT(raw(LABEL(COPY), 0, 2, NULL, l), ERR_PROTOCOL);
	l[0] = IPC_LEASE(memory, 1, 0u);
	CHECK_INT(raw(LABEL(COPY), 0, 2, NULL, l), ERR_PROTOCOL);
	l[0] = IPC_LEASE(memory, 1, LEASE_READ | LEASE_WRITE);
	CHECK_INT(raw(LABEL(COPY), 0, 2, NULL, l), OK);
	l[1] = IPC_LEASE(memory, 1, LEASE_READ);
	CHECK_INT(raw(LABEL(COPY), 0, 2, NULL, l), ERR_PROTOCOL);

	/* Structs: whole ones only, at most PAIRS_MAX. */
	memset(memory, 0, sizeof(memory));
	for (unsigned len = 0; len <= 33 * sizeof(struct echo_pair); len++) {
		l[0] = IPC_LEASE(memory, len, LEASE_READ);
		l[1] = IPC_LEASE(memory + 1024, 0, LEASE_WRITE);
		bool fits = len % sizeof(struct echo_pair) == 0 && len / sizeof(struct echo_pair) <= 32;

		CHECK_INT(raw(LABEL(SWAP), 0, 2, NULL, l), fits ? OK : ERR_PROTOCOL);
	}

	/* Text: a NUL inside, too long, too long for the answer. */
	strcpy(memory, "two");
	memcpy(memory + 4, "parts", 6);
	l[0] = IPC_LEASE(memory, 9, LEASE_READ);
	l[1] = IPC_LEASE(memory + 1024, ECHO_GREET_GREETING_MAX + 1, LEASE_WRITE);
	CHECK_INT(raw(LABEL(GREET), 0, 2, NULL, l), ERR_PROTOCOL);
	l[0] = IPC_LEASE(memory, 4, LEASE_READ); /* with its NUL */
	CHECK_INT(raw(LABEL(GREET), 0, 2, NULL, l), ERR_PROTOCOL);
	l[0] = IPC_LEASE(memory, 3, LEASE_READ);
	CHECK_INT(raw(LABEL(GREET), 0, 2, NULL, l), OK);
	l[1] = IPC_LEASE(memory + 1024, ECHO_GREET_GREETING_MAX + 2, LEASE_WRITE);
	CHECK_INT(raw(LABEL(GREET), 0, 2, NULL, l), ERR_PROTOCOL);
	l[0] = IPC_LEASE(memory + 2048, ECHO_GREET_NAME_MAX + 1, LEASE_READ);
	l[1] = IPC_LEASE(memory + 1024, 1, LEASE_WRITE);
	CHECK_INT(raw(LABEL(GREET), 0, 2, NULL, l), ERR_PROTOCOL);
	l[0] = IPC_LEASE(NULL, 10, LEASE_READ);
	CHECK_INT(raw(LABEL(GREET), 0, 2, NULL, l), ERR_FAULT);
}

/* What nothing was put into is zero in an answer, not what the request left there. */
static void test_answers_leak_nothing(void)
{
	static const struct {
		uint32_t label;
		unsigned used; /* bytes of the answer */
		uint64_t good[6];
	} ops[] = {
		{LABEL(PING), 0, {0}},
		{LABEL(BADGE), 8, {0}},
		{LABEL(FAIL), 4, {0}},
		{LABEL(TEXT), 21, {0x62006100620061, 0, 0}}, /* "a", then junk behind its NUL */
		{LABEL(BYTES), 38, {0}},
		{LABEL(PAIR), 16, {0, 0x6900000000}},
		{LABEL(RELEASE), 4, {0}},
		{LABEL(SCALARS), 44, {0}},
	};

	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct ipc_msg m = {.info = MSG_INFO(ops[i].label, 0, 0)};
		unsigned first = ops[i].used;

		memcpy(m.w, ops[i].good, sizeof(m.w));
		/* Junk where the request has no parameter: each is as long as its answer, or shorter. */
		memset((char *)m.w + first, 0xa5, sizeof(m.w) - first);
		CHECK_INT(ipc_call(ep, &m, NULL, DEADLINE_NEVER), OK);
		CHECK_INT(MSG_LABEL(m.info), OK);
		for (unsigned byte = first; byte < sizeof(m.w); byte++)
			CHECK_INT(((uint8_t *)m.w)[byte], 0);
		if (ops[i].label == LABEL(TEXT))
			CHECK(m.w[0] == 'a' && m.w[1] == 0 && m.w[2] == 0);
	}
}

/* ---- handlers that break their contract ------------------------------------------------------------ */

static handle_t stray; /* given to a caller although it cannot travel */

static status_t bad_text(void *ctx, struct ipc_request *rq, const char *text, char text_back[21])
{
	(void)ctx;
	(void)rq;
	(void)text;
	memset(text_back, 'x', 21);
	return OK;
}

static status_t bad_bytes(void *ctx, struct ipc_request *rq, const uint8_t key[7], const uint8_t *data, size_t data_len,
			  uint8_t key_back[7], uint8_t data_back[30], size_t *data_back_len)
{
	(void)ctx;
	(void)rq;
	(void)key;
	(void)data;
	(void)data_len;
	(void)key_back;
	(void)data_back;
	*data_back_len = 31;
	return OK;
}

static status_t bad_pair(void *ctx, struct ipc_request *rq, const struct echo_pair *pair, struct echo_pair *pair_back)
{
	(void)ctx;
	(void)rq;
	(void)pair;
	memset(pair_back->label, 'x', sizeof(pair_back->label));
	return OK;
}

static status_t bad_signal(void *ctx, struct ipc_request *rq, handle_t nt, uint64_t bits, handle_t *nt_back)
{
	(void)ctx;
	(void)rq;
	switch (bits) {
	case 0: return OK;                    /* no handle */
	case 1: *nt_back = nt; return ERR_IO; /* both the received and the result */
	case 2:
		handle_close(nt);
		*nt_back = stray = fake_object_create(OBJ_VMO, RIGHT_INFO);
		return OK;
	case 3:
		handle_close(nt);
		*nt_back = 0x123450001;
		return OK;
	default: *nt_back = nt; return IPC_DEFERRED;
	}
}

/* Saves its caller, then answers as if it had not. */
static status_t bad_release(void *ctx, struct ipc_request *rq, status_t with, uint32_t *released)
{
	handle_t reply, again;

	(void)ctx;
	CHECK_INT(ipc_request_save(rq, &reply), OK);
	CHECK_INT(ipc_request_save(rq, &again), ERR_STATE);
	*released = 11;
	return with;
}

/* Answers later with a result that cannot be sent: the caller learns nothing but that. */
static status_t bad_nest(void *ctx, struct ipc_request *rq, const struct echo_nest *nest, struct echo_nest *nest_back)
{
	struct echo_nest bad = *nest;
	handle_t reply;

	(void)ctx;
	(void)nest_back;
	memset(bad.id, 0x55, sizeof(bad.id));
	memset(bad.inner.label, 'x', sizeof(bad.inner.label));
	CHECK_INT(ipc_request_save(rq, &reply), OK);
	CHECK_INT(echo_nest_reply(reply, OK, &bad), OK);
	CHECK(!fake_handle_valid(reply));
	return IPC_DEFERRED;
}

static enum { LATER_OK, LATER_ERROR, LATER_STRAY, LATER_STALE } later;

static status_t bad_handles(void *ctx, struct ipc_request *rq, handle_t a, handle_t b, handle_t c, handle_t d,
			    handle_t *d_back, handle_t *c_back, handle_t *b_back, handle_t *a_back)
{
	handle_t reply;

	(void)ctx;
	(void)d_back;
	(void)c_back;
	(void)b_back;
	(void)a_back;
	CHECK_INT(ipc_request_save(rq, &reply), OK);
	switch (later) {
	case LATER_OK: CHECK_INT(echo_handles_reply(reply, OK, d, c, b, a), OK); break;
	case LATER_ERROR:
		CHECK_INT(echo_handles_reply(reply, ERR_BUSY, d, c, b, HANDLE_NONE), OK);
		handle_close(a);
		break;
	case LATER_STRAY:
		handle_close(a);
		a = fake_object_create(OBJ_VMO, RIGHT_INFO);
		CHECK_INT(echo_handles_reply(reply, OK, d, c, b, a), ERR_RIGHTS);
		break;
	case LATER_STALE:
		handle_close(c);
		CHECK_INT(echo_handles_reply(reply, OK, d, c, b, a), ERR_HANDLE);
		break;
	}
	CHECK(!fake_handle_valid(reply));
	return IPC_DEFERRED;
}

/* Nothing of it is in the request already. */
static status_t bad_words(void *ctx, struct ipc_request *rq, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
			  uint64_t f, uint64_t *a_back, uint64_t *b_back, uint64_t *c_back, uint64_t *d_back,
			  uint64_t *e_back, uint64_t *f_back)
{
	(void)ctx;
	(void)rq;
	*a_back = ~a;
	*b_back = ~b;
	*c_back = ~c;
	*d_back = ~d;
	*e_back = ~e;
	*f_back = ~f;
	return OK;
}

static status_t bad_scalars(void *ctx, struct ipc_request *rq, uint8_t small, uint16_t medium, uint32_t large,
			    uint64_t huge, int32_t negative, int64_t very_negative, bool yes, enum echo_color color,
			    uint32_t style, status_t result, uint8_t *small_back, uint16_t *medium_back,
			    uint32_t *large_back, uint64_t *huge_back, int32_t *negative_back,
			    int64_t *very_negative_back, bool *yes_back, enum echo_color *color_back,
			    uint32_t *style_back, status_t *result_back)
{
	(void)ctx;
	(void)rq;
	(void)color;
	(void)style;
	(void)result;
	*small_back = (uint8_t)~small;
	*medium_back = (uint16_t)~medium;
	*large_back = ~large;
	*huge_back = ~huge;
	*negative_back = ~negative;
	*very_negative_back = ~very_negative;
	*yes_back = !yes;
	*color_back = ECHO_COLOR_BLUE;
	*style_back = ECHO_STYLE_BLINK;
	*result_back = ERR_AGAIN;
	return OK;
}

static void test_other_answers(void)
{
	uint64_t w[6] = {0};
	uint8_t small = 0;
	uint16_t medium = 0;
	uint32_t large = 0, style = 0;
	uint64_t huge = 0;
	int32_t negative = 0;
	int64_t very_negative = 0;
	bool yes = false;
	enum echo_color color = ECHO_COLOR_RED;
	status_t result = OK;

	CHECK_INT(echo_words(ep, 1, 2, 3, 4, 5, 6, &w[0], &w[1], &w[2], &w[3], &w[4], &w[5]), OK);
	for (uint64_t i = 0; i < 6; i++)
		CHECK(w[i] == ~(i + 1));
	CHECK_INT(echo_scalars(ep, 1, 2, 3, 4, 5, 6, false, ECHO_COLOR_RED, 0, OK, &small, &medium, &large, &huge,
			       &negative, &very_negative, &yes, &color, &style, &result),
		  OK);
	CHECK(small == 0xfe && medium == 0xfffd && large == 0xfffffffc && huge == ~4ull);
	CHECK(negative == ~5 && very_negative == ~6ll && yes && color == ECHO_COLOR_BLUE);
	CHECK(style == ECHO_STYLE_BLINK && result == ERR_AGAIN);
}

static const struct echo_ops bad_ops = {
	.words = bad_words,
	.scalars = bad_scalars,
	.nest = bad_nest,
	.handles = bad_handles,
	.text = bad_text,
	.bytes = bad_bytes,
	.pair = bad_pair,
	.signal = bad_signal,
	.release = bad_release,
};

static void test_bad_handlers(void)
{
	const uint32_t rights = RIGHT_NT_SIGNAL | RIGHT_MOVE | RIGHT_INFO;
	char text[21];
	uint8_t key[7] = {0};
	struct echo_pair pair = {0};
	uint32_t released = 0;
	handle_t back = HANDLE_NONE;

	CHECK_INT(echo_ping(ep), ERR_UNSUPPORTED); /* no handler at all */

	unsigned before = fake_handle_count(); /* the server's thread is up */

	CHECK_INT(raw(LABEL(WAIT), 0, 1, NULL, NULL), ERR_UNSUPPORTED);
	CHECK_INT(raw(LABEL(NEST), 0, 0, NULL, NULL), ERR_PROTOCOL);
	for (later = LATER_OK; later <= LATER_STALE; later++) {
		static const status_t want[] = {OK, ERR_BUSY, ERR_PROTOCOL, ERR_PROTOCOL};
		static const uint64_t words[6] = {1, 2, 3, 4, 5, 6};

		CHECK_INT(raw(LABEL(HANDLES), 4, 0, words, NULL), want[later]);
		/* The server drops what it has after it answered: give its thread the time it needs. */
		for (unsigned i = 0; i < 5000 && fake_handle_count() != before; i++)
			usleep(1000);
		CHECK_INT(fake_handle_count(), before);
	}
	CHECK_INT(echo_text(ep, "", text), ERR_PROTOCOL);
	CHECK_INT(echo_bytes(ep, key, key, 0, key, NULL, NULL), ERR_PROTOCOL);
	CHECK_INT(echo_pair(ep, &pair, &pair), ERR_PROTOCOL);
	CHECK_INT(fake_handle_count(), before);
	for (uint64_t bits = 0; bits <= 4; bits++)
		CHECK_INT(echo_signal(ep, fake_object_create(OBJ_NOTIFICATION, rights), bits, &back),
			  bits == 1 ? ERR_IO : ERR_PROTOCOL);
	CHECK(!fake_handle_valid(stray));
	CHECK_INT(back, HANDLE_NONE);
	CHECK_INT(fake_handle_count(), before);
	CHECK_INT(echo_release(ep, OK, &released), OK);
	CHECK_INT(released, 11);
	CHECK_INT(echo_release(ep, ERR_BUSY, &released), ERR_BUSY);
	CHECK_INT(fake_handle_count(), before);
}

/* ---- hostile servers ----------------------------------------------------------------------------- */

/* The next answer; fill: what it writes to every byte of lease 1 or, if there is only one, 0. */
static struct {
	uint32_t label;
	unsigned handles;
	uint64_t w[6];
	int fill; /* -1: nothing */
	bool stop;
} lie;

static void *liar_main(void *arg)
{
	struct ipc_msg m;

	(void)arg;
	while (ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m) == RECV_CALL) {
		unsigned leases = MSG_LEASES(m.info);

		ipc_drop(m.handles, MSG_HANDLES(m.info), OK);
		if (lie.fill >= 0 && leases != 0) {
			static char junk[ECHO_BUFFER_MAX];
			uint64_t len;
			uint32_t access;

			memset(junk, lie.fill, sizeof(junk));
			CHECK_INT(lease_info(HANDLE_NONE, leases - 1, &len, &access), OK);
			CHECK_INT(lease_write(HANDLE_NONE, leases - 1, 0, junk, len), OK);
		}
		m.info = MSG_INFO(lie.label, lie.handles, 0);
		memcpy(m.w, lie.w, sizeof(m.w));
		for (unsigned i = 0; i < lie.handles; i++)
			m.handles[i] = fake_object_create(OBJ_VMO, RIGHTS_ALL);
		/* Looked at while the caller waits: then it goes on and writes the next lie. */
		bool stop = lie.stop;

		CHECK_INT(ipc_reply(&m), OK);
		if (stop)
			break;
	}
	fake_thread_leave();
	return NULL;
}

static void lie_reset(void)
{
	memset(&lie, 0, sizeof(lie));
	lie.fill = -1;
}

static void test_answer_labels(void)
{
	uint64_t badge = 9;

	for (uint32_t label = 0; label < 64; label++) {
		for (unsigned handles = 0; handles <= 4; handles++) {
			lie_reset();
			lie.label = label;
			lie.handles = handles;
			status_t want = label <= (uint32_t)-ERR_LAST ? -(status_t)label : ERR_PROTOCOL;

			if (label == 0 && handles != 0)
				want = ERR_PROTOCOL;
			CHECK_INT(echo_badge(ep, &badge), want);
			/* An error with handles is an error; the handles are gone. */
			handle_t back = HANDLE_NONE;

			want = label <= (uint32_t)-ERR_LAST ? -(status_t)label : ERR_PROTOCOL;
			if (label == 0 && handles != 1)
				want = ERR_PROTOCOL;
			CHECK_INT(echo_signal(ep, fake_object_create(OBJ_NOTIFICATION, RIGHTS_ALL), 1, &back), want);
			CHECK((back != HANDLE_NONE) == (want == OK));
			if (back != HANDLE_NONE)
				handle_close(back);
		}
	}
	lie_reset();
	for (uint32_t bit = 6; bit < 31; bit++) {
		lie.label = 1u << bit;
		CHECK_INT(echo_badge(ep, &badge), ERR_PROTOCOL);
	}
	lie.label = 0x7fffffff;
	CHECK_INT(echo_badge(ep, &badge), ERR_PROTOCOL);
}

static status_t ask_scalars(void)
{
	bool yes;
	enum echo_color color;
	uint32_t style;
	status_t result;

	return echo_scalars(ep, 0, 0, 0, 0, 0, 0, false, ECHO_COLOR_RED, 0, OK, NULL, NULL, NULL, NULL, NULL, NULL,
			    &yes, &color, &style, &result);
}

static void test_answer_values(void)
{
	char text[21] = "untouched";
	struct echo_pair pair = {.first = 4};
	struct echo_nest nest = {.extra = 4};
	uint8_t key[7] = {0}, data[30];
	size_t len = 5;

	for (unsigned byte = 32; byte < 44; byte++) {
		lie_reset();
		((uint8_t *)lie.w)[byte] = 0x7e;
		bool checked = byte != 34 && byte != 35;

		CHECK_INT(ask_scalars(), checked ? ERR_PROTOCOL : OK);
	}
	lie_reset();
	memset(lie.w, 'x', sizeof(lie.w));
	CHECK_INT(echo_text(ep, "a", text), ERR_PROTOCOL);
	CHECK_STR(text, "untouched");
	CHECK_INT(echo_bytes(ep, key, NULL, 0, key, data, &len), ERR_PROTOCOL);
	CHECK_INT(len, 5);
	CHECK_INT(echo_pair(ep, &pair, &pair), ERR_PROTOCOL);
	CHECK_INT(pair.first, 4);
	CHECK_INT(echo_nest(ep, &nest, &nest), ERR_PROTOCOL);
	CHECK_INT(nest.extra, 4);
	/* Also when nobody wants the value: the message is malformed all the same. */
	CHECK_INT(echo_text(ep, "a", NULL), ERR_PROTOCOL);
	CHECK_INT(echo_pair(ep, &pair, NULL), ERR_PROTOCOL);
}

static void test_answer_leases(void)
{
	char to[100], greeting[20];
	struct echo_pair pairs[2] = {0}, swapped[2];
	uint32_t len = 7;
	uint8_t count = 7;

	lie_reset();
	lie.w[0] = 100;
	CHECK_INT(echo_copy(ep, "x", 1, to, 100, &len), OK);
	CHECK_INT(len, 100);
	lie.w[0] = 101;
	len = 7;
	CHECK_INT(echo_copy(ep, "x", 1, to, 100, &len), ERR_PROTOCOL);
	lie.w[0] = UINT32_MAX;
	CHECK_INT(echo_copy(ep, "x", 1, to, 100, &len), ERR_PROTOCOL);
	lie.w[0] = 1;
	CHECK_INT(echo_copy(ep, "x", 1, NULL, 0, NULL), ERR_PROTOCOL);
	CHECK_INT(len, 7);

	lie_reset();
	lie.fill = 0;
	lie.w[0] = 2;
	CHECK_INT(echo_swap(ep, pairs, 2, swapped, 2, &count), OK);
	CHECK_INT(count, 2);
	lie.w[0] = 3;
	CHECK_INT(echo_swap(ep, pairs, 2, swapped, 2, &count), ERR_PROTOCOL);
	lie.w[0] = 1;
	lie.fill = 2; /* no color, no boolean */
	CHECK_INT(echo_swap(ep, pairs, 2, swapped, 2, &count), ERR_PROTOCOL);
	lie.w[0] = 0; /* it says itself that nothing is there */
	CHECK_INT(echo_swap(ep, pairs, 2, swapped, 2, &count), OK);
	CHECK_INT(count, 0);

	lie_reset();
	lie.fill = 'x';
	CHECK_INT(echo_greet(ep, "a", greeting, sizeof(greeting)), ERR_PROTOCOL);
	lie.fill = 0;
	CHECK_INT(echo_greet(ep, "a", greeting, sizeof(greeting)), OK);
	CHECK_STR(greeting, "");
	memset(greeting, 'y', sizeof(greeting));
	lie.fill = -1; /* it wrote nothing */
	CHECK_INT(echo_greet(ep, "a", greeting, sizeof(greeting)), OK);
	CHECK_STR(greeting, "");
	CHECK_INT(echo_greet(ep, "a", NULL, 0), OK);
}

/* ---- servers that go away --------------------------------------------------------------------------- */

static void *quitter_main(void *arg)
{
	struct ipc_msg m;

	(void)arg;
	CHECK_INT(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	ipc_drop(m.handles, MSG_HANDLES(m.info), OK);
	fake_thread_leave();
	return NULL;
}

static void test_server_death(void)
{
	pthread_t thread;
	handle_t back = HANDLE_NONE;

	pthread_create(&thread, NULL, quitter_main, NULL);
	CHECK_INT(echo_signal(ep, fake_object_create(OBJ_NOTIFICATION, RIGHTS_ALL), 1, &back), ERR_PEER_DIED);
	pthread_join(thread, NULL);
	CHECK_INT(back, HANDLE_NONE);
	/* Nobody receives: the handle comes back from the queue and is closed. */
	CHECK_INT(echo_signal_until(ep, 0, fake_object_create(OBJ_NOTIFICATION, RIGHTS_ALL), 1, &back),
		  ERR_WOULD_BLOCK);
	CHECK_INT(echo_ping_until(ep, 0), ERR_WOULD_BLOCK);
}

int main(void)
{
	pthread_t thread;
	unsigned before;
	uint64_t untouched = 5;

	CHECK_INT(echo_words(HANDLE_NONE, 1, 2, 3, 4, 5, 6, &untouched, NULL, NULL, NULL, NULL, NULL), ERR_HANDLE);
	CHECK_INT(untouched, 5);
	endpoint_create(&ep);
	before = fake_handle_count();

	pthread_create(&thread, NULL, server_main, (void *)(uintptr_t)&echo_server_ops);
	test_request_labels();
	test_request_counts();
	test_request_values();
	test_request_leases();
	test_answers_leak_nothing();
	CHECK_INT(echo_server_stop(ep), OK);
	pthread_join(thread, NULL);
	CHECK_INT(server.ended, OK);
	CHECK_INT(fake_handle_count(), before);

	pthread_create(&thread, NULL, server_main, (void *)(uintptr_t)&bad_ops);
	test_bad_handlers();
	test_other_answers();
	CHECK_INT(echo_server_stop(ep), OK);
	pthread_join(thread, NULL);
	CHECK_INT(fake_handle_count(), before);

	lie_reset();
	pthread_create(&thread, NULL, liar_main, NULL);
	test_answer_labels();
	test_answer_values();
	test_answer_leases();
	lie_reset();
	lie.stop = true;
	echo_ping(ep);
	pthread_join(thread, NULL);
	CHECK_INT(fake_handle_count(), before);

	test_server_death();
	CHECK_INT(fake_handle_count(), before);
	handle_close(ep);
	fake_kernel_expect_empty("idl_hostile");
	return check_end();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The handlers of the echo server: each gives back what it was given, checked where it is the handler's to check. */
#include "idl_echo_server.h"

#include <string.h>

#include "sys/lib/syscall.h"

static status_t do_ping(void *ctx, struct ipc_request *rq)
{
	(void)ctx;
	(void)rq;
	return OK;
}

static status_t do_words(void *ctx, struct ipc_request *rq, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
			 uint64_t f, uint64_t *a_back, uint64_t *b_back, uint64_t *c_back, uint64_t *d_back,
			 uint64_t *e_back, uint64_t *f_back)
{
	(void)ctx;
	(void)rq;
	*a_back = a;
	*b_back = b;
	*c_back = c;
	*d_back = d;
	*e_back = e;
	*f_back = f;
	return OK;
}

static status_t do_scalars(void *ctx, struct ipc_request *rq, uint8_t small, uint16_t medium, uint32_t large,
			   uint64_t huge, int32_t negative, int64_t very_negative, bool yes, enum echo_color color,
			   uint32_t style, status_t result, uint8_t *small_back, uint16_t *medium_back,
			   uint32_t *large_back, uint64_t *huge_back, int32_t *negative_back,
			   int64_t *very_negative_back, bool *yes_back, enum echo_color *color_back,
			   uint32_t *style_back, status_t *result_back)
{
	(void)ctx;
	(void)rq;
	*small_back = small;
	*medium_back = medium;
	*large_back = large;
	*huge_back = huge;
	*negative_back = negative;
	*very_negative_back = very_negative;
	*yes_back = yes;
	*color_back = color;
	*style_back = style;
	*result_back = result;
	return OK;
}

static status_t do_text(void *ctx, struct ipc_request *rq, const char *text, char text_back[21])
{
	(void)ctx;
	(void)rq;
	strcpy(text_back, text);
	return OK;
}

static status_t do_bytes(void *ctx, struct ipc_request *rq, const uint8_t key[7], const uint8_t *data, size_t data_len,
			 uint8_t key_back[7], uint8_t data_back[30], size_t *data_back_len)
{
	(void)ctx;
	(void)rq;
	memcpy(key_back, key, 7);
	memcpy(data_back, data, data_len);
	*data_back_len = data_len;
	return OK;
}

static status_t do_pair(void *ctx, struct ipc_request *rq, const struct echo_pair *pair, struct echo_pair *pair_back)
{
	(void)ctx;
	(void)rq;
	*pair_back = *pair;
	return OK;
}

static status_t do_nest(void *ctx, struct ipc_request *rq, const struct echo_nest *nest, struct echo_nest *nest_back)
{
	(void)ctx;
	(void)rq;
	*nest_back = *nest;
	return OK;
}

static status_t do_copy(void *ctx, struct ipc_request *rq, size_t from_len, size_t to_len, uint32_t *len)
{
	size_t total = from_len < to_len ? from_len : to_len;

	(void)ctx;
	for (size_t at = 0; at < total;) {
		char piece[512];
		size_t n = total - at < sizeof(piece) ? total - at : sizeof(piece);
		status_t status = ipc_lease_read(rq, ECHO_COPY_LEASE_FROM, at, piece, n);

		if (status == OK)
			status = ipc_lease_write(rq, ECHO_COPY_LEASE_TO, at, piece, n);
		if (status != OK)
			return status;
		at += n;
	}
	*len = (uint32_t)total;
	return OK;
}

static status_t do_swap(void *ctx, struct ipc_request *rq, size_t pairs_count, size_t swapped_count, uint8_t *count)
{
	size_t total = pairs_count < swapped_count ? pairs_count : swapped_count;

	(void)ctx;
	for (size_t i = 0; i < total; i++) {
		struct echo_pair pair;
		status_t status = ipc_lease_read(rq, ECHO_SWAP_LEASE_PAIRS, i * sizeof(pair), &pair, sizeof(pair));

		if (status != OK)
			return status;
		if (!echo_pair_valid(&pair))
			return ERR_PROTOCOL;
		uint32_t first = pair.first;

		pair.first = pair.second;
		pair.second = first;
		status = ipc_lease_write(rq, ECHO_SWAP_LEASE_SWAPPED, i * sizeof(pair), &pair, sizeof(pair));
		if (status != OK)
			return status;
	}
	*count = (uint8_t)total;
	return OK;
}

static status_t do_greet(void *ctx, struct ipc_request *rq, const char *name, size_t greeting_size)
{
	char text[ECHO_GREET_NAME_MAX + 16] = "hello, ";

	(void)ctx;
	(void)greeting_size;
	strcat(text, name);
	return ipc_lease_write_string(rq, ECHO_GREET_LEASE_GREETING, text);
}

static status_t do_signal(void *ctx, struct ipc_request *rq, handle_t nt, uint64_t bits, handle_t *nt_back)
{
	(void)ctx;
	(void)rq;
	if (bits == 0)
		return ERR_INVALID;
	*nt_back = nt;
	return notification_signal(nt, bits);
}

static status_t do_handles(void *ctx, struct ipc_request *rq, handle_t a, handle_t b, handle_t c, handle_t d,
			   handle_t *d_back, handle_t *c_back, handle_t *b_back, handle_t *a_back)
{
	(void)ctx;
	(void)rq;
	*a_back = a;
	*b_back = b;
	*c_back = c;
	*d_back = d;
	return OK;
}

static status_t do_wait(void *ctx, struct ipc_request *rq, uint32_t value, size_t text_len, uint32_t *value_back,
			uint32_t *sum)
{
	struct echo_server *es = ctx;
	handle_t reply;

	(void)value_back;
	(void)sum;
	if (es->waiting == ECHO_WAITING_MAX)
		return ERR_BUSY;
	status_t status = ipc_request_save(rq, &reply);

	if (status != OK)
		return status;
	if (value == ECHO_WAIT_DROP) {
		handle_close(reply);
		return IPC_DEFERRED;
	}
	es->waiters[es->waiting] = reply;
	es->values[es->waiting] = value;
	es->lengths[es->waiting++] = text_len;
	return IPC_DEFERRED;
}

static status_t do_release(void *ctx, struct ipc_request *rq, status_t with, uint32_t *released)
{
	struct echo_server *es = ctx;

	(void)rq;
	*released = es->waiting;
	for (unsigned i = 0; i < es->waiting; i++) {
		uint8_t text[ECHO_WAIT_TEXT_MAX];
		uint32_t sum = 0;
		status_t status = lease_read(es->waiters[i], ECHO_WAIT_LEASE_TEXT, 0, text, es->lengths[i]);

		for (size_t n = 0; status == OK && n < es->lengths[i]; n++)
			sum += text[n];
		/* A waiter that has gone meanwhile is no concern of who releases. */
		(void)echo_wait_reply(es->waiters[i], with == OK ? status : with, es->values[i], sum);
	}
	es->waiting = 0;
	return OK;
}

static status_t do_fail(void *ctx, struct ipc_request *rq, int32_t with, uint32_t *never)
{
	(void)ctx;
	(void)rq;
	*never = 77;
	return with;
}

static status_t do_badge(void *ctx, struct ipc_request *rq, uint64_t *badge)
{
	(void)ctx;
	*badge = rq->msg.badge;
	return OK;
}

const struct echo_ops echo_server_ops = {
	.ping = do_ping,
	.words = do_words,
	.scalars = do_scalars,
	.text = do_text,
	.bytes = do_bytes,
	.pair = do_pair,
	.nest = do_nest,
	.copy = do_copy,
	.swap = do_swap,
	.greet = do_greet,
	.signal = do_signal,
	.handles = do_handles,
	.wait = do_wait,
	.release = do_release,
	.fail = do_fail,
	.badge = do_badge,
};

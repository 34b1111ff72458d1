/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of message handling that generated stubs and dispatches share. */
#include "sys/lib/ipc.h"

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

/* ---- texts ------------------------------------------------------------------------------------- */

/* The length of a text, or size if it does not end within size bytes. */
static size_t text_length(const char *text, size_t size)
{
#ifdef __riscv
	/* Eight bytes at a time, from the aligned word that the text begins in: such a word never reaches into another page than the text. What stands
	 * in it before the text is made no NUL. */
	typedef uint64_t __attribute__((may_alias)) word;
	uint64_t before = (uintptr_t)text & 7, ends;
	const word *at = (const word *)(const void *)(text - before);
	uint64_t bytes = size ? *at | ((1ull << 8 * before) - 1) : 0;
	size_t len = (size_t)0 - before;

	for (;;) {
		/* The lowest bit set is that of the first NUL. */
		ends = (bytes - 0x0101010101010101ull) & ~bytes & 0x8080808080808080ull;
		if (ends != 0)
			break;
		len += 8;
		if (len >= size)
			return size;
		bytes = *++at;
	}
	/* The byte of a single bit, without an instruction that counts zeroes: shifted up by it, this has its number on top. */
	len += (((ends & -ends) >> 7) * 0x0001020304050607ull) >> 56;
	return len < size ? len : size;
#else
	size_t len = 0;

	while (len < size && text[len] != '\0')
		len++;
	return len;
#endif
}

bool ipc_string_ends(const char *text, size_t size)
{
	return text_length(text, size) < size;
}

status_t ipc_put_string(uint64_t *w, unsigned offset, size_t max, const char *text)
{
	if (!text)
		return OK;
	size_t len = text_length(text, max + 1);

	if (len > max)
		return ERR_INVALID;
	ipc_put_bytes(w, offset, text, len);
	return OK;
}

status_t ipc_get_string(const uint64_t *w, unsigned offset, size_t max, char *text)
{
	const char *from = (const char *)w + offset;
	size_t len = text_length(from, max + 1);

	if (len > max)
		return ERR_PROTOCOL;
	__builtin_memcpy(text, from, len);
	__builtin_memset(text + len, 0, max + 1 - len);
	return OK;
}

status_t ipc_trim_string(uint64_t *w, unsigned offset, size_t max)
{
	char *text = (char *)w + offset;
	size_t len = text_length(text, max + 1);

	if (len > max)
		return ERR_INVALID;
	__builtin_memset(text + len, 0, max + 1 - len);
	return OK;
}

/* ---- handles ----------------------------------------------------------------------------------- */

void ipc_close(handle_t handle)
{
	/* It may have been sent, closed or revoked meanwhile: generations never repeat, so closing
	 * it again cannot hit another object. */
	if (handle != HANDLE_NONE)
		(void)handle_close(handle);
}

status_t ipc_drop(const handle_t *handles, unsigned n, status_t status)
{
	for (unsigned i = 0; i < n; i++)
		ipc_close(handles[i]);
	return status;
}

bool ipc_handles_given(const handle_t *handles, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (handles[i] == HANDLE_NONE)
			return false;
	return true;
}

/* ---- client ------------------------------------------------------------------------------------ */

status_t ipc_lend_string(struct lease *lease, const char *text, size_t max)
{
	size_t len = text ? text_length(text, max + 1) : 0;

	if (len > max)
		return ERR_INVALID;
	*lease = IPC_LEASE(text, len, LEASE_READ);
	return OK;
}

/* A count that is more than a message can carry never comes from the kernel. */
static unsigned received_handles(uint64_t info)
{
	unsigned n = MSG_HANDLES(info);

	return n <= MSG_HANDLES_MAX ? n : MSG_HANDLES_MAX;
}

status_t ipc_bad_answer(uint64_t info, handle_t h0, handle_t h1, handle_t h2, handle_t h3)
{
	const handle_t handles[MSG_HANDLES_MAX] = {h0, h1, h2, h3};
	status_t status = ipc_label_status(MSG_LABEL(info));

	return ipc_drop(handles, received_handles(info), status == OK ? ERR_PROTOCOL : status);
}

status_t ipc_unanswered(status_t status, unsigned n, handle_t h0, handle_t h1, handle_t h2, handle_t h3)
{
	const handle_t handles[MSG_HANDLES_MAX] = {h0, h1, h2, h3};

	return ipc_drop(handles, n, status);
}

/* ---- server ------------------------------------------------------------------------------------ */

status_t ipc_request_save(struct ipc_request *rq, handle_t *reply)
{
	/* A second time the kernel has no caller to save. */
	status_t status = ipc_save_caller(&rq->reply);

	if (status == OK)
		*reply = rq->reply;
	return status;
}

status_t ipc_lease_read(const struct ipc_request *rq, unsigned lease, uint64_t offset, void *buf, size_t len)
{
	return lease_read(rq->reply, lease, offset, buf, len);
}

status_t ipc_lease_write(const struct ipc_request *rq, unsigned lease, uint64_t offset, const void *buf, size_t len)
{
	return lease_write(rq->reply, lease, offset, buf, len);
}

status_t ipc_lease_write_string(const struct ipc_request *rq, unsigned lease, const char *text)
{
	return lease_write(rq->reply, lease, 0, text, text_length(text, SIZE_MAX) + 1);
}

status_t ipc_handle_check(handle_t handle, uint32_t type, uint32_t rights)
{
	struct handle_info info;
	status_t status = handle_info(handle, &info);

	if (status != OK)
		return status;
	if (info.type != type)
		return ERR_TYPE;
	return (info.rights & rights) == rights ? OK : ERR_RIGHTS;
}

status_t ipc_lease_check(const struct ipc_request *rq, unsigned lease, uint32_t access, size_t unit, uint64_t max,
			 size_t *count)
{
	uint64_t len;
	uint32_t lent;
	status_t status = lease_info(rq->reply, lease, &len, &lent);

	if (status != OK)
		return status;
	if ((lent & access) != access || len % unit != 0 || len / unit > max)
		return ERR_PROTOCOL;
	*count = len / unit;
	return OK;
}

status_t ipc_lease_string(const struct ipc_request *rq, unsigned lease, size_t max, char *buf)
{
	size_t len;
	status_t status = ipc_lease_check(rq, lease, LEASE_READ, 1, max, &len);

	if (status == OK && len != 0)
		status = lease_read(rq->reply, lease, 0, buf, len);
	if (status != OK)
		return status;
	buf[len] = '\0';
	/* A text with a NUL inside would mean different things to different readers. */
	return text_length(buf, len) == len ? OK : ERR_PROTOCOL;
}

status_t ipc_told_string(const struct ipc_request *rq, unsigned lease, size_t len, char *buf)
{
	status_t status = len == 0 ? OK : lease_read(rq->reply, lease, 0, buf, len);

	if (status != OK)
		return status;
	buf[len] = '\0';
	return text_length(buf, len) == len ? OK : ERR_PROTOCOL;
}

status_t ipc_request_finish(struct ipc_request *rq, status_t status, unsigned handles)
{
	if (status == IPC_DEFERRED && rq->reply != HANDLE_NONE)
		return IPC_DEFERRED;
	if (status != OK) {
		/* IPC_DEFERRED without a saved caller is a mistake of the handler. */
		ipc_drop(rq->msg.handles, received_handles(rq->msg.info), OK);
		__builtin_memset(rq->msg.w, 0, sizeof(rq->msg.w));
		handles = 0;
	}
	rq->msg.info = MSG_INFO(ipc_status_label(status), handles, 0);
	return OK;
}

status_t ipc_answer(handle_t reply, struct ipc_msg *m, status_t status, unsigned handles)
{
	status_t sent;

	if (status != OK) {
		ipc_drop(m->handles, handles, OK);
		__builtin_memset(m->w, 0, sizeof(m->w));
		m->info = MSG_INFO(ipc_status_label(status), 0, 0);
		sent = ipc_reply_to(reply, m);
	} else {
		m->info = MSG_INFO(0, handles, 0);
		sent = ipc_reply_to(reply, m);
		if (sent != OK && sent != ERR_PEER_DIED && handles != 0) {
			/* A handle that cannot travel: the caller must not wait for it. */
			ipc_drop(m->handles, handles, OK);
			__builtin_memset(m->w, 0, sizeof(m->w));
			m->info = MSG_INFO(ipc_status_label(ERR_PROTOCOL), 0, 0);
			(void)ipc_reply_to(reply, m);
		}
	}
	if (sent != OK && sent != ERR_PEER_DIED)
		ipc_close(reply);
	return sent;
}

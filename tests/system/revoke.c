/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation: everything derived from a handle is gone when the call returns, wherever it went; nothing else is. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

static void test_tree(void)
{
	handle_t root = make_notification(), branch[4], leaf[4][4], other = make_notification();

	for (unsigned i = 0; i < 4; i++) {
		branch[i] = make_dup(root, RIGHTS_SAME);
		for (unsigned j = 0; j < 4; j++)
			leaf[i][j] = make_dup(branch[i], RIGHTS_SAME);
	}
	CHECK_OK(handle_revoke(branch[1]));
	CHECK_OK(notification_signal(branch[1], 1));
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned j = 0; j < 4; j++)
			CHECK_STATUS(notification_signal(leaf[i][j], 1), i == 1 ? ERR_HANDLE : OK);
	}
	/* A closed one in the middle does not hide what was derived from it. */
	shut(branch[2]);
	CHECK_OK(notification_signal(leaf[2][0], 1));
	CHECK_OK(handle_revoke(root));
	CHECK_OK(notification_signal(root, 1));
	CHECK_OK(notification_signal(other, 1));
	for (unsigned i = 0; i < 4; i++) {
		CHECK_STATUS(notification_signal(branch[i], 1), ERR_HANDLE);
		for (unsigned j = 0; j < 4; j++)
			CHECK_STATUS(notification_signal(leaf[i][j], 1), ERR_HANDLE);
	}
	CHECK_OK(handle_revoke(root)); /* nothing left: fine */
	shut(root);
	shut(other);
}

static void test_right(void)
{
	handle_t root = make_notification();
	handle_t weak = make_dup(root, RIGHT_DUP | RIGHT_NT_SIGNAL), derived = make_dup(weak, RIGHTS_SAME);

	CHECK_STATUS(handle_revoke(weak), ERR_RIGHTS);
	CHECK_OK(notification_signal(derived, 1));
	CHECK_STATUS(handle_revoke(HANDLE_NONE), ERR_HANDLE);
	CHECK_OK(handle_revoke(root));
	CHECK_STATUS(notification_signal(derived, 1), ERR_HANDLE);
	shut(root);
}

/* One chain of n, each derived from the one before; closing the middle in between. No recursion may follow it. */
static void test_deep(void)
{
	enum { DEPTH = 3000 };
	static handle_t h[DEPTH];
	struct quota_info before = {0}, after = {0};

	for (unsigned round = 0; round < 2; round++) {
		CHECK_OK(quota_info(HANDLE_NONE, round ? &after : &before));
		h[0] = make_notification();
		for (unsigned i = 1; i < DEPTH; i++) {
			if (!CHECK_OK(handle_dup(h[i - 1], (uint32_t)RIGHTS_SAME, &h[i])))
				return;
		}
		for (unsigned i = 1; i + 1 < DEPTH; i += 2)
			CHECK_OK(handle_close(h[i]));
		CHECK_OK(notification_signal(h[DEPTH - 1], 1));
		CHECK_OK(handle_revoke(h[0]));
		for (unsigned i = 1; i < DEPTH; i++) {
			if (!CHECK_STATUS(notification_signal(h[i], 1), ERR_HANDLE))
				break;
		}
		shut(h[0]);
	}
	CHECK_OK(quota_info(HANDLE_NONE, &after));
	CHECK_EQ(after.used.handles, before.used.handles);
}

static void test_wide(void)
{
	enum { WIDTH = 5000 };
	static handle_t h[WIDTH];
	handle_t root = make_notification();
	struct handle_info info = {0};

	for (unsigned i = 0; i < WIDTH; i++) {
		if (!CHECK_OK(handle_dup(root, RIGHT_NT_SIGNAL, &h[i])))
			return;
	}
	CHECK_OK(handle_revoke(root));
	CHECK_OK(handle_info(root, &info));
	CHECK_EQ(info.refs, 1);
	for (unsigned i = 0; i < WIDTH; i++) {
		if (!CHECK_STATUS(notification_signal(h[i], 1), ERR_HANDLE))
			break;
	}
	shut(root);
}

/* Reports by exit status what a handle is worth after the parent signalled that it revoked it. */
static void use_later(const struct child_args *args)
{
	CHECK_OK(notification_signal(args->h[0], 1));
	handle_t copy = make_dup(args->h[0], RIGHTS_SAME);

	CHECK_OK(notification_signal(args->h[1], 1)); /* ready */
	CHECK_OK(notification_wait(args->h[2], DEADLINE_NEVER, NULL));
	CHECK_STATUS(notification_signal(args->h[0], 1), ERR_HANDLE);
	CHECK_STATUS(notification_signal(copy, 1), ERR_HANDLE);
	CHECK_STATUS(handle_close(copy), ERR_HANDLE);
	child_exit(7);
}

static void test_processes(void)
{
	handle_t root = make_notification(), ready = make_notification(), go = make_notification();
	struct child_spec spec = {.run = use_later, .h = {root, ready, go}};
	struct child c[3];

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		REQUIRE_OK(child_start(&c[i], &spec));
		CHECK_OK(notification_wait(ready, DEADLINE_NEVER, NULL));
	}
	CHECK_OK(handle_revoke(root));
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		CHECK_OK(notification_signal(go, 1));
		CHECK_EQ(child_wait(&c[i]), 7);
	}
	shut(root);
	shut(ready);
	shut(go);
}

/* Gives the handle on: parent -> child -> grandchild, by message and by give. All of it hangs on the first. */
static void relay(const struct child_args *args)
{
	struct child_spec spec = {.run = use_later, .h = {args->h[0], args->h[1], args->h[2]}};
	struct child c;

	REQUIRE_OK(child_start(&c, &spec));
	CHECK_EQ(child_wait(&c), 7);
	CHECK_STATUS(notification_signal(args->h[0], 1), ERR_HANDLE);
}

static void test_grandchild(void)
{
	handle_t root = make_notification(), ready = make_notification(), go = make_notification();
	struct child_spec spec = {.run = relay, .h = {root, ready, go}};
	struct child c;

	REQUIRE_OK(child_start(&c, &spec));
	CHECK_OK(notification_wait(ready, DEADLINE_NEVER, NULL));
	CHECK_OK(handle_revoke(root));
	CHECK_OK(notification_signal(go, 1));
	CHECK_EQ(child_wait(&c), 0);
	shut(root);
	shut(ready);
	shut(go);
}

/* A moved handle keeps its place in the tree. */
static void test_moved(void)
{
	handle_t root = make_notification(), copy = make_dup(root, RIGHTS_SAME), ep = make_endpoint();
	struct receiver r = {.keep = false};
	struct ipc_msg m = {.info = MSG_INFO(1, 1, 0), .handles = {copy}};

	REQUIRE(receiver_block(&r, ep, DEADLINE_NEVER, PRIO_DEFAULT));
	CHECK_OK(ipc_call(ep, &m, NULL, DEADLINE_NEVER));
	CHECK_EQ(receiver_join(&r), RECV_CALL);
	CHECK_EQ(MSG_HANDLES(r.m.info), 1);
	if (r.m.handles[0] != copy)
		CHECK_STATUS(notification_signal(copy, 1), ERR_HANDLE);
	CHECK_OK(notification_signal(r.m.handles[0], 1));
	CHECK_OK(handle_revoke(root));
	CHECK_STATUS(notification_signal(r.m.handles[0], 1), ERR_HANDLE);
	shut(root);
	shut(ep);
}

/* Revoked while it sits in a call that nobody has taken yet: the sender learns it, or the server gets the call but no
 * working handle. */
static void test_in_message(void)
{
	handle_t root = make_notification(), ep = make_endpoint(), other = make_vmo(PAGE_SIZE);
	struct caller c = {
		.ep = ep,
		.m = {.info = MSG_INFO(1, 2, 0),
		      .handles = {make_dup(root, RIGHTS_SAME), make_dup(other, RIGHTS_SAME)}},
	};
	struct ipc_msg m = {0};
	struct handle_info info = {0};

	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_OK(handle_revoke(root));
	CHECK_OK(handle_info(root, &info));
	CHECK_EQ(info.refs, 1);
	if (ipc_recv(ep, HANDLE_NONE, 0, &m) == RECV_CALL) {
		for (unsigned i = 0; i < MSG_HANDLES(m.info); i++) {
			if (handle_info(m.handles[i], &info) == OK)
				CHECK(info.type == OBJ_VMO);
		}
		m.info = 0;
		CHECK_OK(ipc_reply(&m));
		CHECK_OK(caller_join(&c));
	} else {
		CHECK_STATUS(caller_join(&c), ERR_HANDLE);
	}
	shut(other);
	shut(root);
	shut(ep);
}

/* A caller's handle is revoked: it cannot call again, and a call under way ends. */
static void test_caller_queued(void)
{
	handle_t ep = make_endpoint(), client = make_mint(ep, 5, RIGHT_EP_CALL);
	struct caller c = {.ep = client, .m = {.info = 1}, .deadline = now() + 20 * SECOND};
	struct ipc_msg m = {0};
	status_t status;

	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_OK(handle_revoke(ep));
	/* Either the revocation ended the call, or it still waits to be served. */
	if (ipc_recv(ep, HANDLE_NONE, 0, &m) == RECV_CALL) {
		m.info = 0;
		CHECK_OK(ipc_reply(&m));
	}
	status = caller_join(&c);
	CHECK(status == OK || status == ERR_CANCELLED || status == ERR_CLOSED);
	m.info = 0;
	CHECK_STATUS(ipc_call(client, &m, NULL, DEADLINE_NEVER), ERR_HANDLE);
	shut(ep);
}

/* The last handle that could receive is closed: callers must not wait for nobody. */
static void test_receive_right(void)
{
	handle_t ep = make_endpoint(), server = make_dup(ep, RIGHT_EP_RECV);
	handle_t keep = make_dup(ep, RIGHT_EP_CALL | RIGHT_REVOKE), client = make_mint(ep, 5, RIGHT_EP_CALL);
	struct caller c = {.ep = client, .m = {.info = 1}, .deadline = now() + 20 * SECOND};

	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_OK(handle_close(server));
	CHECK_EQ(c.done, 0);
	CHECK_OK(handle_close(ep));
	CHECK_STATUS(caller_join(&c), ERR_CLOSED);
	shut(keep);
	shut(client);
}

static void test_waiter(void)
{
	handle_t root = make_notification(), copy = make_dup(root, RIGHTS_SAME);
	struct waiter w;
	status_t status;

	REQUIRE(waiter_block(&w, copy, now() + 20 * SECOND, PRIO_DEFAULT));
	CHECK_OK(handle_revoke(root));
	CHECK_OK(notification_signal(root, 4));
	status = waiter_join(&w);
	CHECK(status == OK || status == ERR_CANCELLED);
	CHECK_STATUS(notification_wait(copy, 0, NULL), ERR_HANDLE);
	shut(root);
}

/* A child makes and drops copies as fast as it can while its handle is revoked: nothing survives. */
static void copy_storm(const struct child_args *args)
{
	handle_t h[32] = {0};
	uint64_t rounds = 0;
	status_t status = OK;

	while (status == OK) {
		for (unsigned i = 0; i < ARRAY_SIZE(h) && status == OK; i++)
			status = handle_dup(i ? h[i - 1] : args->h[0], (uint32_t)RIGHTS_SAME, &h[i]);
		for (unsigned i = 0; i < ARRAY_SIZE(h) && status == OK; i += 3)
			status = handle_close(h[i]);
		for (unsigned i = 1; i < ARRAY_SIZE(h) && status == OK; i++) {
			if (i % 3)
				status = handle_close(h[i]);
		}
		if (rounds++ == 3)
			CHECK_OK(notification_signal(args->h[1], 1));
	}
	CHECK_STATUS(status, ERR_HANDLE);
	/* Revoking goes in steps: the rest may be there for another moment. */
	for (unsigned i = 0; i < ARRAY_SIZE(h); i++) {
		status = handle_close(h[i]);
		CHECK(status == OK || status == ERR_HANDLE);
	}
	CHECK_STATUS(notification_signal(args->h[0], 1), ERR_HANDLE);
}

static void test_storm(void)
{
	for (unsigned round = 0; round < 10; round++) {
		handle_t root = make_notification(), ready = make_notification();
		struct child_spec spec = {.run = copy_storm, .h = {root, ready}};
		struct child c[3];
		struct handle_info info = {0};

		for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
			REQUIRE_OK(child_start(&c[i], &spec));
			CHECK_OK(notification_wait(ready, DEADLINE_NEVER, NULL));
		}
		CHECK_OK(handle_revoke(root));
		CHECK_OK(handle_info(root, &info));
		CHECK_EQ(info.refs, 1);
		for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
			CHECK_EQ(child_wait(&c[i]), 0);
		shut(root);
		shut(ready);
	}
}

/* Minted endpoints, resources and reply handles are derived too. */
static void test_derived_kinds(void)
{
	handle_t ep = make_endpoint(), minted = make_mint(ep, 1, RIGHT_EP_CALL | RIGHT_DUP);
	handle_t copy = make_dup(minted, RIGHTS_SAME), all, inspect = HANDLE_NONE, part = HANDLE_NONE;
	struct handle_info info = {0};
	struct process_info process;

	CHECK_OK(handle_revoke(ep));
	CHECK_STATUS(handle_info(minted, &info), ERR_HANDLE);
	CHECK_STATUS(handle_info(copy, &info), ERR_HANDLE);
	shut(ep);

	all = make_dup(test_handle(HND_RES_SYSTEM), RIGHTS_SAME);
	CHECK_OK(resource_create(all, SYSTEM_INSPECT, 1, &inspect));
	CHECK_OK(resource_create(inspect, SYSTEM_INSPECT, 1, &part));
	CHECK_OK(system_info(part, INFO_PROCESS, 0, &process, sizeof(process), NULL));
	CHECK_OK(handle_revoke(all));
	CHECK_STATUS(system_info(part, INFO_PROCESS, 0, &process, sizeof(process), NULL), ERR_HANDLE);
	CHECK_STATUS(system_info(inspect, INFO_PROCESS, 0, &process, sizeof(process), NULL), ERR_HANDLE);
	shut(all);
}

TEST_CASES("revoke", {"tree", test_tree}, {"right", test_right}, {"deep", test_deep}, {"wide", test_wide},
	   {"processes", test_processes}, {"grandchild", test_grandchild}, {"moved", test_moved},
	   {"in_message", test_in_message}, {"caller_queued", test_caller_queued},
	   {"receive_right", test_receive_right}, {"waiter", test_waiter}, {"storm", test_storm},
	   {"derived_kinds", test_derived_kinds});

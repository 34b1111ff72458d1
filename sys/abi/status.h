/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of system calls and of protocol operations: zero is success, every error is negative. */
#pragma once

#include <stdint.h>

typedef int64_t status_t;

enum {
	OK = 0,
	ERR_INVALID = -1,      /* an argument is malformed or out of its range */
	ERR_HANDLE = -2,       /* no such handle (closed, revoked, or never given) */
	ERR_TYPE = -3,         /* the handle names another type of object */
	ERR_RIGHTS = -4,       /* the handle lacks a right that this call needs */
	ERR_NO_MEMORY = -5,    /* the paying quota has no memory left */
	ERR_NO_HANDLES = -6,   /* the handle table or the quota's handle count is full */
	ERR_QUOTA = -7,        /* another limit of the quota (threads, children) is reached */
	ERR_FAULT = -8,        /* a user address is not mapped with the access needed */
	ERR_PEER_DIED = -9,    /* the server took the call and died, or dropped it without answering */
	ERR_CLOSED = -10,      /* nobody can ever receive from this endpoint again */
	ERR_CANCELLED = -11,   /* the wait was cancelled (thread_cancel) or its object revoked */
	ERR_TIMED_OUT = -12,   /* the deadline passed */
	ERR_WOULD_BLOCK = -13, /* nothing to do now and blocking was not asked for */
	ERR_BUSY = -14,        /* in use by somebody else */
	ERR_EXISTS = -15,      /* already there */
	ERR_NOT_FOUND = -16,   /* no such thing */
	ERR_STATE = -17,       /* not possible in the object's present state */
	ERR_RANGE = -18,       /* an offset, address or length lies outside of the object */
	ERR_NO_SYSCALL = -19,  /* no such system call, or unknown operation of a protocol */
	ERR_UNSUPPORTED = -20, /* known but not offered by this object or machine */
	ERR_PROTOCOL = -21,    /* the peer's message does not have the form its protocol defines */
	ERR_IO = -22,          /* the device failed */
	ERR_ACCESS = -23,      /* policy of the server forbids it */
	ERR_AGAIN = -24,       /* changed meanwhile: look again (futex word differs) */
	ERR_BAD_FORMAT = -25,  /* a file or image is not of the format expected */
	ERR_LAST = -25,
};

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
	/* Of files (sys/protocols/file.idl) */
	ERR_ELSEWHERE = -26,      /* the path leads to another file system: ask `walk` */
	ERR_ELSEWHERE_TO = -27,   /* the second path does */
	ERR_NOT_DIRECTORY = -28,  /* a directory is needed here */
	ERR_IS_DIRECTORY = -29,   /* anything but a directory is needed here */
	ERR_NOT_EMPTY = -30,      /* the directory has entries */
	ERR_LOOP = -31,           /* too many symbolic links, or one where none may be */
	ERR_NAME_TOO_LONG = -32,  /* a path or one of its components */
	ERR_READ_ONLY = -33,      /* the file system, or the view of it */
	ERR_NO_SPACE = -34,       /* the medium is full */
	ERR_TOO_BIG = -35,        /* more than a file can hold */
	ERR_TOO_MANY_LINKS = -36, /* more than a file can have */
	ERR_CROSS_DEVICE = -37,   /* not between two file systems */
	ERR_NOT_OWNER = -38,      /* only the file's owner may do that, or a privileged user */
	ERR_DEVICE = -39,         /* not a regular file: ask `device` */
	ERR_DEADLOCK = -40,       /* to wait would never end */
	ERR_STREAM = -41,         /* bytes come and go in order there: it has no places */
	ERR_NO_READER = -42,      /* nobody is there to read what would be written */
	ERR_INTERRUPTED = -43,    /* an upcall ended the wait; of a call: the server may have done it or not */
	ERR_LAST = -43,
};

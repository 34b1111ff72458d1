/* SPDX-License-Identifier: BSD-2-Clause */
/* FIFOs: what one process sees of them. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/fifo.h"
#include "tests/posix/files.h"

#define ATOMIC 4096 /* PIPE_BUF, on both systems */

static char block[3 * ATOMIC];

/* Both ends without waiting. */
static void ends(int *reader, int *writer)
{
	*reader = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	*writer = MUST(open("fifo", O_WRONLY | O_NONBLOCK));
}

static void opening(void)
{
	int both;

	FACT("to write without a reader", shut(open("fifo", O_WRONLY | O_NONBLOCK)));
	FACT("to read without a writer", shut(open("fifo", O_RDONLY | O_NONBLOCK)));
	both = open("fifo", O_RDWR);
	FACT("for both", both < 0 ? -1 : 0);
	FACT("to write with a reader", shut(open("fifo", O_WRONLY)));
	FACT("to read with a writer", shut(open("fifo", O_RDONLY)));
	FACT("write by who has both", write(both, "own", 3));
	FACT_TEXT("and read", next(both, 10));
	close(both);
	FACT("with O_CREAT", shut(open("fifo", O_RDWR | O_CREAT, 0600)));
	FACT("with O_CREAT and O_EXCL", shut(open("fifo", O_RDWR | O_CREAT | O_EXCL, 0600)));
	FACT("with O_TRUNC", shut(open("fifo", O_RDWR | O_TRUNC)));
	FACT("O_PATH", shut(open("fifo", O_PATH)));
	FACT("a slash behind", shut(open("fifo/", O_RDWR)));
	FACT_TEXT("it is still one", type_of("fifo"));
}

static void bytes_through(void)
{
	int reader, writer;

	reader = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	FACT("read without a writer", read(reader, block, 10));
	writer = MUST(open("fifo", O_WRONLY | O_NONBLOCK));
	FACT("read of nothing yet", read(reader, block, 10));
	FACT("read of no bytes", read(reader, block, 0));
	FACT("write", write(writer, "abcde", 5));
	FACT("write of no bytes", write(writer, "", 0));
	FACT_TEXT("read of less", next(reader, 2));
	FACT("write behind it", write(writer, "fg", 2));
	FACT_TEXT("read of more", next(reader, 100));
	FACT("read by the writer", read(writer, block, 1));
	FACT("write by the reader", write(reader, "x", 1));
	FACT("size", size_of("fifo"));
	FACT("write before the writer closes", write(writer, "rest", 4));
	close(writer);
	FACT_TEXT("read after it closed", next(reader, 100));
	FACT("read at the end", read(reader, block, 10));
	writer = MUST(open("fifo", O_WRONLY | O_NONBLOCK));
	FACT("read with the next writer", read(reader, block, 10));
	FACT("write of the next", write(writer, "next", 4));
	close(reader);
	FACT("write without a reader", write(writer, "x", 1));
	FACT("write of no bytes without a reader", write(writer, "", 0));
	reader = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	FACT_TEXT("read by a later reader", next(reader, 100));
	FACT("write before all close", write(writer, "gone", 4));
	close(reader);
	close(writer);
	reader = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	FACT("read after all closed", read(reader, block, 10));
	close(reader);
}

static void filling(void)
{
	int reader, writer;
	long total = 0, n;

	ends(&reader, &writer);
	while ((n = write(writer, block, ATOMIC)) > 0)
		total += n;
	FACT("write that does not fit", write(writer, block, ATOMIC));
	FACT("bytes that fit", total);
	FACT("one more byte", write(writer, "x", 1));
	FACT("read of a piece", read(reader, block, ATOMIC));
	FACT("more than fits, in part", write(writer, block, 2 * ATOMIC + 1));
	FACT("then", write(writer, block, 2 * ATOMIC + 1));
	FACT("read of two pieces", read(reader, block, ATOMIC) + read(reader, block, ATOMIC));
	FACT("what fits together", write(writer, block, ATOMIC));
	for (total = 0; (n = read(reader, block, sizeof(block))) > 0;)
		total += n;
	FACT("all that was left", total);
	close(reader);
	close(writer);
}

static void flags(void)
{
	int reader, writer, copy;

	ends(&reader, &writer);
	FACT_YES("F_GETFL says O_NONBLOCK", fcntl(reader, F_GETFL) & O_NONBLOCK);
	copy = MUST(dup(reader));
	FACT("F_SETFL without it", fcntl(copy, F_SETFL, 0));
	FACT_YES("F_GETFL of the other descriptor", fcntl(reader, F_GETFL) & O_NONBLOCK);
	MUST(fcntl(reader, F_SETFL, O_NONBLOCK));
	FACT("read with it again", read(copy, block, 1));
	close(reader);
	FACT("write while a duplicate is open", write(writer, "x", 1));
	close(copy);
	FACT("write when it is closed too", write(writer, "x", 1));
	close(writer);
}

static void names(void)
{
	int reader, writer;

	ends(&reader, &writer);
	FACT("rename of one that is open", rename("fifo", "other"));
	MUST(write(writer, "a", 1));
	FACT("open by its new name", shut(open("other", O_WRONLY | O_NONBLOCK)));
	FACT("link to it", link("other", "second"));
	FACT("open by its second name", shut(open("second", O_WRONLY | O_NONBLOCK)));
	FACT("unlink", unlink("other") < 0 ? -1 : unlink("second"));
	MUST(write(writer, "b", 1));
	FACT_TEXT("it goes on without a name", next(reader, 10));
	MUST(mkfifo("fifo", 0600));
	FACT("a new one of that name is another", shut(open("fifo", O_WRONLY | O_NONBLOCK)));
	close(reader);
	close(writer);
}

static void times(void)
{
	struct stat before, after;
	int reader, writer;

	ends(&reader, &writer);
	MUST(fstat(reader, &before));
	usleep(20000);
	MUST(write(writer, "x", 1));
	MUST(fstat(reader, &after));
	FACT_YES("a write changes mtime and ctime",
		 memcmp(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim)) != 0 &&
			 memcmp(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim)) != 0);
	close(reader);
	close(writer);
}

void chapter_fifo(void)
{
	if (mkfifo("fifo", 0600) < 0)
		chapter_leave_out();
	signal(SIGPIPE, SIG_IGN);
	opening();
	bytes_through();
	filling();
	flags();
	names();
	times();
	fifo_children();
}

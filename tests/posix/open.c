/* SPDX-License-Identifier: BSD-2-Clause */
/* open: flags, and what kinds of files they are for. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void exists_or_not(void)
{
	FACT("missing file", shut(open("none", O_RDONLY)));
	FACT("missing file to write", shut(open("none", O_WRONLY)));
	FACT("missing file with O_TRUNC", shut(open("none", O_WRONLY | O_TRUNC)));
	FACT("empty path", shut(open("", O_RDONLY)));
	FACT("empty path with O_CREAT", shut(open("", O_RDWR | O_CREAT, 0644)));
	FACT("file", shut(open("file", O_RDONLY)));
	FACT("O_EXCL without O_CREAT is ignored", shut(open("file", O_RDWR | O_EXCL)));
	FACT("O_CREAT of a file that is there", shut(open("file", O_RDWR | O_CREAT, 0600)));
	FACT_OCTAL("mode after O_CREAT of a file that is there", mode_of("file"));
	FACT_TEXT("contents after O_CREAT of a file that is there", get("file"));
	FACT("O_CREAT with O_EXCL of a file", shut(open("file", O_RDWR | O_CREAT | O_EXCL, 0644)));
	FACT("O_CREAT with O_EXCL of a directory", shut(open("dir", O_RDWR | O_CREAT | O_EXCL, 0644)));
	FACT("O_CREAT with O_EXCL of a link to nothing", shut(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0644)));
	FACT("O_CREAT with O_EXCL of a new name", shut(open("new", O_RDWR | O_CREAT | O_EXCL, 0644)));
	FACT("O_CREAT in a missing directory", shut(open("none/file", O_RDWR | O_CREAT, 0644)));
	FACT("O_CREAT below a file", shut(open("file/file", O_RDWR | O_CREAT, 0644)));
	FACT("O_CREAT through a link to nothing", shut(open("dangling", O_RDWR | O_CREAT, 0644)));
	FACT_TEXT("what that made", type_of("target"));
	FACT("O_CREAT through a link into a missing directory", shut(open("lost", O_RDWR | O_CREAT, 0644)));
	FACT("O_CREAT read-only", shut(open("new2", O_RDONLY | O_CREAT, 0200)));
	FACT("size of a new file", size_of("new2"));
}

static void directories(void)
{
	FACT("directory to read", shut(open("dir", O_RDONLY)));
	FACT("directory to write", shut(open("dir", O_WRONLY)));
	FACT("directory to read and write", shut(open("dir", O_RDWR)));
	FACT("O_CREAT of a directory", shut(open("dir", O_RDONLY | O_CREAT, 0644)));
	FACT("O_CREAT of a directory to write", shut(open("dir", O_WRONLY | O_CREAT, 0644)));
	FACT("O_TRUNC of a directory", shut(open("dir", O_RDONLY | O_TRUNC)));
	FACT("O_DIRECTORY of a directory", shut(open("dir", O_RDONLY | O_DIRECTORY)));
	FACT("O_DIRECTORY of a file", shut(open("file", O_RDONLY | O_DIRECTORY)));
	FACT("O_DIRECTORY of a missing file", shut(open("none", O_RDONLY | O_DIRECTORY)));
	FACT("O_DIRECTORY through a link", shut(open("dirlink", O_RDONLY | O_DIRECTORY)));
	FACT("O_DIRECTORY of a directory to write", shut(open("dir", O_RDWR | O_DIRECTORY)));
	FACT("slash behind a directory", shut(open("dir/", O_RDONLY)));
	FACT("slash behind a file", shut(open("file/", O_RDONLY)));
	FACT("slash behind a new name", shut(open("new3/", O_RDWR | O_CREAT, 0644)));
	FACT("slash behind a link to a directory", shut(open("dirlink/", O_RDONLY | O_NOFOLLOW)));
}

static void links(void)
{
	FACT("O_NOFOLLOW of a file", shut(open("file", O_RDONLY | O_NOFOLLOW)));
	FACT("O_NOFOLLOW of a link", shut(open("link", O_RDONLY | O_NOFOLLOW)));
	FACT("O_NOFOLLOW of a link to nothing", shut(open("dangling2", O_RDONLY | O_NOFOLLOW)));
	FACT("O_NOFOLLOW and O_CREAT of a link to nothing",
	     shut(open("dangling2", O_RDWR | O_CREAT | O_NOFOLLOW, 0644)));
	FACT("O_NOFOLLOW of a file below a link", shut(open("dirlink/inner", O_RDONLY | O_NOFOLLOW)));
	FACT("O_NOFOLLOW with O_DIRECTORY of a link", shut(open("dirlink", O_RDONLY | O_DIRECTORY | O_NOFOLLOW)));
	FACT("link to itself", shut(open("loop", O_RDONLY)));
	FACT("link to itself with O_CREAT", shut(open("loop", O_RDWR | O_CREAT, 0644)));
}

static void truncation(void)
{
	MUST(put("cut", "0123456789"));
	FACT("O_TRUNC to read", shut(open("cut", O_RDONLY | O_TRUNC)));
	FACT("size after O_TRUNC to read", size_of("cut"));
	MUST(put("cut", "0123456789"));
	FACT("O_TRUNC to write", shut(open("cut", O_WRONLY | O_TRUNC)));
	FACT("size after O_TRUNC", size_of("cut"));
	MUST(put("cut", "0123456789"));
	FACT("creat of a file that is there", shut(creat("cut", 0600)));
	FACT("size after creat", size_of("cut"));
	FACT_OCTAL("mode after creat", mode_of("cut"));
	MUST(put("cut", "0123456789"));
	FACT("O_TRUNC with O_EXCL of a file", shut(open("cut", O_WRONLY | O_CREAT | O_EXCL | O_TRUNC, 0644)));
	FACT("size after O_TRUNC that failed", size_of("cut"));
}

static void descriptors(void)
{
	int low = MUST(open("file", O_RDONLY)), high = MUST(open("file", O_RDWR | O_CLOEXEC)), again;

	FACT("F_GETFD", fcntl(low, F_GETFD));
	FACT_YES("F_GETFD with O_CLOEXEC", fcntl(high, F_GETFD) == FD_CLOEXEC);
	FACT_YES("F_GETFL read-only", (fcntl(low, F_GETFL) & O_ACCMODE) == O_RDONLY);
	FACT_YES("F_GETFL read and write", (fcntl(high, F_GETFL) & O_ACCMODE) == O_RDWR);
	MUST(close(low));
	again = MUST(open("file", O_WRONLY));
	FACT_YES("the lowest descriptor that is free", again == low);
	FACT_YES("F_GETFL write-only", (fcntl(again, F_GETFL) & O_ACCMODE) == O_WRONLY);
	FACT_YES("creation flags are not in F_GETFL", (fcntl(again, F_GETFL) & (O_CREAT | O_EXCL | O_TRUNC)) == 0);
	FACT("close", close(again));
	FACT("close again", close(again));
	FACT("O_SYNC", shut(open("file", O_RDWR | O_SYNC)));
	FACT("O_DSYNC", shut(open("file", O_RDWR | O_DSYNC)));
	FACT("O_NONBLOCK of a file", shut(open("file", O_RDWR | O_NONBLOCK)));
	close(high);
}

static void fifos(void)
{
	MUST_IF_OFFERED(mkfifo("fifo", 0644));
	FACT("FIFO to write without a reader", shut(open("fifo", O_WRONLY | O_NONBLOCK)));
	FACT("FIFO to read without a writer", shut(open("fifo", O_RDONLY | O_NONBLOCK)));
	FACT("O_DIRECTORY of a FIFO", shut(open("fifo", O_RDONLY | O_DIRECTORY)));
}

void chapter_open(void)
{
	MUST(put("file", "text"));
	MUST(mkdir("dir", 0755));
	MUST(put("dir/inner", "inner"));
	MUST_IF_OFFERED(symlink("file", "link"));
	MUST_IF_OFFERED(symlink("dir", "dirlink"));
	MUST_IF_OFFERED(symlink("target", "dangling"));
	MUST_IF_OFFERED(symlink("target2", "dangling2"));
	MUST_IF_OFFERED(symlink("nowhere/target", "lost"));
	MUST_IF_OFFERED(symlink("loop", "loop"));
	exists_or_not();
	directories();
	links();
	truncation();
	descriptors();
	fifos();
}

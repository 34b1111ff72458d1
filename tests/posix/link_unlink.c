/* SPDX-License-Identifier: BSD-2-Clause */
/* link, unlink, rmdir, remove */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void links(void)
{
	MUST(put("file", "text"));
	MUST(mkdir("dir", 0755));
	MUST_IF_OFFERED(symlink("file", "soft"));
	MUST_IF_OFFERED(symlink("none", "dangling"));
	FACT("link", link("file", "hard"));
	FACT("links of a file with two names", links_of("file"));
	FACT_YES("both names are the same file", same_file("file", "hard"));
	MUST(put("hard", "new text"));
	FACT_TEXT("what is written through one name is in the other", get("file"));
	FACT("link to a name that is there", link("file", "hard"));
	FACT("link to itself", link("file", "file"));
	FACT("link to a directory's name", link("file", "dir"));
	FACT("link to the name of a link to nothing", link("file", "dangling"));
	FACT("link of a missing file", link("none", "hard2"));
	FACT("link of a directory", link("dir", "dir2"));
	FACT("link into a missing directory", link("file", "none/hard"));
	FACT("link below a file", link("file", "hard/hard"));
	FACT("link of a file below a file", link("file/x", "hard2"));
	FACT("link of an empty path", link("", "hard2"));
	FACT("link to an empty path", link("file", ""));
	FACT("link with a slash behind the file", link("file/", "hard2"));
	FACT("link with a slash behind the new name", link("file", "hard2/"));
	FACT("link of a link", link("soft", "soft2"));
	FACT_TEXT("what that makes", type_of("soft2"));
	FACT("link of a link to nothing", link("dangling", "dangling2"));
	FACT("linkat that follows a link", linkat(AT_FDCWD, "soft", AT_FDCWD, "hard3", AT_SYMLINK_FOLLOW));
	FACT_TEXT("what linkat makes", type_of("hard3"));
	FACT("linkat that follows a link to nothing", linkat(AT_FDCWD, "dangling", AT_FDCWD, "x", AT_SYMLINK_FOLLOW));
	FACT("linkat with unknown flags", linkat(AT_FDCWD, "file", AT_FDCWD, "x", 0x40000000));
	MUST_IF_OFFERED(mkfifo("fifo", 0644));
	FACT("link of a FIFO", link("fifo", "fifo2"));
	FACT("links of a FIFO with two names", links_of("fifo"));
}

static void unlinks(void)
{
	FACT("unlink", unlink("hard"));
	FACT("links after unlink", links_of("file"));
	FACT("unlink again", unlink("hard"));
	FACT("unlink of a directory", unlink("dir"));
	FACT("unlink of a link", unlink("soft"));
	FACT_TEXT("the link's target is still there", get("file"));
	FACT("unlink of a link to nothing", unlink("dangling"));
	FACT("unlink of a FIFO", unlink("fifo"));
	FACT("unlink below a file", unlink("file/x"));
	FACT("unlink with a slash behind", unlink("file/"));
	FACT("unlink of an empty path", unlink(""));
	FACT("unlink of .", unlink("."));
	FACT("unlink of ..", unlink(".."));
	FACT("unlink of dir/.", unlink("dir/."));
	FACT_YES("unlink of / is refused", unlink("/") == -1 && (errno == EISDIR || errno == EBUSY || errno == EPERM));
	FACT("unlink in a missing directory", unlink("none/file"));
}

static void directories(void)
{
	MUST(mkdir("full", 0755));
	MUST(put("full/file", ""));
	MUST(mkdir("nest", 0755));
	MUST(mkdir("nest/inner", 0755));
	MUST_IF_OFFERED(symlink("dir", "dirlink"));
	FACT("rmdir of a directory that is not empty", rmdir("full"));
	FACT("rmdir of a directory with a directory", rmdir("nest"));
	FACT("rmdir of a file", rmdir("file"));
	FACT("rmdir of a missing directory", rmdir("none"));
	FACT("rmdir of a link to a directory", rmdir("dirlink"));
	FACT("rmdir of a link to a directory with a slash behind", rmdir("dirlink/"));
	FACT("rmdir of .", rmdir("."));
	FACT("rmdir of dir/.", rmdir("dir/."));
	FACT("rmdir of ..", rmdir(".."));
	FACT("rmdir of nest/inner/..", rmdir("nest/inner/.."));
	FACT("rmdir of /", rmdir("/"));
	FACT("rmdir of an empty path", rmdir(""));
	FACT("rmdir below a file", rmdir("file/dir"));
	FACT("rmdir with a slash behind", rmdir("dir/"));
	FACT_TEXT("the directory is gone", type_of("dir"));
	FACT("rmdir again", rmdir("dir"));
	MUST(unlink("full/file"));
	FACT("rmdir of a directory that was emptied", rmdir("full"));
	FACT("remove of a directory", remove("nest/inner"));
	FACT("remove of a file", remove("file"));
	FACT("remove of a missing file", remove("file"));
}

/* A directory that is somebody's working directory, or is open. */
static void used_directories(void)
{
	int top = MUST(open(".", O_RDONLY | O_DIRECTORY)), fd;

	MUST(mkdir("cwd", 0755));
	MUST(chdir("cwd"));
	FACT("rmdir of the working directory by its path", rmdir("../cwd"));
	FACT("new file in the working directory that is gone", shut(open("file", O_RDWR | O_CREAT, 0644)));
	FACT("mkdir in the working directory that is gone", mkdir("dir", 0755));
	FACT("stat of . that is gone", exists("."));
	FACT("links of . that is gone", links_of("."));
	FACT("stat of .. of what is gone", exists(".."));
	FACT("entries of . that is gone", entries_of("."));
	FACT_TEXT("getcwd of what is gone", getcwd((char[64]){0}, 64));
	MUST(fchdir(top));
	MUST(mkdir("open", 0755));
	fd = MUST(open("open", O_RDONLY | O_DIRECTORY));
	FACT("rmdir of a directory that is open", rmdir("open"));
	FACT("openat in it", shut(openat(fd, "file", O_RDWR | O_CREAT, 0644)));
	FACT("fchdir to it", fchdir(fd));
	FACT("openat of .. from it", shut(openat(fd, "..", O_RDONLY)));
	close(fd);
	MUST(fchdir(top));
	close(top);
}

static void many(void)
{
	char name[16];
	int made = 0;

	MUST(put("base", "b"));
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		made += link("base", name) == 0;
	}
	FACT("500 names", made);
	FACT("links with them", links_of("base"));
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		made -= unlink(name) == 0;
	}
	FACT("names left over", made);
	FACT("links without them", links_of("base"));
}

void chapter_link_unlink(void)
{
	links();
	unlinks();
	directories();
	used_directories();
	many();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The modes of what is made, and the umask. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static int made(const char *path, mode_t mode)
{
	return shut(open(path, O_WRONLY | O_CREAT | O_EXCL, mode));
}

static void masks(void)
{
	FACT_OCTAL("umask before the chapter", umask(0));
	FACT_OCTAL("umask gives the one before", umask(07777));
	FACT_OCTAL("umask keeps permission bits only", umask(027));
	MUST(made("f027", 0777));
	FACT_OCTAL("file 0777 under 027", mode_of("f027"));
	MUST(mkdir("d027", 0777));
	FACT_OCTAL("directory 0777 under 027", mode_of("d027"));
	MUST_IF_OFFERED(mkfifo("p027", 0666));
	FACT_OCTAL("FIFO 0666 under 027", mode_of("p027"));
	umask(0777);
	MUST(made("f777", 0777));
	FACT_OCTAL("file 0777 under 0777", mode_of("f777"));
	umask(0);
	MUST(made("f0", 0));
	FACT_OCTAL("file 0 under 0", mode_of("f0"));
	MUST(made("f666", 0666));
	FACT_OCTAL("file 0666 under 0", mode_of("f666"));
	MUST_IF_OFFERED(symlink("f0", "link"));
	FACT_YES("the umask does not touch chmod", chmod("f0", 0777) == 0 && mode_of("f0") == 0777);
	umask(022);
}

static void special_bits(void)
{
	umask(0);
	MUST(made("setuid", 04755));
	FACT_OCTAL("file 04755", mode_of("setuid"));
	MUST(made("sticky", 01644));
	FACT_OCTAL("file 01644", mode_of("sticky"));
	MUST(mkdir("stickydir", 01777));
	FACT_OCTAL("directory 01777", mode_of("stickydir"));
	MUST(mkdir("setgid", 0755));
	FACT("chmod 02755 of a directory", chmod("setgid", 02755));
	MUST(mkdir("setgid/inner", 0755));
	FACT_OCTAL("directory in a directory 02755", mode_of("setgid/inner"));
	MUST(made("setgid/file", 0644));
	FACT_OCTAL("file in a directory 02755", mode_of("setgid/file"));
	umask(022);
}

static void owners(void)
{
	struct stat st;

	MUST(made("own", 0644));
	MUST(stat("own", &st));
	FACT_YES("a file belongs to its maker", st.st_uid == geteuid());
	FACT_YES("a file has its maker's group", st.st_gid == getegid());
	MUST(mkdir("owndir", 0755));
	MUST(stat("owndir", &st));
	FACT_YES("a directory belongs to its maker", st.st_uid == geteuid());
	MUST_IF_OFFERED(symlink("own", "ownlink"));
	MUST_IF_OFFERED(lstat("ownlink", &st));
	FACT_YES("a link belongs to its maker", st.st_uid == geteuid());
}

static void directories(void)
{
	FACT("mkdir", mkdir("d", 0700));
	FACT_TEXT("what mkdir makes", type_of("d"));
	FACT("links of a new directory", links_of("d"));
	FACT("entries of a new directory", entries_of("d"));
	FACT("mkdir of a directory", mkdir("d", 0700));
	FACT("mkdir of a file", mkdir("f666", 0700));
	FACT("mkdir of a link to nothing", (MUST_IF_OFFERED(symlink("no", "dangling")), mkdir("dangling", 0700)));
	FACT("mkdir in a missing directory", mkdir("none/d", 0700));
	FACT("mkdir below a file", mkdir("f666/d", 0700));
	FACT("mkdir with a slash behind", mkdir("slash/", 0700));
	FACT("mkdir with slashes behind", mkdir("slashes///", 0700));
	FACT("mkdir of an empty path", mkdir("", 0700));
	FACT("mkdir of .", mkdir(".", 0700));
	FACT("mkdir of ..", mkdir("..", 0700));
	FACT("mkdir of d/.", mkdir("d/.", 0700));
	FACT("mkdir of none/.", mkdir("none/.", 0700));
	FACT("mkdir of d/..", mkdir("d/..", 0700));
	FACT("mkdir of /", mkdir("/", 0700));
	MUST(mkdir("d/inner", 0755));
	FACT("links of a directory with one in it", links_of("d"));
	MUST(put("d/file", ""));
	FACT("links of a directory with a file too", links_of("d"));
	MUST(rmdir("d/inner"));
	FACT("links of a directory after rmdir in it", links_of("d"));
}

static void fifos(void)
{
	FACT("mkfifo", mkfifo("fifo", 0644));
	FACT_TEXT("what mkfifo makes", type_of("fifo"));
	FACT("size of a FIFO", size_of("fifo"));
	FACT("mkfifo of a file", mkfifo("f666", 0644));
	FACT("mkfifo in a missing directory", mkfifo("none/fifo", 0644));
	FACT("mkfifo below a file", mkfifo("f666/fifo", 0644));
	FACT("mkfifo with a slash behind", mkfifo("fifo2/", 0644));
	FACT("mkfifo of an empty path", mkfifo("", 0644));
}

void chapter_create_umask(void)
{
	masks();
	special_bits();
	owners();
	directories();
	fifos();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What user 0 may do in spite of modes. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static const char *owner_of(const char *path)
{
	static char text[32];
	struct stat st;

	if (lstat(path, &st) < 0)
		return NULL;
	snprintf(text, sizeof(text), "%lu %lu", (unsigned long)st.st_uid, (unsigned long)st.st_gid);
	return text;
}

static void modes(void)
{
	MUST(put("file", "text"));
	MUST(chmod("file", 0));
	FACT("read of a file with mode 0", shut(open("file", O_RDONLY)));
	FACT("write to a file with mode 0", shut(open("file", O_RDWR)));
	FACT("access R_OK and W_OK of it", access("file", R_OK | W_OK));
	FACT("access X_OK of it", access("file", X_OK));
	MUST(chmod("file", 0001));
	FACT("access X_OK of a file that others may run", access("file", X_OK));
	MUST(mkdir("dir", 0));
	FACT("new file in a directory with mode 0", put("dir/file", "text"));
	FACT("access X_OK of it, a directory", access("dir", X_OK));
	FACT_TEXT("list of it", names_in("dir"));
	FACT("chdir to it", chdir("dir"));
	MUST(chdir(".."));
	FACT("unlink in it", unlink("dir/file"));
}

static void owners(void)
{
	MUST(put("owned", "text"));
	FACT("chown to another user", chown("owned", 1000, (gid_t)-1));
	FACT_TEXT("owner after that", owner_of("owned"));
	FACT("chown to another group", chown("owned", (uid_t)-1, 2000));
	FACT_TEXT("owner after that too", owner_of("owned"));
	FACT("chown to large numbers", chown("owned", 70000, 80000));
	FACT_TEXT("owner with large numbers", owner_of("owned"));
	FACT("chmod of somebody's file", chmod("owned", 0600));
	FACT("read of somebody's file", shut(open("owned", O_RDWR)));
	FACT("utimensat of somebody's file", utimensat(AT_FDCWD, "owned", (struct timespec[]){{1, 0}, {1, 0}}, 0));
	MUST(symlink("owned", "link"));
	FACT("lchown of a link", lchown("link", 5, 6));
	FACT_TEXT("owner of the link", owner_of("link"));
	FACT_TEXT("owner of its target", owner_of("owned"));
	FACT("chown through it", chown("link", 7, 8));
	FACT_TEXT("owner of its target then", owner_of("owned"));
	FACT_TEXT("owner of the link then", owner_of("link"));
	FACT("unlink of somebody's file", unlink("owned"));
}

/* Bits that a change of owner or contents clears. */
static void special_bits(void)
{
	int fd = MUST(open("special", O_RDWR | O_CREAT, 0644));

	MUST(fchmod(fd, 06755));
	FACT("chown of a file 06755", fchown(fd, 1000, 1000));
	FACT_OCTAL("mode after chown", mode_of("special"));
	MUST(fchmod(fd, 06755));
	MUST(write(fd, "x", 1));
	FACT_OCTAL("mode after a write by user 0", mode_of("special"));
	MUST(ftruncate(fd, 0));
	FACT_OCTAL("mode after ftruncate by user 0", mode_of("special"));
	MUST(fchmod(fd, 02644));
	MUST(fchown(fd, 1000, 1001));
	FACT_OCTAL("mode of a file 02644 after chown", mode_of("special"));
	close(fd);
	MUST(mkdir("group", 0755));
	MUST(chown("group", (uid_t)-1, 1234));
	MUST(chmod("group", 02755));
	FACT_OCTAL("directory 02755 of another group", mode_of("group"));
	MUST(put("group/file", ""));
	FACT_TEXT("owner of a new file in it", owner_of("group/file"));
	MUST(mkdir("group/dir", 0755));
	FACT_TEXT("owner of a new directory in it", owner_of("group/dir"));
	FACT_OCTAL("mode of a new directory in it", mode_of("group/dir"));
	MUST(symlink("x", "group/link"));
	FACT_TEXT("owner of a new link in it", owner_of("group/link"));
	MUST(chown("group", 1, 1));
	FACT_OCTAL("mode of the directory after chown", mode_of("group"));
}

void chapter_as_root(void)
{
	if (geteuid() != 0 || !owners_offered())
		chapter_leave_out();
	modes();
	owners();
	special_bits();
}

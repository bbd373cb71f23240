// SPDX-License-Identifier: GPL-2.0-only
/* state files: where they are, whose they are */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iet_state.h"
#include "ktap.h"
#include "state.h"
#include "tmpfile.h"

static char reason[STATE_REASON_MAX];
static char dir[PATH_MAX];

static void set_dir(const char *name)
{
	strcpy(dir, tmp_path(name));
	state_set_dir(dir);
}

static bool opens(const char *id)
{
	int fd = state_open(id, reason);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void test_nowhere(void)
{
	state_set_dir(NULL);
	CHECK_EQ(state_open("a", reason), -1);
	CHECK_STR(reason, "");
}

static void test_made(void)
{
	char path[PATH_MAX + 32];
	struct stat st;
	int fd;

	set_dir("made");
	fd = state_open("a/b .", reason);
	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	CHECK_EQ(pwrite(fd, "x", 1, IET_STATE_SLOT_SIZE), 1);
	close(fd);
	CHECK(!stat(dir, &st) && (st.st_mode & 07777) == 0700);
	snprintf(path, sizeof(path), "%s/a%%2fb%%20%%2e.state", dir);
	CHECK(!stat(path, &st) && (st.st_mode & 07777) == 0600);
	CHECK_EQ(st.st_size, IET_STATE_FILE_SIZE);
	CHECK(st.st_blocks * 512 < 256 * 1024);
	/* the same file again, as it is */
	fd = state_open("a/b .", reason);
	CHECK(fd >= 0 && pread(fd, reason, 1, IET_STATE_SLOT_SIZE) == 1);
	CHECK_EQ(reason[0], 'x');
	close(fd);
}

static void test_dir_of_others(void)
{
	set_dir("open");
	CHECK(!mkdir(dir, 0700) && !chmod(dir, 0770));
	CHECK(!opens("a"));
	CHECK(strstr(reason, "others can write it"));
	CHECK(!chmod(dir, 0755) && opens("a"));
	set_dir("no/such/parent");
	CHECK(!opens("a") && strstr(reason, strerror(ENOENT)));
	set_dir("file");
	tmp_write("file", "", 0);
	CHECK(!opens("a") && strstr(reason, strerror(ENOTDIR)));
}

static void test_no_file(void)
{
	char path[PATH_MAX + 32];

	set_dir("odd");
	CHECK(!mkdir(dir, 0700));
	snprintf(path, sizeof(path), "%s/link.state", dir);
	CHECK(!symlink("/etc/passwd", path));
	CHECK(!opens("link") && strstr(reason, strerror(ELOOP)));
	snprintf(path, sizeof(path), "%s/fifo.state", dir);
	CHECK(!mkfifo(path, 0600));
	CHECK(!opens("fifo") && strstr(reason, "not a file"));
	snprintf(path, sizeof(path), "%s/free.state", dir);
	close(open(path, O_CREAT | O_RDWR, 0600));
	CHECK(!chmod(path, 0666));
	CHECK(!opens("free") && strstr(reason, "others can write it"));
}

/* Rubbish is the module's to see. */
static void test_rubbish(void)
{
	char path[PATH_MAX + 32], buf[64];
	int fd;

	set_dir("rubbish");
	CHECK(opens("a"));
	snprintf(path, sizeof(path), "%s/a.state", dir);
	fd = open(path, O_RDWR);
	memset(buf, 0xff, sizeof(buf));
	CHECK_EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(opens("a"));
	memset(buf, 0, sizeof(buf));
	buf[IET_STATE_AT_LENGTH + 2] = 0x40;
	CHECK_EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(opens("a"));
	close(fd);
}

int main(void)
{
	ktap_run(test_nowhere);
	ktap_run(test_made);
	ktap_run(test_dir_of_others);
	ktap_run(test_no_file);
	ktap_run(test_rubbish);
	return ktap_done();
}

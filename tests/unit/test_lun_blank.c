// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "ktap.h"
#include "lun_blank.h"

#define SIZE (64LL << 20)
#define MIB (1LL << 20)

/* where one byte of a file of that size is something else, and is it blank? */
static const struct {
	long long size;
	long long at;
	bool blank;
} rows[] = {
	{ 0, -1, true },
	{ 512, -1, true },
	{ 512, 511, false },
	{ SIZE, -1, true },
	{ SIZE, 0, false },
	{ SIZE, MIB - 1, false },
	{ SIZE, SIZE - 1, false },
	{ SIZE, SIZE - MIB, false },
	{ SIZE, SIZE / 65, false },
	{ SIZE, SIZE / 65 * 64 + 4095, false },
	/* that is what samples are */
	{ SIZE, SIZE / 65 * 2 - 1, true },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[] = "/tmp/iet-blank-XXXXXX";
		int fd = mkstemp(path);
		bool before = ktap_ok;

		unlink(path);
		CHECK_EQ(ftruncate(fd, rows[i].size), 0);
		/* written, so that it is no hole */
		CHECK_EQ(pwrite(fd, "", 1, rows[i].size / 2) == 1, 1);
		CHECK_EQ(ftruncate(fd, rows[i].size), 0);
		if (rows[i].at >= 0)
			CHECK_EQ(pwrite(fd, "x", 1, rows[i].at), 1);
		CHECK_EQ(lun_is_blank(fd), rows[i].blank);
		if (before && !ktap_ok)
			printf("# row %zu\n", i);
		close(fd);
	}
}

static void test_unreadable(void)
{
	int fds[2];

	CHECK_EQ(pipe(fds), 0);
	CHECK(!lun_is_blank(fds[0]));
	CHECK(!lun_is_blank(-1));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	ktap_run(test_rows);
	ktap_run(test_unreadable);
	return ktap_done();
}

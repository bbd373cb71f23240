// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "state.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iet_netlink.h"
#include "iet_state.h"

/* of each slot: room for some registrations, on any file system */
#define PREALLOCATED 8192

#define SUFFIX ".state"
#define NAME_LEN (3 * IET_SCSI_ID_LEN + sizeof(SUFFIX))

static const char *state_dir;

void state_set_dir(const char *dir)
{
	state_dir = dir;
}

/* What could mean something in a path is written as in a URL. */
static void make_name(char name[NAME_LEN], const char *scsi_id)
{
	const unsigned char *p = (const unsigned char *)scsi_id;
	size_t i;

	for (i = 0; *p && i < IET_SCSI_ID_LEN; i++, p++) {
		if (isascii(*p) && (isalnum(*p) || strchr("-_", *p)))
			*name++ = *p;
		else
			name += snprintf(name, 4, "%%%02x", *p);
	}
	memcpy(name, SUFFIX, sizeof(SUFFIX));
}

/* Ours alone, so that nobody else can put files there. */
static const char *check_owner(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if ((st.st_mode & S_IFMT) != type)
		return type == S_IFDIR ? "not a folder" : "not a file";
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return "others can write it";
	/* there may be the key of an encrypted medium in it */
	if (type == S_IFREG && st.st_mode & (S_IRWXG | S_IRWXO))
		return "others can read it";
	return NULL;
}

static int open_dir(const char **why)
{
	int fd;

	if (mkdir(state_dir, 0700) && errno != EEXIST) {
		*why = strerror(errno);
		return -1;
	}
	fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*why = fd < 0 ? strerror(errno) : check_owner(fd, S_IFDIR);
	if (*why && fd >= 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/*
 * Both slots in their full length, without taking the space for it. A file
 * system that can't allocate ahead does when it is written.
 */
static int make_room(int fd, int dir)
{
	struct stat st;
	off_t slot;

	if (fstat(fd, &st))
		return -1;
	if (st.st_size >= IET_STATE_FILE_SIZE)
		return 0;
	if (ftruncate(fd, IET_STATE_FILE_SIZE))
		return -1;
	for (slot = 0; slot < IET_STATE_FILE_SIZE; slot += IET_STATE_SLOT_SIZE)
		if (fallocate(fd, 0, slot, PREALLOCATED) && errno != EOPNOTSUPP)
			return -1;
	return fsync(fd) || fsync(dir) ? -1 : 0;
}

/*
 * The module checks what it finds; here it only has to come into memory, that
 * of the kernel.
 */
static int read_slot(int fd, off_t slot)
{
	unsigned char buf[4096];
	uint32_t left;
	ssize_t n;

	n = pread(fd, buf, IET_STATE_HEADER, slot);
	if (n != IET_STATE_HEADER)
		return n < 0 ? -1 : 0;
	memcpy(&left, buf + IET_STATE_AT_LENGTH, sizeof(left));
	left = be32toh(left);
	if (left > IET_STATE_SLOT_SIZE - IET_STATE_HEADER)
		return 0;
	for (slot += n; left; slot += n, left -= n) {
		n = pread(fd, buf, left < sizeof(buf) ? left : sizeof(buf),
			  slot);
		if (n <= 0)
			break;
	}
	/* a key may have been in it */
	explicit_bzero(buf, sizeof(buf));
	return left && n < 0 ? -1 : 0;
}

static int open_file(int dir, const char *name, const char **why)
{
	int fd = openat(dir, name,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			0600);

	*why = fd < 0 ? strerror(errno) : check_owner(fd, S_IFREG);
	if (!*why && (make_room(fd, dir) || read_slot(fd, 0) ||
		      read_slot(fd, IET_STATE_SLOT_SIZE)))
		*why = strerror(errno);
	if (*why && fd >= 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int state_open(const char *scsi_id, char reason[STATE_REASON_MAX])
{
	char name[NAME_LEN];
	const char *why;
	int dir, fd;

	reason[0] = '\0';
	if (!state_dir)
		return -1;
	make_name(name, scsi_id);
	dir = open_dir(&why);
	if (dir < 0) {
		snprintf(reason, STATE_REASON_MAX, "%s: %s", state_dir, why);
		return -1;
	}
	fd = open_file(dir, name, &why);
	if (fd < 0)
		snprintf(reason, STATE_REASON_MAX, "%s/%s: %s", state_dir, name,
			 why);
	close(dir);
	return fd;
}

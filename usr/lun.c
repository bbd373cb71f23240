// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "lun.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lun_props.h"
#include "lun_value.h"
#include "params.h"

#define BLOCK_SIZE_MIN 512

/* of the hash: never to be changed, initiators would see another disk */
#define DEFAULT_ID_BYTES 8

static const char *const iotypes[] = { "fileio", "blockio", "nullio" };

static const char *const iomodes[] = {
	[IET_IOMODE_WT] = "wt",
	[IET_IOMODE_WB] = "wb",
	[IET_IOMODE_RO] = "ro",
};

#define NR_IOTYPES (sizeof(iotypes) / sizeof(iotypes[0]))
#define NR_IOMODES (sizeof(iomodes) / sizeof(iomodes[0]))

const char *lun_iomode_name(uint32_t iomode)
{
	return iomode < NR_IOMODES ? iomodes[iomode] : "unknown";
}

bool lun_needs_file(const struct kernel_lun *l)
{
	return strcmp(l->iotype, "nullio") != 0;
}

static int set_type(struct kernel_lun *l, const char *val, char *reason)
{
	size_t i;

	for (i = 0; i < NR_IOTYPES; i++) {
		if (strcasecmp(iotypes[i], val))
			continue;
		snprintf(l->iotype, sizeof(l->iotype), "%s", iotypes[i]);
		return 0;
	}
	return lun_bad(reason, "Type", "must be fileio, blockio or nullio");
}

static int set_path(struct kernel_lun *l, const char *val, char *reason)
{
	if (!*val)
		return lun_bad(reason, "Path", "is empty");
	if (strlen(val) > IET_PATH_LEN)
		return lun_bad(reason, "Path", "is too long");
	snprintf(l->path, sizeof(l->path), "%s", val);
	return 0;
}

static int set_scsi_id(struct kernel_lun *l, const char *val, char *reason)
{
	return lun_set_text(l->scsi_id, IET_SCSI_ID_LEN, "ScsiId", val, reason);
}

static int set_scsi_sn(struct kernel_lun *l, const char *val, char *reason)
{
	return lun_set_text(l->scsi_sn, IET_SCSI_SN_LEN, "ScsiSN", val, reason);
}

static int set_iomode(struct kernel_lun *l, const char *val, char *reason)
{
	uint32_t i;

	for (i = 0; i < NR_IOMODES; i++) {
		if (strcasecmp(iomodes[i], val))
			continue;
		l->iomode = i;
		return 0;
	}
	return lun_bad(reason, "IOMode", "must be wt, wb or ro");
}

static int set_block_size(struct kernel_lun *l, const char *val, char *reason)
{
	uint64_t n;

	if (param_number(val, 4096, &n) || n < BLOCK_SIZE_MIN || n & (n - 1))
		return lun_bad(reason, "BlockSize",
			       "must be 512, 1024, 2048 or 4096");
	l->block_size = n;
	return 0;
}

static int set_blocks(struct kernel_lun *l, const char *val, char *reason)
{
	/* the medium must end below 2^63 bytes */
	if (param_number(val, INT64_MAX / 4096, &l->blocks) || !l->blocks)
		return lun_bad(reason, "Blocks", "must be a number of blocks");
	return 0;
}

static int set_bool(uint32_t *flag, const char *key, const char *val,
		    char *reason)
{
	*flag = !strcasecmp(val, "Yes");
	if (*flag || !strcasecmp(val, "No"))
		return 0;
	return lun_bad(reason, key, "must be Yes or No");
}

static int set_thin(struct kernel_lun *l, const char *val, char *reason)
{
	return set_bool(&l->thin, "ThinProvisioned", val, reason);
}

static int set_removable(struct kernel_lun *l, const char *val, char *reason)
{
	return set_bool(&l->removable, "Removable", val, reason);
}

/* whether a key may be made is seen when the medium is opened */
static int set_encrypted(struct kernel_lun *l, const char *val, char *reason)
{
	uint32_t yes;
	int err = set_bool(&yes, "Encrypted", val, reason);

	l->encrypted = yes ? IET_ENCRYPTED_YES : IET_ENCRYPTED_NO;
	return err;
}

/* another way to say IOMode=wb or IOMode=wt */
static int set_write_cache(struct kernel_lun *l, const char *val, char *reason)
{
	uint32_t yes;
	int err = set_bool(&yes, "WriteCache", val, reason);

	if (!err)
		l->iomode = yes ? IET_IOMODE_WB : IET_IOMODE_WT;
	return err;
}

static const struct lun_arg {
	const char *name;
	int attr;
	int (*set)(struct kernel_lun *l, const char *val, char *reason);
} lun_args[] = {
	{ "Type", IET_L_IOTYPE, set_type },
	{ "Path", IET_L_PATH, set_path },
	{ "ScsiId", IET_L_SCSI_ID, set_scsi_id },
	{ "ScsiSN", IET_L_SCSI_SN, set_scsi_sn },
	{ "IOMode", IET_L_IOMODE, set_iomode },
	{ "WriteCache", IET_L_IOMODE, set_write_cache },
	{ "BlockSize", IET_L_BLOCK_SIZE, set_block_size },
	{ "Blocks", IET_L_BLOCKS, set_blocks },
	{ "Sectors", IET_L_BLOCKS, set_blocks },
	{ "ThinProvisioned", IET_L_THIN, set_thin },
	{ "Removable", IET_L_REMOVABLE, set_removable },
	{ "Encrypted", IET_L_ENCRYPTED, set_encrypted },
};

bool lun_has_arg(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(lun_args) / sizeof(lun_args[0]); i++)
		if (!strcasecmp(lun_args[i].name, key))
			return true;
	return false;
}

static int parse_element(char *s, struct kernel_lun *l, char *reason)
{
	char *val = strchr(s, '=');
	size_t i;
	int err;

	if (!val) {
		snprintf(reason, LUN_REASON_MAX, "\"%.64s\" is not KEY=VALUE",
			 s);
		return -EINVAL;
	}
	*val++ = '\0';
	for (i = 0; i < sizeof(lun_args) / sizeof(lun_args[0]); i++) {
		const struct lun_arg *a = &lun_args[i];

		if (strcasecmp(a->name, s))
			continue;
		if (l->set & K_HAS(a->attr))
			return lun_bad(reason, a->name,
				       "is given twice, or by another word");
		l->set |= K_HAS(a->attr);
		return a->set(l, val, reason);
	}
	err = lun_prop_parse(s, val, &l->props, reason);
	if (err > 0)
		l->set |= K_HAS(IET_L_PROPS);
	if (err)
		return err < 0 ? err : 0;
	snprintf(reason, LUN_REASON_MAX,
		 "\"%.64s\" is not an argument of a logical unit", s);
	return -EINVAL;
}

/* what its blocks will have, 0 = as the device says */
static uint32_t block_size_of(const struct kernel_lun *l)
{
	if (l->set & K_HAS(IET_L_BLOCK_SIZE))
		return l->block_size;
	return strcmp(l->iotype, "blockio") ? BLOCK_SIZE_MIN : 0;
}

/* what each type needs, and what makes no sense for it */
static int check(const struct kernel_lun *l, char *reason)
{
	int err = lun_props_check(&l->props, block_size_of(l), reason);

	if (err)
		return err;
	if (lun_needs_file(l)) {
		if (!(l->set & K_HAS(IET_L_PATH)))
			return lun_bad(reason, "Path", "is missing");
		if (l->set & K_HAS(IET_L_BLOCKS))
			return lun_bad(reason, "Blocks", "is for nullio only");
		return 0;
	}
	if (l->set & K_HAS(IET_L_PATH))
		return lun_bad(reason, "Path", "is not for nullio");
	if (l->set & K_HAS(IET_L_IOMODE))
		return lun_bad(reason, "IOMode", "is not for nullio");
	if (l->encrypted)
		return lun_bad(reason, "Encrypted", "is not for nullio");
	return 0;
}

int lun_parse(const char *text, struct kernel_lun *l,
	      char reason[LUN_REASON_MAX])
{
	char *copy = strdup(text), *rest = copy, *s;
	int err = 0;

	if (!copy) {
		snprintf(reason, LUN_REASON_MAX, "out of memory");
		return -ENOMEM;
	}
	reason[0] = '\0';
	while (!err && (s = strsep(&rest, ","))) {
		size_t len;

		while (isspace((unsigned char)*s))
			s++;
		for (len = strlen(s); len && isspace((unsigned char)s[len - 1]);
		     len--)
			s[len - 1] = '\0';
		if (*s)
			err = parse_element(s, l, reason);
	}
	free(copy);
	if (err)
		return err;

	if (!(l->set & K_HAS(IET_L_IOTYPE))) {
		snprintf(l->iotype, sizeof(l->iotype), "%s", iotypes[0]);
		l->set |= K_HAS(IET_L_IOTYPE);
	}
	return check(l, reason);
}

static void to_hex(char *dst, const void *src, size_t len)
{
	const unsigned char *s = src;
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(dst + 2 * i, 3, "%02x", s[i]);
}

/* An identity, not a secret: MD5 is allowed for it even where policy isn't. */
static int default_id(const char *target, uint32_t lun,
		      char id[IET_SCSI_ID_LEN + 1])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	char text[ISCSI_NAME_MAX + 16];
	EVP_MD *md5;
	int i, len, ok;

	len = snprintf(text, sizeof(text), "%s:%u", target, lun);
	for (i = 0; i < len; i++)
		text[i] = tolower((unsigned char)text[i]);

	md5 = EVP_MD_fetch(NULL, "MD5", "-fips");
	ok = md5 && EVP_Digest(text, len, md, NULL, md5, NULL);
	EVP_MD_free(md5);
	if (!ok)
		return -ENOTSUP;
	to_hex(id, md, DEFAULT_ID_BYTES);
	return 0;
}

int lun_defaults(struct kernel_lun *l, const char *target)
{
	int err;

	if (!(l->set & K_HAS(IET_L_SCSI_ID))) {
		err = default_id(target, l->lun, l->scsi_id);
		if (err)
			return err;
		l->set |= K_HAS(IET_L_SCSI_ID);
	}
	if (!(l->set & K_HAS(IET_L_SCSI_SN))) {
		to_hex(l->scsi_sn, l->scsi_id, strlen(l->scsi_id));
		l->set |= K_HAS(IET_L_SCSI_SN);
	}
	return 0;
}

static const struct {
	int err;
	const char *words;
} open_errors[] = {
	{ EBUSY, "the device is in use (mounted, or part of another device)" },
	{ EROFS, "the file system is read-only: IOMode=ro serves it as it is" },
	{ EACCES, "no permission to write: IOMode=ro serves it read-only" },
	{ EPERM, "no permission to write: IOMode=ro serves it read-only" },
	{ ETXTBSY, "is being executed" },
	{ EISDIR, "is a directory" },
	{ ENXIO, "there is no such device" },
};

static int open_failed(int err, uint32_t iomode, char *reason)
{
	size_t i;

	for (i = 0; i < sizeof(open_errors) / sizeof(open_errors[0]); i++) {
		if (open_errors[i].err != err)
			continue;
		if (iomode == IET_IOMODE_RO && err != EBUSY)
			break;
		snprintf(reason, LUN_REASON_MAX, "%s", open_errors[i].words);
		return -err;
	}
	snprintf(reason, LUN_REASON_MAX, "%s", strerror(err));
	return -err;
}

static int check_kind(const struct stat *st, const char *iotype, char *reason)
{
	if (S_ISBLK(st->st_mode))
		return 0;
	if (!strcmp(iotype, "blockio")) {
		snprintf(reason, LUN_REASON_MAX,
			 "is not a block device: use Type=fileio");
		return -ENOTBLK;
	}
	if (S_ISREG(st->st_mode))
		return 0;
	if (S_ISDIR(st->st_mode)) {
		snprintf(reason, LUN_REASON_MAX, "is a directory");
		return -EISDIR;
	}
	snprintf(reason, LUN_REASON_MAX,
		 "is neither a file nor a block device");
	return -EINVAL;
}

/* The module refuses it as well, but then what was there has gone. */
static int check_size(const struct stat *st, char *reason)
{
	if (!S_ISREG(st->st_mode) || st->st_size >= BLOCK_SIZE_MIN)
		return 0;
	snprintf(reason, LUN_REASON_MAX,
		 "is smaller than one block: make it as large as the disk is "
		 "to be");
	return -EINVAL;
}

/* Opening for writing works on a read-only device, writing doesn't. */
static int check_writable(int fd, const struct stat *st, uint32_t iomode,
			  char *reason)
{
	int ro = 0;

	if (iomode == IET_IOMODE_RO || !S_ISBLK(st->st_mode) ||
	    ioctl(fd, BLKROGET, &ro) || !ro)
		return 0;
	snprintf(reason, LUN_REASON_MAX,
		 "the device is read-only: IOMode=ro serves it as it is");
	return -EROFS;
}

int lun_open(const char *path, const char *iotype, uint32_t iomode,
	     char reason[LUN_REASON_MAX])
{
	/* not to wait for the writer of a fifo or the carrier of a tty */
	int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct stat st;
	int fd, err;

	reason[0] = '\0';
	if (stat(path, &st))
		return open_failed(errno, iomode, reason);
	err = check_kind(&st, iotype, reason);
	if (err)
		return err;
	flags |= iomode == IET_IOMODE_RO ? O_RDONLY : O_RDWR;
	if (S_ISBLK(st.st_mode))
		flags |= O_EXCL;
	fd = open(path, flags);
	if (fd < 0)
		return open_failed(errno, iomode, reason);

	/* what was opened counts, in case the path changed in between */
	if (fstat(fd, &st))
		err = open_failed(errno, iomode, reason);
	else
		err = check_kind(&st, iotype, reason);
	if (!err)
		err = check_size(&st, reason);
	if (!err)
		err = check_writable(fd, &st, iomode, reason);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

#define BUSY_PAUSE_MS 50

static unsigned int now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000U + ts.tv_nsec / 1000000;
}

int lun_open_wait(const char *path, const char *iotype, uint32_t iomode,
		  unsigned int ms, char reason[LUN_REASON_MAX])
{
	const struct timespec pause = { .tv_nsec = BUSY_PAUSE_MS * 1000000 };
	unsigned int start = now_ms();
	int fd;

	for (;;) {
		fd = lun_open(path, iotype, iomode, reason);
		if (fd != -EBUSY || now_ms() - start >= ms)
			return fd;
		nanosleep(&pause, NULL);
	}
}

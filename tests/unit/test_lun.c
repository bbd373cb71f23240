// SPDX-License-Identifier: GPL-2.0-only
/* Logical units: their arguments, their identity, their files. */
#include "lun.h"

#include <errno.h>
#include <fcntl.h>

#include "ktap.h"
#include "lun_props.h"
#include "tmpfile.h"

/* a medium of one block */
static const char sector[512];

#define SIXTY_FOUR                         \
	"0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"
#define NAA_WORDS                                                           \
	"NAA: must be 16 hexadecimal digits that begin with 2, 3 or 5, or " \
	"32 that begin with 6"
#define EUI_WORDS "EUI64: must be 16, 24 or 32 hexadecimal digits"
#define UUID_WORDS "UUID: must be 8-4-4-4-12 hexadecimal digits"
#define PHYS_WORDS "PhysicalBlockSize: must be a power of two of 512 to 1048576"

static const struct {
	const char *text;
	const char *reason; /* NULL: it is right */
} rows[] = {
	{ "Path=/a", NULL },
	{ "Path=/a,Type=fileio", NULL },
	{ "path=/a,TYPE=BlockIO,iomode=RO", NULL },
	{ "Path=/srv/my disk#1,Type=fileio", NULL },
	{ "Path=/a, Type=fileio , IOMode=wb", NULL },
	{ "Path=/a,Type=fileio,", NULL },
	{ ",,Path=/a", NULL },
	{ "Type=nullio", NULL },
	{ "Type=nullio,Blocks=1000,BlockSize=4096", NULL },
	{ "Type=nullio,Sectors=1000", NULL },
	{ "Path=/a,ScsiId=" SIXTY_FOUR, NULL },
	{ "Path=/a,ScsiSN=" SIXTY_FOUR SIXTY_FOUR, NULL },
	{ "", "Path: is missing" },
	{ "Type=blockio", "Path: is missing" },
	{ "Path=", "Path: is empty" },
	{ "Path", "\"Path\" is not KEY=VALUE" },
	{ "Path=/a,Path=/b", "Path: is given twice, or by another word" },
	{ "Path=/a,WriteCache=Yes", NULL },
	{ "Path=/a,WriteCache=1", "WriteCache: must be Yes or No" },
	{ "Path=/a,WriteCache=Yes,IOMode=wt",
	  "IOMode: is given twice, or by another word" },
	{ "Path=/a,IOMode=ro,WriteCache=No",
	  "WriteCache: is given twice, or by another word" },
	{ "Type=nullio,WriteCache=No", "IOMode: is not for nullio" },
	{ "Path=/a,VendorId=12345678,ProductId=1234567890abcdef,"
	  "ProductRev=1.2x",
	  NULL },
	{ "Path=/a,VendorId=123456789",
	  "VendorId: must be 1 to 8 printable characters" },
	{ "Path=/a,ProductId=", "ProductId: must be 1 to 16 printable "
				"characters" },
	{ "Path=/a,ProductRev=\xc3\xa4",
	  "ProductRev: must be 1 to 4 printable characters" },
	{ "Path=/a,VendorId=a,vendorid=b", "VendorId: is given twice" },
	{ "Path=/a,NAA=naa.600140512345678901234567890ABCDE", NULL },
	{ "Path=/a,NAA=0x3001405123456789", NULL },
	{ "Path=/a,NAA=4001405123456789", NAA_WORDS },
	{ "Path=/a,NAA=50014051234567890", NAA_WORDS },
	{ "Path=/a,NAA=500140512345678x", NAA_WORDS },
	{ "Path=/a,NAA=50014051234567890123456789012345", NAA_WORDS },
	{ "Path=/a,NAA=500140512345678901234567890123456", NAA_WORDS },
	{ "Path=/a,NAA=", NAA_WORDS },
	{ "Path=/a,EUI64=0011223344556677", NULL },
	{ "Path=/a,EUI64=001122334455667788990011", NULL },
	{ "Path=/a,EUI64=00112233445566", EUI_WORDS },
	{ "Path=/a,EUI64=0011223344556677889900112233445566", EUI_WORDS },
	{ "Path=/a,UUID=3a0bd6d0-f1e2-4d9a-8c1b-0123456789AB", NULL },
	{ "Path=/a,UUID=3a0bd6d0f1e24d9a8c1b0123456789ab", UUID_WORDS },
	{ "Path=/a,UUID=3a0bd6d0-f1e2-4d9a-8c1b-0123456789a", UUID_WORDS },
	{ "Path=/a,UUID=3a0bd6d0-f1e2-4d9a-8c1b-0123456789abc", UUID_WORDS },
	{ "Path=/a,ScsiVersion=2", "ScsiVersion: must be 3 to 7" },
	{ "Path=/a,ScsiVersion=8", "ScsiVersion: must be 3 to 7" },
	{ "Path=/a,ScsiVersion=5", NULL },
	{ "Path=/a,PhysicalBlockSize=4096", NULL },
	{ "Path=/a,PhysicalBlockSize=3072", PHYS_WORDS },
	{ "Path=/a,PhysicalBlockSize=256", PHYS_WORDS },
	{ "Path=/a,PhysicalBlockSize=2097152", PHYS_WORDS },
	{ "Path=/a,RotationRate=0", NULL },
	{ "Path=/a,RotationRate=7200", NULL },
	{ "Path=/a,RotationRate=2",
	  "RotationRate: must be 0, 1 or 1025 to 65534" },
	{ "Path=/a,RotationRate=65535",
	  "RotationRate: must be 0, 1 or 1025 to 65534" },
	{ "Path=/a,OptimalIO=65536", NULL },
	{ "Path=/a,OptimalIO=65536:1048576", NULL },
	{ "Path=/a,OptimalIO=0", "OptimalIO: must be 512 to 16777216 bytes" },
	{ "Path=/a,OptimalIO=4096:",
	  "OptimalIO: must be 512 to 16777216 bytes" },
	{ "Path=/a,OptimalIO=:4096", "OptimalIO: the granularity must be 512 "
				     "to 16777216 bytes" },
	{ "Path=/a,OptimalIO=00000000000004096:4096",
	  "OptimalIO: the granularity must be 512 to 16777216 bytes" },
	{ "Path=/a,OptimalIO=65536:1000000,PhysicalBlockSize=512",
	  "OptimalIO: is no multiple of its granularity" },
	{ "BlockSize=4096,Path=/a,PhysicalBlockSize=512",
	  "PhysicalBlockSize: is less than BlockSize" },
	{ "Path=/a,OptimalIO=1000", "OptimalIO: is no multiple of BlockSize" },
	{ "Path=/a,OptimalIO=2048:8192,BlockSize=4096",
	  "OptimalIO: is no multiple of BlockSize" },
	/* it is the device that says */
	{ "Path=/a,OptimalIO=1000,Type=blockio", NULL },
	{ "Path=/a,OptimalIO=65536:100000",
	  "OptimalIO: is no multiple of its granularity" },
	{ "Path=/a,Size=3", "\"Size\" is not an argument of a logical unit" },
	{ "Path=/a,Type=tape", "Type: must be fileio, blockio or nullio" },
	{ "Path=/a,IOMode=rw", "IOMode: must be wt, wb or ro" },
	{ "Path=/a,BlockSize=513",
	  "BlockSize: must be 512, 1024, 2048 or 4096" },
	{ "Path=/a,BlockSize=256",
	  "BlockSize: must be 512, 1024, 2048 or 4096" },
	{ "Path=/a,BlockSize=8192",
	  "BlockSize: must be 512, 1024, 2048 or 4096" },
	{ "Path=/a,Blocks=5", "Blocks: is for nullio only" },
	{ "Type=nullio,Blocks=0", "Blocks: must be a number of blocks" },
	{ "Type=nullio,Blocks=99999999999999999999",
	  "Blocks: must be a number of blocks" },
	{ "Type=nullio,Path=/a", "Path: is not for nullio" },
	{ "Type=nullio,IOMode=ro", "IOMode: is not for nullio" },
	{ "Path=/a,ScsiId=" SIXTY_FOUR "0",
	  "ScsiId: must be 1 to 64 printable characters" },
	{ "Path=/a,ScsiSN=\x01",
	  "ScsiSN: must be 1 to 128 printable characters" },
	{ "Path=/a,ThinProvisioned=yes", NULL },
	{ "Path=/a,ThinProvisioned=No", NULL },
	{ "Path=/a,ThinProvisioned=1", "ThinProvisioned: must be Yes or No" },
	{ "Type=nullio,Removable=Yes", NULL },
	{ "Path=/a,Removable=maybe", "Removable: must be Yes or No" },
	{ "Path=/a,Removable=Yes,removable=No",
	  "Removable: is given twice, or by another word" },
	{ "Path=/a,Encrypted=yes", NULL },
	{ "Path=/a,Encrypted=New", "Encrypted: must be Yes or No" },
	{ "Type=nullio,Encrypted=Yes", "Encrypted: is not for nullio" },
	{ "Type=nullio,Encrypted=No", NULL },
	{ "Path=/a,ScsiSN=", "ScsiSN: must be 1 to 128 printable characters" },
};

static void test_parse(void)
{
	char reason[LUN_REASON_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kernel_lun l = { 0 };
		bool before = ktap_ok;
		int err = lun_parse(rows[i].text, &l, reason);

		CHECK_EQ(err, rows[i].reason ? -EINVAL : 0);
		CHECK_STR(reason, rows[i].reason ? rows[i].reason : "");
		CHECK_ROW(rows[i].text, before);
	}
}

static void test_values(void)
{
	char reason[LUN_REASON_MAX];
	struct kernel_lun l = { 0 };

	CHECK_EQ(lun_parse("path=/dev/vg/x y,type=BLOCKIO,scsiid=abc,"
			   "SCSISN=def,iomode=wb,blocksize=0x1000,"
			   "thinprovisioned=YES,REMOVABLE=yes,encrypted=YES",
			   &l, reason),
		 0);
	CHECK_STR(l.path, "/dev/vg/x y");
	CHECK_STR(l.iotype, "blockio");
	CHECK_STR(l.scsi_id, "abc");
	CHECK_STR(l.scsi_sn, "def");
	CHECK_EQ(l.iomode, IET_IOMODE_WB);
	CHECK_EQ(l.block_size, 4096);
	CHECK_EQ(l.thin, 1);
	CHECK_EQ(l.removable, 1);
	CHECK_EQ(l.encrypted, IET_ENCRYPTED_YES);

	memset(&l, 0, sizeof(l));
	CHECK_EQ(lun_parse("Path=/a=b", &l, reason), 0);
	CHECK_STR(l.path, "/a=b");
	CHECK_STR(l.iotype, "fileio");
	CHECK_EQ(l.iomode, IET_IOMODE_WT);
	CHECK_EQ(l.thin, 0);
	CHECK_EQ(l.removable, 0);
	CHECK_EQ(l.set, K_HAS(IET_L_PATH) | K_HAS(IET_L_IOTYPE));
}

static void test_props(void)
{
	static const char text[] =
		"VendorId=ACME\nProductId=Fast Disk\nProductRev=1.0\n"
		"NAA=6001405123456789abcdef0123456789\n"
		"EUI64=00112233445566aa\n"
		"UUID=3a0bd6d0-f1e2-4d9a-8c1b-0123456789ab\nScsiVersion=5\n"
		"PhysicalBlockSize=4096\nRotationRate=7200\n"
		"OptimalIO=65536:1048576\n";
	struct kernel_lun a = { 0 }, b = { 0 };
	char line[512], out[512] = "", reason[LUN_REASON_MAX];
	FILE *f = fmemopen(out, sizeof(out), "w");
	size_t i;

	snprintf(line, sizeof(line), "Type=nullio,%s", text);
	for (i = 0; line[i]; i++)
		line[i] = line[i] == '\n' ? ',' : line[i];
	CHECK_EQ(lun_parse(line, &a, reason), 0);
	CHECK(a.set & K_HAS(IET_L_PROPS));
	lun_props_print(&a.props, f);
	fclose(f);
	CHECK_STR(out, text); /* and nothing got lost */

	CHECK(!lun_props_same(&a.props, &b.props));
	CHECK(!lun_props_same_unit(&a.props, &b.props));
	lun_props_merge(&b.props, &a.props);
	CHECK(lun_props_same(&a.props, &b.props));
	CHECK(lun_props_same_unit(&a.props, &b.props));

	/* a new length has no granularity, unless it brings one */
	memset(&a, 0, sizeof(a));
	CHECK_EQ(lun_parse("Type=nullio,OptimalIO=4096,VendorId=X", &a, reason),
		 0);
	lun_props_merge(&b.props, &a.props);
	CHECK_EQ(b.props.io_optimal, 4096);
	CHECK_EQ(b.props.io_granularity, 0);
	CHECK(!(b.props.set & K_HAS(IET_P_IO_GRANULARITY)));
	CHECK_STR(b.props.vendor, "X");
	CHECK_STR(b.props.product, "Fast Disk");
	memset(&a, 0, sizeof(a));
	CHECK_EQ(lun_parse("Type=nullio,WriteCache=Yes", &a, reason), -EINVAL);
	memset(&a, 0, sizeof(a));
	CHECK_EQ(lun_parse("Path=/a,WriteCache=Yes", &a, reason), 0);
	CHECK_EQ(a.iomode, IET_IOMODE_WB);
	CHECK(a.set & K_HAS(IET_L_IOMODE));
}

static void test_too_long(void)
{
	static char text[IET_PATH_LEN + 16] = "Path=/";
	char reason[LUN_REASON_MAX];
	struct kernel_lun l = { 0 };

	memset(text + 6, 'x', IET_PATH_LEN - 1);
	CHECK_EQ(lun_parse(text, &l, reason), 0);
	CHECK_EQ(strlen(l.path), IET_PATH_LEN);
	strcat(text, "x");
	memset(&l, 0, sizeof(l));
	CHECK_EQ(lun_parse(text, &l, reason), -EINVAL);
	CHECK_STR(reason, "Path: is too long");
}

/* These are on initiators' disks for ever: they must never change. */
static void test_defaults(void)
{
	struct kernel_lun a = { .lun = 0 }, b = { .lun = 0 }, c = { .lun = 1 };

	CHECK_EQ(lun_defaults(&a, "iqn.2001-04.com.example:disk"), 0);
	CHECK_EQ(lun_defaults(&b, "IQN.2001-04.com.example:Disk"), 0);
	CHECK_EQ(lun_defaults(&c, "iqn.2001-04.com.example:disk"), 0);
	CHECK_STR(a.scsi_id, "b0ecad5a872622fc");
	CHECK_STR(a.scsi_sn, "62306563616435613837323632326663");
	CHECK_STR(b.scsi_id, a.scsi_id);
	CHECK(strcmp(c.scsi_id, a.scsi_id));

	memset(&a, 0, sizeof(a));
	strcpy(a.scsi_id, "Az");
	a.set = K_HAS(IET_L_SCSI_ID);
	CHECK_EQ(lun_defaults(&a, "iqn.x"), 0);
	CHECK_STR(a.scsi_id, "Az");
	CHECK_STR(a.scsi_sn, "417a");

	/* the serial number of the longest one has room */
	memset(&a, 0, sizeof(a));
	strcpy(a.scsi_id, SIXTY_FOUR);
	a.set = K_HAS(IET_L_SCSI_ID);
	CHECK_EQ(lun_defaults(&a, "iqn.x"), 0);
	CHECK_EQ(strlen(a.scsi_sn), 128);
}

static void check_open(const char *path, const char *iotype, uint32_t iomode,
		       int want, const char *words)
{
	char reason[LUN_REASON_MAX];
	bool before = ktap_ok;
	int fd = lun_open(path, iotype, iomode, reason);

	if (want) {
		CHECK_EQ(fd, want);
	} else {
		CHECK(fd >= 0);
		CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE,
			 iomode == IET_IOMODE_RO ? O_RDONLY : O_RDWR);
	}
	CHECK_STR(reason, words);
	CHECK_ROW(path, before);
	if (fd >= 0)
		close(fd);
}

static void test_open(void)
{
	const char *file = tmp_write("disk", sector, sizeof(sector));
	const char *fifo = tmp_path("fifo");

	CHECK(!mkfifo(fifo, 0600));
	check_open(file, "fileio", IET_IOMODE_WT, 0, "");
	check_open(file, "fileio", IET_IOMODE_RO, 0, "");
	check_open(file, "blockio", IET_IOMODE_WT, -ENOTBLK,
		   "is not a block device: use Type=fileio");
	/* must not wait for somebody at the other end */
	check_open(fifo, "fileio", IET_IOMODE_RO, -EINVAL,
		   "is neither a file nor a block device");
	check_open("/nonexistent/disk", "fileio", IET_IOMODE_WT, -ENOENT,
		   "No such file or directory");
	check_open("/", "fileio", IET_IOMODE_WT, -EISDIR, "is a directory");
	check_open("/dev/null", "fileio", IET_IOMODE_WT, -EINVAL,
		   "is neither a file nor a block device");
	check_open("/dev/null/x", "fileio", IET_IOMODE_WT, -ENOTDIR,
		   "Not a directory");
}

int main(void)
{
	ktap_run(test_parse);
	ktap_run(test_values);
	ktap_run(test_props);
	ktap_run(test_too_long);
	ktap_run(test_defaults);
	ktap_run(test_open);
	return ktap_done();
}

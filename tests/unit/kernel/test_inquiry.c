// SPDX-License-Identifier: GPL-2.0-only
/* INQUIRY and REPORT LUNS: how initiators find and know a disk */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

static const u8 no_lun[8] = { 0, 9 };
static const u8 report_luns_wlun[8] = { 0xc1, 1 };

static const u8 *inquiry(bool evpd, u8 page, u16 alloc)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x12;
	cdb[1] = evpd;
	cdb[2] = page;
	put_unaligned_be16(alloc, cdb + 3);
	fake_run(cdb, DIR_IN, alloc, NULL);
	return fake_in();
}

static void standard(void)
{
	const u8 *d;

	fake_init();
	d = inquiry(false, 0, 255);
	CHECK_EQ(fake.s.in_len, 96);
	CHECK_EQ(d[0], 0);
	CHECK_EQ(d[1], 0);
	CHECK_EQ(d[2], 6);
	CHECK_EQ(d[3], 0x32);
	CHECK_EQ(d[4], 91);
	CHECK_EQ(d[7], 2);
	CHECK(!memcmp(d + 8, "IET     VIRTUAL-DISK    2.0 ", 28));
	CHECK_EQ(get_unaligned_be16(d + 58), 0x00a0);
	CHECK_EQ(get_unaligned_be16(d + 64), 0x04c0);
	fake_end();

	fake.vol.removable = true;
	CHECK_EQ(inquiry(false, 0, 255)[1], 0x80);
	fake_end();
}

/* all allocation lengths: data is cut, never short and never more */
static void allocation_length(void)
{
	u8 whole[96];
	unsigned int n;
	const u8 *d;

	fake_init();
	memcpy(whole, inquiry(false, 0, 255), sizeof(whole));
	fake_end();
	for (n = 0; n < 256; n++) {
		d = inquiry(false, 0, n);
		CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
		CHECK_EQ(fake.s.in_len, n < 96 ? n : 96);
		CHECK(!n || !memcmp(d, whole, fake.s.in_len));
		fake_end();
	}
}

static void refusals(void)
{
	static const struct {
		bool evpd;
		u8 page;
	} rows[] = { { false, 0x80 }, { true, 0x01 }, { true, 0xff } };
	unsigned int i;

	fake_init();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		inquiry(rows[i].evpd, rows[i].page, 255);
		CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
		CHECK_EQ(fake.s.sense[17], 2);
		CHECK_EQ(fake.s.in_len, 0);
		fake_end();
	}
}

/* page 00 lists what there is, and all of it can be read */
static void pages(void)
{
	static const u8 want[] = { 0x00, 0x80, 0x83, 0x86, 0x87, 0x88,
				   0x8f, 0xb0, 0xb1, 0xb2, 0xb3 };
	unsigned int i;
	const u8 *d;

	fake_init();
	d = inquiry(true, 0, 255);
	CHECK_EQ(get_unaligned_be16(d + 2), sizeof(want));
	CHECK(!memcmp(d + 4, want, sizeof(want)));
	fake_end();
	for (i = 0; i < sizeof(want); i++) {
		d = inquiry(true, want[i], 1024);
		CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
		CHECK_EQ(d[0], 0);
		CHECK_EQ(d[1], want[i]);
		CHECK_EQ(get_unaligned_be16(d + 2) + 4, fake.s.in_len);
		fake_end();
	}
}

static void serial(void)
{
	const u8 *d;

	fake_init();
	d = inquiry(true, 0x80, 255);
	CHECK_EQ(fake.s.in_len, 4 + 8);
	CHECK(!memcmp(d + 4, "serial-1", 8));
	fake_end();

	/* all bytes in use */
	memset(fake.vol.scsi_sn, 'x', IET_SCSI_SN_LEN);
	inquiry(true, 0x80, 255);
	CHECK_EQ(fake.s.in_len, 4 + IET_SCSI_SN_LEN);
	fake_end();
}

/* Finds a designator: association << 4 | type; returns its data. */
static const u8 *designator(const u8 *d, u8 what, u8 *len)
{
	const u8 *end = d + 4 + get_unaligned_be16(d + 2);

	for (d += 4; d < end; d += 4 + d[3]) {
		CHECK(d + 4 + d[3] <= end);
		if ((d[1] & 0x3f) != what)
			continue;
		*len = d[3];
		return d + 4;
	}
	*len = 0;
	return NULL;
}

static void identification(void)
{
	static const char port[] = "iqn.2026-01.org.example:disk,t,0x0001";
	const u8 *page, *d;
	u8 len;

	fake_init();
	page = inquiry(true, 0x83, 255);
	d = designator(page, 0x01, &len);
	CHECK_EQ(len, 24);
	CHECK(d && !memcmp(d, "IET     0123456789abcdef", 24));
	/* this number must stay what it is: disks are known by it */
	d = designator(page, 0x03, &len);
	CHECK_EQ(len, 8);
	CHECK_EQ(get_unaligned_be64(d), 0x32e373913e5ad677);
	d = designator(page, 0x18, &len);
	CHECK_EQ(len, (sizeof(port) + 3) / 4 * 4);
	CHECK(d && !memcmp(d, port, sizeof(port)));
	d = designator(page, 0x14, &len);
	CHECK(d && len == 4 && get_unaligned_be32(d) == 1);
	d = designator(page, 0x15, &len);
	CHECK(d && len == 4 && get_unaligned_be32(d) == 1);
	d = designator(page, 0x28, &len);
	CHECK(d && !memcmp(d, "iqn.2026-01.org.example:disk", 29));
	fake_end();

	/* the longest name: the designators hold it */
	memset(fake.target.name, 'n', ISCSI_NAME_MAX);
	page = inquiry(true, 0x83, 4);
	CHECK(get_unaligned_be16(page + 2) < IET_PARAM_MAX);
	fake_end();
}

static void other_ids_other_names(void)
{
	const u8 *d;
	u64 first;
	u8 len;

	fake_init();
	d = designator(inquiry(true, 0x83, 255), 0x03, &len);
	first = get_unaligned_be64(d);
	CHECK_EQ(first >> 60, 3);
	fake_end();
	fake.vol.scsi_id[15] = 'g';
	d = designator(inquiry(true, 0x83, 255), 0x03, &len);
	CHECK(get_unaligned_be64(d) != first);
	CHECK_EQ(get_unaligned_be64(d) >> 60, 3);
	fake_end();
}

static void block_limits(void)
{
	const u8 *d;

	fake_init();
	d = inquiry(true, 0xb0, 255);
	CHECK_EQ(fake.s.in_len, 64);
	CHECK_EQ(get_unaligned_be32(d + 8), IET_TIO_MAX / 512);
	CHECK_EQ(get_unaligned_be32(d + 12), 2048);
	CHECK_EQ(get_unaligned_be32(d + 20), 0); /* no UNMAP */
	fake_end();
}

static void where_there_is_nothing(void)
{
	const u8 *d;

	fake_init();
	memcpy(fake.s.lun_raw, no_lun, 8);
	d = inquiry(false, 0, 255);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK_EQ(d[0], 0x7f);
	fake_end();
	inquiry(true, 0x80, 255);
	CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();

	memcpy(fake.s.lun_raw, report_luns_wlun, 8);
	d = inquiry(false, 0, 255);
	CHECK_EQ(d[0], 0x1e);
	fake_end();
	d = inquiry(true, 0, 255);
	CHECK_EQ(get_unaligned_be16(d + 2), 2);
	fake_end();
	d = inquiry(true, 0x83, 255);
	CHECK_EQ(d[0], 0x1e);
	fake_end();
}

static void report_luns(void)
{
	static const struct {
		const char *name;
		u8 select, alloc;
		u8 in_len;
		u32 list;
		u8 entry[3];
	} rows[] = {
		{ "units", 0, 255, 24, 16, { 0x00, 0x00, 0x00 } },
		{ "well-known", 1, 255, 16, 8, { 0xc1 } },
		{ "all", 2, 255, 32, 24, { 0xc1, 0x00, 0x00 } },
		{ "16 bytes", 0, 16, 16, 16, { 0x00 } },
		{ "15 bytes", 0, 15, 15, 16, { 0x00 } },
		{ "4 bytes", 0, 4, 4, 16, { 0 } },
		{ "nothing", 0, 0, 0, 0, { 0 } },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 cdb[16] = { 0xa0, 0, rows[i].select, [9] = rows[i].alloc };
		bool before = ktap_ok;
		const u8 *d;

		fake_init();
		fake.nexus.itls.slot[200] = &fake.itl;
		fake_run(cdb, DIR_IN, rows[i].alloc, NULL);
		CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
		CHECK_EQ(fake.s.in_len, rows[i].in_len);
		d = fake_in();
		if (fake.s.in_len >= 4)
			CHECK_EQ(get_unaligned_be32(d), rows[i].list);
		for (j = 0; 8 + j * 8 + 8 <= fake.s.in_len; j++)
			CHECK_EQ(d[8 + j * 8], rows[i].entry[j]);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void report_luns_anywhere(void)
{
	static const u8 cdb[16] = { 0xa0, [9] = 16 };
	static const u8 bad[16] = { 0xa0, 0, 3, [9] = 16 };

	fake_init();
	fake.nexus.itls.slot[0] = NULL;
	fake_run(cdb, DIR_IN, 16, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK_EQ(fake.s.in_len, 8);
	fake_end();
	memcpy(fake.s.lun_raw, report_luns_wlun, 8);
	fake_run(cdb, DIR_IN, 16, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	fake_end();
	fake_run(bad, DIR_IN, 16, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
}

int main(void)
{
	ktap_run(standard);
	ktap_run(allocation_length);
	ktap_run(refusals);
	ktap_run(pages);
	ktap_run(serial);
	ktap_run(identification);
	ktap_run(other_ids_other_names);
	ktap_run(block_limits);
	ktap_run(where_there_is_nothing);
	ktap_run(report_luns);
	ktap_run(report_luns_anywhere);
	return ktap_done();
}

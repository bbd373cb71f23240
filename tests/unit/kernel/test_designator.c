// SPDX-License-Identifier: GPL-2.0-only
/* designators, byte by byte (SPC-4 7.8.6) */
#include <linux/string.h>

#include "designator.h"
#include "ktap.h"
#include "props.h"

static u8 buf[1024];

static void unit(void)
{
	static const u8 want[] = {
		/* T10: code set ASCII, of the unit */
		0x02, 0x01, 0, 12, 'I', 'E', 'T', ' ', ' ', ' ', ' ', ' ', 'a',
		'b', 'c', 'd',
		/* NAA, locally assigned: FNV-1a of "abcd" without four bits */
		0x01, 0x03, 0, 8, 0x3f, 0xc4, 0x17, 0x9e, 0x28, 0xae, 0x07, 0x27
	};
	struct iet_props props = {};
	char id[IET_SCSI_ID_LEN + 1] = "abcd";
	u8 *end;

	memset(buf, 0, sizeof(buf));
	end = iet_designators_of_unit(buf, &props, id);
	CHECK_EQ(end - buf, sizeof(want));
	CHECK(!memcmp(buf, want, 20));
	CHECK_EQ(buf[20] >> 4, 3);
	CHECK_EQ(buf[19], 8);
	/* the whole of a ScsiId that fills its field, and nothing behind it */
	memset(id, 'x', IET_SCSI_ID_LEN);
	memset(buf, 0, sizeof(buf));
	end = iet_designators_of_unit(buf, &props, id);
	CHECK_EQ(buf[3], 8 + IET_SCSI_ID_LEN);
	CHECK_EQ(end - buf, 4 + 8 + IET_SCSI_ID_LEN + 12);
}

static void given(void)
{
	struct iet_props props = {
		.vendor = "ACME",
		.naa = "6001405000000000000000000000abcd",
		.eui64 = "0011223344556677",
		.uuid = "01234567-89ab-cdef-0123-456789abcdef",
	};
	char id[IET_SCSI_ID_LEN + 1] = "z";
	const u8 *d = buf;
	u8 *end;

	memset(buf, 0, sizeof(buf));
	end = iet_designators_of_unit(buf, &props, id);
	CHECK(!memcmp(d,
		      "\x02\x01\0\x09"
		      "ACME    z",
		      13));
	d += 13;
	CHECK(!memcmp(d, "\x01\x03\0\x10\x60\x01\x40\x50", 8));
	CHECK_EQ(d[19], 0xcd);
	d += 20;
	CHECK(!memcmp(d, "\x01\x02\0\x08\0\x11\x22\x33\x44\x55\x66\x77", 12));
	d += 12;
	CHECK(!memcmp(d, "\x01\x0a\0\x12\x10\0\x01\x23", 8));
	CHECK_EQ(d[21], 0xef);
	CHECK(end == d + 22);
}

static void port(void)
{
	static const char target[] = "iqn.2026-01.org.example:t";
	char longest[224];
	const u8 *d = buf;
	u8 *end;

	memset(buf, 0, sizeof(buf));
	end = iet_designators_of_port(buf, target, ",t,0x0001", 0x1234);
	CHECK(!memcmp(d, "\x53\x98\0\x24", 4)); /* with a NUL, of four bytes */
	CHECK_STR((const char *)d + 4, "iqn.2026-01.org.example:t,t,0x0001");
	d += 4 + 36;
	CHECK(!memcmp(d, "\x51\x94\0\x04\0\0\x12\x34", 8));
	CHECK(!memcmp(d + 8, "\x51\x95\0\x04\0\0\x12\x34", 8));
	d += 16;
	CHECK(!memcmp(d, "\x53\xa8\0\x1c", 4));
	CHECK_STR((const char *)d + 4, target);
	CHECK(end == d + 4 + 28);

	/* the longest name that there is */
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	memset(buf, 0, sizeof(buf));
	end = iet_designator_port_name(buf, longest, ",t,0x0001");
	CHECK_EQ(buf[3], 236);
	CHECK_EQ(end - buf, 240);
	CHECK_EQ(buf[4 + 232], 0);
}

static void hex(void)
{
	static const struct {
		const char *text;
		u8 len;
	} rows[] = {
		{ "", 0 },
		{ "0", 0 },
		{ "00", 1 },
		{ "a-b", 1 },
		{ "ab-cd", 2 },
		{ "0g", 0 },
		{ "---", 0 },
		{ "1-2-3", 0 },
		{ "00112233445566778899aabbccddeeff", 16 },
		{ "00112233445566778899aabbccddeeff0", 0 },
		{ "00112233445566778899aabbccddeeff00", 0 },
	};
	u8 bytes[IET_DESIGNATOR_MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		CHECK_EQ(iet_props_hex(rows[i].text, bytes), rows[i].len);
		CHECK_ROW(rows[i].text, before);
	}
	CHECK_EQ(bytes[0], 0);
	iet_props_hex("0123", bytes);
	CHECK(bytes[0] == 0x01 && bytes[1] == 0x23);
}

static void text(void)
{
	u8 field[8];

	iet_spc_put_text(field, 8, "ab", "other");
	CHECK(!memcmp(field, "ab      ", 8));
	iet_spc_put_text(field, 8, "", "other");
	CHECK(!memcmp(field, "other   ", 8));
	iet_spc_put_text(field, 8, "much too long", "");
	CHECK(!memcmp(field, "much too", 8));
}

int main(void)
{
	ktap_run(unit);
	ktap_run(given);
	ktap_run(port);
	ktap_run(hex);
	ktap_run(text);
	return ktap_done();
}

// SPDX-License-Identifier: GPL-2.0-only
/* sense data, byte for byte (SPC-4 4.5) */
#include <scsi/scsi_proto.h>

#include "ktap.h"
#include "sense.h"

static const struct {
	const char *name;
	struct iet_sense sense;
	u8 fixed[IET_SENSE_FIXED_LEN];
	u8 desc[IET_SENSE_DESC_MAX];
	u8 desc_len;
} rows[] = {
	{
		.name = "nothing",
		.sense = { .key = NO_SENSE },
		.fixed = { 0x70, [7] = 10 },
		.desc = { 0x72 },
		.desc_len = 8,
	},
	{
		.name = "unit attention",
		.sense = { .key = UNIT_ATTENTION, .asc = IET_ASC_LUNS_CHANGED },
		.fixed = { 0x70, 0, 6, [7] = 10, [12] = 0x3f, 0x0e },
		.desc = { 0x72, 6, 0x3f, 0x0e },
		.desc_len = 8,
	},
	{
		.name = "a bit of the CDB",
		.sense = { .key = ILLEGAL_REQUEST,
			   .asc = IET_ASC_INVALID_FIELD_IN_CDB,
			   .flags = IET_SENSE_FIELD | IET_SENSE_BIT,
			   .field = 9,
			   .bit = 2 },
		.fixed = { 0x70, 0, 5, [7] = 10, [12] = 0x24, 0, [15] = 0xca, 0,
			   9 },
		.desc = { 0x72, 5, 0x24, 0, [7] = 8, 2, 6, [12] = 0xca, 0, 9 },
		.desc_len = 16,
	},
	{
		.name = "a field of the CDB",
		.sense = { .key = ILLEGAL_REQUEST,
			   .asc = IET_ASC_INVALID_FIELD_IN_CDB,
			   .flags = IET_SENSE_FIELD,
			   .field = 0x102 },
		.fixed = { 0x70, 0, 5, [7] = 10, [12] = 0x24, 0, [15] = 0xc0, 1,
			   2 },
		.desc = { 0x72, 5, 0x24, 0, [7] = 8, 2, 6, [12] = 0xc0, 1, 2 },
		.desc_len = 16,
	},
	{
		.name = "information",
		.sense = { .key = MEDIUM_ERROR,
			   .asc = IET_ASC_READ_ERROR,
			   .flags = IET_SENSE_INFO,
			   .info = 0x01020304 },
		.fixed = { 0xf0, 0, 3, 1, 2, 3, 4, 10, [12] = 0x11 },
		.desc = { 0x72, 3, 0x11, 0, [7] = 12, 0, 10, 0x80, [16] = 1, 2,
			  3, 4 },
		.desc_len = 20,
	},
	{
		.name = "information of 64 bits",
		.sense = { .key = MEDIUM_ERROR,
			   .asc = IET_ASC_READ_ERROR,
			   .flags = IET_SENSE_INFO,
			   .info = 0x100000000 },
		.fixed = { 0x70, 0, 3, [7] = 10, [12] = 0x11 },
		.desc = { 0x72, 3, 0x11, 0, [7] = 12, 0, 10, 0x80, [15] = 1 },
		.desc_len = 20,
	},
	{
		.name = "a field of parameter data",
		.sense = { .key = ILLEGAL_REQUEST,
			   .asc = IET_ASC_INVALID_FIELD_IN_PARAM,
			   .flags = IET_SENSE_FIELD | IET_SENSE_BIT |
				    IET_SENSE_PARAM,
			   .field = 0x123,
			   .bit = 5 },
		.fixed = { 0x70, 0, 5, [7] = 10, [12] = 0x26, 0, [15] = 0x8d, 1,
			   0x23 },
		.desc = { 0x72, 5, 0x26, 0, [7] = 8, 2, 6, [12] = 0x8d, 1,
			  0x23 },
		.desc_len = 16,
	},
	{
		.name = "both",
		.sense = { .key = ILLEGAL_REQUEST,
			   .asc = IET_ASC_LBA_OUT_OF_RANGE,
			   .flags = IET_SENSE_INFO | IET_SENSE_FIELD,
			   .info = 7,
			   .field = 2 },
		.fixed = { 0xf0, 0, 5, 0, 0, 0, 7, 10, [12] = 0x21,
			   0, [15] = 0xc0, 0, 2 },
		.desc = { 0x72, 5, 0x21, 0, [7] = 20, 0, 10, 0x80, [19] = 7, 2,
			  6, [24] = 0xc0, 0, 2 },
		.desc_len = 28,
	},
};

static void formats(void)
{
	u8 fixed[IET_SENSE_FIXED_LEN], desc[IET_SENSE_DESC_MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		u8 len;

		memset(fixed, 0xff, sizeof(fixed));
		memset(desc, 0xff, sizeof(desc));
		CHECK_EQ(iet_sense_fixed(fixed, &rows[i].sense),
			 IET_SENSE_FIXED_LEN);
		CHECK(!memcmp(fixed, rows[i].fixed, sizeof(fixed)));
		len = iet_sense_desc(desc, &rows[i].sense);
		CHECK_EQ(len, rows[i].desc_len);
		CHECK(!memcmp(desc, rows[i].desc, rows[i].desc_len));
		CHECK_ROW(rows[i].name, before);
	}
}

int main(void)
{
	ktap_run(formats);
	return ktap_done();
}

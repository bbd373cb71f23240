/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sense data (SPC-4 4.5): what a command that failed says about it.
 */
#ifndef IET_SENSE_H
#define IET_SENSE_H

#include <linux/types.h>

/* additional sense codes: ASC << 8 | ASCQ (SPC-4 4.5.6) */
enum iet_asc {
	IET_ASC_NONE = 0x0000,
	IET_ASC_INITIALIZING_NEEDED = 0x0402,
	IET_ASC_MANUAL_INTERVENTION = 0x0403,
	IET_ASC_FORMATTING = 0x0404,
	IET_ASC_PORT_TRANSITION = 0x040a, /* asymmetric access */
	IET_ASC_PORT_STANDBY = 0x040b,
	IET_ASC_PORT_UNAVAILABLE = 0x040c,
	IET_ASC_SANITIZING = 0x041b,
	IET_ASC_WRITE_ERROR = 0x0c00,
	IET_ASC_DATA_AMOUNT = 0x0c0d, /* RFC 7143 11.4.7.2 */
	IET_ASC_INVALID_FIELD_IN_CIU = 0x0e03, /* command information unit */
	IET_ASC_READ_ERROR = 0x1100,
	IET_ASC_PARAM_LENGTH = 0x1a00,
	IET_ASC_MISCOMPARE = 0x1d00,
	IET_ASC_INVALID_OPCODE = 0x2000,
	IET_ASC_LBA_OUT_OF_RANGE = 0x2100,
	IET_ASC_INVALID_FIELD_IN_CDB = 0x2400,
	IET_ASC_LUN_NOT_SUPPORTED = 0x2500,
	IET_ASC_INVALID_FIELD_IN_PARAM = 0x2600,
	IET_ASC_INVALID_RELEASE = 0x2604,
	IET_ASC_WRITE_PROTECTED = 0x2700,
	IET_ASC_SW_WRITE_PROTECTED = 0x2702,
	IET_ASC_SPACE_ALLOC_FAILED = 0x2707,
	IET_ASC_MEDIUM_CHANGED = 0x2800,
	IET_ASC_POWER_ON = 0x2900,
	IET_ASC_BUS_RESET = 0x2902,
	IET_ASC_LUN_RESET = 0x2903,
	IET_ASC_NEXUS_LOSS = 0x2907,
	IET_ASC_MODE_CHANGED = 0x2a01,
	IET_ASC_RESERVATIONS_PREEMPTED = 0x2a03,
	IET_ASC_RESERVATIONS_RELEASED = 0x2a04,
	IET_ASC_REGISTRATIONS_PREEMPTED = 0x2a05,
	IET_ASC_ACCESS_CHANGED = 0x2a06, /* asymmetric access */
	IET_ASC_CAPACITY_CHANGED = 0x2a09,
	IET_ASC_TIMESTAMP_CHANGED = 0x2a10,
	IET_ASC_SEQUENCE_ERROR = 0x2c00,
	IET_ASC_COMMANDS_CLEARED = 0x2f00,
	IET_ASC_MEDIUM_FORMAT_CORRUPTED = 0x3100,
	IET_ASC_FORMAT_FAILED = 0x3101,
	IET_ASC_SANITIZE_FAILED = 0x3103,
	IET_ASC_THIN_THRESHOLD = 0x3807,
	IET_ASC_SAVING_NOT_SUPPORTED = 0x3900,
	IET_ASC_NO_MEDIUM = 0x3a00,
	IET_ASC_SELF_TEST_FAILED = 0x3e03,
	IET_ASC_INQUIRY_CHANGED = 0x3f03,
	IET_ASC_LUNS_CHANGED = 0x3f0e,
	IET_ASC_ECHO_OVERWRITTEN = 0x3f0f,
	IET_ASC_TARGET_FAILURE = 0x4400,
	IET_ASC_PROTOCOL_CRC = 0x4705, /* RFC 7143 11.4.7.2 */
	IET_ASC_REMOVAL_PREVENTED = 0x5302,
	IET_ASC_NO_REGISTRATIONS = 0x5504,
};

#define IET_SENSE_INFO BIT(0) /* @info is valid */
#define IET_SENSE_FIELD BIT(1) /* @field is valid */
#define IET_SENSE_BIT BIT(2) /* @bit as well */
#define IET_SENSE_PARAM BIT(3) /* @field is of parameter data, not of the CDB */
#define IET_SENSE_PROGRESS BIT(4) /* @progress is valid, @field is not */

/**
 * struct iet_sense - sense data, before it is put into a format
 * @key: sense key
 * @asc: enum iet_asc
 * @flags: IET_SENSE_*
 * @info: INFORMATION field
 * @field: the byte of the CDB, or of parameter data, that is wrong
 *	(SPC-4 4.5.2.4.2)
 * @bit: its most significant wrong bit
 * @progress: how much has been done, in 65536ths (SPC-4 4.5.2.4.4)
 */
struct iet_sense {
	u8 key;
	u16 asc;
	u8 flags;
	u64 info;
	u16 field;
	u8 bit;
	u16 progress;
};

#define IET_SENSE_FIXED_LEN 18
#define IET_SENSE_DESC_MAX 28

u8 iet_sense_fixed(u8 *buf, const struct iet_sense *sense);
u8 iet_sense_desc(u8 *buf, const struct iet_sense *sense);

#endif /* IET_SENSE_H */

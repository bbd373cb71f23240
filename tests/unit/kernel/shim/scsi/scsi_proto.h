/* SPDX-License-Identifier: GPL-2.0-only */
/* status and sense keys, by the kernel's names */
#ifndef SHIM_SCSI_PROTO_H
#define SHIM_SCSI_PROTO_H

enum {
	SAM_STAT_GOOD = 0x00,
	SAM_STAT_CHECK_CONDITION = 0x02,
	SAM_STAT_BUSY = 0x08,
	SAM_STAT_TASK_SET_FULL = 0x28,
};

enum {
	NO_SENSE = 0x0,
	NOT_READY = 0x2,
	MEDIUM_ERROR = 0x3,
	HARDWARE_ERROR = 0x4,
	ILLEGAL_REQUEST = 0x5,
	UNIT_ATTENTION = 0x6,
	DATA_PROTECT = 0x7,
	ABORTED_COMMAND = 0xb,
	MISCOMPARE = 0xe,
};

#endif /* SHIM_SCSI_PROTO_H */

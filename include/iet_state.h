/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * State file of a logical unit: what survives a power cut, such as persistent
 * reservations and saved mode pages.
 *
 * The file has two slots.  Each holds the whole state or, after a power cut in
 * the middle of a write, rubbish; the valid one with the higher sequence
 * number counts, and the other one is written next.  Numbers are big-endian.
 *
 * The daemon (or ietadm) makes the file and hands it to the module, which
 * writes it by itself: what an initiator has been promised is on stable
 * storage before the status is sent, whether the daemon lives or not.
 */
#ifndef IET_STATE_H
#define IET_STATE_H

#define IET_STATE_DIR "/var/lib/iet"

#define IET_STATE_MAGIC "IETSTATE"
/* enough for as many registrations as there may be, see pr_state.h */
#define IET_STATE_SLOT_SIZE (1024 * 1024)
#define IET_STATE_FILE_SIZE (2 * IET_STATE_SLOT_SIZE)

/*
 * header of a slot; parts follow: u8 number, 3 reserved, u32 length, data.  That
 * of version 1 has half of a long ScsiId; it is still used for short ones.
 */
#define IET_STATE_VERSION 2
#define IET_STATE_HEADER 96
#define IET_STATE_HEADER_V1 64
#define IET_STATE_PART_HEADER 8
#define IET_STATE_AT_MAGIC 0 /* 8 bytes */
#define IET_STATE_AT_VERSION 8 /* u32 */
#define IET_STATE_AT_LENGTH 12 /* u32: bytes of the parts */
#define IET_STATE_AT_SEQ 16 /* u64: sequence number, from 1 */
#define IET_STATE_AT_CRC 24 /* u32: CRC32C of all, with 0 here */
#define IET_STATE_AT_ID 32 /* ScsiId, padded with 0 to the header's end */
#define IET_STATE_ID_LEN (IET_STATE_HEADER - IET_STATE_AT_ID)

/* parts */
enum iet_state_part {
	IET_STATE_PR = 1, /* persistent reservation */
	IET_STATE_MODE, /* saved mode pages */
	IET_STATE_KEY, /* secret: of an encrypted medium; always the first */
	IET_STATE_PARTS = 8, /* those up to here are kept, known or not */
};

#endif /* IET_STATE_H */

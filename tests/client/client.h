/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An initiator in C that sends whatever it is told to, for programs that need
 * many PDUs or many sessions; tests/lib/pdu.py is the comfortable one.
 *
 * Sending only appends to a buffer; client_run() moves bytes both ways, and
 * client_next() takes PDUs that have come, one by one.  Nothing blocks.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "iscsi_proto.h"

#define CLIENT_AHS_MAX ISCSI_AHS_MAX_LEN

/* bytes from @pos to @len */
struct client_buf {
	uint8_t *data;
	size_t pos;
	size_t len;
	size_t size;
};

/**
 * struct client_session - what the connections of a session share
 * @initiator: InitiatorName
 * @target: TargetName
 * @isid: ISID
 * @tsih: 0 before the first login
 * @cmd_sn: CmdSN of the next request
 * @max_cmd_sn: MaxCmdSN
 * @itt: InitiatorTaskTag of the next request
 */
struct client_session {
	const char *initiator;
	const char *target;
	uint8_t isid[6];
	uint16_t tsih;
	uint32_t cmd_sn;
	uint32_t max_cmd_sn;
	uint32_t itt;
};

/**
 * struct client - a connection
 * @session: whose
 * @fd: socket, not blocking, or -1
 * @cid: connection id
 * @exp_stat_sn: ExpStatSN for the next request
 * @hdigest: CRC32C of headers
 * @ddigest: CRC32C of data
 * @max_send: the target's MaxRecvDataSegmentLength, bytes
 * @in: what has come
 * @out: what is to be sent
 * @eof: the target has closed it
 */
struct client {
	struct client_session *session;
	int fd;
	uint16_t cid;
	uint32_t exp_stat_sn;
	bool hdigest;
	bool ddigest;
	uint32_t max_send;
	struct client_buf in;
	struct client_buf out;
	bool eof;
};

/**
 * struct client_pdu - a PDU
 * @bhs: header; its lengths need not be true
 * @ahs: additional header segments
 * @ahs_len: their length in bytes, a multiple of 4
 * @data: data segment
 * @len: its length in bytes, without padding
 * @bad_hdigest: the header digest shall be wrong
 * @bad_ddigest: so shall that of the data
 */
struct client_pdu {
	uint8_t bhs[ISCSI_BHS_LEN];
	uint8_t ahs[CLIENT_AHS_MAX];
	size_t ahs_len;
	const uint8_t *data;
	size_t len;
	bool bad_hdigest;
	bool bad_ddigest;
};

static inline uint32_t get_be(const uint8_t *p, unsigned int size)
{
	uint32_t v = 0;

	while (size--)
		v = v << 8 | *p++;
	return v;
}

static inline void put_be(uint8_t *p, unsigned int size, uint32_t v)
{
	while (size--) {
		p[size] = v;
		v >>= 8;
	}
}

/* offsets in the header, of fields that most PDUs have */
#define AT_DLENGTH 5
#define AT_LUN 8
#define AT_ITT 16
#define AT_TTT 20 /* EDTL, ReferencedTaskTag */
#define AT_CMDSN 24 /* StatSN in responses */
#define AT_EXPSTATSN 28 /* ExpCmdSN in responses */
#define AT_MAXCMDSN 32
#define AT_DATASN 36
#define AT_OFFSET 40 /* BegRun */
#define AT_LENGTH 44 /* RunLength, DesiredDataTransferLength */

static inline uint8_t client_op(const uint8_t *bhs)
{
	return bhs[0] & ISCSI_OP_MASK;
}

static inline void put_lun(uint8_t *bhs, unsigned int lun)
{
	put_be(bhs + AT_LUN, 2, lun < 256 ? lun : 0x4000 | lun);
}

static inline void client_rw10(uint8_t *cdb, uint8_t op, uint32_t lba,
			       uint16_t blocks)
{
	cdb[0] = op;
	put_be(cdb + 2, 4, lba);
	put_be(cdb + 7, 2, blocks);
}

/* where the target is, 3260 */
extern uint16_t client_port;

/**
 * client_connect - a TCP connection to the target at 127.0.0.1
 * @c: the connection, zeroed; client_close() is to follow
 * @session: its session
 * @cid: connection id
 * @from: source address in 127.0.0.0/8, host order, 0: any
 *
 * Return: 0 or a negative errno
 */
int client_connect(struct client *c, struct client_session *session,
		   uint16_t cid, uint32_t from);
void client_close(struct client *c);

/**
 * client_login_send - ask for the full feature phase by one Login Request
 * @c: a connection
 * @keys: further "key=value" texts, each with its NUL, empty text at the end
 */
void client_login_send(struct client *c, const char *keys);

/**
 * client_login_done - look at the Login Response
 * @c: a connection
 * @rsp: the response
 *
 * Return: the login status, 0 is success
 */
int client_login_done(struct client *c, const struct client_pdu *rsp);

/**
 * client_login - both, and wait
 *
 * Return: login status, or a negative errno
 */
int client_login(struct client *c, const char *keys, int seconds);

/**
 * client_start - begin a request with tags and numbers filled in
 * @c: a connection
 * @p: is overwritten
 * @op: opcode and I bit; takes a CmdSN if that is not set
 */
void client_start(struct client *c, struct client_pdu *p, uint8_t op);
void client_send(struct client *c, const struct client_pdu *p);
void client_send_bytes(struct client *c, const void *data, size_t len);

/**
 * client_run - send and receive what is possible now
 * @c: a connection
 * @ms: wait so long for something to happen, 0: don't
 *
 * Return: true if anything happened
 */
bool client_run(struct client *c, int ms);

/**
 * client_next - take a PDU that has come
 * @c: a connection
 * @p: takes it; the data stays valid until client_run()
 *
 * ExpStatSN and MaxCmdSN are kept.
 *
 * Return: 1, 0 if none is complete, -EBADMSG if a digest is wrong
 */
int client_next(struct client *c, struct client_pdu *p);

/**
 * client_wait - wait for a PDU
 *
 * Return: 0, -ETIMEDOUT, -ECONNRESET, -EBADMSG
 */
int client_wait(struct client *c, struct client_pdu *p, int seconds);

/**
 * client_scsi - send a SCSI command with data that goes with it
 * @c: a connection
 * @lun: LUN
 * @cdb: 16 bytes
 * @flags: ISCSI_CMD_READ or ISCSI_CMD_WRITE
 * @edtl: bytes
 * @data: immediate data, NULL: none
 * @len: its length in bytes
 *
 * Return: its tag
 */
uint32_t client_scsi(struct client *c, unsigned int lun, const uint8_t *cdb,
		     uint8_t flags, uint32_t edtl, const void *data,
		     size_t len);

uint32_t client_crc32c(uint32_t crc, const void *data, size_t len);
double client_now(void);

#endif /* CLIENT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the protocol machines (login.h, discovery.h) give to the connection
 * that does their input and output (conn.h).
 */
#ifndef IET_USR_PDU_H
#define IET_USR_PDU_H

#include <stddef.h>

#include "iscsi_proto.h"

/* what to do with the answer to a request, and then */
enum pdu_action {
	PDU_SEND, /* send it, wait for the next request */
	PDU_ACCEPT, /* send it: this was the end of the login phase */
	PDU_SEND_CLOSE, /* send it, then close */
	PDU_IGNORE, /* send nothing, wait for the next request */
	PDU_CLOSE, /* close without a word */
};

/**
 * struct pdu - an answer
 * @hdr: the BHS, in the form that its opcode asks for
 * @data: data segment, without padding; belongs to the machine and is valid
 *	until its next call
 * @len: its length in bytes
 * @delay_ms: wait so long before sending
 */
struct pdu {
	union {
		struct iscsi_hdr hdr;
		struct iscsi_login_rsp_hdr login;
		struct iscsi_text_rsp_hdr text;
		struct iscsi_logout_rsp_hdr logout;
		struct iscsi_nop_in_hdr nop;
		struct iscsi_reject_hdr reject;
	};
	const void *data;
	size_t len;
	unsigned int delay_ms;
};

#endif /* IET_USR_PDU_H */

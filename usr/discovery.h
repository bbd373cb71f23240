/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A discovery session in the full feature phase (RFC 7143 section 4.3 and
 * appendix C): like the login, a machine that knows nothing of sockets.
 */
#ifndef IET_USR_DISCOVERY_H
#define IET_USR_DISCOVERY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "login.h"
#include "negotiate.h"
#include "pdu.h"

/* all targets with their addresses */
#define DISCOVERY_TEXT_MAX (16 << 20)
/* requests that an initiator may send ahead */
#define DISCOVERY_WINDOW 4

/**
 * struct discovery - a discovery session
 * @initiator: InitiatorName
 * @peer: address of the initiator
 * @local: our address that it has connected to
 * @cid: its connection
 * @stat_sn: StatSN of the next response
 * @exp_cmd_sn: ExpCmdSN
 * @neg: the keys; moved here from the login
 * @negotiating: a text negotiation has begun, TTT @ttt
 * @itt: its task, in network order
 * @ttt: the tag of the text that is going on
 * @in: text of requests with the C bit
 * @out: our text
 * @out_pos: how much of it has been sent
 * @rejected: BHS of the request that was rejected last
 */
struct discovery {
	char initiator[ISCSI_NAME_MAX + 1];
	struct sockaddr_storage peer;
	struct sockaddr_storage local;
	uint16_t cid;
	uint32_t stat_sn;
	uint32_t exp_cmd_sn;
	struct negotiation neg;
	bool negotiating;
	__be32 itt;
	uint32_t ttt;
	struct text_buf in;
	struct text_buf out;
	size_t out_pos;
	uint8_t rejected[ISCSI_BHS_LEN];
};

/**
 * discovery_init - begin, after the final Login Response
 * @d: session; discovery_free() when done
 * @l: the login; its negotiation is taken over
 */
void discovery_init(struct discovery *d, struct login *l);

/**
 * discovery_free - free what a session holds
 * @d: session
 */
void discovery_free(struct discovery *d);

/**
 * discovery_data_len - how much data comes with a request?
 * @d: session
 * @hdr: its BHS
 *
 * Return: DataSegmentLength; 0 if the header is one that discovery_request()
 * refuses without a look at the data
 */
uint32_t discovery_data_len(const struct discovery *d,
			    const struct iscsi_hdr *hdr);

/**
 * discovery_request - take a request
 * @d: session
 * @hdr: its BHS, of any opcode
 * @data: its data segment without padding, discovery_data_len() bytes
 * @rsp: the answer
 *
 * Return: &enum pdu_action
 */
enum pdu_action discovery_request(struct discovery *d,
				  const struct iscsi_hdr *hdr, const void *data,
				  struct pdu *rsp);

/**
 * discovery_bad_digest - answer a request whose data digest is wrong
 * @d: session
 * @hdr: its BHS
 * @rsp: the answer
 *
 * Return: &enum pdu_action
 */
enum pdu_action discovery_bad_digest(struct discovery *d,
				     const struct iscsi_hdr *hdr,
				     struct pdu *rsp);

#endif /* IET_USR_DISCOVERY_H */

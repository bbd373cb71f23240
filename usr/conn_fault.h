/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults of logins and discovery sessions, carried out: what becomes of a
 * request before anybody looks at it, and of a response once it is made.
 */
#ifndef IET_USR_CONN_FAULT_H
#define IET_USR_CONN_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "discovery.h"
#include "login.h"
#include "login_fault.h"
#include "pdu.h"

/**
 * struct conn_fault_who - whose connection it is
 * @known: the names below are
 * @in_session: it has one: the login is over
 * @target: TargetName, "": a discovery session
 * @initiator: InitiatorName
 */
struct conn_fault_who {
	bool known;
	bool in_session;
	char target[ISCSI_NAME_MAX + 1];
	char initiator[ISCSI_NAME_MAX + 1];
};

/* what becomes of a request */
enum conn_fault_do {
	CONN_FAULT_NONE,
	CONN_FAULT_HOLD, /* look at it later */
	CONN_FAULT_DROP, /* close the connection */
	CONN_FAULT_WITHHOLD, /* never answer it */
	CONN_FAULT_REFUSE, /* with a status */
};

/**
 * struct conn_fault - what is to happen to a response on its way
 * @text: its data segment, if it is not the machine's
 * @changed: @text is it
 * @withheld: it is not sent
 * @twice: it is sent twice
 * @split: it goes in segments of its own, ...
 * @byte: ... two, cut here; 0: many
 * @random: for that
 * @cut: where the one ends that is being sent, bytes of the response
 * @drop: the connection is closed ...
 * @drop_at: ... after so many bytes
 */
struct conn_fault {
	struct text_buf text;
	bool changed;
	bool withheld;
	bool twice;
	bool split;
	uint32_t byte;
	uint32_t random;
	size_t cut;
	bool drop;
	uint32_t drop_at;
};

/**
 * conn_fault_who - find out whose connection it is
 * @who: set to that
 * @l: its login
 * @d: its discovery session, or NULL
 * @hdr: BHS of its request
 * @data: data segment of that
 */
void conn_fault_who(struct conn_fault_who *who, const struct login *l,
		    const struct discovery *d, const struct iscsi_hdr *hdr,
		    const void *data);

/**
 * conn_fault_request - what becomes of a request?
 * @who: whose it is
 * @hdr: its BHS
 * @held: it has been held already
 * @rule: set to the rule that says so
 *
 * Return: what
 */
enum conn_fault_do conn_fault_request(const struct conn_fault_who *who,
				      const struct iscsi_hdr *hdr, bool held,
				      const struct login_fault **rule);

/**
 * conn_fault_refuse - answer a request as a rule says
 * @rule: the rule
 * @l: login
 * @hdr: BHS of the request
 * @rsp: the response
 *
 * Return: %PDU_SEND_CLOSE
 */
enum pdu_action conn_fault_refuse(const struct login_fault *rule,
				  struct login *l, const struct iscsi_hdr *hdr,
				  struct pdu *rsp);

/**
 * conn_fault_response - what becomes of a response?
 * @f: set to what happens on its way; conn_fault_free() when it is sent
 * @who: whose it is
 * @req: BHS of the request
 * @rsp: the response, whose header says how long it is; may be changed
 * @final: it ends the login
 */
void conn_fault_response(struct conn_fault *f, const struct conn_fault_who *who,
			 const struct iscsi_hdr *req, struct pdu *rsp,
			 bool final);

/**
 * conn_fault_piece - how much of a response goes into TCP at a time?
 * @f: what happens to it
 * @pos: how much of it has been sent
 * @len: its length
 * @flags: of send(); MSG_EOR is added for a segment of its own
 *
 * Return: bytes, 0: the connection is to be closed now
 */
size_t conn_fault_piece(struct conn_fault *f, size_t pos, size_t len,
			int *flags);

/**
 * conn_fault_free - a response is on its way, nothing more happens to it
 * @f: what did
 */
void conn_fault_free(struct conn_fault *f);

#endif /* IET_USR_CONN_FAULT_H */

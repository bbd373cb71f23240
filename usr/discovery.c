// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discovery sessions: SendTargets, and little else (RFC 7143 section 4.3).
 */
#define _GNU_SOURCE
#include "discovery.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acl.h"
#include "addr.h"
#include "isns.h"
#include "log.h"
#include "portal.h"
#include "target_portal.h"

void discovery_init(struct discovery *d, struct login *l)
{
	memset(d, 0, sizeof(*d));
	snprintf(d->initiator, sizeof(d->initiator), "%s",
		 l->session.initiator);
	d->peer = l->peer;
	d->local = l->local;
	d->cid = ntohs(l->first.cid);
	d->stat_sn = l->stat_sn;
	d->exp_cmd_sn = l->exp_cmd_sn;
	d->neg = l->neg;
	negotiate_init(&l->neg);
	text_init(&d->in, LOGIN_TEXT_MAX);
	text_init(&d->out, DISCOVERY_TEXT_MAX);
}

void discovery_free(struct discovery *d)
{
	negotiate_free(&d->neg);
	text_free(&d->in);
	text_free(&d->out);
}

static bool is_bad_header(const struct discovery *d,
			  const struct iscsi_hdr *hdr)
{
	const uint32_t *val = d->neg.result.val;

	return hdr->ahs_len ||
	       iscsi_dlength(hdr) > val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH];
}

uint32_t discovery_data_len(const struct discovery *d,
			    const struct iscsi_hdr *hdr)
{
	return is_bad_header(d, hdr) ? 0 : iscsi_dlength(hdr);
}

static uint32_t peer_segment_max(const struct discovery *d)
{
	return d->neg.result.val[IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH];
}

/* StatSN, ExpCmdSN and MaxCmdSN are at the same place in all responses */
static void fill_response(struct discovery *d, uint8_t opcode, __be32 itt,
			  struct pdu *rsp)
{
	memset(rsp, 0, sizeof(*rsp));
	rsp->text.opcode = opcode;
	rsp->text.flags = ISCSI_FLAG_FINAL;
	rsp->text.itt = itt;
	rsp->text.stat_sn = htonl(d->stat_sn++);
	rsp->text.exp_cmd_sn = htonl(d->exp_cmd_sn);
	rsp->text.max_cmd_sn = htonl(d->exp_cmd_sn + DISCOVERY_WINDOW - 1);
}

static void end_text(struct discovery *d)
{
	text_free(&d->in);
	text_free(&d->out);
	d->out_pos = 0;
	d->negotiating = false;
	/* the next text is a negotiation of its own */
	d->neg.seen = 0;
	d->neg.sent = 0;
	d->neg.nr_unknown = 0;
	text_free(&d->neg.unknown);
}

static enum pdu_action reject(struct discovery *d, const struct iscsi_hdr *hdr,
			      enum iscsi_reject_reason reason, struct pdu *rsp)
{
	log_debug("discovery by %s: opcode 0x%02x rejected, reason 0x%02x",
		  d->initiator, iscsi_opcode(hdr), reason);
	end_text(d);
	fill_response(d, ISCSI_OP_REJECT, htonl(ISCSI_RESERVED_TAG), rsp);
	rsp->reject.reason = reason;
	/* 11.17: with the header of what is rejected */
	memcpy(d->rejected, hdr, sizeof(d->rejected));
	rsp->data = d->rejected;
	rsp->len = sizeof(d->rejected);
	return PDU_SEND;
}

/* --- SendTargets --------------------------------------------------------- */

struct send_targets {
	struct discovery *d;
	const char *only; /* NULL: all */
	const char *name; /* the one at work */
	struct text_buf *out;
	struct sockaddr_storage *portals; /* of targets without their own */
	size_t nr_portals;
};

/* they are the same for all targets, and the system is slow to tell */
static int note_portal(const struct sockaddr *sa, void *arg)
{
	struct send_targets *st = arg;
	struct sockaddr_storage *p;

	p = reallocarray(st->portals, st->nr_portals + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	st->portals = p;
	memcpy(&p[st->nr_portals++], sa, addr_size(sa));
	return 0;
}

static int add_address(const struct sockaddr *sa, void *arg)
{
	struct send_targets *st = arg;
	char address[ADDR_TEXT_MAX];

	if (!acl_target_visible(st->name, st->d->initiator, sa))
		return 0;
	addr_print(sa, true, address);
	return text_add(st->out, key_name(KEY_TARGET_ADDRESS),
			"%s," LOGIN_PORTAL_GROUP_TAG, address);
}

static int add_target(const struct kernel_target *t, void *arg)
{
	struct send_targets *st = arg;
	const struct sockaddr *local = (const void *)&st->d->local;
	/* sin_port and sin6_port are at the same place */
	uint16_t port = ntohs(((const struct sockaddr_in *)local)->sin_port);
	int err = 0;

	if ((st->only && strcasecmp(st->only, t->name)) ||
	    !target_portal_on(t->name, local) ||
	    !acl_target_visible(t->name, st->d->initiator, local) ||
	    !acl_initiator_allowed(t->name, st->d->initiator,
				   (const void *)&st->d->peer) ||
	    isns_access(t->name, st->d->initiator) != ISNS_ALLOWED)
		return 0;
	st->name = t->name;
	text_add(st->out, key_name(KEY_TARGET_NAME), "%s", t->name);
	if (target_portal_each(t->name, port, add_address, st, &err))
		return err;
	for (size_t i = 0; i < st->nr_portals && !err; i++)
		err = add_address((const void *)&st->portals[i], st);
	return err;
}

/* appendix C; an empty value means the session's target, which we have not */
static void send_targets(struct discovery *d, const char *value)
{
	const struct sockaddr *local = (const void *)&d->local;
	struct send_targets st = { .d = d, .out = &d->out };

	if (!*value) {
		text_add(&d->out, key_name(KEY_SEND_TARGETS), "Reject");
		return;
	}
	if (strcmp(value, "All"))
		st.only = value;
	acl_hold(true);
	if (portal_addresses(local, note_portal, &st))
		log_error("discovery by %s: out of memory", d->initiator);
	else if (kernel->target_dump(add_target, &st))
		log_error("discovery by %s: %s", d->initiator, kernel_error());
	acl_hold(false);
	free(st.portals);
}

/* --- text ---------------------------------------------------------------- */

/* a complete text is here: answer it */
static enum iscsi_login_status take_text(struct discovery *d)
{
	enum iscsi_login_status status;
	struct offers offers;

	status = negotiate_parse(&d->neg, PHASE_FULL_FEATURE, d->in.data,
				 d->in.len, &offers, &d->out);
	if (status == ISCSI_LOGIN_SUCCESS)
		status = negotiate_answer(&d->neg, &offers, &d->out);
	if (status == ISCSI_LOGIN_SUCCESS && offers.value[KEY_SEND_TARGETS])
		send_targets(d, offers.value[KEY_SEND_TARGETS]);
	text_free(&d->in);
	return status;
}

static enum pdu_action
respond(struct discovery *d, const struct iscsi_text_hdr *req, struct pdu *rsp)
{
	size_t rest = d->out.len - d->out_pos;
	bool final = req->flags & ISCSI_FLAG_FINAL;

	fill_response(d, ISCSI_OP_TEXT_RSP, req->itt, rsp);
	rsp->data = d->out.len ? d->out.data + d->out_pos : NULL;
	rsp->len = rest;
	if (rest > peer_segment_max(d)) {
		rsp->len = peer_segment_max(d);
		rsp->text.flags |= ISCSI_FLAG_TEXT_CONTINUE;
		final = false;
	}
	d->out_pos += rsp->len;
	d->negotiating = !final;
	d->itt = req->itt;
	if (final) {
		rsp->text.ttt = htonl(ISCSI_RESERVED_TAG);
		return PDU_SEND;
	}
	rsp->text.flags &= ~ISCSI_FLAG_FINAL;
	rsp->text.ttt = htonl(d->ttt);
	return PDU_SEND;
}

/* 11.10: does the request go on with what there is, or begin anew? */
static bool begin_text(struct discovery *d, const struct iscsi_text_hdr *req)
{
	uint32_t ttt = ntohl(req->ttt);

	if (ttt == ISCSI_RESERVED_TAG) {
		end_text(d);
		/* the tag after the last one, and never the reserved one */
		if (++d->ttt == ISCSI_RESERVED_TAG)
			d->ttt = 0;
		return true;
	}
	return d->negotiating && ttt == d->ttt && req->itt == d->itt;
}

static enum pdu_action text_request(struct discovery *d,
				    const struct iscsi_hdr *hdr,
				    const void *data, struct pdu *rsp)
{
	const struct iscsi_text_hdr *req = (const void *)hdr;
	bool more = req->flags & ISCSI_FLAG_TEXT_CONTINUE;
	size_t len = iscsi_dlength(hdr);

	if ((more && req->flags & ISCSI_FLAG_FINAL) || !begin_text(d, req))
		return reject(d, hdr, ISCSI_REJECT_PROTOCOL_ERROR, rsp);
	if (d->out_pos < d->out.len) {
		/* they ask for the rest of our text, and have nothing to say */
		if (len || more)
			return reject(d, hdr, ISCSI_REJECT_PROTOCOL_ERROR, rsp);
		return respond(d, req, rsp);
	}
	text_free(&d->out);
	d->out_pos = 0;

	if (text_append(&d->in, data, len))
		return reject(d, hdr, ISCSI_REJECT_PROTOCOL_ERROR, rsp);
	if (!more && take_text(d) != ISCSI_LOGIN_SUCCESS)
		return reject(d, hdr, ISCSI_REJECT_PROTOCOL_ERROR, rsp);
	if (d->out.failed)
		return reject(d, hdr, ISCSI_REJECT_LONG_OPERATION, rsp);
	return respond(d, req, rsp);
}

/* --- other requests ------------------------------------------------------ */

static enum pdu_action nop_out(struct discovery *d, const struct iscsi_hdr *hdr,
			       const void *data, struct pdu *rsp)
{
	/* 11.18: without a tag it asks for no answer */
	if (ntohl(hdr->itt) == ISCSI_RESERVED_TAG)
		return PDU_IGNORE;
	fill_response(d, ISCSI_OP_NOP_IN, hdr->itt, rsp);
	memcpy(rsp->nop.lun, hdr->lun, sizeof(hdr->lun));
	rsp->nop.ttt = htonl(ISCSI_RESERVED_TAG);
	rsp->data = data;
	rsp->len = iscsi_dlength(hdr);
	if (rsp->len > peer_segment_max(d))
		rsp->len = peer_segment_max(d);
	return PDU_SEND;
}

static enum pdu_action logout(struct discovery *d, const struct iscsi_hdr *hdr,
			      const void *data, struct pdu *rsp)
{
	const struct iscsi_logout_hdr *req = (const void *)hdr;
	uint8_t response = ISCSI_LOGOUT_SUCCESS;

	(void)data;
	switch (req->reason & ISCSI_LOGOUT_REASON_MASK) {
	case ISCSI_LOGOUT_CLOSE_SESSION:
		break;
	case ISCSI_LOGOUT_CLOSE_CONNECTION:
		if (ntohs(req->cid) != d->cid)
			response = ISCSI_LOGOUT_CID_NOT_FOUND;
		break;
	case ISCSI_LOGOUT_RECOVERY:
		response = ISCSI_LOGOUT_RECOVERY_UNSUPPORTED;
		break;
	default:
		return reject(d, hdr, ISCSI_REJECT_INVALID_PDU_FIELD, rsp);
	}
	fill_response(d, ISCSI_OP_LOGOUT_RSP, hdr->itt, rsp);
	rsp->logout.response = response;
	return response == ISCSI_LOGOUT_SUCCESS ? PDU_SEND_CLOSE : PDU_SEND;
}

static const struct {
	uint8_t opcode;
	enum pdu_action (*fn)(struct discovery *d, const struct iscsi_hdr *hdr,
			      const void *data, struct pdu *rsp);
} requests[] = {
	{ ISCSI_OP_TEXT_REQ, text_request },
	{ ISCSI_OP_NOP_OUT, nop_out },
	{ ISCSI_OP_LOGOUT_REQ, logout },
};

static bool has_cmd_sn(uint8_t opcode)
{
	return opcode <= ISCSI_OP_TEXT_REQ || opcode == ISCSI_OP_LOGOUT_REQ;
}

/*
 * CmdSN is at the same place in all requests that have one (4.2.2.1).  TCP
 * keeps the order: what is out of it will never fit in.
 */
static bool is_in_order(struct discovery *d, const struct iscsi_hdr *hdr)
{
	const struct iscsi_text_hdr *req = (const void *)hdr;

	if (!has_cmd_sn(iscsi_opcode(hdr)) || hdr->opcode & ISCSI_OP_IMMEDIATE)
		return true;
	if (ntohl(req->cmd_sn) != d->exp_cmd_sn)
		return false;
	d->exp_cmd_sn++;
	return true;
}

enum pdu_action discovery_bad_digest(struct discovery *d,
				     const struct iscsi_hdr *hdr,
				     struct pdu *rsp)
{
	return reject(d, hdr, ISCSI_REJECT_DATA_DIGEST, rsp);
}

enum pdu_action discovery_request(struct discovery *d,
				  const struct iscsi_hdr *hdr, const void *data,
				  struct pdu *rsp)
{
	if (is_bad_header(d, hdr)) {
		/* what follows cannot be told from a header */
		reject(d, hdr, ISCSI_REJECT_INVALID_PDU_FIELD, rsp);
		return PDU_SEND_CLOSE;
	}
	if (!is_in_order(d, hdr))
		return PDU_IGNORE;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].opcode == iscsi_opcode(hdr))
			return requests[i].fn(d, hdr, data, rsp);
	return reject(d, hdr, ISCSI_REJECT_CMD_NOT_SUPPORTED, rsp);
}

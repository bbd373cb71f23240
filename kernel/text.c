// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text requests in the full feature phase of a normal session: SendTargets
 * of the session's own target (RFC 7143 11.10, appendix C); everything else
 * has been negotiated by the daemon and can't be changed any more.
 */
#include <linux/inet.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "session.h"
#include "target.h"
#include "text.h"

#define TEXT_MAX 8192
#define KEY_MAX 63
#define TEXT_GFP (GFP_NOWAIT | __GFP_NOWARN)

/**
 * struct text_reply - a response under construction
 * @buf: key=value pairs, each with its NUL
 * @len: bytes used
 * @size: bytes there are
 * @overflow: it did not fit
 */
struct text_reply {
	char *buf;
	u32 len;
	u32 size;
	bool overflow;
};

static __printf(2, 3) void add(struct text_reply *r, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(r->buf + r->len, r->size - r->len, fmt, args);
	va_end(args);
	if (n < 0 || n + 1 > r->size - r->len) {
		r->overflow = true;
		return;
	}
	r->len += n + 1;
}

static void add_address(struct text_reply *r, struct iet_conn *conn)
{
	struct sockaddr_storage ss = {};
	const struct sockaddr_in *in = (const void *)&ss;
	const struct sockaddr_in6 *in6 = (const void *)&ss;

	if (kernel_getsockname(conn->sock, (struct sockaddr *)&ss) < 0)
		return;
	if (ss.ss_family == AF_INET)
		add(r, "TargetAddress=%pI4:%u,1", &in->sin_addr,
		    be16_to_cpu(in->sin_port));
	else if (ipv6_addr_v4mapped(&in6->sin6_addr))
		add(r, "TargetAddress=%pI4:%u,1", &in6->sin6_addr.s6_addr[12],
		    be16_to_cpu(in6->sin6_port));
	else
		add(r, "TargetAddress=[%pI6c]:%u,1", &in6->sin6_addr,
		    be16_to_cpu(in6->sin6_port));
}

/*
 * SendTargets: empty or the own name: this target.  All is for discovery
 * sessions only; other targets are none of this session's business.
 */
static void send_targets(struct text_reply *r, struct iet_conn *conn,
			 const char *value)
{
	const char *name = conn->session->target->name;

	if (!strcmp(value, "All")) {
		add(r, "SendTargets=Reject");
		return;
	}
	if (*value && strcasecmp(value, name))
		return;
	add(r, "TargetName=%s", name);
	add_address(r, conn);
}

static bool key_is_known(const char *key)
{
	/* keys of the login phase, and those that may not change any more */
	static const char *const known[] = {
		"HeaderDigest",	      "DataDigest",	  "MaxConnections",
		"InitialR2T",	      "ImmediateData",	  "MaxBurstLength",
		"FirstBurstLength",   "DefaultTime2Wait", "DefaultTime2Retain",
		"MaxOutstandingR2T",  "DataPDUInOrder",	  "DataSequenceInOrder",
		"ErrorRecoveryLevel", "SessionType",	  "TargetName",
		"AuthMethod",	      "TaskReporting",	  "iSCSIProtocolLevel",
		"InitiatorName",      "TargetAddress",	  "TargetPortalGroupTag",
		"TargetAlias",	      "OFMarker",	  "IFMarker",
		"OFMarkInt",	      "IFMarkInt",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcmp(key, known[i]))
			return true;
	}
	return false;
}

/*
 * One key=value pair.  MaxRecvDataSegmentLength is declarative and may come
 * in this phase (13.12); it is read for what we send from now on.
 */
static bool answer(struct text_reply *r, struct iet_conn *conn, char *pair)
{
	char *value = strchr(pair, '=');
	unsigned int n;

	if (!value || value == pair || value - pair > KEY_MAX)
		return false;
	*value++ = '\0';
	if (!strcmp(pair, "SendTargets")) {
		send_targets(r, conn, value);
	} else if (!strcmp(pair, "MaxRecvDataSegmentLength")) {
		if (kstrtouint(value, 0, &n) || n < 512 ||
		    n > ISCSI_DATA_SEG_MAX)
			add(r, "%s=Reject", pair);
		else
			conn->max_xmit = min_t(u32, n, conn->max_xmit_limit);
	} else if (!strcmp(pair, "InitiatorAlias")) {
		/* declarative: nothing to answer */
	} else {
		add(r, "%s=%s", pair,
		    key_is_known(pair) ? "Reject" : "NotUnderstood");
	}
	return true;
}

static bool answer_all(struct text_reply *r, struct iet_conn *conn, char *text,
		       u32 len)
{
	u32 off = 0;

	while (off < len) {
		u32 n = strnlen(text + off, len - off);

		if (n && !answer(r, conn, text + off))
			return false;
		off += n + 1;
	}
	return true;
}

static u8 make_reply(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;
	struct iet_tio *tio = &cmnd->scmd.tio;
	u32 len = iscsi_dlength(&cmnd->req);
	struct text_reply r = { .size = TEXT_MAX };
	u8 reason = ISCSI_REJECT_LONG_OPERATION;
	char *text;

	/* one request, one response: nobody needs more in a normal session */
	if (len > TEXT_MAX || !(cmnd->req.flags & ISCSI_FLAG_FINAL))
		return ISCSI_REJECT_CMD_NOT_SUPPORTED;
	text = kmalloc(len + 1 + TEXT_MAX, TEXT_GFP);
	if (!text)
		return reason;
	iet_tio_read(tio, 0, text, len);
	text[len] = '\0';
	r.buf = text + len + 1;
	if (!answer_all(&r, conn, text, len)) {
		reason = ISCSI_REJECT_PROTOCOL_ERROR;
		goto out;
	}
	if (r.overflow || r.len > conn->max_xmit)
		goto out;
	iet_tio_free(tio);
	if (r.len && iet_tio_alloc(tio, r.len, TEXT_GFP))
		goto out;
	iet_tio_write(tio, 0, r.buf, r.len);
	reason = 0;
out:
	kfree(text);
	return reason;
}

/**
 * iet_text_start - answer a Text Request
 * @cmnd: the request, with its data in scmd.tio
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_text_start(struct iet_cmnd *cmnd)
{
	cmnd->response = make_reply(cmnd);
	if (cmnd->response) {
		iet_tio_free(&cmnd->scmd.tio);
		iet_cmnd_uncount(cmnd);
		cmnd->kind = IET_TX_REJECT;
	}
	iet_conn_queue(cmnd->conn, cmnd);
}

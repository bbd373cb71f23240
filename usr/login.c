// SPDX-License-Identifier: GPL-2.0-only
/*
 * The login phase (RFC 7143 sections 6.3, 11.12 and 11.13).
 *
 * A request goes through these steps; each may refuse the login:
 *
 *	header		is it a legal Login Request, and of this login?
 *	collect		text of requests with the C bit is put together
 *	identify	with the first text: names, access, target, session
 *	secure		authentication, in the security stage
 *	negotiate	all other keys
 *	transit		on to the next stage, if both sides want to
 *
 * A text that is longer than a segment goes out in several responses, for
 * which the initiator asks with empty requests.
 */
#include "login.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "acl.h"
#include "addr.h"
#include "clone.h"
#include "handoff.h"
#include "isns.h"
#include "log.h"
#include "rate.h"
#include "target_portal.h"
#include "utf8.h"

/* names and answers to all keys, and to as many unknown ones as we answer */
#define LOGIN_OUT_MAX 65536
#define DEFAULT_WINDOW 32

static struct kernel_info limits;

void login_limits(const struct kernel_info *info)
{
	limits = *info;
}

void login_init(struct login *l, const struct sockaddr_storage *peer,
		const struct sockaddr_storage *local)
{
	memset(l, 0, sizeof(*l));
	l->peer = *peer;
	l->local = *local;
	text_init(&l->in, LOGIN_TEXT_MAX);
	text_init(&l->out, LOGIN_OUT_MAX);
	negotiate_init(&l->neg);
}

void login_free(struct login *l)
{
	text_free(&l->in);
	text_free(&l->out);
	negotiate_free(&l->neg);
	chap_wipe(&l->chap);
}

static const struct sockaddr *peer_of(const struct login *l)
{
	return (const struct sockaddr *)&l->peer;
}

static const struct sockaddr *local_of(const struct login *l)
{
	return (const struct sockaddr *)&l->local;
}

static uint8_t stage_of(const struct iscsi_login_hdr *req)
{
	return req->flags >> ISCSI_LOGIN_CSG_SHIFT & ISCSI_LOGIN_STAGE_MASK;
}

static uint8_t next_stage_of(const struct iscsi_login_hdr *req)
{
	return req->flags & ISCSI_LOGIN_STAGE_MASK;
}

uint32_t login_data_len(const struct iscsi_hdr *hdr)
{
	if (iscsi_opcode(hdr) != ISCSI_OP_LOGIN_REQ || hdr->ahs_len ||
	    iscsi_dlength(hdr) > LOGIN_SEGMENT_MAX)
		return 0;
	return iscsi_dlength(hdr);
}

/* --- responses ----------------------------------------------------------- */

static void fill_response(struct login *l, const struct iscsi_hdr *hdr,
			  struct pdu *rsp)
{
	const struct iscsi_login_hdr *req = (const void *)hdr;

	memset(rsp, 0, sizeof(*rsp));
	rsp->login.opcode = ISCSI_OP_LOGIN_RSP;
	rsp->login.flags = l->stage << ISCSI_LOGIN_CSG_SHIFT;
	rsp->login.version_max = ISCSI_VERSION;
	rsp->login.version_active = ISCSI_VERSION;
	memcpy(rsp->login.isid, req->isid, sizeof(req->isid));
	rsp->login.tsih = req->tsih;
	rsp->login.itt = req->itt;
	rsp->login.stat_sn = htonl(l->stat_sn);
	rsp->login.exp_cmd_sn = htonl(l->exp_cmd_sn);
	rsp->login.max_cmd_sn = htonl(l->max_cmd_sn);
}

/* what the log calls them; a redirect is no error */
static const char *status_text(enum iscsi_login_status status)
{
	static const struct {
		enum iscsi_login_status status;
		const char *text;
	} texts[] = {
		{ ISCSI_LOGIN_MOVED_TEMPORARILY, "redirected" },
		{ ISCSI_LOGIN_MOVED_PERMANENTLY, "redirected for good" },
		{ ISCSI_LOGIN_INITIATOR_ERROR, "what it sent makes no sense" },
		{ ISCSI_LOGIN_AUTH_FAILED, "authentication failed" },
		{ ISCSI_LOGIN_FORBIDDEN, "not allowed" },
		{ ISCSI_LOGIN_NOT_FOUND, "no such target" },
		{ ISCSI_LOGIN_TARGET_REMOVED, "the target is going" },
		{ ISCSI_LOGIN_UNSUPPORTED_VERSION, "unknown version" },
		{ ISCSI_LOGIN_TOO_MANY_CONNECTIONS, "MaxConnections reached" },
		{ ISCSI_LOGIN_MISSING_PARAMETER, "a name is missing" },
		{ ISCSI_LOGIN_SESSION_TYPE_NOT_SUPPORTED, "unknown type" },
		{ ISCSI_LOGIN_NO_SESSION, "its session is gone" },
		{ ISCSI_LOGIN_INVALID_DURING_LOGIN, "no login request" },
		{ ISCSI_LOGIN_SERVICE_UNAVAILABLE, "not now" },
		{ ISCSI_LOGIN_OUT_OF_RESOURCES, "out of resources" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "our fault";
}

static enum iscsi_login_status
because(struct login *l, enum iscsi_login_status status, const char *why)
{
	l->why = why;
	return status;
}

static void log_refusal(const struct login *l, enum iscsi_login_status status)
{
	int priority = LOG_INFO;
	char peer[ADDR_TEXT_MAX];

	if (status == ISCSI_LOGIN_AUTH_FAILED)
		priority = LOG_WARNING;
	if (l->limited)
		priority = LOG_DEBUG;
	addr_print(peer_of(l), true, peer);
	log_message(priority,
		    "login from %s (initiator %s, target %s%s%s) refused with "
		    "status 0x%04x: %s%s%s",
		    peer, l->session.initiator[0] ? l->session.initiator : "-",
		    l->target.name[0] ? l->target.name : "-",
		    l->user[0] ? ", user " : "", l->user, status,
		    status_text(status), l->why ? ": " : "",
		    l->why ? l->why : "");
}

static enum pdu_action refuse(struct login *l, const struct iscsi_hdr *hdr,
			      enum iscsi_login_status status, struct pdu *rsp)
{
	fill_response(l, hdr, rsp);
	rsp->login.status_class = status >> 8;
	rsp->login.status_detail = status & 0xff;
	if (status == ISCSI_LOGIN_AUTH_FAILED)
		rsp->delay_ms = LOGIN_FAIL_DELAY_MS;
	/* nothing but the new address may stand beside a refusal */
	if (status == ISCSI_LOGIN_MOVED_TEMPORARILY ||
	    status == ISCSI_LOGIN_MOVED_PERMANENTLY) {
		rsp->data = l->out.data;
		rsp->len = l->out.len;
	}
	log_refusal(l, status);
	l->stat_sn++;
	return PDU_SEND_CLOSE;
}

/* --- header -------------------------------------------------------------- */

/* 11.12.1 to 11.12.4: stages and flags */
static enum iscsi_login_status check_stages(const struct login *l,
					    const struct iscsi_login_hdr *req)
{
	uint8_t stage = stage_of(req), next = next_stage_of(req);
	bool transit = req->flags & ISCSI_LOGIN_TRANSIT;

	if (stage > ISCSI_STAGE_OPERATIONAL ||
	    (l->requests && stage != l->stage))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	if (!transit)
		return ISCSI_LOGIN_SUCCESS;
	if (req->flags & ISCSI_LOGIN_CONTINUE || next <= stage ||
	    (next != ISCSI_STAGE_OPERATIONAL &&
	     next != ISCSI_STAGE_FULL_FEATURE))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	return ISCSI_LOGIN_SUCCESS;
}

/* 6.3: the requests of a login are one task */
static bool is_same_login(const struct login *l,
			  const struct iscsi_login_hdr *req)
{
	return !memcmp(req->isid, l->first.isid, sizeof(req->isid)) &&
	       req->tsih == l->first.tsih && req->itt == l->first.itt &&
	       req->cid == l->first.cid && req->cmd_sn == l->first.cmd_sn;
}

static enum iscsi_login_status check_header(const struct login *l,
					    const struct iscsi_hdr *hdr)
{
	const struct iscsi_login_hdr *req = (const void *)hdr;

	if (iscsi_opcode(hdr) != ISCSI_OP_LOGIN_REQ)
		return ISCSI_LOGIN_INVALID_DURING_LOGIN;
	if (!(hdr->opcode & ISCSI_OP_IMMEDIATE) || hdr->ahs_len ||
	    iscsi_dlength(hdr) > LOGIN_SEGMENT_MAX)
		return ISCSI_LOGIN_INITIATOR_ERROR;
	if (req->version_min > ISCSI_VERSION)
		return ISCSI_LOGIN_UNSUPPORTED_VERSION;
	if (l->requests &&
	    (!is_same_login(l, req) || l->requests >= LOGIN_REQUESTS_MAX))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	return check_stages(l, req);
}

static void take_first(struct login *l, const struct iscsi_login_hdr *req)
{
	l->first = *req;
	if (stage_of(req) <= ISCSI_STAGE_OPERATIONAL)
		l->stage = stage_of(req);
	/* the initiator's guess is as good a beginning as any */
	l->stat_sn = ntohl(req->exp_stat_sn);
	l->exp_cmd_sn = ntohl(req->cmd_sn);
	l->max_cmd_sn = l->exp_cmd_sn + DEFAULT_WINDOW - 1;
}

/* --- identify ------------------------------------------------------------ */

/* 4.2.7: UTF-8, without blanks and control characters; no list has it */
static size_t name_char(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = utf8_len(p);

	return *p != ' ' && *p != ',' && utf8_is_printable(p, len) ? len : 0;
}

bool login_name(char *to, size_t size, const char *name)
{
	size_t len = strlen(name), n;

	if (!len || len >= size)
		return false;
	for (const char *p = name; *p; p += n) {
		n = name_char(p);
		if (!n)
			return false;
	}
	for (size_t i = 0; i <= len; i++)
		to[i] = name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 'a' - 'A' :
							   name[i];
	return true;
}

/* the first connection of a session sets its window, others see it */
static enum iscsi_login_status take_session(struct login *l)
{
	enum iscsi_login_status status;
	uint32_t window = DEFAULT_WINDOW;

	if (l->target.set & K_HAS(IET_T_QUEUED_COMMANDS))
		window = l->target.queued_commands;
	if (limits.max_queued && window > limits.max_queued)
		window = limits.max_queued;
	l->max_cmd_sn = l->exp_cmd_sn + window - 1;

	l->neg.leading = !l->first.tsih;
	if (l->neg.leading)
		return ISCSI_LOGIN_SUCCESS;
	status = handoff_find_session(l);
	if (status == ISCSI_LOGIN_SUCCESS) {
		l->exp_cmd_sn = l->session.exp_cmd_sn;
		l->max_cmd_sn = l->session.max_cmd_sn;
	}
	return status;
}

static enum iscsi_login_status check_access(struct login *l)
{
	/* what will be known soon must not make an initiator give up */
	static const enum iscsi_login_status isns_status_of[] = {
		[ISNS_ALLOWED] = ISCSI_LOGIN_SUCCESS,
		[ISNS_FORBIDDEN] = ISCSI_LOGIN_FORBIDDEN,
		[ISNS_UNKNOWN] = ISCSI_LOGIN_SERVICE_UNAVAILABLE,
	};
	const char *name = l->target.name, *initiator = l->session.initiator;
	enum iscsi_login_status status;

	if (!target_portal_on(name, local_of(l)))
		return because(l, ISCSI_LOGIN_NOT_FOUND,
			       "it has no Portal at this address");
	if (!acl_target_visible(name, initiator, local_of(l)))
		return because(l, ISCSI_LOGIN_NOT_FOUND,
			       "targets.allow does not show it here");
	if (!acl_initiator_allowed(name, initiator, peer_of(l)))
		return because(l, ISCSI_LOGIN_FORBIDDEN,
			       "initiators.allow or .deny");
	status = isns_status_of[isns_access(name, initiator)];
	if (status != ISCSI_LOGIN_SUCCESS)
		return because(l, status, "iSNSAccessControl");
	if (!l->target.redirect[0])
		return ISCSI_LOGIN_SUCCESS;

	text_free(&l->out);
	text_add(&l->out, key_name(KEY_TARGET_ADDRESS), "%s",
		 l->target.redirect);
	return l->target.redirect_flags & IET_REDIRECT_PERMANENT ?
		       ISCSI_LOGIN_MOVED_PERMANENTLY :
		       ISCSI_LOGIN_MOVED_TEMPORARILY;
}

static enum iscsi_login_status identify_target(struct login *l,
					       const char *name)
{
	enum iscsi_login_status status;

	if (!name)
		return ISCSI_LOGIN_MISSING_PARAMETER;
	status = handoff_find_target(l, name);
	if (status == ISCSI_LOGIN_SUCCESS)
		status = check_access(l);
	else /* for the log */
		snprintf(l->target.name, sizeof(l->target.name), "%s", name);
	if (status == ISCSI_LOGIN_SUCCESS)
		status = take_session(l);
	if (status != ISCSI_LOGIN_SUCCESS)
		return status;

	/* 13.9: with the first response, or initiators wait for it */
	negotiate_tell(&l->neg, KEY_TARGET_PORTAL_GROUP_TAG,
		       LOGIN_PORTAL_GROUP_TAG, &l->out);
	if (l->target.alias[0])
		negotiate_tell(&l->neg, KEY_TARGET_ALIAS, l->target.alias,
			       &l->out);
	return ISCSI_LOGIN_SUCCESS;
}

/* whose accounts count: "" for discovery */
static const char *account_target(const struct login *l)
{
	return l->neg.discovery ? "" : l->target.name;
}

static enum iscsi_login_status identify(struct login *l,
					const struct offers *offers)
{
	const char *type = offers->value[KEY_SESSION_TYPE];
	const char *name = offers->value[KEY_INITIATOR_NAME];
	enum iscsi_login_status status = ISCSI_LOGIN_SUCCESS;

	if (!name)
		return ISCSI_LOGIN_MISSING_PARAMETER;
	if (!login_name(l->session.initiator, sizeof(l->session.initiator),
			name))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	if (type && !strcmp(type, "Discovery"))
		l->neg.discovery = true;
	else if (type && strcmp(type, "Normal"))
		return ISCSI_LOGIN_SESSION_TYPE_NOT_SUPPORTED;

	if (!l->neg.discovery)
		status = identify_target(l, offers->value[KEY_TARGET_NAME]);
	else if (l->first.tsih)
		status = ISCSI_LOGIN_NO_SESSION;
	if (status != ISCSI_LOGIN_SUCCESS)
		return status;

	negotiate_policy(&l->neg, &l->target.keys, &limits);
	l->secure = !account_required(account_target(l));
	l->identified = true;
	return ISCSI_LOGIN_SUCCESS;
}

/* some initiators repeat themselves, which is fine as long as they do */
static enum iscsi_login_status still_same(const struct login *l,
					  const struct offers *offers)
{
	const char *initiator = offers->value[KEY_INITIATOR_NAME];
	const char *target = offers->value[KEY_TARGET_NAME];
	const char *type = offers->value[KEY_SESSION_TYPE];

	if ((initiator && strcasecmp(initiator, l->session.initiator)) ||
	    (target && !l->neg.discovery &&
	     strcasecmp(target, l->target.name)) ||
	    (type && strcmp(type, l->neg.discovery ? "Discovery" : "Normal")))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	return ISCSI_LOGIN_SUCCESS;
}

/* --- secure -------------------------------------------------------------- */

static enum iscsi_login_status step_chap(struct login *l,
					 const struct offers *offers)
{
	switch (chap_step(&l->chap, account_target(l), offers, &l->out, l->user,
			  sizeof(l->user))) {
	case CHAP_OK:
		l->secure = true;
		return ISCSI_LOGIN_SUCCESS;
	case CHAP_MORE:
		return ISCSI_LOGIN_SUCCESS;
	case CHAP_FAILED:
		return because(l, ISCSI_LOGIN_AUTH_FAILED, l->chap.why);
	case CHAP_ERROR:
		break;
	}
	return ISCSI_LOGIN_TARGET_ERROR;
}

static bool has_chap_keys(const struct offers *offers)
{
	for (int id = KEY_CHAP_A; id <= KEY_CHAP_R; id++)
		if (offers->value[id])
			return true;
	return false;
}

/* 12.1: AuthMethod has come, or not */
static enum iscsi_login_status choose_method(struct login *l,
					     const struct offers *offers)
{
	const char *list = offers->value[KEY_AUTH_METHOD];
	const char *method = l->secure ? "None" : "CHAP";

	if (!list)
		return has_chap_keys(offers) ? ISCSI_LOGIN_INITIATOR_ERROR :
					       ISCSI_LOGIN_SUCCESS;
	if (!text_list_has(list, method))
		return because(l, ISCSI_LOGIN_AUTH_FAILED,
			       l->secure ? "it insists on authentication, and "
					   "there is no IncomingUser" :
					   "it does not offer CHAP");
	text_add(&l->out, key_name(KEY_AUTH_METHOD), "%s", method);
	if (!l->secure) {
		chap_start(&l->chap, l->session.initiator, peer_of(l));
		return step_chap(l, offers);
	}
	/* it was too quick, but it has to be answered */
	for (int id = KEY_CHAP_A; id <= KEY_CHAP_R; id++)
		if (offers->value[id])
			text_add(&l->out, key_name(id), "Irrelevant");
	return ISCSI_LOGIN_SUCCESS;
}

static enum iscsi_login_status secure(struct login *l,
				      const struct offers *offers, bool transit)
{
	static const char silent[] = "it does not authenticate";
	enum iscsi_login_status status;

	if (l->stage != ISCSI_STAGE_SECURITY)
		return l->secure ? ISCSI_LOGIN_SUCCESS :
				   because(l, ISCSI_LOGIN_AUTH_FAILED, silent);
	/* it wants to go on and has nothing more to show for itself */
	if (l->chap.state != CHAP_IDLE && transit && !l->secure &&
	    !has_chap_keys(offers))
		return because(l, ISCSI_LOGIN_AUTH_FAILED, silent);
	if (l->chap.state != CHAP_IDLE)
		return step_chap(l, offers);
	status = choose_method(l, offers);
	/* it wants to go on and has not even offered to authenticate */
	if (status == ISCSI_LOGIN_SUCCESS && transit && !l->secure &&
	    l->chap.state == CHAP_IDLE)
		return because(l, ISCSI_LOGIN_AUTH_FAILED, silent);
	return status;
}

/* --- transit ------------------------------------------------------------- */

/* 11.13.3: a session has a TSIH that is not 0, a discovery session as well */
static uint16_t discovery_tsih(void)
{
	static uint16_t last;

	if (!++last)
		last = 1;
	return last;
}

/* 6.3.5: it may take the place of one that exists */
static enum iscsi_login_status lead_session(struct login *l)
{
	const struct clone_id id = { l->target.name, l->session.initiator,
				     l->first.isid };
	enum iscsi_login_status status;

	if (clone_refused(&id, peer_of(l))) {
		l->limited = true;
		return ISCSI_LOGIN_SERVICE_UNAVAILABLE;
	}
	status = handoff_session(l);
	if (status == ISCSI_LOGIN_SUCCESS)
		clone_logged_in(&id, peer_of(l));
	return status;
}

static enum iscsi_login_status begin_session(struct login *l)
{
	enum iscsi_login_status status = negotiate_finish(&l->neg);

	if (status != ISCSI_LOGIN_SUCCESS)
		return status;
	if (l->neg.discovery) {
		l->session.tsih = discovery_tsih();
		return ISCSI_LOGIN_SUCCESS;
	}
	if (l->neg.leading)
		return lead_session(l);
	/* it may be gone, or full, since the first request */
	return handoff_find_session(l);
}

/* the last piece of our text: do both sides want to go on? */
static enum pdu_action
finish(struct login *l, const struct iscsi_login_hdr *req, struct pdu *rsp)
{
	const struct iscsi_hdr *hdr = (const void *)req;
	bool transit = req->flags & ISCSI_LOGIN_TRANSIT;
	enum iscsi_login_status status;

	if (!transit || !l->secure)
		return PDU_SEND;
	rsp->login.flags |= ISCSI_LOGIN_TRANSIT | next_stage_of(req);
	l->stage = next_stage_of(req);
	if (l->stage != ISCSI_STAGE_FULL_FEATURE)
		return PDU_SEND;

	status = begin_session(l);
	if (status != ISCSI_LOGIN_SUCCESS) {
		l->stat_sn--;
		l->stage = stage_of(req);
		return refuse(l, hdr, status, rsp);
	}
	rsp->login.tsih = htons(l->session.tsih);
	return PDU_ACCEPT;
}

/* send what there is of our text, as much as fits in a segment */
static enum pdu_action
respond(struct login *l, const struct iscsi_login_hdr *req, struct pdu *rsp)
{
	size_t rest = l->out.len - l->out_pos;

	fill_response(l, (const struct iscsi_hdr *)req, rsp);
	l->stat_sn++;
	rsp->data = l->out.len ? l->out.data + l->out_pos : NULL;
	rsp->len = rest;
	if (rest > LOGIN_SEGMENT_MAX) {
		rsp->len = LOGIN_SEGMENT_MAX;
		rsp->login.flags |= ISCSI_LOGIN_CONTINUE;
	}
	l->out_pos += rsp->len;
	if (rsp->login.flags & ISCSI_LOGIN_CONTINUE)
		return PDU_SEND;
	return finish(l, req, rsp);
}

/* --- one request --------------------------------------------------------- */

static enum iscsi_login_status take_text(struct login *l,
					 const struct iscsi_login_hdr *req)
{
	enum key_phase phase = l->stage == ISCSI_STAGE_SECURITY ?
				       PHASE_SECURITY :
				       PHASE_OPERATIONAL;
	enum iscsi_login_status status;
	struct offers offers;

	status = negotiate_parse(&l->neg, phase, l->in.data, l->in.len, &offers,
				 &l->out);
	if (status == ISCSI_LOGIN_SUCCESS)
		status = l->identified ? still_same(l, &offers) :
					 identify(l, &offers);
	if (status == ISCSI_LOGIN_SUCCESS)
		status = secure(l, &offers, req->flags & ISCSI_LOGIN_TRANSIT);
	if (status == ISCSI_LOGIN_SUCCESS)
		status = negotiate_answer(&l->neg, &offers, &l->out);
	if (status == ISCSI_LOGIN_SUCCESS && phase == PHASE_OPERATIONAL)
		negotiate_declare(&l->neg, &l->out);
	if (status == ISCSI_LOGIN_SUCCESS && l->out.failed)
		status = ISCSI_LOGIN_OUT_OF_RESOURCES;
	text_free(&l->in);
	return status;
}

/* an initiator that asks for the rest of our text has nothing to say */
static enum pdu_action go_on(struct login *l, const struct iscsi_login_hdr *req,
			     size_t len, struct pdu *rsp)
{
	if (len || req->flags & ISCSI_LOGIN_CONTINUE)
		return refuse(l, (const struct iscsi_hdr *)req,
			      ISCSI_LOGIN_INITIATOR_ERROR, rsp);
	return respond(l, req, rsp);
}

/*
 * The first request is here, legal or not: may there be a login?  Each refusal
 * is a line in the log.
 */
static enum iscsi_login_status admit(struct login *l,
				     enum iscsi_login_status status)
{
	if (rate_take(peer_of(l)))
		return status;
	l->limited = true;
	return ISCSI_LOGIN_SERVICE_UNAVAILABLE;
}

enum pdu_action login_request(struct login *l, const struct iscsi_hdr *hdr,
			      const void *data, struct pdu *rsp)
{
	const struct iscsi_login_hdr *req = (const void *)hdr;
	enum iscsi_login_status status = check_header(l, hdr);
	size_t len = login_data_len(hdr);

	/* 6.3: what begins with something else is not worth an answer */
	if (status == ISCSI_LOGIN_INVALID_DURING_LOGIN && !l->requests)
		return PDU_CLOSE;
	if (!l->requests) {
		take_first(l, req);
		status = admit(l, status);
	}
	l->requests++;
	l->exp_stat_sn = ntohl(req->exp_stat_sn);
	if (status != ISCSI_LOGIN_SUCCESS)
		return refuse(l, hdr, status, rsp);

	if (l->out_pos < l->out.len)
		return go_on(l, req, len, rsp);
	text_free(&l->out);
	l->out_pos = 0;

	if (text_append(&l->in, data, len))
		return refuse(l, hdr, ISCSI_LOGIN_OUT_OF_RESOURCES, rsp);
	if (!(req->flags & ISCSI_LOGIN_CONTINUE))
		status = take_text(l, req);
	if (status != ISCSI_LOGIN_SUCCESS)
		return refuse(l, hdr, status, rsp);
	return respond(l, req, rsp);
}

enum pdu_action login_refuse(struct login *l, const struct iscsi_hdr *hdr,
			     uint16_t status, const char *address,
			     struct pdu *rsp)
{
	if (!l->requests++)
		take_first(l, (const void *)hdr);
	text_free(&l->out);
	if (*address)
		text_add(&l->out, key_name(KEY_TARGET_ADDRESS), "%s", address);
	/* that there is a fault the log says once in a second */
	l->limited = true;
	return refuse(l, hdr, status, rsp);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The login phase of one connection (RFC 7143 sections 6.3, 11.12, 11.13):
 * a machine that takes requests and gives responses, and knows nothing of
 * sockets and timers.
 */
#ifndef IET_USR_LOGIN_H
#define IET_USR_LOGIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "account.h"
#include "chap.h"
#include "kernel.h"
#include "negotiate.h"
#include "pdu.h"

/* a data segment of the login phase, before anything else is declared */
#define LOGIN_SEGMENT_MAX 8192
/* all text of one stage that is spread over several requests by the C bit */
#define LOGIN_TEXT_MAX 65536
/* requests of one login: nobody needs so many */
#define LOGIN_REQUESTS_MAX 256
/* how long a failed authentication waits for its answer */
#define LOGIN_FAIL_DELAY_MS 1000
/* there is one portal group */
#define LOGIN_PORTAL_GROUP_TAG "1"

/**
 * struct login - a login in progress
 * @peer: address of the initiator
 * @local: our address that it has connected to
 * @first: its first request, which all others must agree with
 * @requests: number of requests
 * @identified: names and session type are known
 * @limited: refused by a limit, of which the log has a line already
 * @why: what made the login fail, NULL = the status says it all; for the log
 * @secure: no authentication is needed (any more)
 * @stage: &enum iscsi_login_stage
 * @stat_sn: StatSN of the next response
 * @exp_stat_sn: ExpStatSN of the last request
 * @exp_cmd_sn: ExpCmdSN of the responses
 * @max_cmd_sn: MaxCmdSN of the responses
 * @in: text of requests with the C bit
 * @out: text of the response
 * @out_pos: how much of it has been sent
 * @neg: the negotiation
 * @chap: the authentication
 * @user: account it was made with, "" = none
 * @target: the target, in a normal session
 * @session: the session, as the module knows it or will know it
 */
struct login {
	struct sockaddr_storage peer;
	struct sockaddr_storage local;
	struct iscsi_login_hdr first;
	unsigned int requests;
	bool identified;
	bool limited;
	const char *why;
	bool secure;
	uint8_t stage;
	uint32_t stat_sn;
	uint32_t exp_stat_sn;
	uint32_t exp_cmd_sn;
	uint32_t max_cmd_sn;
	struct text_buf in;
	struct text_buf out;
	size_t out_pos;
	struct negotiation neg;
	struct chap chap;
	char user[ACCOUNT_NAME_MAX + 1];
	struct kernel_target target;
	struct kernel_session session;
};

/**
 * login_limits - say what the module can do; before the first login
 * @info: its limits
 */
void login_limits(const struct kernel_info *info);

/**
 * login_init - begin
 * @l: login; login_free() when done
 * @peer: address of the initiator
 * @local: our address that it has connected to
 */
void login_init(struct login *l, const struct sockaddr_storage *peer,
		const struct sockaddr_storage *local);

/**
 * login_free - wipe and free what a login holds
 * @l: login
 *
 * The session, if there is one, stays.
 */
void login_free(struct login *l);

/**
 * login_data_len - how much data comes with a request?
 * @hdr: its BHS
 *
 * Return: DataSegmentLength; 0 if the header is one that login_request()
 * refuses without a look at the data
 */
uint32_t login_data_len(const struct iscsi_hdr *hdr);

/**
 * login_request - take a request
 * @l: login
 * @hdr: its BHS, of any opcode
 * @data: its data segment without padding, login_data_len() bytes
 * @rsp: the response
 *
 * At %PDU_ACCEPT of a normal session the module has made the session, and
 * the connection is to be handed over (handoff.h) once the response is sent.
 *
 * Return: &enum pdu_action
 */
enum pdu_action login_request(struct login *l, const struct iscsi_hdr *hdr,
			      const void *data, struct pdu *rsp);

/**
 * login_name - take a name from the wire
 * @to: gets it, in lower case
 * @size: room at @to
 * @name: the name
 *
 * Return: false if it has what no name may consist of (4.2.7.2), or no room;
 * the rest is up to its owner
 */
bool login_name(char *to, size_t size, const char *name);

/**
 * login_refuse - refuse a request instead of looking at it, for a fault
 * @l: login
 * @hdr: BHS of a Login Request
 * @status: Status-Class and Status-Detail, the class not 0
 * @address: where a redirection leads to, "": nowhere
 * @rsp: the response
 *
 * Return: %PDU_SEND_CLOSE
 */
enum pdu_action login_refuse(struct login *l, const struct iscsi_hdr *hdr,
			     uint16_t status, const char *address,
			     struct pdu *rsp);

#endif /* IET_USR_LOGIN_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Key negotiation (RFC 7143 sections 6.2, 6.3 and 13): one table of all keys
 * and one function that answers whatever the initiator offers.
 */
#ifndef IET_USR_NEGOTIATE_H
#define IET_USR_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "text.h"

/*
 * In the order in which offers of one text are looked at: a key stands after
 * those that its answer depends on.
 */
enum key_id {
	KEY_INITIATOR_NAME,
	KEY_INITIATOR_ALIAS,
	KEY_TARGET_NAME,
	KEY_SESSION_TYPE,
	KEY_TARGET_ALIAS,
	KEY_TARGET_ADDRESS,
	KEY_TARGET_PORTAL_GROUP_TAG,
	KEY_SEND_TARGETS,
	KEY_AUTH_METHOD,
	KEY_CHAP_A,
	KEY_CHAP_I,
	KEY_CHAP_C,
	KEY_CHAP_N,
	KEY_CHAP_R,
	KEY_HEADER_DIGEST,
	KEY_DATA_DIGEST,
	KEY_MAX_CONNECTIONS,
	KEY_INITIAL_R2T,
	KEY_IMMEDIATE_DATA,
	KEY_MAX_RECV_DATA_SEGMENT_LENGTH,
	KEY_MAX_BURST_LENGTH,
	KEY_FIRST_BURST_LENGTH,
	KEY_DEFAULT_TIME2WAIT,
	KEY_DEFAULT_TIME2RETAIN,
	KEY_DATA_PDU_IN_ORDER,
	KEY_DATA_SEQUENCE_IN_ORDER,
	KEY_ERROR_RECOVERY_LEVEL,
	KEY_MAX_OUTSTANDING_R2T,
	KEY_TASK_REPORTING,
	KEY_PROTOCOL_LEVEL,
	KEY_NODE_ARCHITECTURE,
	KEY_IFMARKER,
	KEY_OFMARKER,
	KEY_IFMARKINT,
	KEY_OFMARKINT,
	KEY_RDMA_EXTENSIONS,
	KEY_TARGET_RECV_DATA_SEGMENT_LENGTH,
	KEY_INITIATOR_RECV_DATA_SEGMENT_LENGTH,
	KEY_MAX_OUTSTANDING_UNEXPECTED_PDUS,
	KEY_MAX_AHS_LENGTH,
	KEY_TAGGED_BUFFER_FOR_SOLICITED_DATA_ONLY,
	KEY_ISER_HELLO_REQUIRED,
	NR_KEYS,
};

/* when a key may come */
enum key_phase {
	PHASE_SECURITY = 1,
	PHASE_OPERATIONAL = 2,
	PHASE_FULL_FEATURE = 4,
};

/**
 * struct negotiation - state of the negotiation on one connection
 * @discovery: it is for a discovery session
 * @leading: this is the first connection of its session
 * @seen: bit for each &enum key_id that the initiator has sent
 * @sent: bit for each &enum key_id that we have declared
 * @unknown: the keys that we did not understand, NUL-separated
 * @nr_unknown: how many
 * @policy: what we would like, by IET_K_*
 * @result: what holds now, by IET_K_*: the RFC's defaults to begin with.
 *	MAX_RECV is what we receive, MAX_XMIT what the initiator does.
 */
struct negotiation {
	bool discovery;
	bool leading;
	uint64_t seen;
	uint64_t sent;
	struct text_buf unknown;
	unsigned int nr_unknown;
	struct kernel_keys policy;
	struct kernel_keys result;
};

/**
 * struct offers - what one text of the initiator has in it
 * @value: by &enum key_id, NULL if the key is not there
 * @illegal: bit for each &enum key_id that came in the wrong phase
 */
struct offers {
	const char *value[NR_KEYS];
	uint64_t illegal;
};

/**
 * negotiate_init - start with the defaults of RFC 7143
 * @n: negotiation; negotiate_free() when done
 */
void negotiate_init(struct negotiation *n);

/**
 * negotiate_free - free what a negotiation holds
 * @n: negotiation
 */
void negotiate_free(struct negotiation *n);

/**
 * negotiate_policy - say what we want
 * @n: negotiation, @n->discovery and @n->leading are set
 * @keys: what the target's configuration says, or NULL
 * @info: limits of the module
 */
void negotiate_policy(struct negotiation *n, const struct kernel_keys *keys,
		      const struct kernel_info *info);

/**
 * negotiate_parse - take a text apart
 * @n: negotiation
 * @phase: the stage the text came in
 * @text: the text, changed in place; @offers points into it
 * @len: its length
 * @offers: what is in it
 * @out: where answers to keys go that we do not know
 *
 * Outside the full feature phase a key in the wrong phase is an error; in it
 * such a key will be answered with Reject (6.4).
 *
 * Return: %ISCSI_LOGIN_SUCCESS, or %ISCSI_LOGIN_INITIATOR_ERROR
 */
enum iscsi_login_status negotiate_parse(struct negotiation *n,
					enum key_phase phase, char *text,
					size_t len, struct offers *offers,
					struct text_buf *out);

/**
 * negotiate_answer - answer all offers that this table has the answer to
 * @n: negotiation
 * @offers: what the initiator has sent
 * @out: where the answers go
 *
 * Names and security keys are left to the caller.
 *
 * Return: %ISCSI_LOGIN_SUCCESS, or the status to refuse the login with
 */
enum iscsi_login_status negotiate_answer(struct negotiation *n,
					 const struct offers *offers,
					 struct text_buf *out);

/**
 * negotiate_tell - send a key of our own accord
 * @n: negotiation
 * @id: a key that the initiator does not answer, or only with the likes of
 *	NotUnderstood
 * @value: its value
 * @out: where it goes
 */
void negotiate_tell(struct negotiation *n, enum key_id id, const char *value,
		    struct text_buf *out);

/**
 * negotiate_declare - declare our MaxRecvDataSegmentLength, once
 * @n: negotiation
 * @out: where it goes
 */
void negotiate_declare(struct negotiation *n, struct text_buf *out);

/**
 * negotiate_finish - check what the keys only say together (13.14)
 * @n: negotiation
 *
 * Return: %ISCSI_LOGIN_SUCCESS, or %ISCSI_LOGIN_INITIATOR_ERROR
 */
enum iscsi_login_status negotiate_finish(struct negotiation *n);

/**
 * key_name - name of a key
 * @id: key
 *
 * Return: as it is on the wire
 */
const char *key_name(enum key_id id);

#endif /* IET_USR_NEGOTIATE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CHAP (RFC 7143 section 12.1.3, RFC 1994): the arithmetic, and the exchange
 * of keys on top of it.
 */
#ifndef IET_USR_CHAP_H
#define IET_USR_CHAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "negotiate.h"

/* 12.1.3 and the registry "iSCSI CHAP algorithms" */
enum chap_algorithm {
	CHAP_NONE = 0,
	CHAP_MD5 = 5,
	CHAP_SHA1 = 6,
	CHAP_SHA256 = 7,
	CHAP_SHA3_256 = 8,
};

#define CHAP_DIGEST_MAX 32
#define CHAP_CHALLENGE_LEN 32

enum chap_state {
	CHAP_IDLE,
	CHAP_WANT_A, /* CHAP was agreed on, CHAP_A must come */
	CHAP_WANT_R, /* our challenge is out, CHAP_N and CHAP_R must come */
	CHAP_DONE,
};

/**
 * struct chap - one exchange
 * @initiator: InitiatorName, which outlives the exchange
 * @peer: its address, which does so, too
 * @state: what comes next
 * @algorithm: agreed on
 * @id: CHAP_I that we have sent
 * @challenge: CHAP_C that we have sent
 * @why: what was wrong, once it has failed; for the log
 */
struct chap {
	const char *initiator;
	const struct sockaddr *peer;
	enum chap_state state;
	enum chap_algorithm algorithm;
	uint8_t id;
	uint8_t challenge[CHAP_CHALLENGE_LEN];
	const char *why;
};

enum chap_result {
	CHAP_OK, /* the peer is who it says */
	CHAP_MORE, /* the peer must send more */
	CHAP_FAILED, /* it is not, or the keys make no sense */
	CHAP_ERROR, /* the fault is on our side */
};

/**
 * chap_choose - choose the first algorithm of a list that we have
 * @list: value of CHAP_A, "in order of preference" (RFC 7143 12.1.3)
 *
 * Return: the algorithm, or %CHAP_NONE if we have none of them
 */
enum chap_algorithm chap_choose(const char *list);

/**
 * chap_digest - what answers a challenge
 * @algorithm: agreed on
 * @id: CHAP_I
 * @secret: shared secret
 * @challenge: CHAP_C
 * @len: its length in bytes
 * @digest: the answer
 *
 * Return: length of the answer in bytes, 0 if it cannot be computed
 */
size_t chap_digest(enum chap_algorithm algorithm, uint8_t id,
		   const char *secret, const uint8_t *challenge, size_t len,
		   uint8_t digest[CHAP_DIGEST_MAX]);

/**
 * chap_start - begin an exchange: AuthMethod=CHAP was agreed on
 * @c: exchange; chap_wipe() when done
 * @initiator: InitiatorName, kept by reference
 * @peer: its address, kept by reference
 */
void chap_start(struct chap *c, const char *initiator,
		const struct sockaddr *peer);

/**
 * chap_step - go on with the keys of one request
 * @c: exchange
 * @target: whose accounts count: target name, "" for discovery
 * @offers: the keys
 * @out: where ours go
 * @user: the account that has logged in, once %CHAP_OK is returned, or the
 *	one that was tried, if it has failed; for the log
 * @user_size: room at @user
 *
 * Return: &enum chap_result
 */
enum chap_result chap_step(struct chap *c, const char *target,
			   const struct offers *offers, struct text_buf *out,
			   char *user, size_t user_size);

/**
 * chap_wipe - forget an exchange
 * @c: exchange
 */
void chap_wipe(struct chap *c);

#endif /* IET_USR_CHAP_H */

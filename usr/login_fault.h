/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults of logins and of discovery sessions: rules by which the daemon
 * misbehaves, so that initiators can be tested with it.  See
 * doc/fault-injection.md; the module has its own for all the rest.
 *
 *	login_fault.c		the rules: when they fire
 *	login_fault_param.c	what they may say, as text
 *	login_fault_file.c	how they outlive the daemon
 *	conn_fault.c		what becomes of requests and responses
 *
 * A rule changes when, whether and as what bytes an answer goes out, or refuses
 * a request before the login looks at it.  What the login itself knows and
 * decides it cannot change, so that no rule lets anybody in.
 */
#ifndef IET_USR_LOGIN_FAULT_H
#define IET_USR_LOGIN_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "iscsi_proto.h"
#include "text.h"

/* rules of a target, or of discovery */
#define LOGIN_FAULTS_MAX 64
/* bytes that a text may be made */
#define LOGIN_FAULT_LENGTH_MAX (1 << 20)
/* a text as it is given: three characters for a byte */
#define LOGIN_FAULT_TEXT_MAX (3 * TEXT_VALUE_MAX)
#define LOGIN_FAULT_FILE "/run/iet/faults"

enum login_fault_kind {
	LOGIN_FAULT_DROP,
	LOGIN_FAULT_WITHHOLD,
	LOGIN_FAULT_DELAY,
	LOGIN_FAULT_STATUS,
	LOGIN_FAULT_KEY,
	LOGIN_FAULT_TEXT,
	LOGIN_FAULT_HEADER,
	LOGIN_FAULT_DATA,
	LOGIN_FAULT_SPLIT,
	LOGIN_FAULT_DUPLICATE,
	NR_LOGIN_FAULTS,
};

/* what a rule may say: bits of login_fault_args.has */
enum login_fault_attr {
	LF_INITIATOR,
	LF_PDU,
	LF_STAGE,
	LF_STATUS,
	LF_ADDRESS,
	LF_KEY,
	LF_DO,
	LF_VALUE,
	LF_LENGTH,
	LF_DELAY,
	LF_BYTE,
	LF_CHANCE,
	LF_SKIP,
	LF_COUNT,
	LF_SEED,
	NR_LOGIN_FAULT_ATTRS,
};

#define LF_HAS(attr) (1U << (attr))

/* stages, bits: a request for the full feature phase has two of them */
#define LOGIN_FAULT_SECURITY 1
#define LOGIN_FAULT_OPERATIONAL 2
#define LOGIN_FAULT_FINAL 4

/* what becomes of a key */
enum login_fault_do {
	LOGIN_FAULT_OMIT = 1,
	LOGIN_FAULT_CHANGE,
	LOGIN_FAULT_ADD,
	LOGIN_FAULT_TWICE,
	LOGIN_FAULT_DAMAGE,
};

/**
 * struct login_fault_args - what a rule is to do
 * @has: LF_HAS() of what is given
 * @kind: &enum login_fault_kind
 * @initiator: InitiatorName
 * @pdu: opcode
 * @stage: LOGIN_FAULT_SECURITY, ...
 * @status: Status-Class and Status-Detail
 * @address: TargetAddress, text as it is given
 * @key: name of a key, text as it is given
 * @what: &enum login_fault_do
 * @value: text as it is given
 * @length: bytes
 * @delay: ms
 * @byte: which one, %IET_FAULT_BYTE_END: after the last
 * @chance: in a million
 * @skip: lets the first so many through
 * @count: so many times in all, 0: for ever
 * @seed: of its random numbers
 */
struct login_fault_args {
	uint32_t has;
	uint32_t kind;
	char initiator[ISCSI_NAME_MAX + 1];
	uint32_t pdu;
	uint32_t stage;
	uint32_t status;
	char address[LOGIN_FAULT_TEXT_MAX + 1];
	char key[TEXT_KEY_MAX + 1];
	uint32_t what;
	char value[LOGIN_FAULT_TEXT_MAX + 1];
	uint32_t length;
	uint32_t delay;
	uint32_t byte;
	uint32_t chance;
	uint32_t skip;
	uint32_t count;
	uint32_t seed;
};

/**
 * struct login_fault - a rule
 * @link: in the order of @id
 * @id: shown as L1, L2, ...: the module has the plain numbers
 * @tid: of its target, 0: of discovery sessions
 * @target: name of its target, "": of discovery sessions
 * @args: what it is to do
 * @random: state of its random numbers
 * @seen: how many requests or responses it was about
 * @hits: how often it did something
 * @held: requests that it holds
 * @tell_at: clock_ms(): its next hit is told from then on
 */
struct login_fault {
	STAILQ_ENTRY(login_fault) link;
	uint32_t id;
	uint32_t tid;
	char target[ISCSI_NAME_MAX + 1];
	struct login_fault_args args;
	uint32_t random;
	uint64_t seen;
	uint64_t hits;
	uint32_t held;
	uint64_t tell_at;
};

/**
 * struct login_fault_what - what a rule may be about
 * @target: name of the target, "": a discovery session
 * @initiator: InitiatorName
 * @pdu: opcode
 * @stage: LOGIN_FAULT_SECURITY | ...; 0: not a PDU of the login
 * @text: data segment, of a response
 * @len: its length
 */
struct login_fault_what {
	const char *target;
	const char *initiator;
	uint8_t pdu;
	uint8_t stage;
	const char *text;
	size_t len;
};

/**
 * struct login_fault_hold - a request that is held
 * @link: among all of them
 * @id: by which rule, 0: by none
 * @go_on: called once, from the event loop, when its rule is removed
 */
struct login_fault_hold {
	TAILQ_ENTRY(login_fault_hold) link;
	uint32_t id;
	void (*go_on)(struct login_fault_hold *hold);
};

/* --- login_fault.c --- */

/**
 * login_faults_any - is there a rule at all?
 *
 * Return: true if so
 */
bool login_faults_any(void);

/**
 * login_fault_new - make a rule
 * @f: @tid, @target and @args are set, and for a rule that has been kept
 *	@id, @random, @seen and @hits; else they are set here
 *
 * Return: 0, -ENOSPC if there are LOGIN_FAULTS_MAX, or -ENOMEM
 */
int login_fault_new(struct login_fault *f);

/**
 * login_fault_del - remove rules
 * @tid: of which target, 0: of discovery; NULL: of all
 * @id: which one, 0: all
 *
 * What they hold goes on.
 *
 * Return: how many there were
 */
unsigned int login_fault_del(const uint32_t *tid, uint32_t id);

/**
 * login_fault_drop_gone - remove the rules of targets that are gone
 * @is_left: whether there is a target of this number and name
 * @arg: passed to @is_left
 */
void login_fault_drop_gone(bool (*is_left)(uint32_t tid, const char *target,
					   void *arg),
			   void *arg);

/**
 * login_fault_each - call a function for each rule
 * @fn: returns 0 to go on
 * @arg: passed to @fn
 *
 * Return: 0, or what @fn returned
 */
int login_fault_each(int (*fn)(const struct login_fault *f, void *arg),
		     void *arg);

/**
 * login_fault_fire - is there to be a fault?
 * @kind: of this kind
 * @what: with this request or response
 * @after: rules up to this one have been asked, NULL: none
 * @random: set to a random number of the rule; or NULL
 *
 * Return: the rule, valid until the rules change, or NULL
 */
const struct login_fault *login_fault_fire(enum login_fault_kind kind,
					   const struct login_fault_what *what,
					   const struct login_fault *after,
					   uint32_t *random);

/**
 * login_fault_hold - a request is held by a rule
 * @hold: @go_on is set
 * @f: by which one
 */
void login_fault_hold(struct login_fault_hold *hold,
		      const struct login_fault *f);

/**
 * login_fault_unhold - a request is not held any more
 * @hold: zeroed, or of login_fault_hold()
 */
void login_fault_unhold(struct login_fault_hold *hold);

/* --- login_fault_param.c --- */

/**
 * login_fault_parse - read a rule
 * @kind: name of its kind
 * @params: "KEY=VALUE,...", is cut up
 * @discovery: it is of discovery sessions
 * @a: set to what it is to do
 * @reason: set to why it cannot be
 * @size: room at @reason
 *
 * Return: 0, or -EINVAL
 */
int login_fault_parse(const char *kind, char *params, bool discovery,
		      struct login_fault_args *a, char *reason, size_t size);

/**
 * login_fault_print_params - print the parameters of a rule
 * @a: what it is to do
 * @separator: between them
 * @out: where to
 */
void login_fault_print_params(const struct login_fault_args *a, char separator,
			      FILE *out);

/**
 * login_fault_kind_name - the name of a kind
 * @kind: &enum login_fault_kind
 *
 * Return: its name
 */
const char *login_fault_kind_name(uint32_t kind);

/**
 * login_fault_is_sent - is a kind about responses?
 * @kind: &enum login_fault_kind
 *
 * Return: true if it may be
 */
bool login_fault_is_sent(uint32_t kind);

/**
 * login_fault_do_of - what a rule does with its key
 * @a: a rule for keys
 *
 * Return: what it says, or what goes without saying
 */
enum login_fault_do login_fault_do_of(const struct login_fault_args *a);

/**
 * login_fault_decode - the bytes that a text stands for
 * @text: with %HH for a byte
 * @to: set to them; no longer than @text
 *
 * Return: how many, or -EINVAL
 */
long login_fault_decode(const char *text, char *to);

/* --- login_fault_file.c --- */

/**
 * login_fault_load - read the rules that a daemon before us has kept
 * @instance: IET_I_INSTANCE of the module; rules of another are dropped
 *
 * What cannot be read is said in the log, and forgotten.
 */
void login_fault_load(uint64_t instance);

/**
 * login_fault_save - keep the rules, and how often they did something
 */
void login_fault_save(void);

/**
 * login_fault_set_path - use another file; for tests
 * @path: path of the file, kept by reference
 */
void login_fault_set_path(const char *path);

#endif /* IET_USR_LOGIN_FAULT_H */

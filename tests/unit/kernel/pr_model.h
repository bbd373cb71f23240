/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Persistent reservations as SPC-4 has them (5.13, 6.15, 6.16), in the most
 * simple-minded way: a table of keys.  Written from the standard's text and
 * tables, to compare the device server with; it shares nothing with it.
 */
#ifndef PR_MODEL_H
#define PR_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* initiator ports: two of one initiator, one of another, one never there */
#define MODEL_PORTS 4
#define MODEL_TARGETS 2

enum model_action {
	REGISTER,
	RESERVE,
	RELEASE,
	CLEAR,
	PREEMPT,
	PREEMPT_AND_ABORT,
	REGISTER_AND_IGNORE,
	REGISTER_AND_MOVE,
	NO_SUCH_ACTION,
};

/* additional sense codes, and RESERVATION CONFLICT */
#define GOOD 0
#define PARAMETER_LIST_LENGTH_ERROR 0x1a00
#define INVALID_FIELD_IN_CDB 0x2400
#define INVALID_FIELD_IN_PARAMETER_LIST 0x2600
#define INVALID_RELEASE 0x2604
#define INSUFFICIENT_REGISTRATION_RESOURCES 0x5504
#define RESERVATIONS_PREEMPTED 0x2a03
#define RESERVATIONS_RELEASED 0x2a04
#define REGISTRATIONS_PREEMPTED 0x2a05
#define CONFLICT 0xfffe

/**
 * struct model - a logical unit
 * @key: by I_T nexus, 0: it is not registered
 * @type: of the persistent reservation, 0: there is none
 * @port: its holder, unless it is one of all registrants
 * @target: see there
 * @generation: PRGENERATION
 * @aptpl: it survives a power cycle
 */
struct model {
	uint64_t key[MODEL_PORTS][MODEL_TARGETS];
	uint8_t type;
	unsigned int port;
	unsigned int target;
	uint32_t generation;
	bool aptpl;
};

/**
 * struct model_out - a PERSISTENT RESERVE OUT
 * @action: service action
 * @port: by which I_T nexus it comes
 * @target: see there
 * @scope: of the CDB
 * @type: of the CDB
 * @key: RESERVATION KEY
 * @sa_key: SERVICE ACTION RESERVATION KEY
 * @spec_i_pt: bit
 * @all_tg_pt: bit
 * @aptpl: bit
 * @unreg: bit
 * @ports: SPEC_I_PT: a bit for each initiator port that is named
 * @to_port: REGISTER AND MOVE: where
 * @to_target: see there
 */
struct model_out {
	enum model_action action;
	unsigned int port;
	unsigned int target;
	uint8_t scope;
	uint8_t type;
	uint64_t key;
	uint64_t sa_key;
	bool spec_i_pt;
	bool all_tg_pt;
	bool aptpl;
	bool unreg;
	unsigned int ports;
	unsigned int to_port;
	unsigned int to_target;
};

/**
 * struct model_answer - what the standard says of it
 * @code: GOOD, CONFLICT, or an additional sense code
 * @or: another answer that is as right, or the same
 * @ua: unit attention by I_T nexus, or 0
 * @gone: I_T nexuses that have been preempted, which may be the own one
 */
struct model_answer {
	uint16_t code;
	uint16_t or ;
	uint16_t ua[MODEL_PORTS][MODEL_TARGETS];
	bool gone[MODEL_PORTS][MODEL_TARGETS];
};

bool model_registered(const struct model *m);
bool model_holds(const struct model *m, unsigned int port, unsigned int target);
bool model_keeps_off(const struct model *m, unsigned int port,
		     unsigned int target, bool by_write_exclusive,
		     bool by_exclusive_access);
void model_out(struct model *m, const struct model_out *out,
	       struct model_answer *a);
void model_power_cycle(struct model *m);

#endif /* PR_MODEL_H */

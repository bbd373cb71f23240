/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may be asked of the iSNS server: a table of requests, of which the
 * first one that is due is the next.  Whether it is follows from what the
 * server is known to have (struct isns_registration, and the nodes) and from
 * what it shall have.
 */
#ifndef IET_USR_ISNS_OPS_H
#define IET_USR_ISNS_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "isns_node.h"
#include "isns_pdu.h"
#include "isns_request.h"
#include "isns_server.h"

/**
 * struct isns_registration - how we stand with the server
 * @server: the server
 * @site: what there is to register beside the targets
 * @access_control: it decides about initiators
 * @registered: it has the entity
 * @verify: or has it?  It shall be asked
 * @leaving: the entity is to be taken out
 * @period: of registration, as granted, seconds; 0: none
 * @again_s: when to look at everything again, seconds, as an answer has it;
 *	0: nothing new
 */
struct isns_registration {
	struct isns_server server;
	struct isns_site site;
	bool access_control;
	bool registered;
	bool verify;
	bool leaving;
	uint32_t period;
	unsigned int again_s;
};

extern struct isns_registration isns_reg;

/**
 * struct isns_operation - a request to the server
 * @function: &enum isns_function
 * @flags: %ISNS_FLAG_REPLACE or 0
 * @is_due: is it due for this node?
 * @build: makes the payload
 * @done: takes the answer; a negative errno if it makes no sense
 */
struct isns_operation {
	uint16_t function;
	uint16_t flags;
	bool (*is_due)(const struct isns_node *n);
	void (*build)(struct isns_buf *buf, const struct isns_node *n);
	int (*done)(struct isns_node *n, uint32_t status,
		    struct isns_reader *r);
};

/**
 * isns_operation_next - what is due?
 * @node: set to the node that it is about
 *
 * Return: the request, or NULL
 */
const struct isns_operation *isns_operation_next(struct isns_node **node);

/**
 * isns_forget_registration - the server knows nothing of us, as far as we know
 */
void isns_forget_registration(void);

/**
 * isns_tick_s - how often to ask the server whether all is as it was
 *
 * Return: seconds
 */
unsigned int isns_tick_s(void);

#endif /* IET_USR_ISNS_OPS_H */

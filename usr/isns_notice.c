// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notices of an iSNS server.
 */
#include "isns_notice.h"

#include <string.h>
#include <strings.h>

struct notice {
	const struct isns_message *m;
	const char *eid;
	const struct isns_notice_ops *ops;
	void *arg;
};

/* 5.6.5.8: a bitmap, and the nodes that it speaks of; again and again */
static enum isns_status take_changes(const struct notice *n, const char *target,
				     struct isns_reader *r)
{
	struct isns_attr a;
	uint32_t bitmap = 0;
	int more;

	while ((more = isns_read_attr(r, &a)) > 0) {
		const char *about;

		if (a.tag == ISNS_TAG_SCN_BITMAP) {
			if (isns_attr_u32(&a, &bitmap))
				return ISNS_FORMAT_ERROR;
		} else if (a.tag == ISNS_TAG_NAME) {
			about = isns_attr_string(&a);
			if (!about)
				return ISNS_FORMAT_ERROR;
			if (n->ops->changed)
				n->ops->changed(target, about, bitmap, n->arg);
		}
	}
	return more ? ISNS_FORMAT_ERROR : ISNS_SUCCESS;
}

/* Is it whole?  Nothing is done of a message of which a part is wrong. */
static enum isns_status check(const struct notice *n, struct isns_reader r)
{
	const struct isns_notice_ops none = { NULL };
	const struct notice dry = { n->m, n->eid, &none, NULL };

	return take_changes(&dry, "", &r);
}

static enum isns_status scn(const struct notice *n, struct isns_buf *answer)
{
	struct isns_reader r = { n->m->data.data, n->m->data.len };
	enum isns_status status;
	struct isns_attr to;
	const char *target;

	if (isns_read_attr(&r, &to) <= 0 || to.tag != ISNS_TAG_NAME)
		return ISNS_FORMAT_ERROR;
	target = isns_attr_string(&to);
	if (!target)
		return ISNS_FORMAT_ERROR;
	status = check(n, r);
	if (status != ISNS_SUCCESS)
		return status;
	take_changes(n, target, &r);
	/* 5.7.5.8: with the destination */
	isns_put_status(answer, status);
	isns_put_string(answer, ISNS_TAG_NAME, target);
	return status;
}

static enum isns_status esi(const struct notice *n, struct isns_buf *answer)
{
	struct isns_reader r = { n->m->data.data, n->m->data.len };
	const char *eid = NULL;
	struct isns_attr a;
	int more;

	while ((more = isns_read_attr(&r, &a)) > 0)
		if (a.tag == ISNS_TAG_EID)
			eid = isns_attr_string(&a);
	if (more || !eid)
		return ISNS_FORMAT_ERROR;
	/* it may be about whoever had our address before */
	if (strcasecmp(eid, n->eid))
		return ISNS_NO_SUCH_ENTRY;
	/* 5.7.5.13: with all that was in the question */
	isns_put_status(answer, ISNS_SUCCESS);
	isns_put(answer, n->m->data.data, n->m->data.len);
	return ISNS_SUCCESS;
}

static const struct {
	uint16_t function;
	enum isns_status (*fn)(const struct notice *n, struct isns_buf *answer);
} notices[] = {
	{ ISNS_SCN, scn },
	{ ISNS_ESI, esi },
};

void isns_notice(const struct isns_message *m, const char *eid,
		 const struct isns_notice_ops *ops, void *arg,
		 struct isns_buf *answer)
{
	const struct notice n = { m, eid, ops, arg };
	enum isns_status status = ISNS_NOT_SUPPORTED;

	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++)
		if (notices[i].function == m->function)
			status = notices[i].fn(&n, answer);
	if (status == ISNS_SUCCESS)
		return;
	isns_buf_free(answer);
	isns_put_status(answer, status);
}

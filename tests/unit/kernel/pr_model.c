// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistent reservations by the letter of SPC-4: see pr_model.h.
 */
#include <string.h>

#include "pr_model.h"

#define EACH_NEXUS(p, t)                        \
	for ((p) = 0; (p) < MODEL_PORTS; (p)++) \
		for ((t) = 0; (t) < MODEL_TARGETS; (t)++)

/* 6.15.3.4: Write Exclusive, Exclusive Access, - Registrants Only, - All */
static bool is_type(uint8_t type)
{
	return type == 1 || type == 3 || (type >= 5 && type <= 8);
}

static bool is_exclusive_access(uint8_t type)
{
	return type == 3 || type == 6 || type == 8;
}

static bool is_registrants_only(uint8_t type)
{
	return type == 5 || type == 6;
}

static bool is_all_registrants(uint8_t type)
{
	return type == 7 || type == 8;
}

/* Is any I_T nexus registered? */
bool model_registered(const struct model *m)
{
	unsigned int p, t;

	EACH_NEXUS(p, t)
	if (m->key[p][t])
		return true;
	return false;
}

/* 5.13.10 */
bool model_holds(const struct model *m, unsigned int p, unsigned int t)
{
	if (!m->type || !m->key[p][t])
		return false;
	return is_all_registrants(m->type) || (m->port == p && m->target == t);
}

/* Tables 65 of SPC-4 and 13 of SBC-3: two columns tell of all five. */
bool model_keeps_off(const struct model *m, unsigned int p, unsigned int t,
		     bool by_write_exclusive, bool by_exclusive_access)
{
	if (!m->type || model_holds(m, p, t))
		return false;
	if (is_registrants_only(m->type) && m->key[p][t])
		return false;
	return is_exclusive_access(m->type) ? by_exclusive_access :
					      by_write_exclusive;
}

static void answer(struct model_answer *a, uint16_t code)
{
	a->code = code;
	a->or = code;
}

static bool is_own(const struct model_out *out, unsigned int p, unsigned int t)
{
	return out->port == p && out->target == t;
}

static void tell_registered(const struct model *m, const struct model_out *out,
			    struct model_answer *a, uint16_t ua)
{
	unsigned int p, t;

	EACH_NEXUS(p, t)
	if (m->key[p][t] && !is_own(out, p, t))
		a->ua[p][t] = ua;
}

static void establish(struct model *m, const struct model_out *out)
{
	m->type = out->type;
	m->port = out->port;
	m->target = out->target;
}

/* Table 69: is it an I_T nexus that the initiator port registers? */
static bool is_path(const struct model_out *out, unsigned int t)
{
	return out->all_tg_pt || out->target == t;
}

/* 5.13.11.2.3, for each path of ALL_TG_PT, as one action */
static void unregister(struct model *m, const struct model_out *out,
		       struct model_answer *a)
{
	bool released = false;
	unsigned int t;

	for (t = 0; t < MODEL_TARGETS; t++) {
		if (!is_path(out, t))
			continue;
		released |= model_holds(m, out->port, t) &&
			    !is_all_registrants(m->type);
		m->key[out->port][t] = 0;
	}
	if (released && is_registrants_only(m->type))
		tell_registered(m, out, a, RESERVATIONS_RELEASED);
	if (released || !model_registered(m))
		m->type = 0;
}

/*
 * Tables 67 and 68: what of the request's own paths, and of those it names.  Of
 * two paths, each may have its own reason.
 */
static void may_register(const struct model *m, const struct model_out *out,
			 struct model_answer *a)
{
	bool conflict = false, registered = false, named = false;
	unsigned int p, t;

	EACH_NEXUS(p, t)
	{
		if (!is_path(out, t))
			continue;
		if (p == out->port) {
			conflict |= out->action == REGISTER &&
				    out->key != m->key[p][t];
			registered |= m->key[p][t];
		}
		named |= out->ports & 1 << p && m->key[p][t];
	}
	if (out->spec_i_pt && (registered || (out->sa_key && named)))
		answer(a, INVALID_FIELD_IN_PARAMETER_LIST);
	if (conflict)
		a->code = CONFLICT;
	if (conflict && !(out->all_tg_pt && a->or))
		a->or = CONFLICT;
}

/* 5.13.7 */
static void do_register(struct model *m, const struct model_out *out,
			struct model_answer *a)
{
	bool registered = false;
	unsigned int p, t;

	may_register(m, out, a);
	if (a->code)
		return;
	for (t = 0; t < MODEL_TARGETS; t++)
		registered |= is_path(out, t) && m->key[out->port][t];
	if (!registered && !out->sa_key)
		return; /* "Do nothing except return GOOD status." */
	if (!out->sa_key)
		unregister(m, out, a);
	EACH_NEXUS(p, t)
	if (out->sa_key && is_path(out, t) &&
	    (p == out->port || (out->spec_i_pt && out->ports & 1 << p)))
		m->key[p][t] = out->sa_key;
	m->aptpl = out->aptpl;
	m->generation++;
}

/* 5.13.9 */
static void do_reserve(struct model *m, const struct model_out *out,
		       struct model_answer *a)
{
	bool known = is_type(out->type) && !out->scope;

	if (m->type && !model_holds(m, out->port, out->target))
		answer(a, CONFLICT);
	else if (m->type && (out->type != m->type || out->scope))
		answer(a, CONFLICT);
	if (known && (a->code || m->type))
		return;
	if (known)
		establish(m, out);
	else if (a->code)
		a->or = INVALID_FIELD_IN_CDB;
	else
		answer(a, INVALID_FIELD_IN_CDB);
}

/* 5.13.11.2.2 */
static void do_release(struct model *m, const struct model_out *out,
		       struct model_answer *a)
{
	if (!model_holds(m, out->port, out->target))
		return;
	if (out->type != m->type || out->scope) {
		answer(a, INVALID_RELEASE);
		return;
	}
	if (is_registrants_only(m->type) || is_all_registrants(m->type))
		tell_registered(m, out, a, RESERVATIONS_RELEASED);
	m->type = 0;
}

/* 5.13.11.2.7 */
static void do_clear(struct model *m, const struct model_out *out,
		     struct model_answer *a)
{
	tell_registered(m, out, a, RESERVATIONS_PREEMPTED);
	memset(m->key, 0, sizeof(m->key));
	m->type = 0;
	m->generation++;
}

static bool is_meant(const struct model *m, const struct model_out *out,
		     unsigned int p, unsigned int t)
{
	return m->key[p][t] && (!out->sa_key || m->key[p][t] == out->sa_key);
}

/*
 * 5.13.11.2.4.3; 5.13.11.2.6 for whose commands are aborted: without a key it
 * is those of all registered I_T nexuses.
 */
static void take_over(struct model *m, const struct model_out *out,
		      struct model_answer *a)
{
	bool changed = m->type != out->type;
	unsigned int p, t;

	if (!is_type(out->type) || out->scope) {
		answer(a, INVALID_FIELD_IN_CDB);
		return;
	}
	EACH_NEXUS(p, t)
	{
		if (is_own(out, p, t)) { /* it may preempt itself */
			a->gone[p][t] = !out->sa_key ||
					m->key[p][t] == out->sa_key;
		} else if (is_meant(m, out, p, t)) {
			m->key[p][t] = 0;
			a->ua[p][t] = REGISTRATIONS_PREEMPTED;
			a->gone[p][t] = true;
		} else if (changed && m->key[p][t]) {
			a->ua[p][t] = RESERVATIONS_RELEASED;
		}
	}
	establish(m, out);
	m->generation++;
}

/* 5.13.11.2.5 */
static void remove_registrations(struct model *m, const struct model_out *out,
				 struct model_answer *a)
{
	bool found = false;
	unsigned int p, t;

	EACH_NEXUS(p, t)
	{
		if (!is_meant(m, out, p, t))
			continue;
		found = true;
		m->key[p][t] = 0;
		a->gone[p][t] = true;
		if (!is_own(out, p, t))
			a->ua[p][t] = REGISTRATIONS_PREEMPTED;
	}
	if (!found) {
		answer(a, CONFLICT);
		return;
	}
	if (!model_registered(m)) /* 5.13.10 */
		m->type = 0;
	m->generation++;
}

/* Table 72 */
static void do_preempt(struct model *m, const struct model_out *out,
		       struct model_answer *a)
{
	bool all = is_all_registrants(m->type);

	if (!out->sa_key && !all)
		answer(a, INVALID_FIELD_IN_PARAMETER_LIST);
	else if (!out->sa_key ||
		 (m->type && !all && m->key[m->port][m->target] == out->sa_key))
		take_over(m, out, a);
	else
		remove_registrations(m, out, a);
}

/* Table 70, 5.13.8 */
static void do_move(struct model *m, const struct model_out *out,
		    struct model_answer *a)
{
	if (!m->type) {
		answer(a, INVALID_FIELD_IN_CDB);
	} else if (is_all_registrants(m->type) ||
		   !model_holds(m, out->port, out->target)) {
		answer(a, CONFLICT);
	} else if (!out->sa_key || out->to_port == out->port) {
		answer(a, INVALID_FIELD_IN_PARAMETER_LIST);
	} else {
		m->key[out->to_port][out->to_target] = out->sa_key;
		m->port = out->to_port;
		m->target = out->to_target;
		if (out->unreg)
			m->key[out->port][out->target] = 0;
		m->aptpl = out->aptpl;
		m->generation++;
	}
}

/*
 * Carries it out, unless it is an error; who calls this has not found any in
 * the CDB or the parameter list alone.
 */
void model_out(struct model *m, const struct model_out *out,
	       struct model_answer *a)
{
	static void (*const actions[])(struct model * m,
				       const struct model_out *out,
				       struct model_answer *a) = {
		do_register, do_reserve, do_release,  do_clear,
		do_preempt,  do_preempt, do_register, do_move,
	};
	uint64_t key = m->key[out->port][out->target];

	memset(a, 0, sizeof(*a));
	if (actions[out->action] != do_register && (!key || key != out->key))
		answer(a, CONFLICT); /* 6.16.3, table 66 */
	else
		actions[out->action](m, out, a);
}

/* 5.13.5.2, 6.15.2 */
void model_power_cycle(struct model *m)
{
	m->generation = 0;
	if (m->aptpl)
		return;
	memset(m->key, 0, sizeof(m->key));
	m->type = 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Target Transfer Tags: none is the reserved one, and each can be read. */
#include "iscsi_proto.h"
#include "ktap.h"
#include "ttt.h"

static void tags(void)
{
	static const u16 gens[] = { 0, 1, 0x8000, 0xffff };
	u32 g, sn, index, bad = 0;

	for (g = 0; g < sizeof(gens) / sizeof(gens[0]); g++)
		for (sn = 0; sn <= IET_TTT_SLOT_MASK; sn++)
			for (index = 0; index < IET_TTT_PLACES; index++) {
				u32 ttt = iet_ttt(gens[g], sn + 0x100, index);

				bad += ttt == ISCSI_RESERVED_TAG ||
				       iet_ttt_gen(ttt) != gens[g] ||
				       iet_ttt_slot(ttt) != sn ||
				       iet_ttt_index(ttt) != index;
			}
	CHECK_EQ(bad, 0);
}

int main(void)
{
	ktap_run(tags);
	return ktap_done();
}

// SPDX-License-Identifier: GPL-2.0-only
#include "utf8.h"

size_t utf8_len(const unsigned char *p)
{
	static const struct {
		unsigned char first, last, min, max, len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i = 0, n;

	if (*p < 0x80)
		return 1;
	while (i < sizeof(forms) / sizeof(forms[0]) &&
	       (*p < forms[i].first || *p > forms[i].last))
		i++;
	if (i == sizeof(forms) / sizeof(forms[0]) || p[1] < forms[i].min ||
	    p[1] > forms[i].max)
		return 0;
	for (n = 2; n < forms[i].len; n++)
		if ((p[n] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool utf8_is_printable(const unsigned char *p, size_t len)
{
	if (len == 1)
		return *p >= ' ' && *p < 0x7f;
	/* C1, U+0080 to U+009F: to a terminal as good as an escape */
	return len && !(p[0] == 0xc2 && p[1] < 0xa0);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * iSCSI text: key=value pairs (RFC 7143 section 6.1).  Everything that is
 * parsed here comes from peers that have not yet shown who they are.
 */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define TEXT_GROW 512

void text_init(struct text_buf *b, size_t max)
{
	*b = (struct text_buf){ .max = max };
}

void text_free(struct text_buf *b)
{
	if (b->data)
		OPENSSL_cleanse(b->data, b->size);
	free(b->data);
	text_init(b, b->max);
}

/* not realloc(): the text may hold responses of CHAP */
static int grow(struct text_buf *b, size_t need)
{
	size_t size = b->size ? b->size : TEXT_GROW;
	char *data;

	while (size < need)
		size *= 2;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	if (b->data) {
		memcpy(data, b->data, b->len);
		OPENSSL_cleanse(b->data, b->size);
		free(b->data);
	}
	b->data = data;
	b->size = size;
	return 0;
}

int text_append(struct text_buf *b, const void *data, size_t len)
{
	if (b->failed)
		return -ENOMEM;
	if (!len)
		return 0;
	if (len > b->max - b->len ||
	    (b->len + len > b->size && grow(b, b->len + len))) {
		b->failed = true;
		return -ENOMEM;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

int text_add(struct text_buf *b, const char *key, const char *fmt, ...)
{
	char value[TEXT_ENCODED_MAX + 1];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(value)) {
		b->failed = true;
		return -ENOMEM;
	}

	text_append(b, key, strlen(key));
	text_append(b, "=", 1);
	return text_append(b, value, len + 1);
}

int text_add_binary(struct text_buf *b, const char *key, const void *data,
		    size_t len)
{
	const uint8_t *bytes = data;
	char hex[3];

	text_append(b, key, strlen(key));
	text_append(b, "=0x", 3);
	for (size_t i = 0; i < len; i++) {
		snprintf(hex, sizeof(hex), "%02x", bytes[i]);
		text_append(b, hex, 2);
	}
	return text_append(b, "", 1);
}

/* not isalnum(): no locale has a say in what is on the wire */
static bool is_alnum(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9');
}

/*
 * standard-label, and the '#' of the public extension keys (13.22).  The
 * RFC wants a capital first, and then has keys like iSCSIProtocolLevel.
 */
static bool is_label(const char *key)
{
	size_t len = strlen(key);

	if (!len || len > TEXT_KEY_MAX || !is_alnum(key[0]) || key[0] <= '9')
		return false;
	for (; *key; key++)
		if (!is_alnum(*key) && !strchr(".-+@_#", *key))
			return false;
	return true;
}

int text_next(char **pos, char *end, const char **key, const char **value)
{
	char *p = *pos, *nul, *eq;

	/* some pad with NULs, which stand for no pair at all */
	while (p < end && !*p)
		p++;
	*pos = p;
	*key = *value = NULL;
	if (p == end)
		return 0;

	nul = memchr(p, '\0', end - p);
	eq = nul ? memchr(p, '=', nul - p) : NULL;
	if (!eq || nul - eq - 1 > TEXT_ENCODED_MAX)
		return -EINVAL;
	*eq = '\0';
	if (!is_label(p))
		return -EINVAL;

	*key = p;
	*value = eq + 1;
	*pos = nul + 1;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool has_prefix(const char *value, char lower, char upper)
{
	return value[0] == '0' && (value[1] == lower || value[1] == upper);
}

int text_number(const char *value, uint64_t *num)
{
	unsigned int base = has_prefix(value, 'x', 'X') ? 16 : 10;
	const char *p = base == 16 ? value + 2 : value;
	uint64_t n = 0;

	/* decimal-constant: no leading zero, which some read as octal */
	if (!*p || (base == 10 && p[0] == '0' && p[1]))
		return -EINVAL;
	for (; *p; p++) {
		int digit = hex_digit(*p);

		if (digit < 0 || digit >= (int)base)
			return -EINVAL;
		if (n > (UINT64_MAX - digit) / base)
			return -EINVAL;
		n = n * base + digit;
	}
	*num = n;
	return 0;
}

static int binary_hex(const char *p, uint8_t *data, size_t size, size_t *len)
{
	size_t digits = strlen(p);
	size_t n = 0;

	if (!digits || (digits + 1) / 2 > size)
		return -EINVAL;
	/* an odd number of digits has its leading zero left out */
	if (digits % 2) {
		int low = hex_digit(*p++);

		if (low < 0)
			return -EINVAL;
		data[n++] = low;
	}
	for (; *p; p += 2) {
		int high = hex_digit(p[0]), low = hex_digit(p[1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		data[n++] = high << 4 | low;
	}
	*len = n;
	return 0;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
}

static int binary_base64(const char *p, uint8_t *data, size_t size, size_t *len)
{
	size_t digits = strcspn(p, "=");
	size_t padding = strlen(p) - digits;
	uint32_t bits = 0;
	size_t n = 0;

	if (!digits || (digits + padding) % 4 || padding > 2 ||
	    strspn(p + digits, "=") != padding ||
	    (digits + padding) / 4 * 3 - padding > size)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		int digit = base64_digit(p[i]);

		if (digit < 0)
			return -EINVAL;
		bits = bits << 6 | digit;
		/* each digit but the first of four completes a byte */
		if (i % 4)
			data[n++] = bits >> (6 - i % 4 * 2);
	}
	*len = n;
	return 0;
}

/* decimal: the bytes of the number, the most significant one first */
static int binary_decimal(const char *p, uint8_t *data, size_t size,
			  size_t *len)
{
	uint64_t num;
	size_t n = 1;

	if (text_number(p, &num))
		return -EINVAL;
	while (n < sizeof(num) && num >> (8 * n))
		n++;
	if (n > size)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		data[i] = num >> (8 * (n - 1 - i));
	*len = n;
	return 0;
}

int text_binary(const char *value, uint8_t *data, size_t size, size_t *len)
{
	if (has_prefix(value, 'x', 'X'))
		return binary_hex(value + 2, data, size, len);
	if (has_prefix(value, 'b', 'B'))
		return binary_base64(value + 2, data, size, len);
	return binary_decimal(value, data, size, len);
}

const char *text_list_next(const char **pos, size_t *len)
{
	const char *word = *pos;

	if (!word)
		return NULL;
	*len = strcspn(word, ",");
	*pos = word[*len] ? word + *len + 1 : NULL;
	return word;
}

bool text_list_has(const char *list, const char *word)
{
	const char *p;
	size_t len;

	while ((p = text_list_next(&list, &len)))
		if (len == strlen(word) && !memcmp(p, word, len))
			return true;
	return false;
}

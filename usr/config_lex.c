// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "config_lex.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (16U << 20)

static int read_all(int fd, char *buf, size_t size, size_t *len)
{
	ssize_t n;

	*len = 0;
	while (*len < size) {
		n = read(fd, buf + *len, size - *len);
		if (!n)
			return 0;
		if (n > 0)
			*len += n;
		else if (errno != EINTR)
			return -errno;
	}
	return -EFBIG;
}

int lex_open(struct lexer *lx, const char *path, unsigned int *mode)
{
	struct stat st;
	size_t size;
	int fd, err = 0;

	*lx = (struct lexer){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (st.st_size > FILE_MAX)
		err = -EFBIG;
	if (err)
		goto close;

	*mode = st.st_mode;
	/* a pipe has no size; one byte more than the size sees the end */
	size = S_ISREG(st.st_mode) ? st.st_size + 1 : FILE_MAX;
	lx->text = malloc(size + 1);
	if (!lx->text) {
		err = -ENOMEM;
		goto close;
	}
	err = read_all(fd, lx->text, size, &lx->len);
	if (err) {
		lex_close(lx);
		goto close;
	}
	lx->text[lx->len] = '\0';
	lx->next = lx->text;
close:
	close(fd);
	return err;
}

void lex_close(struct lexer *lx)
{
	if (lx->text)
		explicit_bzero(lx->text, lx->len);
	free(lx->text);
	*lx = (struct lexer){ 0 };
}

static char *skip_blanks(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Takes one line of the file; without its end, and says how long it is. */
static char *physical_line(struct lexer *lx, size_t *len)
{
	char *start = lx->next, *end;

	if (start >= lx->text + lx->len)
		return NULL;
	end = memchr(start, '\n', lx->text + lx->len - start);
	if (!end)
		end = lx->text + lx->len;
	lx->next = end + 1;
	lx->nr++;
	if (end > start && end[-1] == '\r')
		end--;
	*end = '\0';
	*len = end - start;
	return start;
}

char *lex_line(struct lexer *lx)
{
	char *line, *first, *more;
	size_t len, n;

	for (;;) {
		line = physical_line(lx, &len);
		if (!line)
			return NULL;
		lx->line = lx->nr;
		first = skip_blanks(line);
		/* a comment ends with its line, whatever the line ends with */
		if (*first == '#')
			continue;
		while (len && line[len - 1] == '\\') {
			line[--len] = '\0';
			more = physical_line(lx, &n);
			if (!more)
				break;
			memmove(line + len, more, n + 1);
			len += n;
		}
		first = skip_blanks(line);
		if (*first && *first != '#')
			return first;
	}
}

static char *take_word(char *s, char **rest)
{
	char *end = s;

	while (*end && !isspace((unsigned char)*end))
		end++;
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return s;
}

char *lex_word(char **rest)
{
	char *s = skip_blanks(*rest);

	return *s && *s != '#' ? take_word(s, rest) : NULL;
}

char *lex_secret(char **rest)
{
	char *s = skip_blanks(*rest);

	return *s ? take_word(s, rest) : NULL;
}

char *lex_rest(char **rest)
{
	char *start = skip_blanks(*rest), *end = start, *s;

	for (s = start; *s; s++) {
		if (isspace((unsigned char)*s))
			continue;
		if (*s == '#' && (s == start || isspace((unsigned char)s[-1])))
			break;
		end = s + 1;
	}
	*rest = s;
	if (end == start)
		return NULL;
	/* when a blank follows, s is beyond it, and so is *rest */
	*end = '\0';
	return start;
}

#define _GNU_SOURCE
#include "insert.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- the text of a query --- */

enum kind { END, WORD, QUOTED, SYMBOL };

struct token {
  enum kind kind;
  const char *start, *end;
};

static const char *skip_blanks(const char *at) {
  for (;;) {
    if (isspace((unsigned char)*at)) {
      at++;
    } else if (strncmp(at, "--", 2) == 0 || strncmp(at, "# ", 2) == 0 || strncmp(at, "#!", 2) == 0) {
      at += strcspn(at, "\n");
    } else if (strncmp(at, "/*", 2) == 0) {
      const char *close = strstr(at + 2, "*/");
      at = close != NULL ? close + 2 : at + strlen(at);
    } else {
      return at;
    }
  }
}

static struct token next(const char **at) {
  struct token token = {END, skip_blanks(*at), NULL};
  const char *end = token.start;
  if (*end == '\0') {
    token.kind = END;
  } else if (strchr("'\"`", *end) != NULL) {
    char quote = *end++;
    token.kind = QUOTED;
    while (*end != '\0' && *end != quote) end += *end == '\\' && end[1] != '\0' ? 2 : 1;
    if (*end != '\0') end++;
  } else if (isalnum((unsigned char)*end) || *end == '_') {
    token.kind = WORD;
    while (isalnum((unsigned char)*end) || *end == '_') end++;
  } else {
    token.kind = SYMBOL;
    end++;
  }
  token.end = *at = end;
  return token;
}

static int is_word(struct token token, const char *word) {
  return token.kind == WORD && (size_t)(token.end - token.start) == strlen(word) &&
         strncasecmp(token.start, word, strlen(word)) == 0;
}

static int is_symbol(struct token token, char symbol) { return token.kind == SYMBOL && *token.start == symbol; }

/* --- an INSERT --- */

/* An INSERT that takes its data from elsewhere. */
struct insert {
  const char *source; /* where FROM INFILE belongs: behind the table and its columns */
  const char *format; /* FORMAT or VALUES, which stands last */
  int values;         /* it is VALUES */
};

/* Reads one statement; *at ends behind its `;` or at the end of the text. True when it is an INSERT without data.
   *opaque becomes true where data stand in the text, so that what follows cannot be told from them. */
static int read_statement(const char **at, struct insert *insert, int *opaque) {
  struct token token = next(at);
  int is_insert = is_word(token, "INSERT"), depth = 0, from_elsewhere = 0;
  struct insert found = {NULL, NULL, 0};
  while (token.kind != END && !(depth == 0 && is_symbol(token, ';'))) {
    if (token.kind == SYMBOL && strchr("([{", *token.start) != NULL) depth++;
    if (token.kind == SYMBOL && strchr(")]}", *token.start) != NULL) depth--;
    if (is_insert && depth == 0 && token.kind == WORD) {
      int values = is_word(token, "VALUES");
      if (found.source == NULL && (values || is_word(token, "FORMAT") || is_word(token, "SETTINGS"))) found.source = token.start;
      if (is_word(token, "SELECT") || is_word(token, "WITH") || is_word(token, "INFILE") || is_word(token, "WATCH")) from_elsewhere = 1;
      if (!from_elsewhere && (values || is_word(token, "FORMAT"))) {
        found.format = token.start;
        found.values = values;
        if (!values) next(at); /* the format's name */
        const char *behind = *at;
        token = next(&behind);
        int empty = token.kind == END || is_symbol(token, ';');
        if (!empty && !values) *opaque = 1;
        if (empty) {
          *at = behind;
          *insert = found;
          return 1;
        }
      }
    }
    token = next(at);
  }
  return 0;
}

/* Finds the INSERT that the query ends with; false where that takes no data from standard input. */
static int find_insert(const char *query, struct insert *insert) {
  const char *at = query;
  int takes_data, opaque = 0;
  do {
    takes_data = read_statement(&at, insert, &opaque);
  } while (!opaque && *skip_blanks(at) != '\0');
  return takes_data && !opaque;
}

/* The query with FROM INFILE in that INSERT. NULL without memory. */
static char *with_infile(const char *query, struct insert insert, int file) {
  char *changed = NULL;
  int written = asprintf(&changed, "%.*sFROM INFILE '/dev/fd/%d' %.*s%s%s", (int)(insert.source - query), query, file,
                         (int)(insert.format - insert.source), insert.source, insert.values ? "FORMAT Values" : "",
                         insert.format + (insert.values ? strlen("VALUES") : 0));
  return written < 0 ? NULL : changed;
}

/* --- standard input --- */

static int write_all(int to, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(to, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return 0;
    bytes += written;
    count -= (size_t)written;
  }
  return 1;
}

static ssize_t read_some(char *bytes, size_t size) {
  ssize_t count;
  do count = read(STDIN_FILENO, bytes, size);
  while (count < 0 && errno == EINTR);
  return count;
}

/* The reading end of a pipe with all of standard input, which a child fills; -1 when there is nothing in it. Not standard input
   itself: the client looks whether that is empty, and what it has read by then is lost to INFILE. */
static int take_standard_input(void) {
  static char bytes[1 << 16];
  int ends[2];
  if (isatty(STDIN_FILENO)) return -1;
  ssize_t count = read_some(bytes, sizeof bytes);
  if (count <= 0 || pipe(ends) != 0) return -1;
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    close(ends[0]);
    close(STDOUT_FILENO);
    while (count > 0 && write_all(ends[1], bytes, (size_t)count)) count = read_some(bytes, sizeof bytes);
    _exit(0);
  }
  close(ends[1]);
  int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  close(nothing);
  return ends[0];
}

/* --- the arguments --- */

/* Index and beginning of the text of the first query argument: `-q X`, `-nq X`, `-qX`, `--query X`, `--query=X`. */
static int find_query(int argc, char **argv, const char **text) {
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i];
    if (strncmp(arg, "--query=", 8) == 0) {
      *text = arg + 8;
      return i;
    }
    if (arg[0] == '-' && arg[1] == 'q' && arg[2] != '\0') {
      *text = arg + 2;
      return i;
    }
    size_t letters = arg[0] == '-' ? strspn(arg + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
    int is_short = letters > 0 && arg[letters + 1] == '\0' && arg[letters] == 'q';
    if ((is_short || strcmp(arg, "--query") == 0) && i + 1 < argc) {
      *text = argv[i + 1];
      return i + 1;
    }
  }
  return -1;
}

void insert_from_stdin(int argc, char **argv) {
  const char *query;
  int index = find_query(argc, argv, &query);
  if (index < 0) return;
  struct insert insert = {NULL, NULL, 0};
  if (!find_insert(query, &insert)) return;
  int file = take_standard_input();
  if (file < 0) return;
  char *changed = with_infile(query, insert, file), *argument = NULL;
  if (changed != NULL && asprintf(&argument, "%.*s%s", (int)(query - argv[index]), argv[index], changed) > 0)
    argv[index] = argument;
}

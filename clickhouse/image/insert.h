/* Makes `clickhouse-client --query "INSERT … FORMAT x" < data` work, which chdb's build of the client does not: it never
   looks at standard input for the data of a query that was given as an argument.

   Where the last statement of a query argument is an INSERT that has no data of its own, and standard input has some, the
   statement becomes `INSERT … FROM INFILE '/dev/fd/N' FORMAT x` in argv, where N is a pipe with that data. Everything else stays
   as it is: without data the client says code 108, as it should. */
void insert_from_stdin(int argc, char **argv);

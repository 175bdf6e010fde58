/* `clickhouse local`. chdb's own entry of it prints the result once more, which with a pager (pager.h) is none, and ends in a
   segmentation fault on it; run_local calls what that entry calls. */

/* To be called before any program of the library runs, whichever it is. */
void prepare_local(void *library);

/* Returns the exit code: ClickHouse's error code, as the official executable does. */
int run_local(int argc, char **argv);

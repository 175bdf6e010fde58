#!/bin/sh
# As in the official image: flags are the server's, anything else is a command to run instead of it.
case ${1:---} in
  --*) exec clickhouse-server --config-file="$CLICKHOUSE_CONFIG" "$@" ;;
  *) exec "$@" ;;
esac

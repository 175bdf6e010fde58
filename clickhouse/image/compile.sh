#!/bin/sh
# Compiles the launcher in a container of the base image that the server's image starts from.
# Standard input: a tar of libclickhouse.so, *.c, *.h. Standard output: the executable.
set -eu
exec 3>&1 1>&2
apt-get update -qq
apt-get install -y -qq --no-install-recommends gcc libc6-dev binutils
mkdir /tmp/build
cd /tmp/build
tar -x
# Python's symbols, which the library names and ClickHouse's programs never use: empty data each.
nm -D --undefined-only libclickhouse.so | awk '/ _?Py/ { print "char " $2 "[512];" }' >python.c
gcc -O2 -Wall -Wextra -Werror -rdynamic -o clickhouse ./*.c -ldl
cat clickhouse >&3

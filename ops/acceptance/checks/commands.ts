import type { Known } from "../check";

const oneLine = (sql: string): string => sql.replace(/\s+/g, " ");

/** A query by the client in the server's container, as `admin`; the password is in the environment, not in an argument. */
export const query =
  (sql: string) =>
  ({ kept }: Known): string =>
    `docker exec -e CLICKHOUSE_PASSWORD ${kept["container"]} clickhouse-client --user=admin -q "${oneLine(sql)}"`;

/** A request over HTTP as `datalens_reader`; curl reads the login from standard input. */
const login = `pulumi config get zakaz:datalensPassword | sed 's/.*/user = "datalens_reader:&"/'`;

export const byGet =
  (sql: string) =>
  ({ place }: Known): string =>
    `${login} | curl -sS -K - 'http://127.0.0.1:${place.httpPort}/?query=${encodeURIComponent(oneLine(sql)).replaceAll("'", "%27")}'`;

export const byPost =
  (sql: string) =>
  ({ place }: Known): string =>
    `${login} | curl -sS -K - --data-binary "${oneLine(sql)}" 'http://127.0.0.1:${place.httpPort}/'`;

/** Names on the Docker engine that end as those of the instance do; grep finds none where all is clean. */
export const listings: readonly ((known: Known) => string)[] = [
  ["ps -a", "Names"],
  ["network ls", "Name"],
  ["volume ls", "Name"],
  ["images", "Repository"],
].map(
  ([list, name]) =>
    ({ place }) =>
      `docker ${list} --format '{{.${name}}}' | grep -e '-${place.instance}$' || true`,
);

/** Waits until the server is healthy, two minutes at most. */
export const untilHealthy = ({ kept }: Known): string =>
  `timeout 120 bash -c 'until [ "$(docker inspect -f "{{.State.Health.Status}}" ${kept["container"]})" = healthy ]; do sleep 1; done'`;

/** The image that is built by hand, as README.md shows it. */
export const handImage = ({ place }: Known): string => `qtickets_api-${place.instance}:prod`;

/** Places inside the container; the official image's, so that the same volumes and uploads fit both. */
export const paths = {
  config: "/etc/clickhouse-server",
  data: "/var/lib/clickhouse",
  /** Access entities made by SQL; the engine itself keeps none. */
  accessFile: "/var/lib/clickhouse/access/embedded.json",
  fifo: "/run/zakaz/engine.fifo",
  socket: "/run/zakaz/supervisor.sock",
  library: "/usr/lib/libchdb.so",
  launcher: "/usr/bin/launch",
};

export const httpPort = 8123;
export const tcpPort = 9000;

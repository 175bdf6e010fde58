/**
 * What every container of the stack that stays has in common. Docker keeps the end of what it prints, and starts it again when
 * its program or the engine has ended, and after a reboot. `unless-stopped` would not do: an engine that was killed stops, at its
 * next start, what still runs, and takes that for a stop by hand; so it takes `docker kill` with any signal. What shall not run is
 * switched off in the configuration.
 */
export const longLived = {
  restart: "always",
  logDriver: "json-file",
  logOpts: { "max-size": "10m", "max-file": "3" },
};

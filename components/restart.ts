/**
 * Docker starts each container of the stack again when its program or the engine has ended, and after a reboot. `unless-stopped`
 * would not do: an engine that was killed stops, at its next start, what still runs, and takes that for a stop by hand; so it
 * takes `docker kill` with any signal. What shall not run is switched off in the configuration.
 */
export const restart = "always";

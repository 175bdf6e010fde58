/** Where the backup container says how its schedule is; the container's health check reads it. */
export const HEALTH_FILE = "/tmp/health";

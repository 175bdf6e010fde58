/**
 * Every SELECT, INSERT, SHOW and DESCRIBE in the code names the user who runs it: asLoader`SELECT …`. `npx zakaz validate` tries it as that user on
 * an empty server, so a missing right is found before anything is deployed. When the program runs, a tag changes nothing:
 * the connection that sends a statement decides whose it is.
 */
type Tag = (parts: TemplateStringsArray, ...values: (string | number)[]) => string;

/** Text of a template with its values filled in, as without a tag. */
const fill: Tag = (parts, ...values) => parts.reduce((text, part, i) => `${text}${values[i - 1]}${part}`);

/** A statement of `admin`. */
export const asAdmin = fill;

/** A statement of the loaders, `etl_writer`. */
export const asLoader = fill;

/** A statement of DataLens, `datalens_reader`. */
export const asReader = fill;

/** A statement of `backup_user`. */
export const asBackup = fill;

/** A statement of the alerts, `zakaz_monitor`. */
export const asMonitor = fill;

/** A statement sent only to see what the server says to it, such as one that must be refused: validate does not try it. */
export const probe = fill;

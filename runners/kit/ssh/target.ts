/** A host as ssh takes it, and which words may stand for its parts. */

/** The target as typed for ssh, which also reads the user's own configuration. */
export interface Target {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** File with the private key, absolute. */
  readonly identity?: string | undefined;
  /** Another configuration file than the user's, absolute. */
  readonly config?: string | undefined;
}

/** Also `USER@HOST` and an alias; never an option. */
export const HOST_WORD = /^(?!-)[A-Za-z0-9_@.[\]:-]+$/;
export const USER_WORD = /^[A-Za-z_][\w.-]*\$?$/;
export const LAST_PORT = 65_535;

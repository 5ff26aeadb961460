/** The folder that sessions are written to. */

import { BoxmarkError, EXIT, messageOf } from '../../bench/errors.ts';
import { makeFolders } from '../../bench/folders.ts';

/** Found out before anything is prepared: a folder that can't be made is a mistake in `--out`. */
export function assertOut(out: string): void {
  try {
    makeFolders(out);
  } catch (error) {
    throw new BoxmarkError(
      {
        what: `--out: the folder can't be made (${messageOf(error)}).`,
        value: out,
        remedy: 'a folder that you may write to',
      },
      EXIT.usage,
    );
  }
}

/** The one way in which an App Container Image is refused: with what is wrong with it. */

import { BoxmarkError } from '../../../bench/errors.ts';

export class ImageRefusal extends BoxmarkError {
  constructor(why: string, file?: string) {
    super({
      what: `The App Container Image was refused: it ${why}.`,
      ...(file === undefined ? {} : { value: file }),
      remedy: 'build it again from the image store',
    });
  }
}

/** `why` completes "it …": `has no manifest`. */
export function refuse(why: string, file?: string): ImageRefusal {
  return new ImageRefusal(why, file);
}

/** Reads sessions with what this program knows: its published claims and its runners. */

import { readSession, type SessionOnDisk } from '../reports/model/read.ts';
import { RUNNERS } from '../runners/index.ts';
import { publishedClaims } from './paths.ts';

export function readSessionModel(dir: string): SessionOnDisk {
  return readSession(dir, {
    claims: publishedClaims(),
    kindOf: (layer) => RUNNERS.find(({ name }) => name === layer)?.kind,
  });
}

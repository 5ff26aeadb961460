import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archiveLines, type StreamLine, streamText } from '../../bench/fleet/stream.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { Arrival } from '../../cli/fleet/arrival.ts';
import { gatherFiles, writeArchive } from '../../cli/pack/write.ts';

const SESSION = fileURLToPath(new URL('../../results/example/20261126T072949Z-062870', import.meta.url));
const NAME = basename(SESSION);
const BEGIN: StreamLine = {
  ...{
    boxmark: 'begin',
    program: '0.1.0',
    architecture: 'x64',
    footing: 'host',
    why: null,
    planDigest: 'a'.repeat(64),
  },
};
const END: StreamLine = { boxmark: 'end', exitCode: 0, reason: null };

let archive: Buffer;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'boxmark-test-sent-'));
  await gatherFiles(SESSION, folder);
  const file = `${folder}.tar.gz`;
  await writeArchive(folder, NAME, file);
  archive = readFileSync(file);
  for (const path of [folder, file]) rmSync(path, { recursive: true, force: true });
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-arrival-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function arrived(lines: readonly (StreamLine | string)[]) {
  const arrival = new Arrival(dir, 'node1');
  for (const line of lines) arrival.line(typeof line === 'string' ? line : streamText(line).trimEnd());
  return arrival.finish();
}

const parts = (session = NAME) => [...archiveLines(session, archive)];
/** Nothing may stay beside the sessions. */
const rest = () => readdirSync(dir).filter((name) => name !== 'hosts');

describe('the session of a host', () => {
  it('arrives with the same files, checked, in the host’s folder', async () => {
    const { session, exitCode, reason, begin } = await arrived([BEGIN, ...parts(), END]);
    expect([exitCode, reason, begin?.footing]).toEqual([0, null, 'host']);
    expect(session).toEqual({ path: `hosts/node1/${NAME}`, seal: sealOf(SESSION) });
    const came = join(dir, session?.path ?? '');
    for (const name of readdirSync(came))
      expect(readFileSync(join(came, name)), name).toEqual(readFileSync(join(SESSION, name)));
    expect(readdirSync(came)).toContain('manifest.json');
    expect(rest()).toEqual([]);
  });

  it.each([
    ['is cut', (lines: StreamLine[]) => lines.slice(0, -1), 'its archive is cut'],
    ['is another than it says', () => parts('20260101T000000Z-aaaaaa'), `its session is ${NAME}`],
    [
      'is no archive',
      () => [...archiveLines(NAME, Buffer.from('nothing'))],
      'The archive was refused: it is not compressed with gzip',
    ],
  ])('is not taken when it %s, and nothing is kept', async (_, change, reason) => {
    const { session, reason: why } = await arrived([BEGIN, ...change(parts()), END]);
    expect([session, why]).toEqual([null, expect.stringContaining(reason)]);
    expect(existsSync(join(dir, 'hosts', 'node1'))).toBe(false);
    expect(rest()).toEqual([]);
  });

  it('counts only as it came last', async () => {
    const { session } = await arrived([BEGIN, ...parts().slice(0, 3), BEGIN, ...parts(), END]);
    expect(session?.path).toBe(`hosts/node1/${NAME}`);
  });

  it('that never came has its reason: what the host says, its last words, or silence', async () => {
    const failed = await arrived([BEGIN, { boxmark: 'end', exitCode: 2, reason: 'no such environment' }]);
    expect([failed.session, failed.exitCode, failed.reason]).toEqual([null, 2, 'no such environment']);
    expect((await arrived(['exec format error'])).reason).toBe('exec format error');
    expect((await arrived([])).reason).toBe('it said nothing');
    expect((await arrived([BEGIN])).reason).toBe('its lines end before its session');
  });
});

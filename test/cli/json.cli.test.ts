import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { boxmark, rehearse } from './program.ts';
import { writeSession } from './stored-session.ts';

const out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

it('every JSON document is an object with the number of its schema', async () => {
  const one = writeSession({ out, name: '20261101T000000Z-000001' });
  const two = writeSession({ out, name: '20261102T000000Z-000002' });
  const calls = [
    ['list', 'environments'],
    ['clean', '--dry-run'],
    ['setup', '--for', 'native', '--dry-run'],
    ['check', one],
    ['verify', one],
    ['history', out],
    ['compare', '--stored', one, two],
    ['watch', out],
    ['run', '-e', 'native,unshare', '--dry-run'],
    ['explain', 'unshare', '--dry-run'],
  ];
  const documents = await Promise.all(calls.map((args) => rehearse(...args, '--json')));
  for (const [index, { stdout, stderr }] of documents.entries()) {
    const name = calls[index]?.join(' ');
    expect(stdout, `${name}: ${stderr}`).toMatch(/^\{/);
    expect(JSON.parse(stdout).schema, name).toBeGreaterThanOrEqual(1);
  }
  const doctor = await boxmark('doctor', '--json', '-q');
  expect(JSON.parse(doctor.stdout).schema).toBe(1);
});

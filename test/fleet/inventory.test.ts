/** Inventories: what they say, what is refused and in which words, and the schema that editors have. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directHosts, inventoryJsonSchema, readInventory } from '../../fleet/ssh/inventory.ts';
import { expectFile } from '../docs/generated.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/fleet/inventory.yaml');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxmark-inventory-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string) {
  const file = join(folder, 'hosts.yaml');
  writeFileSync(file, text);
  return readInventory(file);
}

describe('an inventory', () => {
  it('is what the example shows', () => {
    expect(readInventory(EXAMPLE)).toEqual([
      { name: 'node1', address: 'node1', target: { host: 'node1' }, labels: {} },
      {
        name: 'blade-2',
        address: 'bench@node2.example',
        target: { host: 'bench@node2.example' },
        labels: { rack: 'r2', model: 'epyc' },
      },
      {
        name: 'blade-3',
        address: 'bench@192.0.2.30:2222',
        target: { host: '192.0.2.30', port: 2222, user: 'bench', identity: join(homedir(), '.ssh/bench') },
        labels: { rack: 'r3', model: 'xeon' },
      },
    ]);
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(EXAMPLE, 'utf8')) ?? [];
    expect(JSON.parse(readFileSync(resolve(EXAMPLE, '..', schema), 'utf8'))).toEqual(inventoryJsonSchema());
  });

  it('has the schema that is shipped', async () => {
    await expectFile('schemas/inventory.schema.json', `${JSON.stringify(inventoryJsonSchema(), null, 2)}\n`);
  });

  it('names hosts that have no name, each in its own way, and finds files beside itself', () => {
    const hosts = read(
      'hosts: [{ host: a@x.example }, { host: b@x.example }, { host: "[fe80::1]" }, { host: y, name: x.example-2, config: c, identity: /k }]\n',
    );
    expect(hosts.map(({ name }) => name)).toEqual(['x.example', 'x.example-3', 'fe80-1-', 'x.example-2']);
    expect(hosts.at(-1)?.target).toMatchObject({ config: join(folder, 'c'), identity: '/k' });
  });

  it.each([
    ['hosts: []', /hosts\.yaml: hosts: /],
    ['hosts: [{ host: "-oProxyCommand=x" }]', /host 1 \(-oProxyCommand=x\): host: is no name of a host/],
    ['hosts: [{ host: a }, { host: "b c", name: bee }]', /host 2 \(bee\): host: is no name of a host/],
    [
      'hosts: [{ host: a, prot: 22 }]',
      /host 1 \(a\): there is no such field \(did you mean "port"\?\)\n {2}received: prot/,
    ],
    ['host: [{ host: a }]', /hosts\.yaml: hosts: |there is no such field \(did you mean "hosts"\?\)/],
    ['hosts: [{ host: a, port: 70000 }]', /host 1 \(a\): port: .*\n {2}received: 70000/],
    ['hosts: [{ host: a, labels: { rack: 7 } }]', /host 1 \(a\): labels\.rack: .*string/],
    ['hosts: [{ host: a, name: ../up }]', /host 1 \(\.\.\/up\): name: is no name/],
    ['hosts: [{ host: a@b, user: c }]', /host 1 \(a@b\): the user is given twice/],
    ['hosts: [{ host: a }, { host: b }, { host: a }]', /host 3 \(a\) is the same as host 1 \(a\)/],
    ['hosts: [{ host: a, name: x }, { host: b, name: x }]', /host 2 \(x\): the name is taken/],
    ['hosts: [', /can't be read/],
    ['', /hosts\.yaml: /],
  ])('%s is a usage error that names the place', (text, words) => {
    expect(() => read(text)).toThrow(words);
    expect(() => read(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('that is not there, or too large, is a usage error', () => {
    expect(() => readInventory(join(folder, 'none'))).toThrow(/can't be read/);
    expect(() => read(`hosts: []\n${'#'.repeat(5 << 20)}`)).toThrow(/larger than/);
  });
});

describe('hosts on a command line', () => {
  it('are ssh:HOST, also several at once', () => {
    expect(directHosts(['ssh:a,ssh:root@b', 'ssh:c']).map(({ name, target }) => [name, target.host])).toEqual([
      ['a', 'a'],
      ['b', 'root@b'],
      ['c', 'c'],
    ]);
  });

  it.each(['a', 'ssh:', 'ssh:-x', 'ssh:a,b', 'ssh:a b'])('%s is none', (word) => {
    expect(() => directHosts([word])).toThrow(/This is no host/);
  });

  it('are named once', () => {
    expect(() => directHosts(['ssh:a', 'ssh:a'])).toThrow(/host 2 \(a\) is the same as host 1 \(a\)/);
  });
});

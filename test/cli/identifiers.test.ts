/** What an anonymous pack leaves out of any text, and what it leaves in. */

import { describe, expect, it } from 'vitest';
import { homesIn, withoutIdentifiers } from '../../cli/pack/identifiers.ts';

describe('a text without identifiers', () => {
  it.each([
    ['dial 2001:db8:0:1:2:3:4:5 refused', 'dial hidden refused'],
    ['dial [2001:db8::17]:22: refused', 'dial [hidden]:22: refused'],
    ['2001:db8::17: refused', 'hidden: refused'],
    ['route 2001:DB8::/32 via fe80::1%eth0', 'route hiddenhidden via hidden'],
    ['::1 and ::ffff:192.0.2.17', 'hidden and hidden'],
    ['addr=2001:db8::,', 'addr=hidden,'],
    ['eth0_192.0.2.17_up', 'eth0_hidden_up'],
    ['192.0.2.17.', 'hidden.'],
    ['bound to 192.0.2.17:2375', 'bound to hidden:2375'],
    ['de:ad:be:ef:00:17 DE-AD-BE-EF-00-17 dead.beef.0017', 'hidden hidden hidden'],
    ['enx00deadbeef17 is down', 'hidden is down'],
    ['cc -I/home/ada/include', 'cc -Ihidden'],
    ['in /var/home/ada/x and ~ada/x and /Users/ada/x', 'in hidden and hidden and hidden'],
    ['kernel=%2Fhome%2Fada%2Flinux', 'kernel=hidden'],
    ['file:///home/ada/x', 'file:hidden'],
    ['ada@[2001:db8::17]', 'hidden[hidden]'],
    ['ada@balloon: denied', 'hidden: denied'],
    ['uid=1000(ada) gid=1000(love) groups=1000(love),27(sudo)', 'uid=1000hidden gid=1000hidden groups=hidden'],
    ['--user=ada', '--user=hidden'],
    ['lookup registry.balloon.example.com on 192.0.2.17:53', 'lookup hidden on hidden:53'],
    ['ip-10-0-0-17.ec2.internal', 'hidden'],
    ['nvme-Samsung_SSD_970_S4EVNX0123 and wwn-0x5000c500a1b2c3d4', 'hidden and hidden'],
    ['md127p1 nbd0 dasda1 sdaa3', 'hidden hidden hidden hidden'],
  ])('%s', (text, expected) => {
    expect(withoutIdentifiers(text)).toBe(expected);
  });

  it.each([
    'at 12:34:56 on 2026-11-29T20:51:39.123Z',
    'std::string in native@control',
    'CPU 0-3:1 of 0000:00:1f.2',
    'apt-get install docker.io',
    'Node.js v20.20.2, runc 1.1.5+ds1-1+deb12u1, 6.1.0-28-amd64',
    'virtio-blk and usb-storage, AMD EPYC 7763',
    'docker/docker took 1.5 %: no_new_privs 1 against 0',
    'sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0',
  ])('leaves %s as it is', (text) => {
    expect(withoutIdentifiers(text)).toBe(text);
  });

  it('takes time that grows with its length', () => {
    for (const piece of ['a:', '1.', '%2Fa', '::', 'de:ad:', 'x.y-', 'a@', '/home/']) {
      const begun = performance.now();
      withoutIdentifiers(piece.repeat(20_000));
      expect(performance.now() - begun).toBeLessThan(5000);
    }
  });

  it('names the users of home folders', () => {
    expect(homesIn('/home/ada/x, /Users/grace, %2Fhome%2Fmary%2Fy and ~joan/z')).toEqual([
      'ada',
      'grace',
      'mary',
      'joan',
    ]);
  });
});

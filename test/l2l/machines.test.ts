import { describe, expect, it } from 'vitest';
import { createMachines } from '../../src/l2l/machines.ts';
import { createReader } from '../../src/l2l/reader.ts';
import { virtualClock } from '../support/virtual-clock.ts';
import { answer, NEVER } from './calls.ts';

function l2l(...codes: string[]) {
  const asked: string[] = [];
  const clock = virtualClock(0);
  const reader = createReader(
    {
      async get(_method, query) {
        const { code } = query;
        asked.push(String(code ?? 'all'));
        const found = codes.filter(known => code === undefined || known === code);
        return answer({ success: true, data: found.map(known => ({ id: 1, code: known, cyclecount: 7 })) });
      },
    },
    [],
  );
  return { asked, clock, codes, machines: createMachines(reader, 43, clock) };
}

describe('machines', () => {
  it('an error names the code that L2L does not know, and a similar one', async () => {
    const { machines } = l2l('PRESS-01', 'WELD-01');
    const read = await machines.count('PRES-01', NEVER);
    expect(read).toMatchObject({ ok: false, outcome: { kind: 'retry', reason: 'code' } });
    expect(JSON.stringify(read)).toMatch(/no machine PRES-01 at site 43; did you mean `PRESS-01`\? Correct the code/);
  });

  it('thirty unknown machines cause one read a minute', async () => {
    const { machines, asked, clock } = l2l('PRESS-01');
    const unknown = Array.from({ length: 30 }, (_, index) => `X-${index}`);
    const round = async () => {
      asked.length = 0;
      for (const code of unknown) expect(await machines.count(code, NEVER)).toMatchObject({ ok: false });
    };
    await round();
    await round();
    expect(asked).toEqual([]);
    clock.advance(60_000);
    await round();
    expect(asked).toEqual(['all']);
  });

  it('the gateway finds a machine that somebody has added in L2L meanwhile', async () => {
    const { machines, codes, clock } = l2l('PRESS-01');
    expect(await machines.count('PRESS-99', NEVER)).toMatchObject({ ok: false });
    codes.push('PRESS-99');
    clock.advance(60_000);
    expect(await machines.count('PRESS-99', NEVER)).toEqual({ ok: true, count: 7 });
  });

  it('the gateway finds an added machine although L2L gives only a part of the list of all', async () => {
    const codes = ['PRESS-01'];
    const clock = virtualClock(0);
    const get = async (_method: string, { code }: Readonly<Record<string, unknown>>) => {
      const found = code === undefined ? ['PRESS-01'] : codes.filter(known => known === code);
      return answer({ success: true, limit: 1, data: found.map(known => ({ id: 1, code: known, cyclecount: 7 })) });
    };
    const machines = createMachines(createReader({ get }, []), 43, clock);
    expect(await machines.count('PRESS-99', NEVER)).toMatchObject({ ok: false });
    codes.push('PRESS-99');
    clock.advance(60_000);
    expect(await machines.count('PRESS-99', NEVER)).toEqual({ ok: true, count: 7 });
  });
});

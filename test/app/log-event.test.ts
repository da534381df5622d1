import { describe, expect, it } from 'vitest';
import { logEvent } from '../../src/app/log-event.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const none = () => undefined;

describe('log of rules', () => {
  it('times among the values of a rule event are logged as dates', () => {
    const log = recordingLogger();
    const seen = { signal: 'press1.running', value: false, quality: 'good' } as const;

    logEvent(log, { rule: 'r', at: 1, kind: 'pending', detail: 'd', values: [{ ...seen, at: 5 }], lasted: 7 }, none);

    expect(log.lines[0]?.fields).toEqual({
      event: 'pending',
      rule: 'r',
      at: new Date(1),
      detail: 'd',
      values: [{ ...seen, at: new Date(5) }],
      lasted: 7,
    });
  });

  it('parked production is logged with its line and the number for the queue commands', () => {
    const log = recordingLogger();
    const event = {
      rule: 'r',
      at: 1,
      kind: 'interval_parked',
      detail: 'd',
      line: 'LINE-1',
      action: 'r@1:record',
    } as const;

    logEvent(log, event, key => (key === 'r@1:record' ? 12 : undefined));

    expect(log.lines).toEqual([
      {
        level: 'error',
        message: 'production is parked: its product is not known',
        fields: { event: 'interval_parked', rule: 'r', line: 'LINE-1', at: new Date(1), detail: 'd', actions: [12] },
      },
    ]);
  });

  it('in shadow mode the log reports that production would be parked', () => {
    const log = recordingLogger();

    logEvent(log, { rule: 'r', at: 1, kind: 'interval_parked', detail: 'd' }, none, true);

    expect(log.lines).toMatchObject([
      { level: 'error', message: 'production would be parked: its product is not known' },
    ]);
  });

  it('a counter that was reset is named in the log', () => {
    const log = recordingLogger();

    logEvent(log, { rule: 'r', at: 1, kind: 'counter_reset', detail: 'd', signal: 'press1.strokes' }, none);

    expect(log.lines).toMatchObject([
      { level: 'info', message: 'counter was reset', fields: { signal: 'press1.strokes' } },
    ]);
  });

  it.each([
    ['activated', 'debug'],
    ['cleared', 'debug'],
    ['counted', 'debug'],
    ['interval_parked', 'error'],
  ] as const)('the event %s of a rule is logged at level %s', (kind, level) => {
    const log = recordingLogger();

    logEvent(log, { rule: 'press1_down', at: 1, kind, detail: 'press1.running is false' }, none);

    expect(log.lines.map(line => line.level)).toEqual([level]);
  });
});

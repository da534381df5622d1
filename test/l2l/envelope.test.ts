import { describe, expect, it } from 'vitest';
import { numberField, parseEnvelope, recordsOf, refusal, textField } from '../../src/l2l/envelope.ts';

describe('envelope of an answer', () => {
  it.each([
    ['{"success":true,"data":{"id":1}}', true, ''],
    ['{"success":"True"}', true, ''],
    ['{"success":false,"error":"Problem with x"}', false, 'Problem with x'],
    ['{"success":false,"errors":["a","b"]}', false, 'a; b'],
    ['{"success":false,"errors":{"machine":["unknown"]}}', false, 'machine: unknown'],
    ['{"success":"false","error":null,"message":"later"}', false, 'later'],
  ])('the reader of answers reads %s', (text, success, words) => {
    expect(parseEnvelope(text)).toMatchObject({ success, words });
  });

  it.each(['', '<html></html>', '[]', '1', 'null', '{}', '{"success":1}', '{"ok":true}', '{"success":true'])(
    'the reader of answers does not take %s as an answer of L2L',
    text => expect(parseEnvelope(text)).toBeNull(),
  );

  it.each([
    ['{"success":true,"data":{"id":1}}', [{ id: 1 }]],
    ['{"success":true,"data":[{"id":1},{"id":2}]}', [{ id: 1 }, { id: 2 }]],
    ['{"success":true,"machine":{"cyclecount":5}}', [{ cyclecount: 5 }]],
    ['{"success":true,"batch_id":7}', []],
    ['{"success":true,"data":null}', []],
  ])('the reader of answers finds the records of %s', (text, records) => {
    const envelope = parseEnvelope(text);
    expect(envelope && recordsOf(envelope)).toEqual(records);
  });

  it('the reader of answers reads numbers and texts in either form', () => {
    const record = { id: '12', count: 5, empty: '', nothing: null, word: 'x' };
    expect([numberField(record, 'id'), numberField(record, 'count')]).toEqual([12, 5]);
    expect([numberField(record, 'word'), numberField(record, 'empty'), numberField(undefined, 'id')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([textField(record, 'count'), textField(record, 'empty'), textField(record, 'nothing')]).toEqual([
      '5',
      undefined,
      undefined,
    ]);
    expect(refusal({ error: '', errors: [], error_message: 'no line' })).toBe('no line');
  });

  it('the reader of answers keeps the digits of whole numbers that a double rounds, and refuses to use such a number', () => {
    const envelope = parseEnvelope(
      '{"success":true,"data":{"id":9007199254740993,"code":12345678901234567890,"text":"9007199254740993","most":9007199254740991,"huge":1e999}}',
    );
    const [record] = envelope ? recordsOf(envelope) : [];
    expect(textField(record, 'code')).toBe('12345678901234567890');
    expect(numberField(record, 'most')).toBe(9_007_199_254_740_991);
    expect(numberField(record, 'huge')).toBeUndefined();
    for (const name of ['id', 'text']) {
      expect(() => numberField(record, name)).toThrow(/L2L gave 9007199254740993 as (id|text); .*are not supported/);
    }
  });
});

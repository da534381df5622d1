import { describe, expect, it, vi } from 'vitest';
import { createLogOutput } from '../../../src/cli/log/output.ts';
import type { LogWriter } from '../../../src/cli/log/writer.ts';
import { PATIENCE } from '../../support/patience.ts';

/** A target of the log that takes this many bytes and then gives an error; null: it takes everything. */
function place(room: number | null = null, code = 'ENOSPC') {
  const state = { text: '', room, code, holds: false };
  const held: (() => void)[] = [];
  const take = (bytes: Buffer) => {
    const part = state.room === null ? bytes : bytes.subarray(0, state.room);
    if (part.length === 0) throw Object.assign(new Error(state.code), { code: state.code });
    if (state.room !== null) state.room -= part.length;
    state.text += part.toString();
    return part.length;
  };
  const writer: LogWriter = {
    write(bytes, done) {
      const answer = () => {
        let written = 0;
        try {
          written = take(bytes);
        } catch (cause) {
          return done(cause as NodeJS.ErrnoException, 0);
        }
        done(null, written);
      };
      if (state.holds) held.push(answer);
      else answer();
    },
    writeNow: take,
  };
  const release = () => {
    state.holds = false;
    for (const answer of held.splice(0)) answer();
  };
  let now = 0;
  const output = createLogOutput({
    writer,
    lossLine: ({ lines, why }) => `lost ${lines}: ${why}\n`,
    timeText: at => `second ${at / 1000}`,
    now: () => now,
    again: { pipe: 5, disk: 5 },
  });
  return { state, output, release, at: (time: number) => (now = time) };
}

describe('the way of the log', () => {
  it('the log output writes what it takes, in order', () => {
    const { state, output } = place();
    output.write('a\n');
    output.write('b\n');
    expect(state.text).toBe('a\nb\n');
    expect(output.problem()).toBeNull();
  });

  it('the log output keeps the order while a slow disk is written to', async () => {
    const { state, output, release } = place();
    state.holds = true;
    for (const line of ['a\n', 'b\n', 'c\n']) output.write(line);
    expect(state.text).toBe('');
    release();
    await output.flush(PATIENCE.timeout);
    expect(state.text).toBe('a\nb\nc\n');
  });

  it('the log output drops and counts the lines that a full disk does not take, and reports them when there is room again', async () => {
    const { state, output } = place(2);
    output.write('a\n');
    for (const line of ['b\n', 'c\n', 'd\n']) output.write(line);
    expect(output.problem()).toBe(
      "the log can't be written since second 0 (the disk it goes to is full, ENOSPC); 3 lines are lost so far",
    );
    state.room = null;
    await vi.waitFor(() => expect(output.problem()).toBeNull(), PATIENCE);
    output.write('e\n');
    expect(state.text).toBe('a\nlost 3: the disk it goes to is full, ENOSPC\ne\n');
  });

  it('the log output begins a new line after a line of which a full disk took only a part', async () => {
    const { state, output } = place(3);
    output.write('a\n');
    output.write('bcd\n');
    state.room = null;
    await vi.waitFor(() => expect(output.problem()).toBeNull(), PATIENCE);
    expect(state.text).toBe('a\nb\nlost 1: the disk it goes to is full, ENOSPC\n');
  });

  it('the log output keeps counting when the line about the loss is lost too', async () => {
    const { state, output } = place(0);
    output.write('a\n');
    state.room = 4;
    await vi.waitFor(() => expect(state.text).toBe('lost'), PATIENCE);
    output.write('b\n');
    state.room = null;
    await vi.waitFor(() => expect(output.problem()).toBeNull(), PATIENCE);
    expect(state.text).toMatch(/^lost\nlost 2: .*\n$/);
  });

  it('the log output keeps lines for a slow reader, drops the others, and reports how many', async () => {
    const { state, output, at } = place(0, 'EAGAIN');
    output.write('a\n');
    expect(output.problem()).toBeNull();
    at(6000);
    expect(output.problem()).toBe(
      "the log can't be written since second 0 (whatever reads it does not read); 0 lines are lost so far",
    );
    const line = `${'x'.repeat(1023)}\n`;
    for (let n = 0; n < 300; n += 1) output.write(line);
    expect(output.problem()).toContain('44 lines are lost so far');
    state.room = null;
    await vi.waitFor(() => expect(output.problem()).toBeNull(), PATIENCE);
    expect(state.text).toBe(`a\n${line.repeat(256)}`.concat('lost 44: whatever reads it does not read\n'));
  });

  it.each(['EPIPE', 'EIO', 'EBADF', 'EROFS', 'EUNHEARD'])('the log output goes on when it gets %s', code => {
    const { output } = place(0, code);
    for (let n = 0; n < 10; n += 1) output.write('a\n');
    expect(output.problem()).toContain(code);
    expect(output.problem()).toContain('10 lines are lost');
  });

  it('the log output waits for its last lines only up to its limit', async () => {
    const { output } = place(0, 'EAGAIN');
    output.write('a\n');
    await output.flush(10);
    output.flushNow();
  });

  it('the log output writes the waiting lines when the process ends', () => {
    const { state, output } = place(0, 'EAGAIN');
    output.write('a\n');
    output.write('b\n');
    state.room = null;
    output.flushNow();
    expect(state.text).toBe('a\nb\n');
  });
});

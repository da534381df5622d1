import { describe, expect, it } from 'vitest';
import type { SourceSink } from '../../src/adapters/adapter.ts';
import { seededRandom } from '../../src/simulation/random.ts';
import { virtualClock } from '../support/virtual-clock.ts';
import { createBroker } from './broker.ts';
import { makePlan } from './plan.ts';
import type { MachineStory } from './story.ts';

const START = Date.UTC(2026, 0, 12, 8);

/** A robot that makes a stroke at each of these times (ms since START). */
function robot(strokes: readonly number[]): MachineStory {
  const spec = makePlan(1).stories.find(story => story.spec.via === 'broker')?.spec;
  if (!spec) throw new Error('no machine of that plan is behind the broker');
  const moments = [-1000, ...strokes].map((at, made) => ({
    at: START + at,
    running: true,
    strokes: made,
    scrap: 0,
    recipe: 11,
  }));
  return { spec, moments, strokes: [], stops: [], resets: [] };
}

describe('the scripted broker', () => {
  it('the scripted broker first reports the session, then sends the unacknowledged messages again, then the new ones', () => {
    const clock = virtualClock(START);
    const notes = { trace() {}, moment() {}, problem: (text: string) => expect.unreachable(text) };
    const stories = [robot([1000, 2000, 5060])];
    const broker = createBroker({ world: clock, name: 'broker', stories, random: seededRandom(1), notes });
    const life = { dead: false, frozen: false, now: clock.now, at: clock.at, input: (heard: () => void) => heard() };
    const heard: string[] = [];
    const sink: SourceSink = {
      connected() {},
      catchingUp() {},
      session: present => void heard.push(present ? 'session' : 'no session'),
      samples({ samples, retained, receipt }) {
        const strokes = samples.find(({ signal }) => signal.endsWith('.strokes'))?.value;
        heard.push(`${strokes}${retained ? ' retained' : ''}${receipt?.duplicate ? ' looked up' : ''}`);
      },
    };
    broker.begin();
    const adapter = broker.adapter(life, () => true);
    void adapter.run(sink, new AbortController().signal);
    clock.advance(4000);
    broker.cut();
    clock.advance(1000);
    // The connection was asked for at 5050. The third stroke is made before the answer.
    void adapter.run(sink, new AbortController().signal);
    clock.advance(1000);

    expect(heard).toEqual([
      'no session',
      '0 retained',
      '1',
      '2',
      'session',
      '0 looked up',
      '1 looked up',
      '2 looked up',
      '3 looked up',
    ]);
  });
});

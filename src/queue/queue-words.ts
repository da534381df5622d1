/** The log messages about the calls of one destination. */
export type QueueWords = ReturnType<typeof queueWords>;

/** @param name the destination's name for people: `L2L` */
export function queueWords(name: string) {
  const doubt = `nobody can say whether ${name} took a call`;
  return {
    paused: {
      network: `${name} does not answer; all calls wait`,
      refused: `${name} refuses everything that is sent; all calls are kept and wait. See the detail and correct the cause in ${name}`,
      auth: `${name} does not accept the API key; all calls are kept and wait. Check the key and its user's rights in ${name}`,
      journal: 'the journal cannot be written; nothing is sent. Check the disk of the data folder',
    },
    resumed: 'calls go on',
    refused: `${name} refused a call: dead letter`,
    refusedInDoubt: `${name} refused a call that it may have taken before: parked, a person decides`,
    refusedPart: `${name} refused a part of a batch: dead letter`,
    refusedBatch: `${name} refused a batch: it is sent again in two halves`,
    refusedForNow: `${name} refuses a call: only its lane waits, and it is sent again. Correct the rule or ${name}`,
    code: `${name} does not know a code of a rule: only calls with this code wait. Correct the rule or ${name}`,
    rights: `the ${name} user of the gateway lacks a right: only calls that need it wait. Give the right in ${name}`,
    blocked: `${name} opens no dispatch while another one is open on the machine: the call waits until that one is closed`,
    doubtful: `no answer to a call: ${name} may have taken it; it is looked up, or repeated where that doubles nothing`,
    parked: `${doubt}: parked, a person decides`,
    dropped: `${doubt}: dropped, as its rule says`,
    repeated: `${doubt}: sent again, as its rule says`,
    waiting: `calls to ${name} wait`,
    allSent: `all waiting calls were sent to ${name}`,
  };
}

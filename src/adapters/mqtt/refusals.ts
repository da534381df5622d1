/** The meaning of a broker's reason codes, with the advice for each. Codes below 128 are those of MQTT 3.1.1. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it does not speak this MQTT version; write version: 3.1.1, or version: 5',
  2: 'it does not take this client_id; ask the administrator of the broker which names it allows',
  3: 'it is not available; its own log says why',
  4: 'user or password are wrong; check login:',
  5: 'this user may not do that; ask the administrator of the broker for the right',
  129: 'it could not read what was sent; check version:',
  130: 'it reports a protocol error; check version:',
  132: 'it does not speak this MQTT version; write version: 3.1.1',
  133: 'it does not take this client_id; ask the administrator of the broker which names it allows',
  134: 'user or password are wrong; check login:',
  135: 'this user may not do that; ask the administrator of the broker for the right',
  136: 'it is not available; its own log says why',
  137: 'it is busy',
  138: 'this client is banned; ask the administrator of the broker',
  139: 'it is being stopped',
  140: 'it asks for another kind of login',
  141: 'it received nothing for longer than keepalive:',
  142: 'another client connected with the same client_id; each client needs its own',
  143: 'it does not take this topic',
  147: 'the gateway had more messages under way than receive_maximum: allows',
  149: 'a message is larger than allowed',
  151: 'a quota is used up; ask the administrator of the broker',
  152: 'somebody ended the connection there by hand',
  156: 'the gateway has to use another server; check url:',
  157: 'the server has moved; check url:',
  159: 'the gateway opens connections too often',
  162: 'it does not allow + and # in topics; name each topic',
};

/** A broker's reason code in words. */
export function refusal(code: number): string {
  return REFUSALS[code] ?? `it gives reason code ${code}`;
}

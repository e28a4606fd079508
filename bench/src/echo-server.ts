// The limit of the platform for one call per frame: a bare `ws` server that answers each frame with
// a frame of the answer's size and does nothing else. Prints its port.
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const REDUCER_RESULT = 6;
const ANSWER_BYTES = 23; // compression tag and ReducerResult

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  handleProtocols: (offered) => [...offered][0] ?? false,
});
server.on('connection', (socket) => {
  socket.send(Buffer.alloc(64));
  socket.on('message', (frame: Buffer) => {
    const answer = Buffer.alloc(ANSWER_BYTES);
    answer[1] = REDUCER_RESULT;
    frame.copy(answer, 2, 1, 5); // the request id
    socket.send(answer);
  });
});
server.on('listening', () => console.log((server.address() as AddressInfo).port));
process.on('SIGTERM', () => process.exit(0));

// HTTP handlers, below `/v1/database/<database>/route`.

import {
  httpHandler,
  HttpHandlerContext,
  HttpHeader,
  HttpRequest,
  HttpResponse,
  route,
} from '@lightcone/sdk-assemblyscript';
import { newWord } from './tables';

export class Handlers {
  /** All words, one a line, in alphabetical order. */
  @httpHandler
  @route('GET', '/words')
  static listWords(ctx: HttpHandlerContext, request: HttpRequest): HttpResponse {
    const tx = ctx.beginTx();
    const words = new Array<string>();
    for (const word of tx.db.word.iter()) words.push(word.text);
    tx.commit();
    return HttpResponse.ofText(words.sort().join('\n'));
  }

  /** Keeps the body as a word: 201, or 400 if it is none. */
  @httpHandler
  @route('POST', '/words')
  static addWord(ctx: HttpHandlerContext, request: HttpRequest): HttpResponse {
    const text = request.text();
    const isWord = text.length > 0;
    if (isWord) {
      const tx = ctx.beginTx();
      tx.db.word.insert(newWord(text));
      tx.commit();
    }
    const response = new HttpResponse(isWord ? 201 : 400);
    response.headers.push(new HttpHeader('x-length', request.body.length.toString()));
    return response;
  }

  /** Method, URI and the header `x-text` in a line each, then the body. */
  @httpHandler
  @route('*', '/echo')
  static echoRequest(ctx: HttpHandlerContext, request: HttpRequest): HttpResponse {
    const header = request.header('x-text');
    const path = pathOf(request.uri);
    const response = HttpResponse.ofText(`${request.method} ${path}\n${header === null ? 'none' : header}\n`);
    const body = new Uint8Array(response.body.length + request.body.length);
    body.set(response.body);
    body.set(request.body, response.body.length);
    response.body = body;
    return response;
  }
}

/** The path in a URI: what is between the host and the query. */
function pathOf(uri: string): string {
  const scheme = uri.indexOf('://');
  const start = uri.indexOf('/', scheme < 0 ? 0 : scheme + 3);
  const query = uri.indexOf('?');
  return uri.slice(start < 0 ? 0 : start, query < 0 ? uri.length : query);
}

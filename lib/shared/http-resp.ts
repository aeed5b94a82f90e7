/** A reply with a status and headers (specification 7.6.1). */
export class HttpResp<T = unknown> {
  data: T;
  status: number;
  headers: Record<string, string>;

  constructor(data: T, status = 200, headers: Record<string, string> = {}) {
    this.data = data;
    this.status = status;
    this.headers = headers;
  }

  static ok<T>(data: T, headers?: Record<string, string>): HttpResp<T> {
    return new HttpResp(data, 200, headers);
  }

  static created<T>(data: T, headers?: Record<string, string>): HttpResp<T> {
    return new HttpResp(data, 201, headers);
  }

  static noContent(headers?: Record<string, string>): HttpResp<null> {
    return new HttpResp(null, 204, headers);
  }

  static redirect(url: string): HttpResp<null> {
    return new HttpResp(null, 302, { Location: url });
  }
}

/** Many equal requests to one payload: sent without waiting for answers, which come in the same order. */

/** Who takes what a payload says. */
export interface Reader<Message> {
  take(message: Message): void;
  fail(fault: Error): void;
}

/** How a pipeline reaches its payload. */
export interface Channel<Message, Answer> {
  /** Writes a request, and returns its number, which is one higher each time. */
  write(): number;
  /** Checks the answer to the request of this number; throws what is wrong with it. */
  read(asked: number, message: Message): Answer;
  listen(reader: Reader<Message> | undefined): void;
  /** Fails the box for its silence. */
  timeOut(limitMs: number): void;
}

export interface PipelineOptions<Answer> {
  /**
   * Requests that may be in the box's pipe at a time; further ones wait here and follow as answers come. A console takes
   * no more than a few kilobytes, and what is in the pipe can't be called back.
   */
  readonly window: number;
  /** How long the box may be silent while answers are due, ms. */
  readonly limitMs: number;
  onAnswer(answer: Answer): void;
}

/** The box's first fault stops it: nothing is taken after that. */
export class Pipeline<Answer> {
  readonly #channel: Channel<unknown, Answer>;
  readonly #options: PipelineOptions<Answer>;
  /** Numbers of the oldest request without an answer and of the newest one. */
  #oldest = 1;
  #newest = 0;
  #waiting = 0;
  #fault: Error | undefined;
  #sinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: Channel<never, Answer>, options: PipelineOptions<Answer>) {
    this.#channel = channel as Channel<unknown, Answer>;
    this.#options = options;
    this.#channel.listen({
      take: (message) => this.#take(message),
      fail: (fault) => this.#fail(fault),
    });
  }

  /** Requests in the box's pipe, that being answered included. */
  get inBox(): number {
    return this.#newest - this.#oldest + 1;
  }

  /** All that have no answer yet. */
  get open(): number {
    return this.inBox + this.#waiting;
  }

  post(): void {
    if (this.inBox < this.#options.window) this.#write();
    else this.#waiting += 1;
  }

  /** Forgets the requests that the box has not been sent: so many of the last ones. */
  drop(): number {
    const dropped = this.#waiting;
    this.#waiting = 0;
    return dropped;
  }

  /** Throws the fault of the box, once there is one. */
  throwIfFailed(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#channel.listen(undefined);
  }

  #write(): void {
    const wasIdle = this.inBox === 0;
    const id = this.#channel.write();
    if (wasIdle) {
      this.#oldest = id;
      this.#sinceMs = performance.now();
      this.#timer ??= setTimeout(() => this.#watch(), this.#options.limitMs);
    }
    this.#newest = id;
  }

  #take(message: unknown): void {
    if (this.#fault !== undefined) return;
    this.#sinceMs = performance.now();
    try {
      const answer = this.#channel.read(this.#oldest, message);
      this.#oldest += 1;
      if (this.#waiting > 0) {
        this.#waiting -= 1;
        this.#write();
      }
      this.#options.onAnswer(answer);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** One timer at a time, however many answers come: it looks how long the silence has been, and waits for the rest. */
  #watch(): void {
    this.#timer = undefined;
    if (this.inBox === 0 || this.#fault !== undefined) return;
    const { limitMs } = this.#options;
    const silentMs = performance.now() - this.#sinceMs;
    if (silentMs >= limitMs) this.#channel.timeOut(limitMs);
    else this.#timer = setTimeout(() => this.#watch(), Math.ceil(limitMs - silentMs));
  }

  #fail(fault: Error): void {
    this.#fault ??= fault;
    clearTimeout(this.#timer);
  }
}
